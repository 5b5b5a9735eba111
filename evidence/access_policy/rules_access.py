"""What a rules file gives to whom: each allow statement, and each match path with everything that covers it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, get_args

from compliance.errors import InputError

from .rules_caller import Caller, Question, Scope, Truth
from .rules_parser import METHODS
from .rules_tree import Allow, Expression, Match, RulesFile, Segment

Access = Literal["denied", "role", "owner", "authenticated", "conditional", "open"]
"""Who gets past, from least to most; ``conditional``: what is asked is about the data alone, or could not be understood."""
ORDER: Final[tuple[Access, ...]] = get_args(Access)
EFFORT_LIMIT: Final = 2_000_000
"""Parts of conditions that are looked at for one file, for all sorts of callers together (some seconds)."""
OPERATIONS: Final = ("get", "list", "create", "update", "delete")

_CALLERS: Final[tuple[tuple[Access, Caller], ...]] = (
    ("authenticated", Caller(signed_in=True)),
    ("owner", Caller(signed_in=True, owner=True)),
    ("role", Caller(signed_in=True, role=True)),
    ("owner", Caller(signed_in=True, owner=True, role=True)),
)
_ROOTS: Final = {"cloud.firestore": ("databases", None, "documents"), "firebase.storage": ("b", None, "o")}
"""What each path of a service begins with; None: any part."""
_USER_NAMES: Final = frozenset(
    {
        *("users", "user", "userdata", "userprofiles", "profiles", "profile", "accounts", "account", "members", "member", "people"),
        *("customers", "customer", "clients", "subscribers", "patients", "patient", "persons", "person", "students", "employees"),
    }
)
_USER_VARIABLES: Final = frozenset(
    {
        *("uid", "userid", "user", "useruid", "owner", "ownerid", "owneruid", "authorid", "accountid"),
        *("memberid", "customerid", "clientid", "patientid", "personid"),
    }
)


@dataclass(frozen=True)
class Ruling:
    """An allow statement at its full path."""

    path: tuple[Segment, ...]
    allow: Allow
    access: Access
    until: datetime | None
    """Last day of a rule that lets callers in until then."""
    roles: tuple[str, ...]
    catch_all: bool
    """Its path names no collection: it speaks of whatever nothing else speaks of."""
    user_data: bool
    """Its path speaks of the data of persons."""


@dataclass(frozen=True)
class Place:
    """A match block at its full path."""

    path: tuple[Segment, ...]
    match: Match
    rulings: tuple[Ruling, ...]


def places(rules: RulesFile) -> Iterator[Place]:
    """Yields every match block, in the order of the file.

    Raises:
        InputError: The conditions expand beyond `EFFORT_LIMIT`.
    """
    walk = _Walk()
    outermost = Scope(rules.functions)
    for service in rules.services:
        scope = Scope(service.functions, outer=outermost)
        for match in service.matches:
            yield from walk.block(match, (), scope, service.name)


class _Walk:
    """Judges blocks one after the other, and counts what that takes: calls in conditions can multiply beyond reason."""

    def __init__(self) -> None:
        self.effort = 0

    def block(self, match: Match, above: tuple[Segment, ...], outer: Scope, service: str) -> Iterator[Place]:
        path = (*above, *match.path)
        variables = frozenset(segment.name for segment in match.path if segment.wildcard)
        scope = Scope(match.functions, variables, outer)
        yield Place(path, match, tuple(self._ruling(path, allow, scope, service) for allow in match.allows))
        for inner in match.matches:
            yield from self.block(inner, path, scope, service)

    def _ruling(self, path: tuple[Segment, ...], allow: Allow, scope: Scope, service: str) -> Ruling:
        access, until, roles = ("open", None, ()) if allow.condition is None else self._judge(allow.condition, scope)
        below = _below_root(path, service)
        catch_all = bool(below) and all(segment.wildcard for segment in below)
        return Ruling(path, allow, access, until, roles, catch_all, any(map(_of_user, below)))

    def _judge(self, condition: Expression, scope: Scope) -> tuple[Access, datetime | None, tuple[str, ...]]:
        """Returns who gets past a condition, until when, and the roles that it names."""
        truth, nobody = self._ask(condition, scope, Caller())
        if truth == "unknown":
            return "conditional", None, ()
        if truth == "yes":
            return "open", self._until(condition, scope, nobody), ()
        for access, caller in _CALLERS:
            truth, question = self._ask(condition, scope, caller)
            if truth in ("yes", "unknown"):
                return access, self._until(condition, scope, question), tuple(dict.fromkeys(question.roles))
        return "denied", None, ()

    def _until(self, condition: Expression, scope: Scope, question: Question) -> datetime | None:
        """Returns the last day of a rule, None when the caller gets past afterwards as well."""
        if not question.dates:
            return None
        truth, _ = self._ask(condition, scope, replace(question.caller, in_time=False))
        return max(question.dates) if truth in ("no", "error") else None

    def _ask(self, condition: Expression, scope: Scope, caller: Caller) -> tuple[Truth, Question]:
        question = Question(caller)
        truth = question.ask(condition, scope)
        self.effort += question.steps
        if self.effort > EFFORT_LIMIT:
            raise InputError("conditions that multiply", expected=f"at most {EFFORT_LIMIT} parts, functions put in their places")
        return truth, question


def effective(place: Place, everything: list[Place], version: str) -> dict[str, Access]:
    """Returns who may do what at a path, by operation: every rule that covers it counts, and any of them is enough.

    Rules with a last day are left aside: what they give depends on the clock.
    """
    found: dict[str, Access] = dict.fromkeys(OPERATIONS, "denied")
    for other in everything:
        if other.rulings and (other is place or covers(other.path, place.path, version)):
            for ruling in (one for one in other.rulings if one.until is None):
                for operation in (one for method in ruling.allow.methods for one in METHODS[method]):
                    found[operation] = max(found[operation], ruling.access, key=ORDER.index)
    return found


def covers(pattern: tuple[Segment, ...], path: tuple[Segment, ...], version: str) -> bool:
    """Tells whether a pattern matches every path that another one matches.

    Args:
        pattern: The path of a match block.
        path: Another one.
        version: Under ``1`` a recursive wildcard stands for one part or more, under ``2`` also for none.
    """
    least = 1 if version == "1" else 0
    reached = {0}
    for segment in pattern:
        if segment.wildcard == "many":
            reached = {end for start in reached for end in range(start + least, len(path) + 1)}
        else:
            reached = {start + 1 for start in reached if start < len(path) and _one_covers(segment, path[start])}
    return len(path) in reached


def _one_covers(segment: Segment, other: Segment) -> bool:
    return other.wildcard != "many" if segment.wildcard else other.wildcard is None and other.name == segment.name


def _below_root(path: tuple[Segment, ...], service: str) -> tuple[Segment, ...]:
    root = _ROOTS.get(service, ())
    begins = len(path) >= len(root) and all(
        name is None or (part.wildcard is None and part.name == name) for name, part in zip(root, path, strict=False)
    )
    return path[len(root) :] if begins else path


def _of_user(segment: Segment) -> bool:
    name = re.sub(r"[\W_]", "", segment.name.lower())
    return name in (_USER_VARIABLES if segment.wildcard else _USER_NAMES)


def shown(path: tuple[Segment, ...]) -> str:
    """Writes a path as rules do."""
    marks = {"many": "=**", "one": ""}
    return "".join(f"/{{{part.name}{marks[part.wildcard]}}}" if part.wildcard else f"/{part.name}" for part in path)
