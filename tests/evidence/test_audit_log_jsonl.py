"""Structured logs with one JSON object per line."""

from __future__ import annotations

import itertools
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import InputError
from compliance.source import LINE_LIMIT, Source

from .helpers import CORPUS, assert_only_refuses, format_of, mutations, read, recognised

START = datetime(2025, 9, 20, 10, tzinfo=UTC)


def event(number: int, **members: Any) -> dict[str, Any]:
    return {
        "timestamp": (START + timedelta(seconds=number)).isoformat().replace("+00:00", "Z"),
        "level": "info",
        "event": "http.request",
        "requestId": f"r-{number}",
        **members,
    }


def log(*events: dict[str, Any]) -> bytes:
    return "".join(json.dumps(item) + "\n" for item in events).encode()


def parse(data: bytes) -> Any:
    return read("audit-log", "jsonl-log", data).payload


def refused(data: bytes) -> str:
    with pytest.raises(InputError) as error:
        parse(data)
    return error.value.reason


def test_a_plain_log() -> None:
    payload = parse(log(*(event(number) for number in range(5))))
    assert (payload.lines, payload.events, payload.unparsed) == (5, 5, 0)
    assert (payload.with_timestamp, payload.with_level, payload.with_event, payload.with_trace) == (5, 5, 5, 5)
    assert payload.first == START
    assert payload.last == START + timedelta(seconds=4)
    assert (payload.out_of_order, payload.gaps, payload.sequenced) == (0, 0, False)
    assert payload.longest_silence_s == 1.0
    assert (payload.chain, payload.chain_broken_at, payload.chain_from_start) == ("absent", None, None)
    assert payload.incomplete is None
    assert set(payload.summary()) == {"events", "unparsed", "first", "last", "out_of_order", "gaps", "chain"}
    assert payload.summary()["first"] == "2025-09-20T10:00:00Z"


def test_the_last_event_is_when_the_log_was_observed() -> None:
    assert read("audit-log", "jsonl-log", log(event(0), event(9), event(3))).observed_at == START + timedelta(seconds=9)


def test_lines_that_are_no_event_are_counted() -> None:
    bad = [b"not json", b"[1]", b'"text"', b'{"a": 1, "a": 2}', b'{"a": "\xff"}', b"\0\0\0", b'{"a": 1', b'{"a": NaN}', b"{" * 5000]
    payload = parse(log(event(0)) + b"\n".join(bad) + b"\n\n   \n" + log(event(1)))
    assert (payload.lines, payload.events, payload.unparsed) == (2 + len(bad), 2, len(bad))


def test_ends_of_lines_and_marks_do_not_matter() -> None:
    data = log(event(0), event(1))
    assert parse(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n").rstrip(b"\r\n")) == parse(data)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\0" * 100, b"nothing\n", b"[]\n", b"\xff\xfe{\0}\0", b'{"a": 1}\n{"b": 2}\n'])
def test_what_holds_no_event_is_refused(data: bytes) -> None:
    assert refused(data)


def test_a_line_without_end_is_refused() -> None:
    assert "line too long" in refused(log(event(0)) + b'{"a": "' + b"x" * LINE_LIMIT)


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("2025-09-20T10:00:00Z", 0),
        ("2025-09-20T12:00:00.123456789+02:00", 0.123456),
        ("2025-09-20 10:00:00.5+0000", 0.5),
        (1758362400, 0),
        (1758362400.25, 0.25),
        (1758362400250, 0.25),
        (1758362400250000, 0.25),
        (1758362400250000000, 0.25),
        ("1758362400", 0),
        ("1758362400.123456789", 0.123456),
        ("2025-09-20 10:00:00.5 UTC", 0.5),
        ("2025-09-20 10:00:00 GMT", 0),
        ("20/Sep/2025:12:00:00 +0200", 0),
        ({"epochSecond": 1758362400, "nanoOfSecond": 250000000}, 0.25),
        ({"$date": "2025-09-20T12:00:00.250+02:00"}, 0.25),
        ({"$date": 1758362400250}, 0.25),
        ({"$date": {"$numberLong": "1758362400250"}}, 0.25),
        ({"repr": "2025-09-20 12:00:00.250000+02:00", "timestamp": 1758362400.25}, 0.25),
        ({"date": "2025-09-20 10:00:00.250000", "timezone_type": 3, "timezone": "UTC"}, 0.25),
        ({"date": "2025-09-20 12:00:00.250000", "timezone_type": 1, "timezone": "+02:00"}, 0.25),
    ],
)
def test_times_that_are_sure(time: object, seconds: float) -> None:
    assert parse(log(event(0, timestamp=time))).first == START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "time",
    [
        *("2025-09-20T10:00:00", "10:00", "yesterday", "", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "9" * 19),
        *(0, 12, -1, True, None, {}, [], 10**11, 1e300, 10**40, "2025-09-20 10:00:00 CET", "20/XXX/2025:12:00:00 +0200"),
        *({"date": "2025-09-20 10:00:00", "timezone": "Europe/Berlin"}, {"epochSecond": "1758362400"}, {"$date": {"$numberLong": None}}),
    ],
)
def test_times_that_are_not_sure_do_not_count(time: object) -> None:
    payload = parse(log(event(0, timestamp=time)))
    assert (payload.with_timestamp, payload.first) == (0, None)
    assert payload.incomplete == "no event states its time with a zone"


def test_a_time_that_cannot_be_read_gives_way_to_the_next_field() -> None:
    assert parse(log(event(0, timestamp="noon", time="2025-09-20T10:00:07Z"))).first == START + timedelta(seconds=7)


@pytest.mark.parametrize(
    "record",
    [
        {"time": "2025-09-20T10:00:00.000Z", "level": 30, "msg": "x", "type": "login", "reqId": "1"},
        {"@timestamp": "2025-09-20T10:00:00Z", "log": {"level": "info"}, "event": {"action": "login"}, "trace": {"id": "1"}},
        {"@timestamp": "2025-09-20T10:00:00Z", "log.level": "info", "event.action": "login", "trace.id": "1"},
        {"@t": "2025-09-20T10:00:00Z", "@l": "Warning", "@mt": "x", "action": "login", "@tr": "1"},
        {"ts": 1758362400.0, "level": "info", "operation": "login", "span_id": "1"},
        {"Timestamp": "1758362400000000000", "SeverityText": "INFO", "EventName": "login", "TraceId": "1"},
        {"t": {"$date": "2025-09-20T12:00:00+02:00"}, "s": "I", "c": "ACCESS", "type": "login", "request_id": "1"},
        {"T": "2025-09-20T12:00:00.000+0200", "L": "INFO", "M": "x", "action": "login", "requestId": "1"},
        {"timestamp": "2025-09-20 10:00:00 UTC", "error_severity": "LOG", "event": "login", "trace_id": "1"},
        {"__REALTIME_TIMESTAMP": "1758362400000000", "_AUDIT_ID": "7", "PRIORITY": "6", "EVENT": "login", "TRACE_ID": "1"},
        {"eventTimestamp": START.isoformat(), "level": "Informational", "eventName": {"value": "login"}, "correlationId": "1"},
        {"record": {"time": {"timestamp": 1758362400.0}, "level": {"name": "INFO"}}, "event": "login", "trace_id": "1"},
        {"instant": {"epochSecond": 1758362400}, "loggerLevel": 1, "level": "INFO", "eventType": "login", "correlation_id": "1"},
    ],
)
def test_names_that_loggers_use(record: dict[str, Any]) -> None:
    assert recognised(log(record, record)) == ["jsonl-log"]
    payload = parse(log(record))
    assert (payload.with_timestamp, payload.with_level, payload.with_event, payload.with_trace) == (1, 1, 1, 1)
    assert payload.first == START
    assert payload.classes.authentication == 1


def test_letters_say_nothing_alone() -> None:
    payload = parse(log(event(0), {"t": 1758362400, "s": "x", "msg": "y", "action": "z"}))
    assert (payload.with_timestamp, payload.with_level) == (1, 1)


def test_events_of_okta_are_recognised_by_their_time() -> None:
    event = {"uuid": "u", "published": "2025-09-20T10:00:00.123Z", "eventType": "user.session.start", "severity": "INFO"}
    data = log(event, event)
    assert recognised(data) == ["jsonl-log"]
    assert parse(data).first == START + timedelta(milliseconds=123)


def test_empty_values_do_not_count() -> None:
    payload = parse(log(event(0, level=None, event="", requestId=None, message="text is no name")))
    assert (payload.with_level, payload.with_event, payload.with_trace) == (0, 0, 0)


def test_order_of_time() -> None:
    payload = parse(log(event(0), event(50), event(10), event(20), event(60)))
    assert payload.out_of_order == 1
    assert payload.largest_step_back_s == 40.0
    assert payload.longest_silence_s == 30.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 100_000), min_size=2, max_size=60))
def test_silence_is_that_of_the_sorted_times(seconds: list[int]) -> None:
    ordered = sorted(seconds)
    payload = parse(log(*(event(number) for number in seconds)))
    assert payload.longest_silence_s == max(later - earlier for earlier, later in itertools.pairwise(ordered))
    assert (payload.first, payload.last) == (START + timedelta(seconds=ordered[0]), START + timedelta(seconds=ordered[-1]))


def test_the_longest_silence_survives_many_short_ones() -> None:
    rng = random.Random(7)
    times = [rng.randrange(0, 10**7) for _ in range(4000)]
    times += [2 * 10**7 + rng.randrange(0, 10**7) for _ in range(4000)]
    assert parse(log(*(event(number) for number in sorted(times)))).longest_silence_s == sorted(times)[4000] - sorted(times)[3999]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=40))
def test_gaps_are_the_numbers_that_are_missing(numbers: list[int]) -> None:
    payload = parse(log(*(event(place, seq=number) for place, number in enumerate(numbers))))
    assert payload.gaps == max(numbers) - min(numbers) + 1 - len(set(numbers))
    assert payload.repeated == len(numbers) - len(set(numbers))
    assert payload.sequenced == (not payload.repeated)


def test_numbers_in_another_order_are_no_gap() -> None:
    payload = parse(log(*(event(0, sequence=str(number)) for number in (1, 3, 2, 5, 4))))
    assert (payload.gaps, payload.sequenced) == (0, True)


def test_events_without_a_number_are_no_sequence() -> None:
    payload = parse(log(event(0, seq=1), event(1), event(2, seq=3)))
    assert (payload.gaps, payload.sequenced) == (1, False)


def test_a_header_needs_no_number() -> None:
    payload = parse(log({"format": "audit", "version": 2}, event(0, seq=1), event(1, seq=2)))
    assert (payload.events, payload.sequenced) == (3, True)


def test_a_count_named_n_is_no_sequence() -> None:
    assert parse(log(*(event(place, n=number) for place, number in enumerate((500, 20, 7))))).gaps == 0
    payload = parse(log(*(event(place, n=number) for place, number in enumerate((1, 2, 4)))))
    assert (payload.gaps, payload.sequenced) == (1, True)


@pytest.mark.parametrize("number", [-1, 1.5, True, None, "x", 2**53, 10**30, [1], "1" * 40])
def test_what_is_no_sequence_number(number: object) -> None:
    payload = parse(log(event(0, seq=1), event(1, seq=number), event(2, seq=2)))
    assert (payload.gaps, payload.sequenced) == (0, False)


def test_far_sequence_numbers_count_exactly() -> None:
    assert parse(log(event(0, seq=0), event(1, seq=2**53 - 1))).gaps == 2**53 - 2


def test_actor_resource_outcome_and_claims() -> None:
    payload = parse(
        log(event(0, actor="a", resource="r", outcome="ok", immutable=True), event(1, immutable=False), event(2, tamperProof="true"))
    )
    assert (payload.with_actor, payload.with_resource, payload.with_outcome, payload.claims_immutable) == (1, 1, 1, 2)
    assert payload.chain == "absent"
    assert not payload.retention_locked


def test_deeply_nested_members_are_no_trouble() -> None:
    data = log(event(0)) + b'{"timestamp": "2025-09-20T10:00:01Z", "level": "info", "a": ' + b'{"a":' * 150 + b"1" + b"}" * 150 + b"}\n"
    assert parse(data).events == 2
    assert parse(data.replace(b'{"a":' * 150, b'{"a":' * 5000)).unparsed == 1


FOREIGN = {
    "gcp audit": {"protoPayload": {"@type": "x"}, "logName": "a", "timestamp": "2025-09-20T10:00:00Z", "severity": "INFO"},
    "gcp log entry": {"insertId": "1", "logName": "a", "timestamp": "2025-09-20T10:00:00Z", "jsonPayload": {}},
    "cloudtrail": {"eventVersion": "1.08", "eventSource": "iam", "eventName": "x", "eventTime": "2025-09-20T10:00:00Z"},
    "kubernetes": {"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "verb": "get", "stageTimestamp": "x"},
    "kubernetes short": {"kind": "Event", "verb": "create", "user": {}, "timestamp": "2025-09-20T10:00:00Z", "level": "info", "type": "x"},
    "k6 point": {"metric": "http_reqs", "type": "Point", "data": {"time": "2025-09-20T10:00:00Z"}},
    "vegeta": {"attack": "", "seq": 0, "code": 200, "timestamp": "2025-09-20T10:00:00Z", "latency": 1},
    "go test": {"Time": "2025-09-20T10:00:00Z", "Action": "run", "Package": "p"},
    "nuclei": {"template-id": "x", "info": {"severity": "high"}, "type": "http", "host": "h", "timestamp": "2025-09-20T10:00:00Z"},
    "probe": {"schema": "compliance/probe/v1", "time": "2025-09-20T10:00:00Z", "event": "x"},
    "trivy": {"SchemaVersion": 2, "CreatedAt": "2025-09-20T10:00:00Z", "type": "x", "Results": []},
    "other lines": {"name": "x", "type": "package", "version": 1},
}


@pytest.mark.parametrize("record", FOREIGN.values(), ids=FOREIGN.keys())
@pytest.mark.parametrize("times", [1, 5])
def test_other_json_lines_are_left_alone(record: dict[str, Any], times: int) -> None:
    assert "jsonl-log" not in recognised(log(*[record] * times))


@pytest.mark.parametrize("none", ["0" * 32, "0x" + "0" * 16, "00000000-0000-0000-0000-000000000000", "0", 0, "-", "", None])
@pytest.mark.parametrize("place", ["trace_id", "nested"])
@pytest.mark.parametrize("events", [1, 300])
def test_ids_of_nothing_are_no_traces(none: object, place: str, events: int) -> None:
    plain = {name: value for name, value in event(0).items() if name != "requestId"}
    given = {"trace": {"id": none}} if place == "nested" else {place: none}
    real = {"trace": {"id": "4bf92f"}} if place == "nested" else {place: "4bf92f"}
    payload = parse(log(*[{**plain, **given}] * events, {**plain, **real}))
    assert (payload.events, payload.with_trace) == (events + 1, 1)


@pytest.mark.parametrize("more", [{"title": "x", "body": "y"}, {"login": "x", "type": "User"}, {"name": "a/b", "type": "library"}])
def test_one_article_account_or_package_is_no_log(more: dict[str, Any]) -> None:
    assert "jsonl-log" not in recognised(log({"created_at": "2025-09-20T10:00:00Z", **more}))


def test_how_azure_says_how_it_ended() -> None:
    records = ({**event(0), "status": {"value": word, "localizedValue": "x"}} for word in ("Succeeded", "Failed", "Started"))
    outcomes = parse(log(*records)).outcomes
    assert (outcomes.success, outcomes.failure) == (1, 1)


@pytest.mark.parametrize(
    "data",
    [
        log(event(0)),
        log(event(0), event(1)),
        log({"header": 1}, event(0), event(1)),
        b"cut off}\n" + log(event(0), event(1)),
        log(*({"level": "info", "msg": str(number)} for number in range(3))),
        log(*({"log": "x\n", "stream": "stdout", "time": "2016-01-07T16:49:10.2Z"} for _ in range(3))),
    ],
)
def test_logs_are_recognised(data: bytes) -> None:
    assert recognised(data) == ["jsonl-log"]


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{}", b"{", b"text {", b'{"timestamp": "2025-09-20T10:00:00Z"}', json.dumps([event(0)]).encode()),
        *(b"\0{}", b"{" * 100000, json.dumps(event(0), indent=2).encode(), log(event(0, big="x" * 70000))),
    ],
)
def test_what_is_no_log_is_not_recognised(data: bytes) -> None:
    assert "jsonl-log" not in recognised(data)


def test_a_large_file_is_read_from_its_mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compliance.source.MEMORY_LIMIT", 1000)
    path = tmp_path / "log.jsonl"
    path.write_bytes(log(*(event(number, seq=number) for number in range(500))))
    source = Source.from_path(path)
    assert not isinstance(source.data, bytes)
    form = format_of("audit-log", "jsonl-log")
    assert form.recognise(source)
    payload: Any = form.read(source)[0].payload
    assert (payload.events, payload.gaps, payload.sequenced) == (500, 0, True)


VALID = log(
    {"format": "audit", "version": 2},
    *(event(number, seq=number, prev_hash="0" * 64, hash="ab" * 32, actor={"email": "a@example.org"}) for number in range(3)),
    event(4, n=2, instant={"epochSecond": 1}, resource={"type": "user"}, card=4111111111111111, immutable=True),
)


@settings(max_examples=300, deadline=None)
@given(mutations(VALID))
def test_only_refusals_leave(data: bytes) -> None:
    parsed = assert_only_refuses("audit-log", "jsonl-log", data)
    payload: Any = parsed.payload if parsed else None
    assert payload is None or payload.events + payload.unparsed == payload.lines
    assert payload is None or sum(payload.classes.model_dump().values()) == payload.events


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(
                ["timestamp", "ts", "level", "event", "trace", "seq", "n", "prev_hash", "hash", "actor", "resource", "immutable"]
            ),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=70),
                lambda inner: (
                    st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "action", "level", "type", "epochSecond"]), inner)
                ),
                max_leaves=6,
            ),
        ),
        max_size=6,
    )
)
def test_any_value_in_any_field(records: list[dict[str, Any]]) -> None:
    assert_only_refuses("audit-log", "jsonl-log", log(*records))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is no part of the repository")
def test_corpus() -> None:
    cases = [case for case in json.loads((CORPUS / "cases.json").read_text()) if case["format"] == "jsonl"]
    assert cases
    for case in cases:
        data = (CORPUS / case["file"]).read_bytes()
        payload = parse(data)
        assert recognised(data) == ["jsonl-log"], case["file"]
        assert (payload.events, payload.unparsed) == (case["expected"]["count"], 0), case["file"]
        assert payload.lines == case["expected"]["nonblank_lines"], case["file"]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is no part of the repository")
def test_nothing_else_of_the_corpus_is_claimed() -> None:
    others = [path for path in CORPUS.rglob("*") if path.is_file() and path.parent.name != "jsonl"]
    form = format_of("audit-log", "jsonl-log")
    assert [path.name for path in others if form.recognise(Source.from_path(path))] == []
