"""Every JSON document has a shipped schema that is current, and what commands print is valid under it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from compliance import schemas
from tests.cli.run import compliance

JUNIT = '<testsuite name="s"><testcase name="a"/></testsuite>'


def test_the_shipped_schemas_are_current() -> None:
    """Run ``python -m compliance.schemas`` after a change of a model."""
    current = schemas.all_schemas()
    folder = Path(schemas.__file__).parent / schemas.FOLDER
    assert {path.stem for path in folder.glob("*.json")} == set(current)
    for name, schema in current.items():
        assert schemas.read(name) == schema, name


def test_every_schema_is_a_schema() -> None:
    for schema in schemas.all_schemas().values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    text = f'[project]\nname = "p"\ncommit = "{"a" * 40}"\n[collect.test-results]\nfiles = ["*.xml"]\n'
    (folder / "compliance.toml").write_text(text)
    (folder / "junit.xml").write_text(JUNIT)
    assert compliance("keys", "create", cwd=folder).code == 0
    assert compliance("collect", cwd=folder).code == 0
    assert compliance("report", "-o", "r.pdf", cwd=folder).code == 0
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ["ingest", "junit.xml", "compliance.toml"],
        ["collect"],
        ["check"],
        ["log"],
        ["show", "1"],
        ["show", "0"],
        ["explain", "ALPHA-PF-5"],
        ["explain", "REL-6"],
        ["explain", "scan"],
        ["keys", "list"],
        ["verify", "r.pdf"],
        ["verify", ".compliance/evidence.db"],
        ["release", "-o", "again.pdf"],
    ],
    ids=" ".join,
)
def test_what_commands_print_is_valid(project: Path, words: list[str]) -> None:
    ran = compliance(*words, "--format", "json", cwd=project)
    validate(ran.json)


def test_the_model_of_a_report_is_valid(project: Path) -> None:
    ran = compliance("report", "--format", "json", "-o", "r.json", "--bundle", "bundle", cwd=project)
    assert ran.code == 0
    import json

    validate(json.loads((project / "r.json").read_text()))
    validate(json.loads((project / "bundle" / "assessment.json").read_text()))


def validate(document: Any) -> None:
    name = document["schema"].removeprefix("compliance/").replace("/", "-")
    jsonschema.Draft202012Validator(schemas.read(name)).validate(document)
