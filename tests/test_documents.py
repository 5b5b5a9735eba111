"""The documents say what the code does: generated parts are current, tables name every key, examples can be read, links lead somewhere."""

from __future__ import annotations

import importlib
import re
import sqlite3
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from compliance import configuration, project
from compliance.catalog import shipped
from compliance.cli.app import COMMANDS
from compliance.errors import ComplianceError
from compliance.gate import Gate
from compliance.kind import Kind, Options
from compliance.reading.mapping import FORMAT as MAPPED
from compliance.reading.mapping import MappingTable
from compliance.role import RoleTable
from compliance.source import Source
from compliance.store.sqlite import schema
from compliance.waiver import WaiversTable
from tests import documents
from tests.marked import blocks, rows, tables

ROOT = documents.ROOT
DOCUMENTS = [str(path.relative_to(ROOT)) for path in documents.documents()]
CONFIGURATION, RECORDS = "docs/configuration.md", "docs/records.md"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_generated_parts_are_current(document: str) -> None:
    text = (ROOT / document).read_text()
    assert documents.renewed(text) == text, "run `make docs`"


def test_every_generated_part_is_used() -> None:
    text = "".join((ROOT / document).read_text() for document in DOCUMENTS)
    assert set(re.findall(r"<!-- generated: ([a-z-]+) -->", text)) == documents.PARTS.keys()


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    text = re.sub(r"```.*?```", "", (ROOT / document).read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        found = (ROOT / document).parent / path if path else ROOT / document
        assert found.exists(), f"{document}: {target}"
        assert not anchor or anchor in anchors(found.read_text()), f"{document}: {target}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_fences_are_closed_and_say_their_language(document: str) -> None:
    fences = re.findall(r"^```(\w*)$", (ROOT / document).read_text(), re.MULTILINE)
    assert len(fences) % 2 == 0
    assert all(fences[::2]), "a block without a language"
    assert not any(fences[1::2])


@pytest.mark.parametrize("kind", shipped().kinds.values(), ids=list(shipped().kinds))
def test_every_format_says_how_it_is_read(kind: Kind) -> None:
    own = {form.name for form in kind.formats if form.name != MAPPED}
    texts = documents.read(kind)
    assert len(own) == 1 or texts.keys() == own
    assert not [name for name, text in texts.items() if len(text) < 80 or "``" in text.replace("```", "")]


# Configuration

TABLES: dict[str, type[BaseModel]] = {
    "[project]": configuration.ProjectTable,
    "[collect.KIND]": configuration.CollectTable,
    "[points.NAME]": configuration.PointTable,
    "[roles.NAME]": RoleTable,
    "[waivers]": WaiversTable,
    "[mapping.NAME]": MappingTable,
    "[report]": configuration.ReportTable,
    "[sign]": configuration.SignTable,
}


def table_below(document: str, heading: str) -> list[list[str]]:
    _, _, rest = (ROOT / document).read_text().partition(f"\n{heading}\n")
    found = re.search(r"(?:^\|.*\n)+", rest, re.MULTILINE)
    assert found, heading
    return rows(found[0])


@pytest.mark.parametrize("name", TABLES)
def test_every_key_of_the_configuration_is_documented(name: str) -> None:
    model = TABLES[name]
    said = {cells[0].strip("`"): cells for cells in table_below(CONFIGURATION, f"## `{name}`")}
    assert said.keys() == {info.alias for info in model.model_fields.values()}
    for field, info in model.model_fields.items():
        _, kind, default, _ = said[str(info.alias)]
        assert default == documents.default(info), field
        assert kind == documents.written_type(info.annotation) or "`" in str(said[str(info.alias)][3]), field


def test_every_table_of_the_configuration_has_a_section() -> None:
    headings = re.findall(r"^## `\[(\w+)", (ROOT / CONFIGURATION).read_text(), re.MULTILINE)
    assert set(headings) == configuration.Document.model_fields.keys()


def test_the_common_keys_of_gates_are_documented() -> None:
    said = [cells[0].strip("`") for cells in table_below(CONFIGURATION, '## `[gates."ID"]`')]
    gate = next(iter(shipped().gates.values()))
    assert set(said) == {"required", "applicable", "reason", "by", "max-age"}
    loosened = {"required": False, "applicable": False, "reason": "why", "by": "somebody", "max-age": "7d"}
    (setting,) = settings({gate.id: loosened}).values()
    assert (setting.required, setting.declared, setting.max_age is not None) == (False, "why (somebody)", True)


def settings(gates: dict[str, dict[str, object]]) -> dict[str, project.GateSetting]:
    document = configuration.Document(project=configuration.ProjectTable(name="p"), gates=gates)
    whole = project.Project(Path("/"), document, shipped(), None)
    return {name: setting for name, setting in whole.gates.items() if name in gates}


def test_the_options_of_every_collector_have_the_documented_timeout() -> None:
    assert f"`{Options.model_fields['timeout'].default}`" in (ROOT / CONFIGURATION).read_text()


def test_examples_of_the_configuration_can_be_read(tmp_path: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", (ROOT / CONFIGURATION).read_text(), re.DOTALL)
    assert examples
    for text in examples:
        for name, folder in tomllib.loads(text).get("frameworks", {}).items():
            if isinstance(folder, str):
                (tmp_path / folder).mkdir(parents=True)
                code = f'from compliance.gate import Framework\nframework = Framework("{name}", "In-house rules")\n'
                (tmp_path / folder / "__init__.py").write_text(code)
        (tmp_path / "compliance.toml").write_text('[project]\nname = "p"\n' + text)
        assert project.Project.load(tmp_path).gates


def test_the_environment_variables_are_documented() -> None:
    code = "".join(path.read_text() for path in (ROOT / "compliance").rglob("*.py"))
    named = set(re.findall(r"\"(COMPLIANCE_[A-Z_]+[A-Z])\"", code))
    assert {"COMPLIANCE_HOME", "COMPLIANCE_STORE"} <= named
    text = (ROOT / CONFIGURATION).read_text()
    assert not [name for name in named if f"`{name}`" not in text]


# Records and documents of our own


@pytest.mark.parametrize(("kind", "text"), list(blocks(RECORDS, "example")), ids=[kind for kind, _ in blocks(RECORDS, "example")])
def test_examples_of_records_can_be_read(kind: str, text: str) -> None:
    source = Source("example", text.encode())
    (form,) = [form for form in shipped().kinds[kind].formats if form.recognise(source)]
    assert form.read(source)[0].observed_at is not None


def record_fields() -> Iterator[tuple[str, str, list[list[str]]]]:
    for words, cells in tables(RECORDS, "fields"):
        module, name = words.split()
        yield module, name, cells


@pytest.mark.parametrize(("module", "name", "cells"), list(record_fields()), ids=[name for _, name, _ in record_fields()])
def test_every_field_of_a_record_is_documented(module: str, name: str, cells: list[list[str]]) -> None:
    model = getattr(importlib.import_module(f"compliance.evidence.{module.replace('-', '_')}"), name)
    required = {cells[0].strip("`"): cells[1] == "required" for cells in cells}
    assert required == {info.alias or field: info.is_required() for field, info in model.model_fields.items()}
    assert all(cells[2] for cells in cells)


def test_every_model_of_a_record_is_documented() -> None:
    """Those that the documented ones refer to as well."""
    said = {name for _, name, _ in record_fields()}
    wanted: set[str] = set()
    for module, name, _ in record_fields():
        model = getattr(importlib.import_module(f"compliance.evidence.{module.replace('-', '_')}"), name)
        wanted |= set(model.model_json_schema().get("$defs", {}))
    assert wanted <= said


def test_the_tolerance_of_citations_is_the_documented_one() -> None:
    from compliance.intake import CITATION_TOLERANCE

    assert f"within {int(CITATION_TOLERANCE.total_seconds() / 60)} minutes" in " ".join((ROOT / RECORDS).read_text().split())


# Store and verification


def test_every_column_of_the_store_is_documented() -> None:
    _, _, rest = (ROOT / "docs/store.md").read_text().partition("<!-- tables -->\n")
    said = {cells[0].strip("`"): re.findall(r"`(\w+)`", cells[1]) for cells in rows(rest.partition("\n\n")[0])}
    connection = sqlite3.connect(":memory:")
    schema.create(connection)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert said == {name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")] for name in names}
    connection.close()


def checks(document: str, name: str) -> list[str]:
    (found,) = [cells for words, cells in tables(document, "checks") if words == name]
    return [cells[0].strip("`") for cells in found]


def test_every_check_is_documented() -> None:
    from compliance.judgement.rejudge import NAME
    from compliance.sign.pdf_verify import CHECKS
    from compliance.sign.standing import STANDING_CHECKS
    from compliance.verification import verify_inputs

    code = {
        name: (ROOT / "compliance" / name).read_text()
        for name in (
            "report/bundle_check.py",
            "store/audit.py",
            "verification/verify.py",
            "verification/verify_files.py",
            "judgement/rejudge.py",
            "report/page_check.py",
        )
    }
    bundle = re.findall(r'\("(bundle-[a-z]+)", lambda', code["report/bundle_check.py"])
    assert checks("docs/verify.md", "pdf") == [*CHECKS, *STANDING_CHECKS, *bundle, "bundle-signer", "page-render", NAME]
    assert '"bundle-signer"' in code["report/bundle_check.py"]
    assert '"page-render"' in code["report/page_check.py"]
    assert checks("docs/verify.md", "folder") == re.findall(r'"(bundle-[a-z]+)"', code["verification/verify_files.py"])
    assert checks("docs/verify.md", "envelope") == re.findall(
        r'name = "((?:envelope|statement)[a-z-]*)"', code["verification/verify_files.py"]
    )
    assert checks("docs/verify.md", "against") == ["report.rendered", "report.signed", "store-consistency", "assessment-derived"]
    assert all(f'"{name}"' in code["verification/verify.py"] + code["judgement/rejudge.py"] for name in checks("docs/verify.md", "against"))
    parts = re.findall(r'\("([a-z-]+)", audit\.\w+\)', code["store/audit.py"])
    assert checks("docs/store.md", "store") == [*parts, "purged", "replay", verify_inputs.NAME]


def test_the_attachments_of_a_report_are_documented() -> None:
    from compliance.report import bundle

    text = (ROOT / "docs/verify.md").read_text()
    assert not [name for name in bundle._DESCRIPTIONS if f"`{name}`" not in text]


# Commands, gates, exit codes


def test_every_command_is_documented() -> None:
    said = [cells[0] for cells in table_below("README.md", "## Commands")]
    assert {word for text in said for word in re.findall(r"`(\w+)", text)} >= set(COMMANDS)


def test_the_exit_codes_are_documented() -> None:
    (table,) = re.findall(r"^\| exit code(?:.*\n)(?:\|.*\n)+", (ROOT / "README.md").read_text(), re.MULTILINE)
    codes = {int(cells[0]) for cells in rows(table)}
    used = {error.exit_code for error in subclasses(ComplianceError)}
    assert used <= codes == set(range(7))


def subclasses(root: type[ComplianceError]) -> Iterator[type[ComplianceError]]:
    yield root
    for error in root.__subclasses__():
        yield from subclasses(error)


@pytest.mark.parametrize("gate", shipped().gates.values(), ids=list(shipped().gates))
def test_every_gate_has_a_section(gate: Gate) -> None:
    assert f"### {gate.id}\n" in (ROOT / "docs/gates.md").read_text()


def test_decisions_are_numbered_without_a_gap_and_have_one_form() -> None:
    pages = sorted((ROOT / "docs/adr").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text()
        assert text.startswith(f"# {int(page.name[:4])}. ")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


# Security


def test_the_tests_that_the_security_page_names_exist() -> None:
    _, _, rest = (ROOT / "docs/security.md").read_text().partition("<!-- attacks -->\n")
    attacks = rows(rest.partition("\n\n")[0])
    assert attacks
    for attack, _, cited in attacks:
        path, _, name = cited.strip("`").partition("::")
        assert f"\ndef {name}(" in (ROOT / path).read_text(), attack
