"""Once evidence is recorded, its findings cannot be replaced, and none can be added, not even by ``INSERT OR REPLACE``."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from compliance.record import Finding, Payload
from compliance.source import Source
from compliance.store import EvidenceDraft, Store
from compliance.store.sqlite.connection import insert_sql
from compliance.store.tables import FindingRow

SUBJECT = {"project": "p", "version": None, "commit": "c" * 40, "commit_basis": None, "dirty": None, "environment": None}
BODY = {"kind": "scan", "format": "sarif", "parser": 1, "subject": SUBJECT, "assurance": "imported", "observed_at": None}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    findings = [Finding(rule=f"R{n}", severity="high", fingerprint=str(n)) for n in range(200)]
    with Store.create(tmp_path / "evidence.db") as store:
        store.record([EvidenceDraft(body=BODY, private={}, source=Source("a", b"a"), payload=Payload(), findings=findings)])
    return tmp_path / "evidence.db"


@pytest.mark.parametrize("number", [0, 100, 199, 200, 500])
@pytest.mark.parametrize("verb", ["INSERT", "INSERT OR REPLACE", "REPLACE"])
def test_no_finding_comes_to_recorded_evidence(store: Path, verb: str, number: int) -> None:
    connection = sqlite3.connect(store)
    before = connection.execute("SELECT * FROM finding").fetchall()
    row = [1, number, *[None] * 4, "R9", "low", "open", "f", *[None] * 4]
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(insert_sql(FindingRow).replace("INSERT", verb, 1), row)
    connection.commit()
    assert connection.execute("SELECT * FROM finding").fetchall() == before
    connection.close()
