"""The parts of the documents that are written by the code itself, so that they cannot say anything else than it does.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``. ``make docs`` (``python -m tests.documents``) writes all of
them anew; ``tests/test_documents.py`` fails when one is not current.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from compliance import severity as severity_words
from compliance.catalog import shipped
from compliance.cli.app import build
from compliance.errors import ComplianceError
from compliance.gate import Gate
from compliance.kind import Kind
from compliance.point import BUILT_IN, Point
from compliance.reading.mapping import FORMAT as MAPPED
from compliance.reading.mapping import FieldTable, MappingTable
from compliance.record import Severity
from compliance.role import RoleTable
from compliance.times import show_span
from compliance.waiver import WaiversTable
from tests.modules import import_all

evidence = importlib.import_module("compliance.evidence")
ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- generated: {} -->", "<!-- end -->"
_COMMON_OPTIONS = ("timeout",)
"""Options of every collector, documented once."""
_WORDS = {
    "HttpOptions.endpoints": "What to probe, at least one entry.",
    "EndpointOptions.path": "Path, added to `base-url`; begins with `/`.",
}
"""For fields that carry no docstring."""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def prose(text: str) -> str:
    """A docstring as Markdown: one line, reStructuredText's literals as Markdown's."""
    return " ".join(text.split()).replace("``", "`")


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """The docstring under each field of a model and its bases."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if base is BaseModel or not issubclass(base, BaseModel):
            continue
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(tree, ast.ClassDef)
        for field, below in zip(tree.body, tree.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and below.value.value
                if isinstance(text, str):
                    found[field.target.id] = prose(text)
    return found


def default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True)
    if value is None or (isinstance(value, (tuple, dict)) and not value):
        return ""
    return f"`{json.dumps(value, default=lambda item: item.value)}`"


def written_type(annotation: Any) -> str:
    """A type as a writer of TOML thinks of it."""
    origin, inner = get_origin(annotation), [one for one in get_args(annotation) if one is not type(None)]
    if origin in (Union, UnionType):
        return written_type(inner[0])
    if origin is tuple:
        return "list of " + written_type(inner[0]).replace("table", "tables")
    if origin is dict:
        return "table"
    if annotation not in (str, int, float, bool) and inner:
        return " or ".join(f'`"{one}"`' for one in inner) if all(isinstance(one, str) for one in inner) else written_type(inner[0])
    names = {str: "text", int: "integer", float: "number", bool: "true or false"}
    return names.get(annotation, "table")


def options(model: type[BaseModel], *, leave_out: Sequence[str] = ()) -> str:
    docs = field_docs(model)
    rows = []
    for name, info in model.model_fields.items():
        if name not in leave_out:
            meaning = docs.get(name) or _WORDS[f"{model.__name__}.{name}"]
            rows.append([f"`{info.alias or name}`", written_type(info.annotation), default(info), meaning])
    return table(["key", "value", "default", "meaning"], rows)


# The parts, by name


def help_text() -> str:
    """``compliance --help`` in 80 columns."""
    done = subprocess.run(
        [sys.executable, "-m", "compliance", "--help"],
        env={"COLUMNS": "80", "PATH": "", "TERM": "dumb"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return "```text\n" + "\n".join(line.rstrip() for line in done.stdout.strip().splitlines()) + "\n```"


def kinds() -> str:
    rows = [
        [
            f"`{kind.id}`",
            code(names_of(kind)),
            code(one.name for one in kind.collectors) or "–",
            kind.binds_to.value,
        ]
        for kind in sorted(shipped().kinds.values(), key=lambda kind: kind.id)
    ]
    return table(["kind", "formats that are read", "collectors that make it", "counts for"], rows)


def names_of(kind: Kind) -> list[str]:
    """The formats of a kind, but the one that every kind has."""
    return [form.name for form in kind.formats if form.name != MAPPED]


def gate_count() -> str:
    """How many gates there are, and which ones cannot be judged yet."""
    waiting = [gate for gate in shipped().gates.values() if gate.judge is None]
    total = len(shipped().gates)
    if not waiting:
        return f"All [{total} gates](docs/gates.md) are judged."
    kinds = sorted({kind for gate in waiting for kind in gate.reads} - shipped().kinds.keys())
    text = (
        f"Of [{total} gates](docs/gates.md), {total - len(waiting)} are judged. The other {len(waiting)} wait for evidence that cannot "
        f"be read yet ({', '.join(kinds)}). They are listed as not assessed, never silently left out: {code(g.id for g in waiting)}."
    )
    return textwrap.fill(text, 110, break_long_words=False, break_on_hyphens=False)


def formats() -> str:
    parts = []
    for kind in sorted(shipped().kinds.values(), key=lambda kind: kind.id):
        first = kind.doc.strip().split("\n\n")[0].partition(": ")[2]
        about = capital(prose(first.partition(". ")[2] or first).rstrip(":."))
        parts.append(f"## {kind.id}\n\n**{kind.title}.** {about}. Counts for one {kind.binds_to.value}.\n")
        rows = [[f"`{form.name}`", capital(form.title), str(form.parser)] for form in kind.formats if form.name != MAPPED]
        parts.append(table(["format", "written by", "parser"], rows) + "\n")
        if kind.collectors:
            rows = [[f"`[collect.{kind.id}.{one.name}]`", capital(one.title)] for one in kind.collectors]
            parts.append(table(["collector", "what it does"], rows) + "\n")
        parts += [f"### {name}\n\n{text}\n" for name, text in read(kind).items()]
    return "\n".join(parts).rstrip()


def unread() -> str:
    """What is refused by its name, with what to write in its place."""
    rows = [[capital(one.title), one.instead] for kind in sorted(shipped().kinds.values(), key=lambda kind: kind.id) for one in kind.unread]
    return table(["not read", "read in its place"], rows)


def read(kind: Kind) -> dict[str, str]:
    """How each format of a kind is read: what the module that defines it says of itself, and the tables that it maps words with."""
    homes = {
        form.name: module
        for module in (importlib.import_module(info.name) for info in pkgutil.walk_packages(evidence.__path__, f"{evidence.__name__}."))
        for form in vars(module).values()
        if form in kind.formats
    }
    texts = {}
    for form in kind.formats:
        if form.name not in homes:
            continue
        text = markdown(homes[form.name].__doc__ or "")
        if homes[form.name].__doc__ == kind.doc:
            text = text.partition("\n\n")[2]
        if tables := [table([f"{form.name}: {heading}", "counts as"], rows()) for heading, rows in MAPPINGS.get(form.name, {}).items()]:
            text = "\n\n".join([text, *tables])
        if text:
            texts[form.name] = text
    return texts


def markdown(text: str) -> str:
    """A docstring with its paragraphs, lists and literal blocks."""
    parts = []
    for part in inspect.cleandoc(text).split("\n\n"):
        if all(line.startswith("    ") for line in part.splitlines()):
            parts.append(f"```text\n{textwrap.dedent(part)}\n```")
            continue
        aligned = re.sub(r"^``(.+?)``\s{2,}(?=\S)", r"- ``\1``: ", part, flags=re.MULTILINE)
        parts.append(re.sub(r"\s*::$", ":", aligned).replace("``", "`"))
    return "\n\n".join(part for part in parts if part != ":")


def grouped(module: str, name: str) -> list[list[str]]:
    """A reader's own table of words, by what they are mapped to."""
    words: Mapping[Any, Any] = getattr(importlib.import_module(f"{evidence.__name__}.{module}"), name)
    found: dict[str, list[str]] = {}
    for word, value in words.items():
        found.setdefault(str(value), []).append(word.decode() if isinstance(word, bytes) else word)
    return [[code(said), value] for value, said in found.items()]


MAPPINGS: dict[str, dict[str, Callable[[], list[list[str]]]]] = {
    "junit-xml": {
        "child of `testcase`": lambda: grouped("test_results._case", "_RESULT_OF_CHILD"),
        "word of `status` or `result`": lambda: grouped("test_results._case", "_WORDS"),
    },
    "nunit3-xml": {"result": lambda: grouped("test_results.nunit3_xml", "_RESULTS")},
    "trx": {"outcome of a test": lambda: grouped("test_results.trx", "_OUTCOMES")},
    "auditd-log": {
        "`success`, `res`, `result`": lambda: grouped("audit_log.auditd", "_ENDED"),
        "type of record": lambda: grouped("audit_log.auditd_types", "_CLASSES"),
    },
    "gcp-audit-json": {"log": lambda: grouped("audit_log.gcp_audit", "_BY_LOG")},
    "gitlab-security-json": {"type of the scan": lambda: grouped("scan.gitlab_security", "_TYPES")},
    "sarif": {"name of the tool": lambda: grouped("scan.sarif_tools", "_CATEGORIES")},
}
"""Tables of the readers themselves, by format."""


def severities() -> str:
    """How the words, levels and scores of tools become severities, tried out on the functions that do it."""
    rows = []
    for severity in Severity:
        words = [word for word in severity_words._WORDS if severity_words.from_word(word) is severity]
        levels = [level for level in severity_words._LEVELS if severity_words.from_level(level) is severity]
        scores = [tenth / 10 for tenth in range(101) if severity_words.from_score(tenth / 10) is severity]
        span = (f"{scores[0]} to {scores[-1]}" if len(scores) > 1 else f"{scores[0]}") if scores else "–"
        rows.append([severity.value, code(words) or "any other, or none", code(levels) or "–", span])
    return table(["severity", "words, in any case", "levels of SARIF", "scores"], rows)


def collectors() -> str:
    parts = []
    for kind in sorted(shipped().kinds.values(), key=lambda kind: kind.id):
        for one in sorted(kind.collectors, key=lambda one: one.name):
            parts.append(
                f"### `[collect.{kind.id}.{one.name}]`\n\n{capital(one.title)}.\n\n{options(one.options, leave_out=_COMMON_OPTIONS)}\n"
            )
            parts += [f"Each entry of `{key}`:\n\n{options(model)}\n" for key, model in nested(one.options)]
    return "\n".join(parts).rstrip()


def nested(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, info in model.model_fields.items():
        for inner in get_args(info.annotation):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield info.alias or name, inner


def thresholds() -> str:
    rows = []
    for gate in shipped().gates.values():
        docs = field_docs(gate.params)
        rows += [[f"`{gate.id}`", f"`{info.alias or name}`", default(info), docs[name]] for name, info in gate.params.model_fields.items()]
    return table(["gate", "key", "default", "meaning"], rows)


def gates() -> str:
    parts: list[str] = []
    for framework in shipped().frameworks.values():
        mine = [gate for gate in shipped().gates.values() if gate.framework == framework.id]
        parts.append(f"## {framework.title} (`{framework.id}`)\n")
        rows = [[f"[{g.id}](#{g.id.lower()})", g.statement, code(g.reads) or "–"] for g in mine]
        parts.append(table(["gate", "statement", "reads"], rows) + "\n")
        for gate in mine:
            parts += [f"### {gate.id}\n\n**{gate.statement}.** {_traits(gate)}\n"]
            texts = (("Asks", gate.doc.asks), ("Why", gate.doc.why), ("Evidence", gate.doc.evidence), ("Fix", gate.doc.fix))
            parts += [f"*{heading}:* {prose(text)}\n" for heading, text in (*texts, ("Maps to", gate.doc.maps_to))]
    return "\n".join(parts).rstrip()


def _traits(gate: Gate) -> str:
    asked = [name for name in BUILT_IN if Point(name, name).asks(gate, shipped().kinds)]
    traits = [gate.principle, "required" if gate.required else "advisory", f"asked at {', '.join(asked)}"]
    if gate.max_age is not None:
        traits.append(f"evidence at most {show_span(gate.max_age)} old")
    if gate.min_assurance != "imported":
        traits.append(f"accepts evidence that is {gate.min_assurance}")
    if gate.service_only:
        traits.append("services only")
    return f"{'; '.join(traits)}."


def errors() -> str:
    parts = []
    for one in error_classes():
        first, *others = prose_parts(one)
        causes = next((text.removeprefix("Causes: ") for text in others if text.startswith("Causes: ")), "")
        parts.append(f"### `{one.code}`\n\n{first} Exit code {one.exit_code}; in Python `{one.__name__}`.\n")
        parts += [f"*Causes:* {causes}\n"] if causes else []
        parts.append(f"*Next:* {one.advice}.\n")
    return "\n".join(parts).rstrip()


def prose_parts(one: type) -> list[str]:
    """The paragraphs of a class's docstring."""
    return [prose(part) for part in inspect.cleandoc(one.__doc__ or "").split("\n\n")]


def error_classes() -> list[type[ComplianceError]]:
    """Every public error, each after the one that it specialises."""
    import_all()

    def below(one: type[ComplianceError]) -> Iterator[type[ComplianceError]]:
        yield one
        for child in one.__subclasses__():
            yield from below(child)

    return [one for one in below(ComplianceError) if not one.__name__.startswith("_") and one.__module__.startswith("compliance.")]


_EVERYWHERE = ("project", "store", "quiet", "verbose", "debug", "no_color")
"""Options that every command takes, documented once."""


def command_line() -> str:
    """Every command with its arguments and options, as the command line itself knows them."""
    root = typer.main.get_command(build())
    every = [one for one in root.params if one.name in _EVERYWHERE and not getattr(one, "hidden", False)]
    parts = ["## Options of every command", "They may stand before the command or behind it.", _options(every)]
    for name, command in root.commands.items():  # type: ignore[attr-defined]  # it is a group
        parts += _command(f"compliance {name}", command)
    return "\n\n".join(parts)


def _command(name: str, command: Any) -> Iterator[str]:
    yield f"## `{name}`" if name.count(" ") == 1 else f"### `{name}`"
    yield prose(command.help or "")
    own = [one for one in command.params if one.name not in (*_EVERYWHERE, "help") and not getattr(one, "hidden", False)]
    if own:
        yield _options(own)
    for below, inner in getattr(command, "commands", {}).items():
        yield from _command(f"{name} {below}", inner)


def _options(params: Iterable[Any]) -> str:
    rows = [(_option_name(one), _option_value(one), _option_default(one), _option_help(one)) for one in params]
    return table(["option", "value", "default", "meaning"], rows)


def _option_name(one: Any) -> str:
    if one.param_type_name == "argument":
        return f"`{one.metavar or one.name.upper()}`"
    return code([*one.opts, *one.secondary_opts])


def _option_value(one: Any) -> str:
    if one.param_type_name != "argument" and one.is_flag:
        return ""
    annotation = one.type_descriptor.annotation
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    return (one.metavar or "text") if one.param_type_name != "argument" else "text"


def _option_default(one: Any) -> str:
    if isinstance(one.show_default, str):
        return one.show_default
    shown = one.show_default and one.default not in (None, False, ()) and not callable(one.default)
    return f"`{one.default}`" if shown else "required" if one.required else ""


def _option_help(one: Any) -> str:
    names = [one.envvar] if isinstance(one.envvar, str) else list(one.envvar or ())
    return prose(one.help or "") + (f" Environment: {code(names)}." if names else "")


PARTS: dict[str, Callable[[], str]] = {
    "help": help_text,
    "kinds": kinds,
    "gate-count": gate_count,
    "formats": formats,
    "unread": unread,
    "severities": severities,
    "collectors": collectors,
    "thresholds": thresholds,
    "gates": gates,
    "errors": errors,
    "commands": command_line,
    "roles": lambda: options(RoleTable),
    "waivers": lambda: options(WaiversTable),
    "mapping": lambda: f"{options(MappingTable)}\n\nEach field is a table:\n\n{options(FieldTable)}",
}


def documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def renewed(text: str) -> str:
    """A document with its generated parts as they must be now."""
    pattern = re.escape(BEGIN).replace(r"\{\}", r"([a-z-]+)") + r"\n.*?" + re.escape(END)
    return re.sub(pattern, lambda found: f"{BEGIN.format(found[1])}\n{PARTS[found[1]]()}\n{END}", text, flags=re.DOTALL)


if __name__ == "__main__":
    for path in documents():
        before = path.read_text()
        after = renewed(before)
        if before != after:
            path.write_text(after)
            print(f"wrote {path.relative_to(ROOT)}")
