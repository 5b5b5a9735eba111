"""What a rules file holds once it is read: services, matches, allow statements, functions, and the expressions in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Wildcard = Literal["one", "many"]


@dataclass(frozen=True)
class Constant:
    """``null``, ``true``, a number or a string."""

    value: bool | int | float | str | None


@dataclass(frozen=True)
class Name:
    """A variable, a parameter, or one of the language's own names such as ``request``."""

    name: str


@dataclass(frozen=True)
class Member:
    """``of.name``."""

    of: Expression
    name: str


@dataclass(frozen=True)
class Index:
    """``of[at]``, or ``of[at:upto]``."""

    of: Expression
    at: Expression
    upto: Expression | None = None


@dataclass(frozen=True)
class Call:
    """``of(arguments)``."""

    of: Expression
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Not:
    """``!of``."""

    of: Expression


@dataclass(frozen=True)
class Negative:
    """``-of``."""

    of: Expression


@dataclass(frozen=True)
class Chain:
    """``a && b && c`` or ``a || b || c``: held flat, so that no file makes a tree too deep to walk over."""

    operator: Literal["&&", "||"]
    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Binary:
    """Any other operator between two operands."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Choice:
    """``test ? yes : no``."""

    test: Expression
    yes: Expression
    no: Expression


@dataclass(frozen=True)
class Items:
    """A list, or the keys and values of a map."""

    items: tuple[Expression, ...]


@dataclass(frozen=True)
class PathText:
    """A path such as ``/databases/$(database)/documents/users/$(request.auth.uid)``."""

    text: str
    inner: tuple[Expression, ...]
    """What stands in its ``$(...)``."""


Expression = Constant | Name | Member | Index | Call | Not | Negative | Chain | Binary | Choice | Items | PathText


@dataclass(frozen=True)
class Segment:
    """One part of a match path: a name that must be there, or a variable."""

    name: str
    wildcard: Wildcard | None = None


@dataclass(frozen=True)
class Function:
    """``function name(parameters) { let ...; return ...; }``."""

    name: str
    parameters: tuple[str, ...]
    lets: tuple[tuple[str, Expression], ...]
    result: Expression


@dataclass(frozen=True)
class Allow:
    """``allow methods: if condition;``."""

    methods: tuple[str, ...]
    """As they are written."""
    condition: Expression | None
    text: str | None
    """The condition as it stands, without comments, with single spaces."""
    line: int
    colon: bool
    """False for the old form ``allow read if ...``."""
    semicolon: bool


@dataclass
class Match:
    """``match path { ... }``."""

    path: tuple[Segment, ...]
    text: str
    """The path as it stands."""
    line: int
    allows: list[Allow] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    functions: dict[str, Function] = field(default_factory=dict)

    def walk(self) -> Iterator[Match]:
        """Yields this match and all below it, in the order of the file."""
        yield self
        for one in self.matches:
            yield from one.walk()


@dataclass
class Service:
    """``service name { ... }``."""

    name: str
    matches: list[Match] = field(default_factory=list)
    functions: dict[str, Function] = field(default_factory=dict)


@dataclass
class RulesFile:
    """A whole file."""

    version: str | None
    """``rules_version`` as it is written; None is version 1."""
    services: list[Service] = field(default_factory=list)
    functions: dict[str, Function] = field(default_factory=dict)
    """Outside of any service."""
