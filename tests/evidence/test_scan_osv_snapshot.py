"""Advisories from a file: every version is judged as the OSV schema says, nothing is clean because a file could not be read."""

from __future__ import annotations

import contextlib
import importlib
import json
import socket
import urllib.error
import urllib.request
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.errors import CollectorError, InputError
from compliance.record import Json, Severity

from .helpers import read
from .test_scan_pip_audit import collect

snapshots: Any = importlib.import_module("compliance.evidence.scan.osv_snapshot")
Snapshot: Any = snapshots.Snapshot


def advisory(
    name: str, package: str = "Jinja2", *, events: Json = (), versions: Json = None, ecosystem: str = "PyPI", **more: Json
) -> dict[str, Json]:
    affected: dict[str, Json] = {"package": {"name": package, "ecosystem": ecosystem}}
    affected |= {"ranges": [{"type": "ECOSYSTEM", "events": list(events)}]} if events else {}
    affected |= {} if versions is None else {"versions": versions}
    return {"schema_version": "1.7.0", "id": name, "modified": "2026-03-01T10:00:00Z", "affected": [affected], **more}


BEFORE_2 = advisory("PYSEC-1", events=[{"introduced": "0"}, {"fixed": "2.0"}], aliases=["CVE-1", "GHSA-1"], summary="first")
RATED = advisory("GHSA-1", events=[{"introduced": "0"}, {"fixed": "2.0"}], aliases=["CVE-1"], database_specific={"severity": "HIGH"})
LISTED = advisory("PYSEC-2", "mark-down", versions=["1.0", "1.1"], modified="2026-05-01T00:00:00Z")
VECTOR = advisory(
    "PYSEC-3",
    "mark.down",
    versions=["1.1"],
    severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
)
WITHDRAWN = advisory("PYSEC-4", versions=["1.0"], withdrawn="2026-01-01T00:00:00Z")
FOREIGN = advisory("GO-1", versions=["1.0"], ecosystem="Go")
ALL = (BEFORE_2, RATED, LISTED, VECTOR, WITHDRAWN, FOREIGN)


def folder(root: Path, *records: Json) -> Path:
    path = root / "advisories"
    path.mkdir()
    for record in records:
        (path / f"{record['id']}.json").write_text(json.dumps(record))
    return path


def zipped(root: Path, *records: Json) -> Path:
    path = root / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for record in records:
            archive.writestr(f"{record['id']}.json", json.dumps(record))
    return path


def names(snapshot: Any, package: str, version: str) -> list[str]:
    return sorted(record.id for record, _ in snapshot.affecting(package, version))


def test_a_folder_and_a_zip_file_say_the_same(tmp_path: Path) -> None:
    one, other = Snapshot.read(folder(tmp_path, *ALL)), Snapshot.read(zipped(tmp_path, *ALL))
    assert (one.records, one.sha256, one.newest) == (other.records, other.sha256, other.newest)
    assert (one.records, one.newest) == (6, datetime(2026, 5, 1, tzinfo=UTC))
    for snapshot in (one, other):
        assert names(snapshot, "jinja2", "1.0") == ["GHSA-1", "PYSEC-1"]
        assert names(snapshot, "jinja2", "2.0") == []
        assert names(snapshot, "Mark_Down", "1.1") == ["PYSEC-2", "PYSEC-3"]
        assert names(snapshot, "mark-down", "1.1.0") == ["PYSEC-2", "PYSEC-3"]
        assert names(snapshot, "unknown", "1.0") == []


@pytest.mark.parametrize(
    ("events", "inside", "outside"),
    [
        ([{"introduced": "0"}, {"fixed": "2"}], ["0.dev1", "1", "2.dev0", "2rc1"], ["2", "2.0", "2.post1", "3"]),
        ([{"fixed": "2"}, {"introduced": "1"}], ["1", "1.9"], ["0.9", "2"]),
        ([{"introduced": "1"}, {"last_affected": "2"}], ["1", "2", "2.0"], ["0.9", "2.0.1", "3"]),
        ([{"introduced": "0"}, {"fixed": "1.2"}, {"introduced": "2"}, {"fixed": "2.1"}], ["1", "2.0.5"], ["1.2", "1.9", "2.1", "3"]),
        ([{"introduced": "1.10"}], ["1.10", "2"], ["1.9"]),
    ],
)
def test_ranges(tmp_path: Path, events: Json, inside: list[str], outside: list[str]) -> None:
    snapshot = Snapshot.read(folder(tmp_path, advisory("X", "p", events=events)))
    assert [version for version in inside if not names(snapshot, "p", version)] == []
    assert [version for version in outside if names(snapshot, "p", version)] == []


@pytest.mark.parametrize("events", [[{"introduced": "not a version"}], [{"introduced": "0"}, {"fixed": "x-y-z"}]])
def test_what_cannot_be_told_is_affected(tmp_path: Path, events: Json) -> None:
    snapshot = Snapshot.read(folder(tmp_path, advisory("X", "p", events=events), advisory("Y", "q", events=events, versions=["1.0"])))
    assert names(snapshot, "p", "1.0") == ["X"]
    assert names(snapshot, "q", "1.0") == ["Y"]
    assert names(snapshot, "q", "1.1") == []
    assert names(snapshot, "p", "no version") == ["X"]


def test_a_commit_range_decides_nothing(tmp_path: Path) -> None:
    record = advisory("X", "p", versions=["1"])
    record["affected"][0]["ranges"] = [{"type": "GIT", "events": [{"introduced": "0"}]}]
    assert names(Snapshot.read(folder(tmp_path, record)), "p", "2") == []


def test_the_severity_is_that_of_any_name_of_the_problem(tmp_path: Path) -> None:
    snapshot = Snapshot.read(folder(tmp_path, *ALL))
    assert snapshot.severity("jinja2", ["PYSEC-1"]) is Severity.UNKNOWN
    assert snapshot.severity("jinja2", ["PYSEC-1", "CVE-1", "GHSA-1"]) is Severity.HIGH
    assert snapshot.severity("mark-down", ["PYSEC-3"]) is Severity.CRITICAL
    assert snapshot.severity("mark-down", ["PYSEC-2"]) is Severity.UNKNOWN
    assert snapshot.severity("other", ["GHSA-1"]) is Severity.UNKNOWN


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"id": 1}', b'{"summary": "no id"}', b"[" * 100_000, b'{"id": "X", "affected": {}}'])
def test_one_file_that_is_no_advisory_refuses_all(tmp_path: Path, text: bytes) -> None:
    path = folder(tmp_path, *ALL)
    (path / "bad.json").write_bytes(text)
    with pytest.raises(InputError, match=r"bad\.json"):
        Snapshot.read(path)


def test_what_is_no_snapshot_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no archive")
    whole = zipped(tmp_path, *ALL).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    damaged = bytearray(whole)
    damaged[60] ^= 0xFF
    (tmp_path / "damaged.zip").write_bytes(damaged)
    for name in ("empty", "text.zip", "cut.zip", "damaged.zip", "missing.zip"):
        with pytest.raises(InputError, match=r"expected a zip file or folder of OSV records|advisory"):
            Snapshot.read(tmp_path / name)


def test_limits_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path, *ALL)
    for name, value in (("_COUNT_LIMIT", 3), ("_RECORD_LIMIT", 20)):
        with monkeypatch.context() as less:
            less.setattr(snapshots, name, value)
            with pytest.raises(InputError, match="too large"):
                Snapshot.read(path)


def ask(address: str, body: bytes) -> Any:
    with urllib.request.urlopen(urllib.request.Request(address, data=body), timeout=10) as answer:
        return json.load(answer)


def test_the_server_answers_this_machine_and_ends(tmp_path: Path) -> None:
    snapshot = Snapshot.read(folder(tmp_path, *ALL))
    with snapshot.served() as address:
        question = {"package": {"name": "jinja2", "ecosystem": "PyPI"}, "version": "1.5"}
        assert [one["id"] for one in ask(address, json.dumps(question).encode())["vulns"]] == ["GHSA-1", "PYSEC-1"]
        for body in (b"{", b"[]", b'{"package": {}, "version": "1"}', b'{"package": {"name": "a"}}', b"\xff"):
            with pytest.raises(urllib.error.HTTPError, match="400"):
                ask(address, body)
        port = int(address.split(":")[2].split("/")[0])
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=5)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    with contextlib.suppress(InputError):
        snapshots._record("x.json", data)


def requirements(root: Path, text: str) -> dict[str, Any]:
    (root / "requirements.txt").write_text(text)
    return {"requirements": ("requirements.txt",), "pinned": True}


@pytest.mark.parametrize("form", [folder, zipped])
def test_an_audit_without_any_network(tmp_path: Path, form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "PIP_INDEX_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    path = form(tmp_path, *ALL)
    options = requirements(tmp_path, "jinja2==1.5\nmark-down==1.1\nidna==3.7\n")
    (item,) = collect(tmp_path, snapshot=path.name, **options)
    parsed = read("scan", item.format, item.content, item.facts)
    payload: Any = parsed.payload
    assert (payload.scanned, payload.skipped, payload.incomplete) == (3, 0, None)
    assert {(row.package, row.rule, row.severity) for row in parsed.findings} == {
        ("jinja2", "PYSEC-1", "high"),
        ("mark-down", "PYSEC-2", "unknown"),
        ("mark-down", "PYSEC-3", "critical"),
    }
    assert payload.database_at == datetime(2026, 5, 1, tzinfo=UTC)
    assert item.scope == {"declared": 3, "service": "snapshot", "advisories": 6, "snapshot": Snapshot.read(path).sha256}


def test_a_lock_file_is_audited_as_it_stands(tmp_path: Path) -> None:
    path = zipped(tmp_path, *ALL)
    package = '[[packages]]\nname = "{}"\nversion = "{}"\n'
    lock = 'lock-version = "1.0"\ncreated-by = "x"\n' + package.format("jinja2", "1.5") + package.format("idna", "3.7")
    (tmp_path / "pylock.toml").write_text(lock)
    (item,) = collect(tmp_path, lock=".", snapshot=path.name)
    parsed = read("scan", item.format, item.content, item.facts)
    assert ([row.rule for row in parsed.findings], parsed.payload.scanned) == (["PYSEC-1"], 2)  # type: ignore[attr-defined]
    assert item.scope["declared"] == 2


def test_requirements_that_pin_nothing_could_not_be_audited(tmp_path: Path) -> None:
    path = zipped(tmp_path, *ALL)
    with pytest.raises(CollectorError, match="could not run"):
        collect(tmp_path, snapshot=path.name, **requirements(tmp_path, "jinja2>=1\n"))


@pytest.mark.parametrize(
    "options",
    [
        {"snapshot": "missing.zip"},
        {"snapshot": "requirements.txt"},
        {"lock": ".", "requirements": (), "pinned": False},
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(CollectorError, match=r"missing\.zip|requirements\.txt|pylock"):
        collect(tmp_path, **{**requirements(tmp_path, "idna==3.7\n"), **options})


@pytest.mark.parametrize(
    "options",
    [
        {"snapshot": "x", "osv-url": "http://host/", "service": "osv"},
        {"snapshot": "x", "service": "pypi"},
        {"pinned": True},
        {"lock": ".", "project": "."},
    ],
)
def test_options_that_contradict_are_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        collect(tmp_path, **options)
