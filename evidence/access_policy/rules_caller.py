"""Who gets past a condition: the expression is tried with callers who know less and less about the data.

Nothing is run. Each part of the expression gets a value that says where it comes from (the caller's id, a claim of the token, a field of
the data), and comparisons of such values are answered for a given sort of caller: whether the caller owns the data, and whether the
caller has the role. What depends on the data alone is unknown, and stays so. An error denies, as it does in the service: a caller who
is not signed in has no ``request.auth`` whose members could be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from .rules_tree import (
    Binary,
    Call,
    Chain,
    Choice,
    Constant,
    Expression,
    Function,
    Index,
    Items,
    Member,
    Name,
    Negative,
    Not,
    PathText,
)

Truth = Literal["yes", "no", "unknown", "error"]
Source = Literal["request", "resource", "auth", "uid", "token", "identity", "claim", "record", "data", "time", "date", "namespace"]

CALL_LIMIT: Final = 20
"""Calls inside each other, as in the service."""
STEP_LIMIT: Final = 10_000
"""Parts of a condition that are looked at, calls included; what lies beyond is unknown."""

_IDENTITY: Final = frozenset({"email", "phone_number", "name"})
_OF_PROVIDER: Final = frozenset(
    {
        *("email_verified", "firebase", "auth_time", "iat", "exp", "iss", "aud", "picture", "identities"),
        *("sign_in_provider", "sign_in_second_factor"),
    }
)
"""Members of the token that the sign-in provider sets; they name no role."""
_ROLE_FIELD: Final = re.compile(
    r"role|admin|permission|privilege|moderator|staff|editor|manager|access|level|tier|group|scope|claim", re.IGNORECASE
)
_RELATIONS: Final = frozenset({"hasAny", "hasAll", "hasOnly", "matches"})
_FETCHES: Final = frozenset({"get", "getAfter"})
_LOOKUPS: Final = frozenset({"exists", "existsAfter"})
_NAMESPACES: Final = frozenset({"math", "timestamp", "duration", "hashing", "latlng", "firestore"})


@dataclass(frozen=True)
class Caller:
    """A sort of caller."""

    signed_in: bool = False
    owner: bool = False
    """Every comparison of the caller with the data comes out in the caller's favour."""
    role: bool = False
    """Every question for a role does."""
    in_time: bool = True
    """Rules with a last day are still in force."""


@dataclass(frozen=True)
class Plain:
    """A value that stands in the rules."""

    value: bool | int | float | str | datetime | None


@dataclass(frozen=True)
class Derived:
    """A value that is known by where it comes from; without any source, nothing is known of it."""

    sources: frozenset[Source] = frozenset()
    name: str = ""
    """Last member or key that was read."""
    constants: tuple[str, ...] = ()
    """Strings that it was made of."""


@dataclass(frozen=True)
class Failed:
    """An error."""


Value = Plain | Derived | Failed
UNKNOWN: Final = Derived()


@dataclass(frozen=True)
class Scope:
    """What names mean: the functions and path variables of a block and of those around it."""

    functions: Mapping[str, Function]
    variables: frozenset[str] = frozenset()
    outer: Scope | None = None

    def function(self, name: str) -> tuple[Function, Scope] | None:
        """Returns a function and the scope that it was defined in."""
        if name in self.functions:
            return self.functions[name], self
        return self.outer.function(name) if self.outer else None

    def knows(self, name: str) -> bool:
        """Tells whether a name is a variable of a path."""
        return name in self.variables or (self.outer is not None and self.outer.knows(name))


@dataclass
class Question:
    """Asks whether one sort of caller gets past a condition."""

    caller: Caller
    roles: list[str] = field(default_factory=list)
    """Roles that the condition names."""
    dates: list[datetime] = field(default_factory=list)
    """Last days that it names."""
    steps: int = 0
    depth: int = 0

    def ask(self, condition: Expression, scope: Scope) -> Truth:
        """Returns whether the caller gets past."""
        return self._truth(self._value(condition, scope, {}))

    def _truth(self, value: Value) -> Truth:
        if isinstance(value, Failed):
            return "error"
        if isinstance(value, Plain):
            return "error" if not isinstance(value.value, bool) else "yes" if value.value else "no"
        if _is_own(value.sources):
            return "yes" if self.caller.owner else "no"
        if "claim" in value.sources or self._is_role(value):
            self._note([value], [])
            return "yes" if self.caller.role else "no"
        return "unknown"

    def _value(self, part: Expression, scope: Scope, own: Mapping[str, Value]) -> Value:
        self.steps += 1
        if self.steps > STEP_LIMIT:
            return UNKNOWN
        match part:
            case Constant(value):
                return Plain(value)
            case Name(name):
                return own[name] if name in own else self._named(name, scope)
            case Chain(operator, items):
                return _chained(operator, [self._truth(self._value(item, scope, own)) for item in items])
            case Not(of):
                return _of_truth(_flipped(self._truth(self._value(of, scope, own)), True))
            case Choice():
                return self._choice(part, scope, own)
            case Binary(operator, left, right):
                return self._binary(operator, self._value(left, scope, own), right, scope, own)
            case Member(of, name):
                return self._member(self._value(of, scope, own), name)
            case Index(of, at, upto):
                return self._index(*(self._value(one, scope, own) for one in (of, at)), whole=upto is None)
            case Call():
                return self._call(part, scope, own)
            case Items(items) | PathText(_, items):
                return _merged([self._value(item, scope, own) for item in items])
            case Negative(of):
                return _merged([self._value(of, scope, own)])

    def _choice(self, part: Choice, scope: Scope, own: Mapping[str, Value]) -> Value:
        truth = self._truth(self._value(part.test, scope, own))
        yes, no = self._value(part.yes, scope, own), self._value(part.no, scope, own)
        if truth == "error":
            return Failed()
        if truth == "unknown":
            return yes if yes == no else UNKNOWN
        return yes if truth == "yes" else no

    def _named(self, name: str, scope: Scope) -> Value:
        if name in ("request", "resource"):
            return Derived(frozenset({"request" if name == "request" else "data"}))
        if scope.knows(name):
            return Derived(frozenset({"data"}), name)
        return Derived(frozenset({"namespace"}), name) if name in _NAMESPACES else UNKNOWN

    def _member(self, of: Value, name: str) -> Value:
        if isinstance(of, Failed | Plain):
            return Failed()
        if "request" in of.sources:
            if name == "auth":
                return Derived(frozenset({"auth"})) if self.caller.signed_in else Plain(None)
            return Derived(frozenset({"data"})) if name == "resource" else Derived(frozenset({"time"})) if name == "time" else UNKNOWN
        if of.sources == {"auth"}:
            known: dict[str, Source] = {"uid": "uid", "token": "token"}
            return Derived(frozenset({known[name]})) if name in known else Derived(frozenset({"auth"}), "?")
        if of.sources == {"token"}:
            return _of_token(name)
        return Derived(of.sources, of.name if name in ("data", "keys", "values") else name, of.constants)

    def _index(self, of: Value, at: Value, *, whole: bool) -> Value:
        if isinstance(of, Failed) or isinstance(at, Failed):
            return Failed()
        if whole and isinstance(of, Derived) and isinstance(at, Plain) and isinstance(at.value, str):
            return self._member(of, at.value)
        return _merged([of, at])

    def _call(self, part: Call, scope: Scope, own: Mapping[str, Value]) -> Value:
        arguments = [self._value(one, scope, own) for one in part.arguments]
        if isinstance(part.of, Name):
            known = scope.function(part.of.name)
            return self._expanded(*known, arguments) if known else self._built_in(part.of.name, arguments)
        if not isinstance(part.of, Member):
            return UNKNOWN
        of, method = self._value(part.of.of, scope, own), part.of.name
        if isinstance(of, Derived) and "namespace" in of.sources:
            return _date(method, arguments) if of.name == "timestamp" else self._built_in(method, arguments)
        if isinstance(of, Failed) or any(isinstance(one, Failed) for one in arguments):
            return Failed()
        if method in _RELATIONS:
            return self._related([of, *arguments])
        if method == "get" and isinstance(of, Derived) and arguments and isinstance(arguments[0], Plain):
            return self._member(of, str(arguments[0].value))
        return _merged([of, *arguments])

    def _expanded(self, function: Function, scope: Scope, arguments: Sequence[Value]) -> Value:
        """Puts the function's result in the place of its call."""
        if self.depth >= CALL_LIMIT or len(arguments) != len(function.parameters):
            return UNKNOWN
        self.depth += 1
        own = dict(zip(function.parameters, arguments, strict=True))
        for name, value in function.lets:
            own[name] = self._value(value, scope, own)
        result = self._value(function.result, scope, own)
        self.depth -= 1
        return result

    def _built_in(self, name: str, arguments: Sequence[Value]) -> Value:
        merged = _merged(arguments)
        if isinstance(merged, Failed):
            return merged
        if name == "debug":
            return arguments[0] if len(arguments) == 1 else UNKNOWN
        of_caller = bool({"uid", "identity"} & merged.sources)
        if name in _FETCHES:
            return Derived(frozenset({"record" if of_caller else "data"}))
        if name in _LOOKUPS:
            return Plain(self.caller.role) if of_caller else UNKNOWN
        return merged

    def _binary(self, operator: str, left: Value, right: Expression, scope: Scope, own: Mapping[str, Value]) -> Value:
        if operator == "is":
            sure = isinstance(left, Derived) and left.sources == {"uid"} and right == Name("string")
            return left if isinstance(left, Failed) else Plain(True) if sure else UNKNOWN
        other = self._value(right, scope, own)
        if isinstance(left, Failed) or isinstance(other, Failed):
            return Failed()
        if operator in ("==", "!="):
            return self._equal(left, other, negated=operator == "!=")
        if operator == "in":
            return self._related([left, other])
        if operator in ("<", "<=", ">", ">="):
            return self._compared(operator, left, other)
        return _merged([left, other])

    def _equal(self, left: Value, right: Value, *, negated: bool) -> Value:
        if isinstance(left, Plain) and isinstance(right, Plain):
            return Plain((left == right) != negated)
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Derived) and other == Plain(None):
                if one.sources in ({"auth"}, {"uid"}, {"token"}) and one.name != "?":
                    return Plain(negated)
                if one.sources == {"claim"}:
                    self._note([one], [])
                    return Plain(self.caller.role == negated)
        against = any(isinstance(one, Plain) and one.value is False for one in (left, right))
        return _of_truth(_flipped(self._truth(self._related([left, right])), negated != against))

    def _compared(self, operator: str, left: Value, right: Value) -> Value:
        if isinstance(right, Derived) and "time" in right.sources:
            left, right, operator = right, left, {"<": ">", ">": "<"}.get(operator[0], "") + operator[1:]
        if isinstance(left, Derived) and left.sources == {"time"} and isinstance(right, Plain) and isinstance(right.value, datetime):
            if operator[0] == ">":
                return Plain(True)
            self.dates.append(right.value)
            return Plain(self.caller.in_time)
        if isinstance(left, Plain) and isinstance(right, Plain):
            return _ordered(operator, left.value, right.value)
        return self._related([left, right])

    def _related(self, values: Sequence[Value]) -> Value:
        """Answers a comparison: of the caller with the data by ownership, of a claim with a constant by the role.

        A caller's id beside a constant names a person, who is let in as one with a role is.
        """
        merged = _merged(values)
        if isinstance(merged, Failed):
            return merged
        constants = [str(one.value) for one in values if isinstance(one, Plain) and isinstance(one.value, str)]
        derived = [one for one in values if isinstance(one, Derived)]
        named = [*constants, *(text for one in derived for text in one.constants)]
        of_caller = bool({"uid", "identity"} & merged.sources)
        if _is_own(merged.sources) and (of_caller or not named):
            return Plain(self.caller.owner)
        if of_caller:
            return Plain(self.caller.role)
        if "claim" in merged.sources or ("token" in merged.sources and named) or any(map(self._is_role, derived)):
            self._note(derived, named)
            return Plain(self.caller.role)
        return UNKNOWN

    @staticmethod
    def _is_role(value: Derived) -> bool:
        return "record" in value.sources and _ROLE_FIELD.search(value.name) is not None

    def _note(self, derived: Iterable[Derived], named: Sequence[str]) -> None:
        self.roles += named or [one.name for one in derived if one.name]


def _is_own(sources: frozenset[Source]) -> bool:
    """Tells whether something of the caller (id, claim, own record) meets something of the data."""
    of_caller = {"uid", "identity"} & sources
    return bool(of_caller and {"data", "record"} & sources) or ("data" in sources and bool({"claim", "record"} & sources))


def _of_token(name: str) -> Derived:
    if name in ("sub", "user_id"):
        return Derived(frozenset({"uid"}))
    if name in ("get", "keys"):
        return Derived(frozenset({"token"}))
    if name in _OF_PROVIDER:
        return Derived(frozenset({"auth"}), "?")
    return Derived(frozenset({"identity"}), name) if name in _IDENTITY else Derived(frozenset({"claim"}), name)


def _merged(values: Sequence[Value]) -> Derived | Failed:
    if any(isinstance(one, Failed) for one in values):
        return Failed()
    derived = [one for one in values if isinstance(one, Derived)]
    texts = tuple(one.value for one in values if isinstance(one, Plain) and isinstance(one.value, str))
    sources = frozenset[Source]().union(*(one.sources for one in derived))
    name = next((one.name for one in derived if one.name), "")
    return Derived(sources, name, (*texts, *(text for one in derived for text in one.constants)))


def _chained(operator: str, truths: Sequence[Truth]) -> Value:
    """Joins truths as CEL does: what decides wins over errors, wherever it stands."""
    decides: Truth = "no" if operator == "&&" else "yes"
    other: Truth = "yes" if operator == "&&" else "no"
    order: tuple[Truth, ...] = (decides, "error", "unknown") if operator == "&&" else (decides, "unknown", "error")
    return _of_truth(next((one for one in order if one in truths), other))


def _of_truth(truth: Truth) -> Value:
    return Failed() if truth == "error" else UNKNOWN if truth == "unknown" else Plain(truth == "yes")


def _ordered(operator: str, left: object, right: object) -> Value:
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        return UNKNOWN
    return Plain({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator])


_OPPOSITE: Final[Mapping[Truth, Truth]] = {"yes": "no", "no": "yes", "unknown": "unknown", "error": "error"}


def _flipped(truth: Truth, flip: bool) -> Truth:
    return _OPPOSITE[truth] if flip else truth


def _date(method: str, arguments: Sequence[Value]) -> Value:
    numbers = [one.value for one in arguments if isinstance(one, Plain) and isinstance(one.value, int) and not isinstance(one.value, bool)]
    try:
        if method == "date" and len(numbers) == len(arguments) == 3:
            year, month, day = numbers
            return Plain(datetime(year, month, day, tzinfo=UTC))
        if method == "value" and len(numbers) == len(arguments) == 1:
            return Plain(datetime.fromtimestamp(numbers[0] / 1000, UTC))
    except (ValueError, OverflowError, OSError):
        return UNKNOWN
    return UNKNOWN
