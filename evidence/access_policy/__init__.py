"""Kind of evidence: access-policy. Who may do what: rules of a database, security of endpoints, roles and their bindings.

What a file says is brought to one form. A *rule* gives operations at a place to a sort of caller; an *endpoint* is one method of one path
of an interface. What nothing gives is denied where the service works so (Firestore, Storage, Kubernetes), unless a rule that speaks of
everything gives it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from compliance.kind import Kind
from compliance.record import Json, Model, Payload, Private
from compliance.subject import Binding

Access = Literal["denied", "role", "owner", "authenticated", "conditional", "open"]


class Rule(Model):
    """Operations at a place, and who gets them."""

    where: Annotated[str, Private("paths")]
    """Match path, or name of a role binding."""
    line: int | None
    """Line in the file, counted from 1."""
    operations: tuple[str, ...]
    """As they are written."""
    access: Access
    """``open``: everyone; ``authenticated``: whoever is signed in; ``owner``: whom the data belongs to; ``role``: whom a claim, a stored
    role or a list lets in; ``denied``: nobody; ``conditional``: what is asked is about the data alone, or could not be understood."""
    until: datetime | None = None
    """Last instant of a rule that gives access until then: test rules have one."""
    roles: tuple[str, ...] = ()
    """Roles that it asks for."""
    catch_all: bool = False
    """It speaks of whatever no other rule speaks of."""
    user_data: bool = False
    """Its place holds data of persons, by its name (``/users/{uid}``)."""
    condition: Annotated[str | None, Private("code")] = None
    """As it stands in the file."""


class Endpoint(Model):
    """One method of one path."""

    where: Annotated[str, Private("paths")]
    """``GET /api/health``."""
    access: Literal["public", "authenticated", "unknown"]
    """``public``: an anonymous caller is let in, if only as an alternative. ``unknown``: it asks for a scheme that is declared nowhere."""
    reason: Annotated[str | None, Private("code")] = None
    """Why it is public, where the file says so."""


class PathAccess(Model):
    """What all rules that cover a path give together."""

    where: Annotated[str, Private("paths")]
    access: dict[str, Access]
    """By operation: ``get``, ``list``, ``create``, ``update``, ``delete``."""


class RulesCounts(Model):
    """What a rules file holds, counted."""

    match_blocks: int
    match_paths: Annotated[tuple[str, ...], Private("paths")]
    """As they are written, in the order of the file."""
    allow_statements: int
    functions: int
    function_names: tuple[str, ...]
    unconditional: int
    """Allow statements without condition."""
    if_true: int
    if_false: int
    missing_semicolon: int
    """Allow statements that do not end in one."""
    missing_colon: int
    """Allow statements of the old form ``allow read if``."""


class AccessPolicy(Payload):
    """What the file says about access."""

    services: tuple[str, ...] = ()
    """Services that the rules are for, such as ``cloud.firestore``."""
    rules_version: str | None = None
    default: Literal["deny", "allow"] | None
    """What happens to a request that nothing speaks of; None when the file does not say."""
    roles: tuple[str, ...]
    """Roles that the file declares or asks for."""
    rules: tuple[Rule, ...] = ()
    paths: tuple[PathAccess, ...] = ()
    endpoints: tuple[Endpoint, ...] | None = None
    """The inventory of endpoints; None when the file is none."""
    user_data: Literal["scoped", "unscoped", "none"] | None = None
    """Whether data of persons is given to its owner (or a role) only; ``none``: there is none; None when the file does not say."""
    wildcard_roles: tuple[str, ...] = ()
    """Roles that may do everything with everything."""
    counts: RulesCounts | None = None

    def summary(self) -> dict[str, Json]:
        """Returns what the file holds, counted; who may do what stands in the payload."""
        endpoints = self.endpoints
        counts = self.counts.model_dump(mode="json") if self.counts else dict.fromkeys(RulesCounts.model_fields)
        return {
            "services": list(self.services),
            "rules_version": self.rules_version,
            "default": self.default,
            "roles": list(self.roles),
            "user_data": self.user_data,
            **counts,
            "rules": len(self.rules),
            "access": {access: sum(rule.access == access for rule in self.rules) for access in Access.__args__},  # type: ignore[attr-defined]
            "open_to_anyone": list(self._open()) if self.counts or self.rules else None,
            "allow": [_allow(rule) for rule in self.rules] if self.counts else None,
            "expiring": [{"until": rule.model_dump(mode="json")["until"], "access": rule.access} for rule in self.rules if rule.until],
            "endpoints": None if endpoints is None else len(endpoints),
            "public": None if endpoints is None else sum(one.access == "public" for one in endpoints),
            "public_without_reason": None if endpoints is None else sum(one.access == "public" and not one.reason for one in endpoints),
        }

    def _open(self) -> dict[str, None]:
        """Operations that some rule gives to everyone for good, each once."""
        return dict.fromkeys(one for rule in self.rules if rule.access == "open" and rule.until is None for one in rule.operations)


def _allow(rule: Rule) -> str:
    condition = "[no condition]" if rule.condition is None else f"if {rule.condition}"
    return f"{','.join(rule.operations)} {condition}"


KIND = Kind(id="access-policy", title="Access policy", binds_to=Binding.COMMIT, payload=AccessPolicy)
