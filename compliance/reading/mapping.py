"""In-house formats, without code: a table of ``compliance.toml`` says where the fields of a kind stand in a JSON or CSV report.

The table is kept with each piece of evidence that was read through it, so that it can be read again without the project's configuration.
Nothing is guessed: a field whose name carries a unit must state the unit that the report uses, and times without zone are no times.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Literal, get_args

import msgspec
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo

from ..errors import InputError
from ..kind import Format, Kind
from ..record import Assurance, Finding, Json, Parsed, Table, Tool, digest, fingerprint, shorten
from ..severity import from_score, from_word
from ..source import Source, parse_time

FORMAT: Final = "mapped"
"""Name of the format (CONTRACT.md)."""
FACT: Final = "mapping"
"""Name under which the table stands among the facts of the evidence."""
_NUMBER: Final = r"-?[0-9]{1,300}(\.[0-9]{1,300})?([eE][-+]?[0-9]{1,2})?"
ROW_LIMIT: Final = 1_000_000
CSV_LIMIT: Final = 256 << 20
"""Bytes of the largest CSV report."""

Unit = Literal["ns", "us", "ms", "s", "min", "h", "d", "ratio", "percent"]
_SECONDS: Final[dict[str, float]] = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_SUFFIXES: Final = {"_ms": "ms", "_s": "s"}
_RATIOS: Final = ("error_rate", "availability")
ABOUT: Final = ("observed_at", "commit", "version", "environment", "tool", "tool_version")
"""Fields that are about the evidence, not of its payload."""
ROW_FIELDS: Final = tuple(name for name in Finding.__struct_fields__ if name != "fingerprint")
"""Fields of a finding that a report may give."""


class FieldTable(Table):
    """Where one field stands, or what it always is."""

    at: str | None = None
    """JSON pointer (RFC 6901) in JSON, name of the column in CSV."""
    value: str | int | float | bool | None = None
    """What the field always is, instead of a place."""
    unit: Unit | None = None
    """Unit in which the report states it."""
    optional: bool = False
    """Whether the report may lack it; it is then unknown."""

    @model_validator(mode="after")
    def _one_source(self) -> FieldTable:
        if (self.at is None) == (self.value is None):
            raise ValueError("give at, or value")
        return self


class RowsTable(Table):
    """Where the findings stand."""

    at: str = ""
    """JSON pointer of the array; CSV rows are the file itself."""
    fields: dict[str, FieldTable] = Field(min_length=1)
    """Fields of a finding: rule, severity, path, line, message, package, package-version, fixed-in, confidence, state, person."""

    @field_validator("fields", mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return _expanded(value)


class MappingTable(Table):
    """``[mapping.NAME]``."""

    kind: str
    """Kind of evidence that the report is."""
    type: Literal["json", "csv"] = "json"
    """What the report is written in."""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    """Of CSV."""
    match: dict[str, str | int | float | bool] = Field(min_length=1)
    """What every such report holds and no other file does: JSON pointer and value; for CSV the names of columns, each with true."""
    assurance: Assurance = Assurance.IMPORTED
    """What such a report is worth: `imported` if a tool writes it, `stated` if a person does."""
    fields: dict[str, FieldTable] = Field(default_factory=dict)
    """Fields of the payload, and observed-at, commit, version, environment, tool, tool-version. A text is short for `{ at = ... }`."""
    rows: RowsTable | None = None
    """Where the findings stand, for kinds that have some."""

    @field_validator("fields", mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return _expanded(value)

    @field_validator("assurance")
    @classmethod
    def _never_verified(cls, value: Assurance) -> Assurance:
        if value is Assurance.VERIFIED:
            raise ValueError("expected imported or stated: only a signature makes a file verified")
        return value

    @model_validator(mode="after")
    def _units_are_stated(self) -> MappingTable:
        for name, field in self.fields.items():
            wanted = _unit_of(name)
            if wanted is not None and field.unit is None:
                raise ValueError(f"{name}: without unit; expected the one that the report uses")
            if wanted is None and field.unit is not None:
                raise ValueError(f"{name}: unit {field.unit}, but the field has none")
            if field.unit and wanted and (wanted == "ratio") != (field.unit in ("ratio", "percent")):
                raise ValueError(
                    f"{name}: unit {field.unit}; expected one of {'ratio, percent' if wanted == 'ratio' else ', '.join(_SECONDS)}"
                )
        return self


def mapped(kind: Kind, table: MappingTable | None = None) -> Format:
    """Returns the format of a kind that reads through a table.

    Args:
        kind: The kind.
        table: The table; None for the format that only reads again what was recorded, with the table that is kept beside it.
    """
    facts = {} if table is None else {FACT: table.model_dump(mode="json")}
    return Format(
        name=FORMAT,
        title="A report of your own, through a table [mapping.NAME]",
        parser=1,
        recognise=lambda source: table is not None and _matches(table, source),
        parse=lambda source: _parse(kind, source),
        facts=facts,
    )


def digest_of(facts: Mapping[str, Json]) -> str | None:
    """Returns the digest of the table that evidence was read through; None when it was read by a format of its own."""
    return digest(facts[FACT]) if FACT in facts else None


def _expanded(value: Any) -> Any:
    """Writes ``name = "/pointer"`` as ``name = { at = "/pointer" }``, and names with hyphens as the fields that they are."""
    if not isinstance(value, dict):
        return value
    return {name.replace("-", "_"): {"at": one} if isinstance(one, str) else one for name, one in value.items()}


def _unit_of(name: str) -> str | None:
    """Returns the unit that a field's name carries."""
    if name in _RATIOS:
        return "ratio"
    return next((unit for suffix, unit in _SUFFIXES.items() if name.endswith(suffix)), None)


def _matches(table: MappingTable, source: Source) -> bool:
    try:
        if table.type == "csv":
            header = next(csv.reader(io.StringIO(source.head.decode("utf-8", "replace")), delimiter=table.delimiter), [])
            return set(table.match) <= set(header)
        if source.head.lstrip()[:1] not in (b"{", b"["):
            return False
        document = source.json
        return all(_at(document, pointer) == value for pointer, value in table.match.items())
    except (InputError, LookupError, csv.Error):
        return False


def _at(document: Json, pointer: str) -> Json:
    """Returns the value that a JSON pointer names.

    Raises:
        LookupError: There is none.
    """
    value = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and re.fullmatch(r"0|[1-9][0-9]{0,8}", name):
            value = value[int(name)]
        elif isinstance(value, dict):
            value = value[name]
        else:
            raise LookupError(pointer)
    return value


def _parse(kind: Kind, source: Source) -> Parsed:
    kept = source.facts.get(FACT)
    if not isinstance(kept, dict):
        raise InputError("no mapping", expected="a table [mapping.NAME] that reads this file")
    table = MappingTable.model_validate(kept)
    rows = list(_rows(table, source))
    first = source.json if table.type == "json" else _only_row(source, table)
    said = {name: _value(field, name, first) for name, field in table.fields.items()}
    about = {name: said.pop(name) for name in ABOUT if name in said}
    fields = {**(kind.counted(rows) if kind.counted is not None and table.rows else {}), **said}
    if "tool" in kind.payload.model_fields:
        fields = {"tool_version": about.get("tool_version"), "tool": about.get("tool") or "unknown", **fields}
    for name, info in kind.payload.model_fields.items():
        if name not in fields and info.is_required() and type(None) in get_args(info.annotation):
            fields[name] = None
    if table.type == "csv":
        fields = {name: _number(value) if _is_number(kind.payload.model_fields.get(name)) else value for name, value in fields.items()}
    try:
        # Strictly, as JSON: true is no number, and a number in quotes is none either.
        payload = kind.payload.model_validate_json(msgspec.json.encode(fields), strict=True)
    except ValidationError as error:
        defect = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in defect["loc"])
        raise InputError(f"{where}: {defect['msg'].lower()}", expected=f"the fields of kind {kind.id}, as [mapping] names them") from error
    tool = about.get("tool")
    return Parsed(
        payload=payload,
        findings=rows,
        tool=Tool(str(tool), _text(about.get("tool_version"))) if tool else None,
        observed_at=_time(about.get("observed_at")),
        commit=_commit(about.get("commit")),
        version=_text(about.get("version")),
        environment=_text(about.get("environment")),
        assurance=table.assurance,
    )


def _value(field: FieldTable, name: str, record: Json) -> Json:
    if field.at is None:
        return field.value
    try:
        value = _at(record, field.at) if field.at.startswith("/") or not field.at else record[field.at]
    except (LookupError, TypeError) as error:
        if field.optional:
            return None
        raise InputError("nothing", expected=name, where=field.at) from error
    if value is None or (value == "" and field.optional):
        return None
    return _converted(field, name, value) if field.unit else value


def _is_number(field: FieldInfo | None) -> bool:
    return field is not None and bool({int, float} & {field.annotation, *get_args(field.annotation)})


def _number(value: Json) -> Json:
    """Reads a cell that holds a number; another one is left to be refused."""
    if not isinstance(value, str) or not re.fullmatch(_NUMBER, value.strip()):
        return value
    return int(value) if re.fullmatch(r"\s*-?[0-9]+\s*", value) else float(value)


def _converted(field: FieldTable, name: str, value: Json) -> float:
    value = _number(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(shorten(repr(value), 40), expected=f"a number of {field.unit} for {name}", where=field.at)
    if field.unit in ("ratio", "percent"):
        return value / 100 if field.unit == "percent" else float(value)
    return float(value) * _SECONDS[str(field.unit)] / _SECONDS[str(_unit_of(name))]


def _rows(table: MappingTable, source: Source) -> Iterator[Finding]:
    if table.rows is None:
        return
    records = _at_rows(table, source) if table.type == "json" else list(_csv(source, table))
    if len(records) > ROW_LIMIT:
        raise InputError(f"{len(records)} rows", expected=f"at most {ROW_LIMIT}")
    seen: dict[str, int] = {}
    for number, record in enumerate(records):
        fields = {name: _value(field, name, record) for name, field in table.rows.fields.items()}
        yield _finding(fields, f"{table.rows.at}/{number}", seen)


def _at_rows(table: MappingTable, source: Source) -> Sequence[Json]:
    pointer = table.rows.at if table.rows else ""
    try:
        found = _at(source.json, pointer)
    except LookupError as error:
        raise InputError("nothing", expected="an array of findings", where=pointer) from error
    if not isinstance(found, list):
        raise InputError(f"a {type(found).__name__}", expected="an array of findings", where=pointer)
    return found


def _finding(fields: Mapping[str, Json], where: str, seen: dict[str, int]) -> Finding:
    if not isinstance(fields.get("rule"), (str, int)):
        raise InputError(shorten(repr(fields.get("rule")), 40), expected="the rule of a finding", where=where)
    severity = fields.get("severity")
    level = from_score(severity) if isinstance(severity, (int, float)) and not isinstance(severity, bool) else from_word(_text(severity))
    texts = {name: _text(value) for name, value in fields.items() if name not in ("line", "severity", "state")}
    first = fingerprint(texts["rule"], texts.get("path"), texts.get("package"), texts.get("message"))
    seen[first] = seen.get(first, 0) + 1
    made = {
        **texts,
        "severity": level.value,
        "state": "suppressed" if fields.get("state") in ("suppressed", True) else "open",
        "line": _line(fields.get("line"), where),
        "fingerprint": first if seen[first] == 1 else fingerprint(first, str(seen[first])),
    }
    return msgspec.convert(made, Finding)


def _line(value: Json, where: str) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}", str(value)):
        raise InputError(shorten(repr(value), 40), expected="a line", where=where)
    return int(value) or None


def _csv(source: Source, table: MappingTable) -> Iterator[dict[str, str]]:
    if source.size > CSV_LIMIT:
        raise InputError(f"{source.size} bytes", expected=f"CSV of at most {CSV_LIMIT} bytes")
    try:
        reader = csv.reader(io.StringIO(source.text, newline=""), delimiter=table.delimiter, strict=True)
        header = next(reader, [])
        if len(set(header)) < len(header):
            raise InputError("a column twice", expected="each column once", where="line 1")
        for row in reader:
            if row and len(row) != len(header):
                raise InputError(f"{len(row)} cells", expected=f"{len(header)}", where=f"line {reader.line_num}")
            if row:
                yield dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise InputError(str(error), expected="CSV") from error


def _only_row(source: Source, table: MappingTable) -> dict[str, str]:
    """Returns the one row that the fields of a payload are read from; none is needed where all of them are fixed."""
    if all(field.at is None for field in table.fields.values()):
        return {}
    rows = list(_csv(source, table))
    if len(rows) != 1:
        raise InputError(f"{len(rows)} rows", expected="one row, which the fields are read from")
    return rows[0]


def _text(value: Json) -> str | None:
    return None if value is None else shorten(str(value))


def _time(value: Json) -> datetime | None:
    return parse_time(value) if isinstance(value, str) else None


def _commit(value: Json) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", value) else None


def with_mappings(kinds: Mapping[str, Kind], tables: Mapping[str, MappingTable]) -> dict[str, Kind]:
    """Returns the kinds with the formats of a project's tables."""
    found = dict(kinds)
    for table in tables.values():
        kind = found[table.kind]
        found[table.kind] = replace(kind, formats=(*kind.formats, mapped(kind, table)))
    return found
