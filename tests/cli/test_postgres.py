"""The command line with a store in PostgreSQL: the worked example as with SQLite, and the password nowhere."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from compliance.location import Address
from tests.cli.run import Ran, compliance
from tests.databases import KINDS, fresh, rows, word
from tests.marked import ROOT
from tests.postgres import PASSWORD

pytestmark = pytest.mark.xdist_group("postgres")
CLOCK = ("--clock", "2025-09-20T15:00:00Z")


class Example:
    """The worked example, recorded into one kind of store."""

    def __init__(self, kind: str, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT / "examples" / "drivemind-phase3", root, ignore=shutil.ignore_patterns("out"), dirs_exist_ok=True)
        self.location = fresh(kind, root / "out")
        self.said: list[str] = []

    def run(self, *words: str) -> Ran:
        ran = compliance(*words, cwd=self.root, env={"COMPLIANCE_STORE": word(self.location)})
        assert "Traceback" not in ran.err
        self.said += [ran.out, ran.err]
        return ran

    def json(self, *words: str) -> tuple[int, Any]:
        ran = self.run(*words, "--format", "json")
        assert ran.out, ran.err
        return ran.code, json.loads(ran.out)


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Example]:
    made = {kind: Example(kind, tmp_path_factory.mktemp(kind)) for kind in KINDS}
    for one in made.values():
        assert one.run("--quiet", "keys", "create").code == 0
        assert one.run("collect").code == 0
    return made


def same(examples: dict[str, Example], *words: str, without: tuple[str, ...] = ()) -> Any:
    """Runs a command in both; exit code and document must be the same."""
    found = []
    for one in examples.values():
        code, document = one.json(*words)
        found.append((code, {name: value for name, value in document.items() if name not in without}))
    assert found[0] == found[1]
    return found[0]


def test_the_verdicts_are_the_same(examples: dict[str, Example]) -> None:
    code, document = same(examples, "check", *CLOCK, without=("store", "judged_at"))
    assert (code, document["outcome"]) == (1, "no-go")
    assert same(examples, "gates", "--coverage")[0] == 0
    texts = [one.run("check", *CLOCK, "--gate", "ALPHA-PF-5").out.splitlines() for one in examples.values()]
    assert texts[0][3:] == texts[1][3:]  # the lines before say when it was judged


def test_entries_are_the_same_but_for_their_times_and_keys(examples: dict[str, Example]) -> None:
    def entries(one: Example) -> Any:
        return [(entry["entry"], entry["type"]) for entry in one.json("log")[1]["entries"]]

    assert entries(examples["sqlite"]) == entries(examples["postgres"])
    for number in ("1", "5"):
        shown = [one.json("show", number)[1] for one in examples.values()]
        assert shown[0].keys() == shown[1].keys()


def test_a_release_is_reported_decided_and_verified(examples: dict[str, Example]) -> None:
    one = examples["postgres"]
    assert one.run("report", *CLOCK, "--output", "r.pdf", "--bundle", "bundle").code == 0
    assert one.run("--quiet", "packet", *CLOCK, "--output", "p.pdf").code == 0
    assert one.run("--quiet", "keys", "create", "Sam Oduya").code == 0
    decision = ("--role", "security", "--reject", "--reason", "Twelve tests fail.")
    signed = one.run("sign", "--pdf", "p.pdf", "--key", str(one.root / "home/keys/Sam-Oduya.p12"), *decision)
    assert signed.code == 0, signed.err
    assert one.run("status", *CLOCK).code == 0
    code, document = one.json("verify", "r.pdf", "--store", word(one.location))
    assert code == 0
    assert {check["status"] for check in document["checks"] if check["name"] in ("store-consistency", "report.signed")} == {"proven"}
    for words in (["--replay"], ["--since", "r.pdf"], ["--since", "bundle"], ["--since", "r.pdf.checkpoint.txt"]):
        code, document = one.json("verify", word(one.location), *words)
        assert code == 0, document
        assert document["path"].startswith("postgresql://owner:***@")
    assert one.run("verify", "--strict").code == 0
    assert one.run("reparse").code == 0


def test_evidence_is_purged(examples: dict[str, Example]) -> None:
    one = examples["postgres"]
    assert "nobody can be asked" in one.run("purge", "--kind", "load-test").err
    done = one.run("purge", "--kind", "load-test", "--yes")
    assert done.code == 0, done.err
    assert "the tombstone is entry" in done.out
    assert one.run("verify").code == 0
    assert one.run("verify", "--strict").code == 4


def test_stores_are_merged_by_their_addresses(examples: dict[str, Example], tmp_path: Path) -> None:
    one, other = examples["sqlite"], fresh("postgres", tmp_path)
    merged = compliance("merge", word(one.location), "--store", word(other), "--format", "json", cwd=one.root)
    assert merged.code == 0, merged.err
    assert merged.json["store"].startswith("postgresql://owner:***@")
    again = compliance("merge", word(other), "--store", word(other), cwd=one.root)
    assert (again.code, "merged with itself" in again.err) == (2, True)


def test_what_is_no_address_is_refused_in_one_line(tmp_path: Path) -> None:
    for words in (["log"], ["check"], ["verify"], ["merge", "a.db"]):
        ran = compliance("--store", "mysql://u:geheim@h/d", *words, cwd=tmp_path)
        assert ran.code == 2
        assert "not the address of a store" in ran.err
        assert "geheim" not in ran.err


def test_the_password_is_in_no_output_no_file_and_no_row(examples: dict[str, Example]) -> None:
    """Over all that has been printed and written by now."""
    one = examples["postgres"]
    assert isinstance(one.location, Address)
    hidden = [PASSWORD, quote(PASSWORD, safe="")]
    one.run("log", "--debug")
    one.run("verify", word(one.location))
    assert "***" in "".join(one.said)
    for text in one.said:
        assert not [secret for secret in hidden if secret in text]
    for path in one.root.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [secret for secret in hidden if secret.encode() in data], path
    for column, table in (("leaf", "ledger"), ("value", "sealed"), ("payload", "evidence")):
        for (value,) in rows(one.location, f"SELECT {column} FROM {table}"):
            assert not [secret for secret in hidden if secret.encode() in value]
