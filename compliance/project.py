"""A project as it is judged: what is collected, what its gates ask, who decides."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from . import catalog, point
from .catalog import Catalog
from .configuration import FILE, CollectTable, Document, ProjectTable, near, read_document, validate
from .errors import ConfigError, InputError
from .gate import AtLeast, Gate, Params, bound_of
from .kind import Collector, Kind, Options
from .location import Location, located
from .point import Point
from .reading.mapping import ABOUT, ROW_FIELDS, MappingTable, with_mappings
from .record import Json, Model
from .role import Role, roles_of
from .times import read_span, show_span


@dataclass(frozen=True)
class Collection:
    """What is collected for one kind."""

    kind: Kind
    table: CollectTable
    collectors: tuple[tuple[Collector, Options], ...]


@dataclass(frozen=True)
class GateSetting:
    """A gate as this project asks it."""

    gate: Gate
    params: Params
    required: bool
    max_age: timedelta | None
    declared: str | None = None
    """Why the gate does not apply and who says so, if somebody does."""
    changes: tuple[dict[str, Json], ...] = field(default=())
    """Thresholds that differ from the defaults: gate, what, default, value, loosened, reason, by."""


class NotHonoured(Model):
    """Something that a change says otherwise than its base, and that does not count for it."""

    what: str
    """A key of ``compliance.toml``, or a file."""
    base: Json
    change: Json

    @property
    def text(self) -> str:
        """It in words."""
        return f"{self.what}: {_in_words(self.base)} -> {_in_words(self.change)}"


def _in_words(value: Json) -> str:
    """Returns a value as ``compliance.toml`` writes it."""
    return "nothing" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


class BaseRules(Model):
    """Where the rules of a check come from that judges a change (see `base`)."""

    ref: str
    commit: str
    configured: bool
    """False: the base has no configuration, and the change's own is used."""
    not_honoured: tuple[NotHonoured, ...] = ()

    @property
    def sentence(self) -> str:
        """Where the rules come from, in a sentence; it ends with a colon where `not_honoured` is to follow."""
        where = f"{self.commit[:12]} ({self.ref})"
        if not self.configured:
            return f"The base {where} has no {FILE}: the change's own judges it."
        rest = "; what this change says otherwise is not honoured:" if self.not_honoured else "."
        return f"Configuration and policies are those of the base {where}{rest}"


@dataclass(frozen=True)
class Project:
    """A project: its folder, its configuration and the catalog that goes with it."""

    root: Path
    document: Document
    catalog: Catalog
    path: Path | None
    """The configuration file; None when there is none and the defaults hold."""
    settings: Path | None = None
    """Folder from which files are taken that the configuration names and that judge; the project's own when None."""
    base: BaseRules | None = None
    """Of a check of a change."""
    held: object = field(default=None, repr=False, compare=False)
    """Keeps ``settings`` in being."""

    def beside(self, name: str) -> Path:
        """Returns the path of a file that the configuration names and that judges: a list of signers, a trusted certificate."""
        return (self.settings or self.root) / name

    @classmethod
    def load(cls, root: Path | None = None) -> Project:
        """Reads the configuration of a folder, or of its nearest parent that has one.

        Raises:
            ConfigError: The folder does not exist, or the file cannot be used.
        """
        start = (root or Path.cwd()).absolute()
        if not start.is_dir():
            raise ConfigError(f"{start}: no such folder", hint="give the project's folder with --project")
        candidates = [start] if root else [start, *start.parents]
        for folder in candidates:
            path = folder / FILE
            if path.is_file():
                document = read_document(path)
                return cls(folder, document, catalog_of(folder, document), path)
        name = start.name or "project"
        return cls(start, Document(project=ProjectTable(name=name)), catalog.shipped(), None)

    def printed_on(self, page: str | None) -> Project:
        """Returns the project with another paper for its documents, ``A4`` or ``Letter``; None leaves the configured one."""
        if page is None:
            return self
        report = self.document.report.model_copy(update={"page": page})
        return replace(self, document=self.document.model_copy(update={"report": report}))

    def point(self, name: str = point.DEFAULT) -> Point:
        """Returns a decision point by name.

        Raises:
            ConfigError: There is no such point.
        """
        first, last = self._environments()
        for own in self.document.points:
            if own in point.BUILT_IN:
                raise ConfigError(f"[points.{own}]: built in; expected a name of your own", hint=f'name it, and say like = "{own}"')
        if name in self.document.points:
            table = self.document.points[name]
            unknown = [gate for gate in table.gates if gate not in self.catalog.gates]
            if unknown:
                raise ConfigError(f"[points.{name}] gates: no gate {unknown[0]}{near(unknown[0], self.catalog.gates)}")
            return Point(name, table.like, table.gates, table.environment or first)
        if name not in point.BUILT_IN:
            raise ConfigError(f"no decision point {name!r}{near(name, [*point.BUILT_IN, *self.document.points])}")
        return Point(name, name, (), last if name == "rollback" else first)

    def _environments(self) -> tuple[str | None, str | None]:
        """Returns where a release is tested, and where its users are."""
        named = self.document.project.environments
        return (named[0], named[-1]) if named else (None, None)

    @cached_property
    def gates(self) -> dict[str, GateSetting]:
        """The gates of the frameworks that are switched on, as this project asks them."""
        for gate_id in self.document.gates:
            if gate_id not in self.catalog.gates:
                raise ConfigError(f"[gates.{gate_id}]: no such gate{near(gate_id, self.catalog.gates)}")
        switched = self.document.frameworks
        for name in switched:
            if name not in self.catalog.frameworks:
                raise ConfigError(f"[frameworks] {name}: no such framework{near(name, self.catalog.frameworks)}")
        return {
            gate.id: _setting(gate, self.document.gates.get(gate.id, {}))
            for gate in self.catalog.gates.values()
            if switched.get(gate.framework, True)
        }

    @cached_property
    def roles(self) -> tuple[Role, ...]:
        """The roles that decide."""
        return roles_of(self.document.roles)

    @cached_property
    def collections(self) -> list[Collection]:
        """What is collected, by kind."""
        return [self._collection(name, table) for name, table in self.document.collect.items()]

    def _collection(self, name: str, table: Mapping[str, Any]) -> Collection:
        kind = self.catalog.kinds.get(name)
        if kind is None:
            raise ConfigError(f"[collect.{name}]: no such kind{near(name, self.catalog.kinds)}")
        known = {collector.name: collector for collector in kind.collectors}
        own = {key: value for key, value in table.items() if key not in known}
        fields = validate(CollectTable, own, f"collect.{name}", extra=tuple(known))
        limit = {} if fields.timeout is None else {"timeout": fields.timeout}
        chosen = []
        for key, value in table.items():
            if key in known and value is not False:
                given = limit if value is True else {**limit, **value} if isinstance(value, Mapping) else value
                chosen.append((known[key], validate(known[key].options, given, f"collect.{name}.{key}")))
        return Collection(kind, fields, tuple(chosen))


def catalog_of(root: Path, document: Document) -> Catalog:
    """Loads the project's own frameworks, named as folders in ``[frameworks]``; code runs only if it is configured."""
    folders = [root / value for value in document.frameworks.values() if isinstance(value, str)]
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"[frameworks]: {folder}: no such folder")
    found = catalog.load(policies=folders)
    for name, table in document.mapping.items():
        if table.kind not in found.kinds:
            raise ConfigError(f"[mapping.{name}] kind: no kind {table.kind!r}{near(table.kind, found.kinds)}")
        _check_fields(name, table, found.kinds[table.kind])
    return replace(found, kinds=with_mappings(found.kinds, document.mapping)) if document.mapping else found


def _check_fields(name: str, table: MappingTable, kind: Kind) -> None:
    """Checks that a mapping names fields that there are."""
    known = {"payload": [*kind.payload.model_fields, *ABOUT], "rows": list(ROW_FIELDS)}
    given = {"payload": list(table.fields), "rows": list(table.rows.fields) if table.rows else []}
    for part, fields in given.items():
        for one in fields:
            if one not in known[part]:
                where = f"mapping.{name}" + (".rows" if part == "rows" else "")
                raise ConfigError(f"[{where}] fields: no field {one!r}{near(one, known[part])}")


_COMMON: Final = ("required", "applicable", "reason", "by", "max-age")


def _setting(gate: Gate, table: Mapping[str, Any]) -> GateSetting:
    where = f'gates."{gate.id}"'
    thresholds = {key: value for key, value in table.items() if key not in _COMMON}
    params = validate(gate.params, thresholds, where, extra=_COMMON)
    required = table.get("required", gate.required)
    applicable = table.get("applicable", True)
    if not isinstance(required, bool) or not isinstance(applicable, bool):
        raise ConfigError(f"[{where}] required and applicable: expected true or false")
    reason, by = table.get("reason"), table.get("by")
    if not applicable and not all(isinstance(text, str) and text.strip() for text in (reason, by)):
        raise ConfigError(f"[{where}] applicable = false: without reason and by", hint="say why, and who decided it")
    max_age = _max_age(where, table, gate.max_age)
    changes = list(_changes(gate, params, thresholds))
    if required != gate.required:
        changes.append({"what": "required", "default": gate.required, "value": required, "loosened": gate.required})
    if max_age != gate.max_age:
        looser = gate.max_age is not None and (max_age is None or max_age > gate.max_age)
        shown = [None if span is None else show_span(span) for span in (gate.max_age, max_age)]
        changes.append({"what": "max-age", "default": shown[0], "value": shown[1], "loosened": looser})
    if not applicable:
        changes.append({"what": "applicable", "default": True, "value": False, "loosened": True})
    noted = tuple({"gate": gate.id, **change, "reason": reason, "by": by} for change in changes)
    declared = f"{reason} ({by})" if not applicable else None
    return GateSetting(gate, params, required, max_age, declared, noted)


def _max_age(where: str, table: Mapping[str, Any], default: timedelta | None) -> timedelta | None:
    if "max-age" not in table:
        return default
    try:
        return read_span(str(table["max-age"]))
    except InputError as error:
        raise ConfigError(f"[{where}] max-age: {error}") from error


def _changes(gate: Gate, params: Params, thresholds: Mapping[str, Any]) -> Iterator[dict[str, Json]]:
    for name, info in gate.params.model_fields.items():
        value, default = getattr(params, name), info.get_default(call_default_factory=True)
        if value == default or not ({name, info.alias} & thresholds.keys()):
            continue
        bound, loosened = bound_of(info.metadata), True
        if value is not None and bound is not None:
            loosened = default is not None and (value < default if issubclass(bound, AtLeast) else value > default)
        shown = params.model_dump(mode="json")[name]
        before = gate.params().model_dump(mode="json")[name]
        yield {"what": info.alias or name, "default": before, "value": shown, "loosened": loosened}


def store_location(project: Project, given: str | None) -> Location:
    """Returns where the store lies: ``--store``, else ``COMPLIANCE_STORE``, else ``[project] store``, else in the project.

    Raises:
        UsageError: An address that is not PostgreSQL's.
    """
    location = given or os.environ.get("COMPLIANCE_STORE")
    if location:
        return located(location)
    own = located(project.document.project.store or ".compliance/evidence.db")
    return project.root / own if isinstance(own, Path) else own
