"""Files as they come on a bad day: each is refused in one line that says where and what; the others of the same call are recorded."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compliance.intake import Intake, Outcome
from compliance.project import Project
from compliance.store import Store
from compliance.verification.verify import verify_store
from tests.cli.run import Ran, compliance

from .samples import JSON, NAMES, SUFFIXES, TEXT, XML, YAML, sample

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What must not reach a terminal; a line feed ends lines."""
TOLERANT = (
    *("audit-log auditd-log", "audit-log jsonl-log"),
    *("document markdown-document", "plan markdown-document", "runbook markdown-runbook"),
)
"""A log with lines that cannot be read says how many, and any text is Markdown: these record what others must refuse."""


def ingest(root: Path, *paths: Path) -> list[Outcome]:
    with Store.create(root / ".compliance" / "evidence.db") as store:
        return list(Intake(Project.load(root), store).paths(paths))


def write(folder: Path, name: str, data: bytes, what: str) -> Path:
    path = folder / f"{name.replace(' ', '-')}.{what}{SUFFIXES[name]}"
    path.write_bytes(data)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "compliance.toml").write_text('[project]\nname = "p"\n')
    return tmp_path


# What is wrong with the bytes


def middle(data: bytes, put: bytes) -> bytes:
    at = len(data) * 2 // 3
    return data[:at] + put + data[at:]


def deep(name: str, data: bytes) -> bytes:
    nested = b"[" * 100_000 + b"]" * 100_000
    if name in JSON:
        return data.rstrip()[:-1] + b', "zz": ' + nested + b"}"
    if name in XML:
        inside = b"<x>" * 50_000 + b"</x>" * 50_000
        return re.sub(rb"(</[\w:-]+>\s*)$", lambda match: inside + match.group(), data)
    return data + b"zz: " + nested + b"\n"


def doubled(name: str, data: bytes) -> bytes:
    if name in JSON:
        return re.sub(rb'^(\[?\{)("[$@\w]+": )', rb"\g<1>\g<2>1, \g<2>", data)
    return re.sub(rb"^(\w+: .*\n)", rb"\1\1", data)


BROKEN = {
    "empty": lambda _, data: data[:0],
    "half": lambda _, data: data[: len(data) // 2],
    "cut": lambda _, data: data[:-4],
    "utf-16-cut": lambda _, data: data.decode().encode("utf-16")[:-1],
    "utf-16-without-mark": lambda _, data: data.decode().encode("utf-16-le"),
    "utf-32": lambda _, data: data.decode().encode("utf-32"),
    "bad-utf-8": lambda _, data: middle(data, b"\xff"),
    "nul": lambda _, data: middle(data, b"\0"),
    "nul-at-the-end": lambda _, data: data + b"\0",
    "deep": deep,
    "doubled": doubled,
    "picture": lambda *_: b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "page": lambda *_: b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
    "words": lambda *_: b"error: connection refused\n",
    "null": lambda *_: b"null\n",
    "array": lambda *_: b"[]",
    "object": lambda *_: b"{}",
}
PLACE = re.compile(r"^(/|line \d+|not a JSON object|.*\(byte \d+\))")


def may_be_read(name: str, what: str) -> bool:
    """A YAML document that is cut off at the end of a line is a document; there is no doubling of keys where there are none.

    What a program printed may be followed by what another one did.
    """
    lines = (*YAML, "sbom spdx-tag")
    if (what == "cut" and name in TEXT) or (what == "deep" and (SUFFIXES[name] == ".txt" or name == "test-results go-test-json")):
        return True
    return name in TOLERANT or (what == "doubled" and name not in (*JSON, *YAML)) or (what in ("half", "cut") and name in lines)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """Every format, broken in every way, and one good file of each, named in one call."""
    root = tmp_path_factory.mktemp("broken")
    (root / "compliance.toml").write_text('[project]\nname = "p"\n')
    paths = []
    for name in NAMES:
        for what, spoil in BROKEN.items():
            paths.append(write(root, name, spoil(name, sample(name, 1)), what))
        paths.append(write(root, name, sample(name, 2), "good"))
    return root, compliance("ingest", "--format", "json", *(path.name for path in paths), cwd=root, timeout=600)


def item(ran: Ran, name: str, what: str) -> dict[str, Any]:
    path = f"{name.replace(' ', '-')}.{what}{SUFFIXES[name]}"
    found: dict[str, Any] = next(one for one in ran.json["files"] if one["path"] == path)
    return found


def test_the_call_as_a_whole(broken: tuple[Path, Ran]) -> None:
    root, ran = broken
    assert ran.code == 2
    assert ran.err == ""
    assert len(ran.json["files"]) == len(NAMES) * (len(BROKEN) + 1)
    assert [check for check in verify_store(root / ".compliance" / "evidence.db") if check.status != "proven"] == []


@pytest.mark.parametrize("name", NAMES)
def test_good_files_beside_bad_ones_are_recorded(broken: tuple[Path, Ran], name: str) -> None:
    found = item(broken[1], name, "good")
    assert (found["status"], f"{found['kind']} {found['format']}", found["reason"]) == ("recorded", name, None)


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("name", NAMES)
def test_a_broken_file_is_refused_in_one_line_with_its_place(broken: tuple[Path, Ran], name: str, what: str) -> None:
    found = item(broken[1], name, what)
    if may_be_read(name, what) and found["status"] != "refused":
        assert found["reason"] is None
        return
    assert found["status"] == "refused", found
    assert found["evidence"] is None
    reason = found["reason"]
    assert reason == "empty file" or "; expected " in reason
    assert "\n" not in reason
    assert "defect" not in reason
    assert len(reason) < 300
    if what not in ("empty", "picture", "page", "words", "null", "array", "object") and name not in TOLERANT:
        assert PLACE.match(reason) or "nested" in reason or "recursion" in reason, reason


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16-le", "utf-16-be"])
def test_every_format_is_read_behind_a_byte_order_mark(root: Path, encoding: str) -> None:
    mark = "" if encoding == "utf-8-sig" else "\ufeff"
    for name in NAMES:
        plain = ingest(root, write(root, name, sample(name), "file"))[0]
        text = sample(name).decode().replace("\n", "\r\n")
        marked = ingest(root, write(root, name, (mark + text).encode(encoding), "file"))[0]
        assert (marked.kind, marked.format, marked.summary) == (plain.kind, plain.format, plain.summary), (marked.reason, plain.reason)


def test_text_is_shown_with_the_reason_of_each_file(root: Path) -> None:
    names = [write(root, name, sample(name)[:-4], "cut").name for name in ("scan bandit-json", "test-results junit-xml")]
    ran = compliance("ingest", *names, cwd=root, env={"COLUMNS": "120"})
    assert ran.code == 2
    text = re.sub(r"\s+", " ", ran.out)
    assert re.search(r"refused - scan-bandit-json\.cut\.json line 1 column \d+: not recognised: EOF while parsing a string", text), text
    assert re.search(
        r"refused junit-xml test-results-junit-xml\.cut\.xml line 5 column \d+: unclosed token; expected well-formed XML", text
    )


WORDS = {
    "coverage cobertura-xml": (b'hits="1"', b'hits="one"'),
    "coverage coverage-py-json": (b'"covered_lines": 8', b'"covered_lines": "eight"'),
    "coverage coverage-py-xml": (b'hits="1"', b'hits="one"'),
    "coverage jacoco-xml": (b'covered="3"', b'covered="three"'),
    "coverage go-cover": (b"3 0", b"3 none"),
    "coverage lcov": (b"DA:1,1", b"DA:1,one"),
    "deployment record-yaml": (b"outcome: attempted", b"outcome: attempted\nlimits: {cpu: 1}"),
    "health probe-json": (b'"status": 200', b'"status": "200"'),
    "load-test k6-summary": (b'"count": 80', b'"count": "eighty"'),
    "load-test load-summary-json": (b'"requests": 1200', b'"requests": "1200"'),
    "scan bandit-json": (b'"line_number": 4', b'"line_number": "four"'),
    "scan gitlab-security-json": (b'"start_line": 3', b'"start_line": "three"'),
    "scan pip-audit-json": (b'"fix_versions": ["2.5"]', b'"fix_versions": [2.5]'),
    "scan sarif": (b'"startLine": 3', b'"startLine": "three"'),
    "source source-json": (b'"modified": 0', b'"modified": "none"'),
    "test-results go-test-json": (b'"Elapsed":0.5', b'"Elapsed":"half"'),
    "test-results nunit3-xml": (b'total="2"', b'total="two"'),
    "test-results trx": (b'total="2"', b'total="two"'),
    "test-results xunit-xml": (b'total="2"', b'total="two"'),
    "test-results junit-xml": (b'tests="2"', b'tests="two"'),
}


@pytest.mark.parametrize("name", WORDS)
def test_numbers_as_words_are_refused_at_their_place(root: Path, name: str) -> None:
    old, new = WORDS[name]
    assert old in sample(name)
    outcome = ingest(root, write(root, name, sample(name).replace(old, new), "words"))[0]
    assert outcome.status == "refused"
    assert outcome.format is not None
    assert outcome.reason is not None
    assert "expected" in outcome.reason
    assert outcome.reason.startswith("/") or ": " in outcome.reason


@pytest.mark.parametrize("name", [name for name in NAMES if re.search(rb"T\d\d:\d\d:\d\dZ", sample(name))])
def test_a_time_without_zone_is_refused_or_counts_as_not_said(root: Path, name: str) -> None:
    data = re.sub(rb"(T\d\d:\d\d:\d\d)Z", rb"\1", sample(name))
    outcome = ingest(root, write(root, name, data, "zone"))[0]
    if outcome.status == "refused":
        assert outcome.reason is not None
        assert "zone" in outcome.reason
        return
    assert outcome.evidence is not None
    with Store.open(root / ".compliance" / "evidence.db") as store:
        assert store.entry(outcome.evidence).body["observed_at"] is None


# XML that reaches out


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A server that notes whether anybody asks."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, _ = server.accept()
                    asked.append(b"somebody asked")
                    connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], asked
        stop.set()
        thread.join()


def root_element(document: str) -> tuple[str, str, str]:
    """Cuts XML without DOCTYPE into what comes before the root element, its first tag, and the rest."""
    match = re.search(r"<[A-Za-z][^>]*>", document)
    assert match is not None
    return document[: match.start()], match.group(), document[match.end() :]


@pytest.mark.parametrize("name", XML)
@pytest.mark.parametrize(
    "declaration",
    [
        "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(12)),
        '<!ENTITY e11 SYSTEM "file://PIPE">',
        '<!ENTITY e11 SYSTEM "http://127.0.0.1:PORT/x">',
        '<!ENTITY % p SYSTEM "http://127.0.0.1:PORT/x"> %p; <!ENTITY e11 "x">',
    ],
    ids=["bomb", "file", "request", "parameter"],
)
def test_entities_are_refused_and_nothing_is_read_or_asked(
    root: Path, listener: tuple[int, list[bytes]], name: str, declaration: str
) -> None:
    port, asked = listener
    pipe = root / "pipe"
    os.mkfifo(pipe)  # whoever opened it would wait
    declaration = declaration.replace("PIPE", str(pipe)).replace("PORT", str(port))
    before, opening, after = root_element(sample(name).decode())
    tag = opening[1:].split()[0].rstrip(">")
    data = f"{before}<!DOCTYPE {tag} [{declaration}]>{opening}&e11;{after}"
    outcome = ingest(root, write(root, name, sample(name), "good"), write(root, name, data.encode(), "entity"))
    assert [one.status for one in outcome] == ["recorded", "refused"]
    assert "expected" in (outcome[1].reason or "")
    assert asked == []


@pytest.mark.parametrize("name", XML)
def test_a_doctype_that_names_a_file_or_an_address_is_not_followed(root: Path, listener: tuple[int, list[bytes]], name: str) -> None:
    port, asked = listener
    for number, address in enumerate((f"http://127.0.0.1:{port}/x.dtd", f"file://{root}/pipe")):
        with contextlib.suppress(FileExistsError):
            os.mkfifo(root / "pipe")
        before, opening, after = root_element(sample(name, number).decode())
        tag = opening[1:].split()[0].rstrip(">")
        data = f'{before}<!DOCTYPE {tag} SYSTEM "{address}">{opening}{after}'
        assert ingest(root, write(root, name, data.encode(), f"doctype{number}"))[0].status == "recorded"
    assert asked == []


# Paths and what they lead to


ODD = [
    "new\nline", "tab\there", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "bell\x07", "del\x7f", "csi\x9b31m", "\u202eexe.txt",
    "back\x08space", "carriage\rreturn", "sep\u2028arator", "zero\u200bwidth",
    os.fsdecode(b"half\xed\xa0\xbd"), os.fsdecode(b"bad\xffbyte"),
    "-v", "--help", "a'b\"c", "$(id)", "%s{x}", "ä" * 80, " ", "~", "\\x1b",
]  # fmt: skip


def test_odd_paths_are_recorded_and_shown_without_acting_on_the_terminal(root: Path) -> None:
    names = []
    for number, odd in enumerate(ODD):
        data = sample("test-results junit-xml", number)
        (root / odd).write_bytes(data)
        (root / f"{odd}.bad").write_bytes(data[:-4])
        names += [odd, f"{odd}.bad", f"{odd}.missing"]
    statuses = {}
    for format in ("text", "json"):
        ran = compliance("ingest", "-v", "--format", format, "--", *names, cwd=root, timeout=300)
        assert ran.code == 2
        assert not CONTROL.search(ran.out + ran.err), [line for line in (ran.out + ran.err).splitlines() if CONTROL.search(line)]
        assert len(ran.err.splitlines()) == len(names)
        statuses[format] = [line.split()[0] for line in ran.err.splitlines()]
    assert statuses["text"] == ["recorded", "refused", "refused"] * len(ODD)
    assert [one["status"] for one in ran.json["files"]] == statuses["json"] == ["duplicate", "refused", "refused"] * len(ODD)
    words = [["log"], ["log", "--format", "json"], ["check"], ["check", "--format", "json"], ["verify", "--", *names[::3]]]
    words += [["show", str(number), *more] for number in (1, 3) for more in ([], ["--format", "json"])]
    for word in words:
        ran = compliance(*word, cwd=root)
        assert ran.code in (0, 1, 2), ran.err
        assert not CONTROL.search(ran.out + ran.err), [line for line in (ran.out + ran.err).splitlines() if CONTROL.search(line)]


def test_the_path_of_a_store_is_shown_without_acting_on_the_terminal(root: Path) -> None:
    for name in ("e\x1b[31m\n.db", "bad\udcffbyte.db"):
        assert compliance("ingest", "compliance.toml", "--store", name, cwd=root).code == 2
        for words in (["verify", name], ["verify", "--format", "json", name], ["log", "--store", name]):
            ran = compliance(*words, cwd=root)
            assert ran.code == 0, ran.err
            assert not CONTROL.search(ran.out + ran.err)


def test_what_is_no_readable_file_is_refused_by_name(root: Path) -> None:
    os.mkfifo(root / "pipe")
    (root / "loop").symlink_to("loop")
    (root / "dangling").symlink_to("nowhere")
    (root / "good.xml").write_bytes(sample("test-results junit-xml"))
    long = "x" * 300
    ran = compliance(
        "ingest", "--format", "json", "pipe", "loop", "dangling", "missing", long, "/dev/zero", "good.xml", cwd=root, timeout=60
    )
    assert ran.code == 2
    reasons = {one["path"]: one["reason"] for one in ran.json["files"]}
    assert reasons == {
        "pipe": "not a regular file",
        "loop": "Too many levels of symbolic links",
        "dangling": "No such file or directory",
        "missing": "No such file or directory",
        long: "File name too long",
        "/dev/zero": "not a regular file",
        "good.xml": None,
    }


def test_a_folder_is_walked_without_following_links_or_waiting(root: Path) -> None:
    folder = root / "evidence"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to(root)
    (folder / "out").symlink_to("/etc/passwd")
    (folder / "good.xml").write_bytes(sample("test-results junit-xml"))
    ran = compliance("ingest", "--format", "json", "evidence", cwd=root, timeout=60)
    assert ran.code == 0
    assert [(one["path"], one["status"]) for one in ran.json["files"]] == [("evidence/good.xml", "recorded")]


AS_NOBODY = """
import os, sys
from pathlib import Path
from compliance.intake import Intake
from compliance.project import Project
from compliance.store import Store
root = Path(sys.argv[1])
with Store.create(root / "first" / "evidence.db") as store:  # imports all that it takes: others may not be able to
    list(Intake(Project.load(root), store).paths([root / "evidence" / "open", root / "compliance.toml"]))
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
with Store.create(root / ".compliance" / "evidence.db") as store:
    for one in Intake(Project.load(root), store).paths([Path(name) for name in sys.argv[2:]]):
        print(one.path, one.status, one.reason or "", sep="|")
"""


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user may enter; pytest's own folders are closed to others."""
    import shutil
    import tempfile

    root = Path(tempfile.mkdtemp())
    (root / "compliance.toml").write_text('[project]\nname = "p"\n')
    root.chmod(0o777)
    yield root
    subprocess.run(["chmod", "-R", "u+rwx", str(root)], check=True)
    shutil.rmtree(root)


def test_what_may_not_be_read_is_named_and_not_passed_over(shared: Path) -> None:
    folder = shared / "evidence"
    for name in ("closed", "listed", "open"):
        (folder / name).mkdir(parents=True)
        (folder / name / "j.xml").write_bytes(sample("test-results junit-xml", len(name)))
    (folder / "secret.xml").write_bytes(sample("test-results junit-xml"))
    (folder / "secret.xml").chmod(0)
    (folder / "closed").chmod(0)
    (folder / "listed").chmod(0o744)
    if os.geteuid() != 0:
        (folder / "listed").chmod(0o400)
    words = [str(folder), str(folder / "closed"), str(folder / "closed" / "j.xml"), str(folder / "secret.xml")]
    done = subprocess.run([sys.executable, "-c", AS_NOBODY, str(shared), *words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = done.stdout.splitlines()
    denied = "refused|Permission denied"
    assert found == [
        f"evidence/secret.xml|{denied}",
        f"evidence/listed/j.xml|{denied}",
        "evidence/open/j.xml|recorded|",
        f"evidence/closed|{denied}",
        f"evidence/closed|{denied}",
        f"evidence/closed/j.xml|{denied}",
        f"evidence/secret.xml|{denied}",
    ]


def test_a_file_that_vanishes_between_two_looks_is_refused_and_the_others_are_recorded(root: Path) -> None:
    folder = root / "evidence"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.xml").write_bytes(sample("test-results junit-xml", number))
    found = []
    with Store.create(root / ".compliance" / "evidence.db") as store:
        for outcome in Intake(Project.load(root), store).paths([folder]):
            found.append((outcome.path, outcome.status, outcome.reason))
            (folder / "1.xml").unlink(missing_ok=True)
    assert found == [
        ("evidence/0.xml", "recorded", None),
        ("evidence/1.xml", "refused", "No such file or directory"),
        ("evidence/2.xml", "recorded", None),
    ]


# Size

HUGE = """
import resource, sys, time
from pathlib import Path
resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[1]) << 20,) * 2)
from compliance.intake import Intake
from compliance.project import Project
from compliance.store import Store
root = Path(sys.argv[2])
started = time.monotonic()
with Store.create(root / ".compliance" / "evidence.db") as store:
    for one in Intake(Project.load(root), store).paths([Path(name) for name in sys.argv[3:]]):
        print(one.path, one.status, one.format, one.reason or "", sep="|")
print(time.monotonic() - started, file=sys.stderr)
"""


def limited(root: Path, megabytes: int, *paths: Path) -> list[str]:
    """Reads files in a process that may hold that much private memory; returns a line per file."""
    words = [sys.executable, "-c", HUGE, str(megabytes), str(root), *map(str, paths)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


def sparse(path: Path, head: bytes, tail: bytes, size: int = (1 << 30) - 4096) -> Path:
    """A gigabyte in one line, most of it a hole that takes no space."""
    with path.open("wb") as file:
        file.write(head)
        file.seek(size)
        file.write(tail)
    return path


@pytest.mark.xdist_group("big files")
@pytest.mark.parametrize(
    ("head", "tail", "megabytes", "expected"),
    [
        (b"", b"x", 400, r"refused\|None\|not recognised; expected a file of a known format"),
        (b"schema: compliance/deployment/v1\nsteps: ", b"\n", 400, r"refused\|.*expected"),
        (b'{"timestamp": "2025-09-20T10:00:00Z", "level": "info", "event": "', b'"}\n', 2600, r"refused\|.*expected"),
        (
            b'<testsuite name="s" tests="1"><testcase name="',
            b'"/></testsuite>',
            400,
            r"refused\|junit-xml\|line 1 column \d+: .*; expected",
        ),
        (b'{"version": "2.1.0", "runs": [{"results": [{"message": {"text": "', b'"}}]}]}', 2600, r"refused\|.*expected"),
    ],
    ids=["nothing", "yaml", "json lines", "xml", "json"],
)
def test_a_gigabyte_of_one_line_is_refused_in_bounded_memory(root: Path, head: bytes, tail: bytes, megabytes: int, expected: str) -> None:
    big = sparse(root / "big", head, tail)
    good = write(root, "scan sarif", sample("scan sarif"), "good")
    first, second = limited(root, megabytes, big, good)
    assert re.fullmatch(r"big\|" + expected + ".*", first), first
    assert second.startswith("scan-sarif.good.sarif|recorded")


@pytest.mark.xdist_group("big files")
def test_a_file_that_needs_more_memory_than_there_is_costs_only_itself(root: Path) -> None:
    """Three bytes of JSON can be 64 bytes of objects."""
    big = root / "big.json"
    big.write_bytes(b'{"version": "2.1.0", "runs": [' + b"{}," * (12 << 20) + b"{}]}")
    good = write(root, "scan sarif", sample("scan sarif"), "good")
    assert limited(root, 350, big, good) == [
        "big.json|refused|sarif|needs more memory than there is; expected a smaller file",
        "scan-sarif.good.sarif|recorded|sarif|",
    ]


# The way through the engine


def test_a_defect_of_a_reader_costs_one_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from compliance.catalog import Catalog, shipped
    from compliance.source import Source

    def fails(_: Source) -> Any:
        raise KeyError("x")

    catalog = shipped()
    kind = catalog.kinds["scan"]
    formats = tuple(replace(form, parse=fails) if form.name == "sarif" else form for form in kind.formats)
    changed = Catalog({**catalog.kinds, "scan": replace(kind, formats=formats)}, {}, {})
    monkeypatch.setattr("compliance.catalog.shipped", lambda: changed)
    monkeypatch.setattr("compliance.catalog.load", lambda **_: changed)
    names = ("scan sarif", "scan bandit-json")
    outcomes = ingest(root, *(write(root, name, sample(name), "good") for name in names))
    assert [one.status for one in outcomes] == ["refused", "recorded"]
    assert outcomes[0].reason == "the reader of sarif failed, a defect of the toolkit (KeyError: 'x')"
