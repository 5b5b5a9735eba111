"""``compliance.toml`` as it is written: its tables, and the errors of those who write it."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeVar

from pydantic import BaseModel, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic.json_schema import SkipJsonSchema

from . import point
from .errors import ConfigError, UsageError
from .location import Address, located
from .point import Profile
from .reading.mapping import MappingTable
from .record import Table
from .role import RoleTable
from .waiver import WaiversTable

FILE: Final = "compliance.toml"


class ProjectTable(Table):
    """``[project]``."""

    name: str = Field(min_length=1, max_length=200)
    version: str | None = None
    """The version, or ``git-tag`` to take it from the tag on the commit."""
    commit: str | None = Field(default=None, pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")
    """Commit that is judged, only where there is no git."""
    release_branch: str = "main"
    profile: Profile = "service"
    profile_by: str | None = Field(default=None, pattern=r"\S")
    """Who confirmed the profile; until somebody does, the outcome is at most go-with-conditions."""
    environments: tuple[str, ...] = ("staging", "production")
    """The first is where a release is tested: environment-bound evidence counts from there. The last is where users are. A library or
    command-line tool is in none unless it names some."""

    @model_validator(mode="before")
    @classmethod
    def _in_no_environment(cls, table: Any) -> Any:
        """What is not deployed is in no environment, unless it names some."""
        deployed = not isinstance(table, Mapping) or table.get("profile", "service") == "service"
        return table if deployed or "environments" in table else {**table, "environments": ()}

    @field_validator("environments")
    @classmethod
    def _deployed_somewhere(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not value and info.data.get("profile") == "service":
            raise ValueError("expected at least one for a service")
        return value

    store: SkipJsonSchema[str | None] = Field(default=None, min_length=1, exclude=True)
    """Where the store lies: a path from the project's folder, or the address of a PostgreSQL database, without a password. No rule, so that
    no report carries it."""

    @field_validator("store")
    @classmethod
    def _no_password(cls, value: str | None) -> str | None:
        # Not a ValueError, whose message would repeat the value.
        try:
            location = None if value is None else located(value)
        except UsageError as error:
            raise ConfigError(f"[project] store: {error.message}", hint=error.hint) from error
        if isinstance(location, Address) and location.is_secret:
            raise ConfigError("[project] store: an address with a password", hint="give the password in PGPASSWORD or ~/.pgpass")
        return value


class PointTable(Table):
    """``[points.NAME]``."""

    like: str = point.DEFAULT
    gates: tuple[str, ...] = ()
    environment: str | None = None

    @field_validator("like")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in point.BUILT_IN:
            raise ValueError(f"expected one of {', '.join(point.BUILT_IN)}")
        return value


class ReportTable(Table):
    """``[report]``."""

    title: str | None = None
    organisation: str | None = None
    page: str = Field(default="A4", pattern=r"^(A4|Letter)$")


class CommandTable(Table):
    """``[sign] key`` as a command."""

    command: tuple[str, ...] = Field(min_length=1)
    """Program and arguments, run in the project's folder: data on standard input, signature value on standard output."""


class SignTable(Table):
    """``[sign]``."""

    key: str | CommandTable | None = None
    """PKCS#12 or PEM file, ``pkcs11:`` URI of a key on a token, or ``{command = [...]}``. Passphrase or PIN: COMPLIANCE_SIGN_PASSPHRASE, a
    file descriptor named in COMPLIANCE_SIGN_PASSPHRASE_FD, or a prompt."""
    certificate: str | None = None
    """PEM file with the key's certificate and those above it, where key file or token do not hold them."""
    timestamp: str | None = Field(default=None, pattern=r"^https?://[^/\s]+\S*$")
    """Address of a timestamp authority (RFC 3161)."""
    level: Literal["B-T", "B-LT", "B-LTA"] | None = None
    """What is added with a timestamp: the timestamp alone (`B-T`, default), revocation data of all certificates as well (`B-LT`), and a
    timestamp over the whole document (`B-LTA`): it verifies offline when its certificates have expired."""
    trust: tuple[str, ...] = ()
    """Certificates (PEM), SSH allowed_signers files, and bare public keys (`.pub`, PEM) that are trusted."""
    timestamp_trust: tuple[str, ...] = ()
    """Certificates (PEM) of authorities that are trusted for timestamps only."""

    @model_validator(mode="after")
    def _level_has_an_authority(self) -> Self:
        if self.level is not None and self.timestamp is None:
            raise ValueError("level without timestamp; expected the address of a timestamp authority")
        return self


class Document(Table):
    """The whole file, except for the tables whose shape depends on what is installed."""

    project: ProjectTable
    frameworks: dict[str, bool | str] = Field(default_factory=dict)
    collect: dict[str, dict[str, Any]] = Field(default_factory=dict)
    gates: dict[str, dict[str, Any]] = Field(default_factory=dict)
    points: dict[str, PointTable] = Field(default_factory=dict)
    roles: dict[str, RoleTable] = Field(default_factory=dict)
    waivers: WaiversTable = WaiversTable()
    mapping: dict[str, MappingTable] = Field(default_factory=dict)
    report: ReportTable = ReportTable()
    sign: SignTable = SignTable()


class CollectTable(Table):
    """The keys of every ``[collect.KIND]`` besides the collectors' own tables."""

    files: tuple[str, ...] = ()
    """Globs of existing files to read, relative to the project."""
    environment: str | None = None
    """Environment of those files, where they do not say."""
    timeout: float | None = Field(default=None, gt=0)
    """Seconds after which each collector of the kind is ended, where its own table does not say."""


def near(word: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    """Returns ``; did you mean 'x'?`` for the nearest known name, or the list of names when nothing is near."""
    names = list(known)
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(word.casefold(), folded, 1, 0.6)
    if close:
        return f"; did you mean {folded[close[0]]!r}?"
    return f"; known: {', '.join(names)}" if names and len(names) <= 25 else ""


TableT = TypeVar("TableT", bound=BaseModel)


def validate(model: type[TableT], values: Any, where: str, *, extra: Sequence[str] = ()) -> TableT:
    """Checks a table of the configuration.

    Args:
        model: Its model.
        values: What the file says.
        where: Name of the table, for messages.
        extra: Further names to suggest for an unknown key.

    Raises:
        ConfigError: With the table, the key, what was found and what was expected.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"[{where}]: {type(values).__name__}; expected a table")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            names = [info.alias or name for name, info in model.model_fields.items()]
            raise ConfigError(f"[{where}] {key}: unknown key{near(str(first['loc'][-1]), [*names, *extra])}") from error
        raise ConfigError(f"[{where}] {key}: {str(first['msg']).lower()}, found {first['input']!r}") from error


def read_document(path: Path) -> Document:
    """Reads a configuration file.

    Raises:
        ConfigError: It cannot be used.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        values = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte 0x{error.object[error.start]:02x} at offset {error.start}; expected UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}; expected TOML") from error
    top = {key: values.pop(key) for key in list(values) if key not in Document.model_fields}
    if top:
        raise ConfigError(f"{path}: unknown table [{next(iter(top))}]{near(next(iter(top)), Document.model_fields)}")
    if "project" not in values:
        raise ConfigError(f"{path}: no [project] table; expected one with a name", hint="run `compliance init`")
    tables = {name: validate(_TABLES[name], value, name) for name, value in values.items() if name in _TABLES}
    points = {name: validate(PointTable, table, f"points.{name}") for name, table in _mapping(values, "points").items()}
    mapping = {name: validate(MappingTable, table, f"mapping.{name}") for name, table in _mapping(values, "mapping").items()}
    roles = {name: validate(RoleTable, table, f"roles.{name}") for name, table in _mapping(values, "roles").items()}
    rest = {name: _mapping(values, name) for name in ("frameworks", "collect", "gates")}
    for name in ("collect", "gates"):
        for key, value in rest[name].items():
            if not isinstance(value, dict):
                raise ConfigError(f"[{name}] {key}: {value!r}; expected a table [{name}.{key}]")
    try:
        return Document.model_validate({**rest, **tables, "points": points, "roles": roles, "mapping": mapping})
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


_TABLES: Final[dict[str, type[Table]]] = {"project": ProjectTable, "report": ReportTable, "sign": SignTable, "waivers": WaiversTable}


def _mapping(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = values.get(name, {})
    if not isinstance(value, dict):
        raise ConfigError(f"{name}: {value!r}; expected a table")
    return value
