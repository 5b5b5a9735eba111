"""A copy of the worked example's report for outsiders: no private value of its evidence stands anywhere in the file."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from compliance.collecting.collect import collect
from compliance.judgement.judging import judge
from compliance.project import Project
from compliance.record import PRIVACY_CLASSES
from compliance.report import audit
from compliance.report.audit import MadeReport
from compliance.report.signing import Signing
from compliance.sign.keys import create_trial_key
from compliance.store import Store
from tests.databases import settle
from tests.examples.test_drivemind_phase3 import CLOCK, EXAMPLE
from tests.report.leaks import everything, squeezed

SHORT = 4
"""Values of fewer characters are found everywhere."""
COINCIDENCES = {"152 of 165 tests pass"}
"""What the document claims is also what the numbers say, in the caption of a figure."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Project, MadeReport, MadeReport]]:
    folder = tmp_path_factory.mktemp("example") / "drivemind-phase3"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".compliance", "out", "*cache*"))
    project, key = Project.load(folder), create_trial_key(folder / "keys", "trial")
    with Store.create(folder / "evidence.db") as store:
        assert [run for run in collect(project, store) if run.outcome != "ran"] == []
        found = []
        for classes in (frozenset[Any](), frozenset(PRIVACY_CLASSES)):
            judged = judge(project, store, "production", clock=CLOCK)
            found.append(audit.make(judged, Signing(key, datetime.now(UTC)), redact=classes))
    settle(folder / "evidence.db")
    yield folder / "evidence.db", project, found[0], found[1]


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(one)


def private(connection: sqlite3.Connection) -> set[str]:
    """Every private text of the evidence: of its source, its payload, its findings."""
    sealed = connection.execute("SELECT value FROM sealed JOIN ledger USING (entry) WHERE ledger.type = 'evidence'")
    found = {text for (value,) in sealed for text in texts(json.loads(value))}
    rows = connection.execute("SELECT path, fingerprint, message, person FROM finding")
    return {text for text in found.union(*rows) if text and len(squeezed(text)) >= SHORT}


def public(connection: sqlite3.Connection, project: Project) -> str:
    """What anybody may know: leaves, public payloads, and what the gates say of themselves."""
    parts = [leaf for (leaf,) in connection.execute("SELECT leaf FROM ledger")]
    parts += [payload for (payload,) in connection.execute("SELECT payload FROM evidence")]
    return squeezed("".join(part.decode() for part in parts) + "".join(gate.statement for gate in project.catalog.gates.values()))


def test_no_private_value_of_the_evidence_stands_in_the_copy(made: tuple[Path, Project, MadeReport, MadeReport]) -> None:
    path, project, full, copy = made
    connection = sqlite3.connect(path)
    values, known = private(connection), public(connection, project)
    connection.close()
    assert len(values) > 100
    whole, text = everything(full.pdf), everything(copy.pdf)
    assert {one for one in values if squeezed(one) not in whole} == set()
    assert {one for one in values if squeezed(one) in text and squeezed(one) not in known} == COINCIDENCES
