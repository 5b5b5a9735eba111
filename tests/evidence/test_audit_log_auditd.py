"""Linux audit: auditd's log, raw or enriched, and what ausearch prints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import InputError

from .helpers import assert_only_refuses, counted, mutations, read, recognised

START = datetime.fromtimestamp(1758362400, UTC)
CALL = 'arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 items=2 pid=7 auid=1000 uid=0 comm="id" exe="/usr/bin/id" key=(null)'


def record(serial: int, kind: str | None = "SYSCALL", text: str = CALL, seconds: float = 0.0, node: str = "") -> str:
    time = 1758362400 + seconds
    return (f"node={node} " if node else "") + (f"type={kind} " if kind else "") + f"msg=audit({time:.3f}:{serial}): {text}"


def log(*records: str) -> bytes:
    return "".join(f"{line}\n" for line in records).encode()


def parse(*records: str) -> Any:
    return read("audit-log", "auditd-log", log(*records)).payload


def class_of(*records: str) -> str | None:
    return counted(parse(*records).classes)


def ended(*records: str) -> str | None:
    return counted(parse(*records).outcomes)


def test_the_records_of_an_event_are_one_however_they_interleave() -> None:
    data = log(
        record(2, seconds=0.002),
        record(1),
        record(2, "PROCTITLE", "proctitle=6964", 0.002),
        record(1, "CWD", 'cwd="/root"'),
        record(3, "PATH", 'item=0 name="/etc/passwd"', 0.1),
    )
    assert recognised(data) == ["auditd-log"]
    payload: Any = read("audit-log", "auditd-log", data).payload
    assert (payload.events, payload.lines, payload.unparsed, payload.operations) == (3, 5, 0, None)
    assert (payload.first, payload.last, payload.out_of_order) == (START, START + timedelta(seconds=0.1), 1)
    assert payload.largest_step_back_s == 0.002
    assert (payload.gaps, payload.sequenced, payload.chain) == (0, True, "absent")
    assert (payload.with_event, payload.with_trace, payload.with_actor, payload.with_resource, payload.with_outcome) == (3, 3, 2, 3, 2)
    assert (payload.has_levels, payload.keeps_order, payload.incomplete) == (False, True, None)


def test_events_are_told_apart_by_node_and_time_as_well() -> None:
    payload = parse(record(1), record(1, node="a"), record(1, node="b"), record(1, seconds=9), record(1, node="a", kind="CWD"))
    assert payload.events == 4


def test_gaps_are_lost_events() -> None:
    payload = parse(*(record(serial, seconds=serial) for serial in (10, 11, 21, 20, 22)))
    assert (payload.gaps, payload.sequenced) == (8, True)


def test_serials_roll_over() -> None:
    payload = parse(*(record(serial, seconds=place) for place, serial in enumerate((2**32 - 2, 2**32 - 1, 0, 1, 3))))
    assert (payload.events, payload.gaps, payload.sequenced) == (5, 1, True)


def test_a_late_record_from_before_the_rollover_is_no_gap() -> None:
    payload = parse(record(2**32 - 2), record(0, seconds=0.2), record(2**32 - 1, seconds=0.1), record(1, seconds=0.3))
    assert (payload.gaps, payload.sequenced) == (0, True)


def test_a_restart_begins_a_new_run() -> None:
    payload = parse(*(record(serial, seconds=serial - 500) for serial in (500, 501, 503)), record(3, seconds=60), record(5, seconds=61))
    assert (payload.gaps, payload.repeated, payload.sequenced) == (2, 0, True)


def test_each_node_has_serials_of_its_own() -> None:
    payload = parse(record(1, node="a"), record(900, node="b"), record(2, node="a", seconds=1), record(902, node="b", seconds=1))
    assert (payload.gaps, payload.sequenced) == (1, True)


def test_an_old_log_in_the_same_file_is_a_run_of_its_own() -> None:
    assert parse(record(5, seconds=10**7), record(90_000)).gaps == 0


def test_the_daemons_own_serials_are_random_and_do_not_count() -> None:
    payload = parse(record(9731, "DAEMON_START", "op=start ver=3.1 res=success"), record(5, seconds=2), record(6, seconds=3))
    assert (payload.events, payload.gaps, payload.sequenced) == (3, 0, True)
    assert payload.classes.administration == 1


@pytest.mark.parametrize(
    "line",
    [
        "type=SYSCALL msg=audit(): arch=c000003e",
        "type=SYSCALL msg=audit(:94985): arch=c000003e",
        "type=SYSCALL msg=audit(1758362400.000): arch=c000003e",
        "type=SYSCALL msg=audit(1758362400.000:99999999999): x",
        "type=SYSCALL msg=audit(1758362400.000:4294967296): x",
        "type=SYSCALL msg=aud",
        "type=SYSCALL",
        "item=1 name=(null)",
        "\0\0\0\0",
        "type=PATH msg=audit(abc:1): x",
    ],
)
def test_broken_lines_are_unread(line: str) -> None:
    payload = parse(record(1), line, record(2))
    assert (payload.events, payload.unparsed, payload.lines) == (2, 1, 3)


@pytest.mark.parametrize(
    "line",
    [
        "type=SYSCALL msg=audit(1758362400:5): milliseconds are missing",
        record(5, None, "the type is missing"),
        record(5, "UNKNOWN[1323]", "fd=3 flags=0x2"),
        record(5, "SYSCALL", ""),
        "type=BPF msg=audit(1758362400.000:5):",
        "  " + record(5) + "  \r",
        "Sep 20 10:00:00 web1 audispd: " + record(5, node="web1"),
        '[   12.345678] audit: type=1400 audit(1758362400.000:5): apparmor="DENIED" operation="open"',
        "type=1400 audit(1758362400.000:5): avc:  denied  { read }",
    ],
)
def test_odd_lines_are_records(line: str) -> None:
    payload = parse(record(4), line)
    assert (payload.events, payload.unparsed, payload.with_timestamp) == (2, 0, 2)


def test_enriched_records() -> None:
    line = record(7, "USER_AUTH", 'pid=1 uid=0 auid=4294967295 msg=\'op=pubkey acct="root" res=failed\'\x1dUID="root" AUID="unset"')
    payload = parse(line)
    assert (payload.events, payload.with_actor, payload.classes.authentication, payload.outcomes.failure) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("fields", "known"),
    [
        ("auid=4294967295", 0),
        ("auid=unset", 0),
        ("auid=-1", 0),
        ('acct="?"', 0),
        ("auid=4294967295 uid=0", 1),
        ("auid=1000", 1),
        ('acct="alice"', 1),
        ("exit=0", 0),
    ],
)
def test_who_it_was(fields: str, known: int) -> None:
    assert parse(record(1, text=fields)).with_actor == known


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([record(1)], "success"),
        ([record(1, text="success=no exit=-115")], "failure"),
        ([record(1, text="success=no exit=-13")], "denied"),
        ([record(1, text="success=no exit=EACCES(Permission denied)")], "denied"),
        ([record(1, "LOGIN", "auid=0 res=1")], "success"),
        ([record(1, "USER_LOGIN", "msg='op=login res=failed'")], "failure"),
        ([record(1, "USER_AUTH", "msg='PAM: authentication acct=root : (hostname=x, terminal=ssh res=failed)'")], "failure"),
        ([record(1, "ADD_USER", "result=success")], "success"),
        ([record(1, "AVC", "avc:  denied  { read } for permissive=0"), record(1, text="success=no exit=-13")], "denied"),
        ([record(1, "AVC", "avc:  denied  { read } for permissive=1"), record(1)], "success"),
        ([record(1, "PROCTITLE", "proctitle=6964")], None),
    ],
)
def test_how_it_ended(lines: list[str], expected: str | None) -> None:
    assert ended(*lines) == expected


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["USER_LOGIN"], "authentication"),
        (["LOGIN", "SYSCALL", "PROCTITLE"], "authentication"),
        (["AVC", "SYSCALL", "PATH"], "authorisation"),
        (["1400"], "authorisation"),
        (["USER_CMD"], "administration"),
        (["CONFIG_CHANGE", "SYSCALL"], "administration"),
        (["SYSCALL", "CWD", "PATH", "PROCTITLE"], "data_access"),
        (["SYSCALL", "EXECVE", "CWD", "PATH"], "other"),
        (["SYSCALL"], "other"),
        (["UNKNOWN[9999]"], "other"),
    ],
)
def test_what_it_is_about(kinds: list[str], expected: str) -> None:
    assert class_of(*(record(1, kind, "x=1") for kind in kinds)) == expected


def test_what_ausearch_prints() -> None:
    time = "time->Sat Sep 20 10:00:00 2025"
    raw = log("----", time, record(1, "PROCTITLE", "proctitle=6964"), record(1), "----", time, record(2))
    assert recognised(raw) == ["auditd-log"]
    payload: Any = read("audit-log", "auditd-log", raw).payload
    assert (payload.events, payload.lines, payload.unparsed, payload.first) == (2, 3, 0, START)
    interpreted = log(
        "----",
        "type=PROCTITLE msg=audit(09/20/2025 10:00:00.000:1) : proctitle=id ",
        "type=SYSCALL msg=audit(09/20/2025 10:00:00.000:1) : arch=x86_64 syscall=execve success=yes exit=0 auid=alice uid=root ",
        "----",
        "type=USER_LOGIN msg=audit(09/20/2025 10:00:01.000:3) : pid=1 uid=root auid=unset msg='op=login acct=(unknown) res=failed' ",
    )
    assert recognised(interpreted) == ["auditd-log"]
    payload = read("audit-log", "auditd-log", interpreted).payload
    assert (payload.events, payload.unparsed, payload.gaps, payload.first) == (2, 0, 1, None)
    assert payload.incomplete == "no event states its time with a zone"
    assert (payload.outcomes.success, payload.outcomes.failure) == (1, 1)


def test_hexadecimal_values_are_looked_through() -> None:
    mail = b"mail bob@example.org\0now".hex().upper()
    payload = parse(
        record(1, "PROCTITLE", f"proctitle={mail}"), record(1, "EXECVE", f"argc=1 a0={mail}"), record(1, "USER_CMD", f"msg='cmd={mail}'")
    )
    assert payload.personal_fields == {"a0": 1, "cmd": 1, "proctitle": 1}
    assert "bob" not in payload.model_dump_json()


def test_who_acted_is_no_leak_and_numbers_of_calls_are_no_cards() -> None:
    payload = parse(
        record(1, "USER_AUTH", 'msg=\'acct="alice@corp.example.com" res=success\'\x1dAUID="alice@corp.example.com"'),
        record(2, text="a0=4111111111111111 a1=4111111111111111 inode=4111111111111111 success=yes"),
    )
    assert (payload.personal_data, payload.personal_data_of_actors) == (0, 2)
    assert parse(record(1, "EXECVE", 'argc=1 a0="4111111111111111"')).personal_data == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"-w /etc/passwd -p wa -k identity\n",
        b"Sep 20 10:00:00 web1 sshd[1]: Accepted publickey for root\n" * 5,
        b"----\ntime->Sat Sep 20 10:00:00 2025\n",
        b"audit(\n",
        b"see msg=audit(1.000:1) in the text\nand more\nof it\n",
        b'{"message": "type=SYSCALL msg=audit(1758362400.000:5): x"}\n{}\n{}\n',
    ],
)
def test_what_is_no_log_is_neither_recognised_nor_read(data: bytes) -> None:
    assert "auditd-log" not in recognised(data)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"----\n", b"text\n", b"\0" * 50])
def test_what_holds_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        read("audit-log", "auditd-log", data)


def test_the_window_of_open_events_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compliance.evidence.audit_log.auditd.WINDOW", 3)
    payload = parse(*(record(serial) for serial in range(1, 7)), record(5, "CWD"), record(1, "CWD"))
    assert payload.events == 7  # the first one had been closed


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["SYSCALL", "PATH", "CWD"])), min_size=1, max_size=60))
def test_events_are_the_ids_that_are_there(records: list[tuple[int, str]]) -> None:
    payload = parse(*(record(serial, kind, seconds=serial / 1000) for serial, kind in records))
    serials = {serial for serial, _ in records}
    assert payload.events == len(serials)
    assert payload.gaps == max(serials) - min(serials) + 1 - len(serials)
    assert payload.lines == len(records)


VALID = log(
    record(1),
    record(1, "PATH", "item=0 name=2F746D70"),
    record(2, "USER_AUTH", 'uid=0 msg=\'op=pubkey acct="root" res=failed\'\x1dUID="root"', 1, "web1"),
    "----",
    "type=SYSCALL msg=audit(09/20/2025 10:00:00.000:1) : arch=x86_64",
)


@settings(max_examples=300, deadline=None)
@given(mutations(VALID))
def test_only_refusals_leave(data: bytes) -> None:
    parsed = assert_only_refuses("audit-log", "auditd-log", data)
    payload: Any = parsed.payload if parsed else None
    assert payload is None or payload.events + payload.unparsed <= payload.lines
    assert payload is None or sum(payload.classes.model_dump().values()) == payload.events


@pytest.mark.parametrize(
    ("data", "events", "unparsed"),
    [
        (b"audit(1758362400.123:1): arch=c000003e syscall=59\naudit(1758362400.123:2): arch=c000003e\n", 2, 0),
        (b"type=CWD msg=audit(1758362400.123:1): cwd=/\ntype=SYSCALL msg=audit(1758362400.\ntype=PATH msg=audit(\n", 1, 2),
    ],
)
def test_records_of_the_kernel_and_many_that_were_cut_off(data: bytes, events: int, unparsed: int) -> None:
    assert recognised(data) == ["auditd-log"]
    payload: Any = read("audit-log", "auditd-log", data).payload
    assert (payload.events, payload.unparsed) == (events, unparsed)


def test_lines_that_only_speak_of_audit_are_no_log() -> None:
    assert recognised(b"def audit(event): ...\nself.audit(1)\n") == []
