"""Access control, a part of the security foundation: nothing is open that nobody meant to be open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from compliance.gate import Area, Inputs, Params, Place, Reason, Verdict, failed, gate, not_assessed, passed

from .._say import LIMIT, count
from .security_foundation import PRINCIPLE

Reasons = dict[str, Annotated[str, Field(pattern=r"\S")]]


class PublicRules(Params):
    """Thresholds of ALPHA-SF-2."""

    public: Reasons = Field(default_factory=dict)
    """Rules that may let everyone in: path as the rules write it, and why."""


@gate(
    id="ALPHA-SF-2",
    statement="Access is role based and denied by default",
    principle=PRINCIPLE,
    area=Area.SECURITY,
    reads=["access-policy"],
    service_only=True,
    params=PublicRules,
)
def access_is_role_based(inputs: Inputs, params: PublicRules) -> Verdict:
    """Reads all policies together: one may name the roles, another the rules of the database.

    Asks: Access rules name roles, deny by default, open nothing to everyone, and give user data to its owner or to a role only. A test rule
    that lets everyone in until a day counts as open until that day.

    Why: One rule that is open to everyone makes all the others worthless, and it is the rule that was meant for a test.

    Evidence: Access rules of this commit (kind `access-policy`): rules of Firestore or Cloud Storage, Kubernetes RBAC manifests, a
    hand-written record. A rule whose condition looks at the data alone lets nobody pass this gate until it is listed in `public`.

    Fix: Start the rules with a denial, allow each role what it needs, compare the caller's id with the record's owner, and remove rules
    without condition. What is meant to be public is listed in `public` with its reason.

    Maps to: NIST SSDF PW.1.3, PW.9.1; SOC 2 CC6.1, CC6.3; ISO/IEC 27001:2022 A.5.15, A.8.3; GDPR art. 32.
    """
    policies = [item.payload for item in inputs.of("access-policy")]
    rules = [rule for policy in policies for rule in policy.rules if _in_force(rule, inputs.as_of)]
    unlisted = [rule for rule in rules if rule.where not in params.public]
    opened = [rule for rule in unlisted if rule.access == "open"]
    unclear = [rule for rule in unlisted if rule.access == "conditional"]
    roles = sorted({role for policy in policies for role in policy.roles})
    allowing = [policy for policy in policies if _allows_by_default(policy, inputs.as_of, params)]
    unscoped = [policy for policy in policies if policy.user_data == "unscoped"]
    defaults = {policy.default for policy in policies} - {None}
    scoped = {policy.user_data for policy in policies} - {None}
    limits = {"open_rules": 0, "roles_at_least": 1, "default": "deny", "user_data": "scoped", "public": dict(params.public)}
    observed = {
        "open_rules": len(opened),
        "conditional_rules": len(unclear),
        "roles": len(roles),
        "default": "allow" if allowing else "deny" if defaults else None,
        "user_data": "unscoped" if unscoped else next(iter(sorted(scoped)), None),
    }
    broken = [f"{count(len(opened), 'rule')} open to everyone"] if opened else []
    broken += ["access is allowed by default"] if allowing else []
    broken += ["user data is given to others than its owner"] if unscoped else []
    if broken:
        return failed("; ".join(broken), observed=observed, threshold=limits, places=_places([*opened, *_of_others(unscoped)]))
    lacking = ["no file names a role"] if not roles else []
    lacking += ["no file says what happens by default"] if not defaults else []
    lacking += ["no file says to whom user data is given"] if not scoped else []
    if lacking:
        return not_assessed(Reason.MISSING, "; ".join(lacking), observed=observed, threshold=limits)
    if unclear:
        message = f"{count(len(unclear), 'rule')} whose condition does not look at the caller, or was not understood"
        return not_assessed(Reason.INCOMPLETE, message, observed=observed, threshold=limits, places=_places(unclear))
    message = f"{count(len(roles), 'role')}, denied by default, no rule open to everyone, user data {observed['user_data']}"
    return passed(message, observed=observed, threshold=limits)


def _in_force(rule: Any, as_of: datetime) -> bool:
    return rule.until is None or rule.until > as_of


def _allows_by_default(policy: Any, as_of: datetime, params: PublicRules) -> bool:
    """A rule for whatever nothing else speaks of allows by default: for everyone, or for whoever signs in."""
    wide = ("open", "authenticated", "conditional")
    given = [rule for rule in policy.rules if rule.catch_all and rule.access in wide and _in_force(rule, as_of)]
    if not given:
        return bool(policy.default == "allow")
    return any(rule.where not in params.public and rule.access != "conditional" for rule in given)


def _of_others(policies: Sequence[Any]) -> list[Any]:
    return [rule for policy in policies for rule in policy.rules if rule.user_data and rule.access == "authenticated"]


def _places(rules: Sequence[Any]) -> list[Place]:
    places = []
    for rule in rules:
        until = f" until {rule.until:%Y-%m-%d}" if rule.until else ""
        line = f", line {rule.line}" if rule.line else ""
        who = {"open": "everyone", "authenticated": "whoever is signed in"}.get(rule.access, "whom the data lets in")
        places.append(Place(rule.where, f"{', '.join(rule.operations) or 'something'} for {who}{until}{line}"))
    return list(dict.fromkeys(places))[:LIMIT]


class PublicEndpoints(Params):
    """Thresholds of ALPHA-SF-7."""

    public: Reasons = Field(default_factory=dict)
    """Endpoints that may be public: `GET /api/health`, or a path for all its methods, and why."""


@gate(
    id="ALPHA-SF-7",
    statement="Every endpoint checks its caller",
    principle=PRINCIPLE,
    area=Area.SECURITY,
    reads=["access-policy"],
    service_only=True,
    params=PublicEndpoints,
)
def callers_are_checked(inputs: Inputs, params: PublicEndpoints) -> Verdict:
    """Goes through all inventories of endpoints.

    Asks: Every endpoint of the inventory authenticates its caller, or is listed as public with a reason. An endpoint that lets anonymous
    callers in as one of several ways is public.

    Why: The endpoint that was forgotten is the one that is found.

    Evidence: An inventory of endpoints of this commit (kind `access-policy`): an OpenAPI description with its security requirements, or a
    hand-written record. The reason stands in `x-public-reason` of the operation, in the record, or in `public` of this gate.

    Fix: Put the check in front of all routes and except the public ones by name and reason.

    Maps to: NIST SSDF PW.1.3; SOC 2 CC6.1, CC6.6; ISO/IEC 27001:2022 A.8.5, A.8.26.
    """
    inventories = [item.payload.endpoints for item in inputs.of("access-policy") if item.payload.endpoints is not None]
    endpoints = [endpoint for inventory in inventories for endpoint in inventory]
    public = [endpoint for endpoint in endpoints if endpoint.access == "public"]
    bare = [endpoint for endpoint in public if not (endpoint.reason or _named(endpoint.where, params.public))]
    unknown = [endpoint for endpoint in endpoints if endpoint.access == "unknown"]
    limits = {"public_without_reason": 0, "public": dict(params.public)}
    observed = {"endpoints": len(endpoints), "public": len(public), "public_without_reason": len(bare), "unknown": len(unknown)}
    if bare:
        places = [Place(endpoint.where, "public, no reason given") for endpoint in bare[:LIMIT]]
        message = f"{count(len(bare), 'endpoint')} of {len(endpoints)} public without a reason"
        return failed(message, observed=observed, threshold=limits, places=places)
    if not endpoints:
        return not_assessed(Reason.MISSING, "no inventory of endpoints", observed=observed, threshold=limits)
    if unknown:
        message = f"{count(len(unknown), 'endpoint')} whose check is declared nowhere"
        places = [Place(endpoint.where, "asks for an undeclared scheme") for endpoint in unknown[:LIMIT]]
        return not_assessed(Reason.INCOMPLETE, message, observed=observed, threshold=limits, places=places)
    message = f"{len(endpoints) - len(public)} of {count(len(endpoints), 'endpoint')} authenticate, {len(public)} are public with a reason"
    return passed(message, observed=observed, threshold=limits)


def _named(where: str, public: Reasons) -> bool:
    return where in public or where.partition(" ")[2] in public
