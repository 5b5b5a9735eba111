"""Roles: who may decide for what, and how many of them must."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pydantic import Field, field_validator

from .errors import InputError
from .record import Table
from .times import read_span

if TYPE_CHECKING:
    from .sign.statement import Signer

DEFAULT_ROLES: Final = ("technical-lead", "security", "product-owner", "safety-coordinator")
"""Roles that must approve where the project names none; nobody is known to hold them."""


class RoleTable(Table):
    """``[roles.NAME]``."""

    title: str | None = Field(default=None, min_length=1, max_length=100)
    """Name of the role for people; its own name when absent."""
    people: tuple[str, ...] = ()
    """Who holds the role: principals of the allowed signers, or e-mail addresses or common names of trusted certificates."""
    keys: tuple[str, ...] = ()
    """Keys that may sign for the role, whoever they belong to: `SHA256:...` of an SSH key, `sha256:...` of a certificate."""
    quorum: int = Field(default=1, ge=1, le=100)
    """How many of its people must approve."""
    required: bool = True
    """Whether a decision needs this role."""
    override: bool = False
    """Whether its people may override a no-go."""
    waivers: bool = True
    """Whether its people may approve waivers."""
    shared: bool = False
    """Whether its people may sign for another role as well."""
    validity: str = "30d"
    """How long an approval counts."""

    @field_validator("validity")
    @classmethod
    def _is_a_span(cls, value: str) -> str:
        try:
            read_span(value)
        except InputError as error:
            raise ValueError(str(error)) from error
        return value


@dataclass(frozen=True)
class Role:
    """A role of the project."""

    id: str
    table: RoleTable

    @property
    def title(self) -> str:
        """Name for people."""
        return self.table.title or self.id.replace("-", " ")

    @property
    def validity(self) -> timedelta:
        """How long an approval counts."""
        return read_span(self.table.validity)

    def admits(self, name: str, key: str) -> bool:
        """Tells whether somebody holds the role."""
        return key in self.table.keys or any(same_person(name, one) for one in self.table.people)


def roles_of(tables: Mapping[str, RoleTable]) -> tuple[Role, ...]:
    """Returns the roles of the configuration; the default ones, which nobody holds, when there are none."""
    named = tables or {name: RoleTable() for name in DEFAULT_ROLES}
    return tuple(Role(name, table) for name, table in named.items())


def person_of(name: str) -> str:
    """Returns a name as people compare names: case and white space do not make another person."""
    return " ".join(name.split()).casefold()


def same_person(one: str, other: str) -> bool:
    """Tells whether two names are those of one person."""
    return person_of(one) == person_of(other)


def may_approve_waivers(roles: Iterable[Role], signer: Signer) -> bool:
    """Tells whether somebody holds a role that may approve waivers."""
    return any(role.table.waivers and role.admits(signer.name, signer.key) for role in roles)
