"""What hey prints: its summary over several versions, and the rows of -o csv."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Json, Parsed

from .helpers import assert_only_refuses, mutations, read, recognised

HEY = """
Summary:
  Total:	20.0000 secs
  Slowest:	0.6256 secs
  Fastest:	0.0144 secs
  Average:	0.1030 secs
  Requests/sec:	25.0000

  Total data:	227000 bytes
  Size/request:	908 bytes

Response time histogram:
  0.014 [1]	|■
  0.626 [499]	|■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■


Latency distribution:
  10% in 0.0200 secs
  25% in 0.0500 secs
  50% in 0.0790 secs
  75% in 0.1200 secs
  90% in 0.2465 secs
  95% in 0.4728 secs
  99% in 0.6213 secs

Details (average, fastest, slowest):
  DNS+dialup:	0.0009 secs, 0.0144 secs, 0.6256 secs
  DNS-lookup:	0.0006 secs, 0.0000 secs, 0.0013 secs
  req write:	0.0000 secs, 0.0000 secs, 0.0004 secs
  resp wait:	0.1020 secs, 0.1435 secs, 0.6245 secs
  resp read:	0.0000 secs, 0.0000 secs, 0.0001 secs

Status code distribution:
  [200]	480 responses
  [301]	20 responses



"""
ERRORS = """
Error distribution:
  [40]	Get "http://127.0.0.1:1/a [1] b": dial tcp 127.0.0.1:1: connect: connection refused
  [10]	Get "http://127.0.0.1:1/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)

"""
ALL_FAILED = """
Summary:
  Total:	0.0018 secs
  Slowest:	0.0000 secs
  Fastest:	0.0000 secs
  Average:	NaN secs
  Requests/sec:	4435.1234


Response time histogram:


Latency distribution:

Details (average, fastest, slowest):
  DNS+dialup:	NaN secs, 0.0000 secs, 0.0000 secs

Status code distribution:

Error distribution:
  [8]	Get "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused

"""
ROWS = """response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset
0.0022,0.0008,0.0000,0.0002,0.0008,0.0002,200,0.0003
0.0438,0.0000,0.0000,0.0000,0.0006,0.0432,503,0.0025
0.0300,0.0000,0.0000,0.0000,0.0029,0.0401,200,1.9700
0.0440,0.0000,0.0000,0.0000,0.0005,0.0434,200,0.0463
"""


def parse(text: str) -> Parsed:
    return read("load-test", "hey-text", text.encode())


def summary(text: str) -> dict[str, Json]:
    return parse(text).payload.summary()


def refused(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse(text)
    return caught.value.reason


def with_errors(text: str = HEY) -> str:
    return text.replace("480 responses", "430 responses").rstrip("\n") + "\n" + ERRORS


def test_all_figures() -> None:
    assert recognised(HEY.encode()) == ["hey-text"]
    parsed = parse(HEY)
    assert (parsed.payload.incomplete, parsed.observed_at) == (None, None)
    assert parsed.payload.summary() == {
        "requests": 500,
        "failed": 0,
        "error_rate": 0,
        "p50_ms": 79,
        "p95_ms": 472.8,
        "p99_ms": 621.3,
        "max_ms": 625.6,
        "mean_ms": 103,
        "percentiles_over": "all",
        "rps": 25,
        "duration_s": 20,
        "users": None,
        "environment": None,
        "endpoints": [],
    }


def test_errors_are_failed_requests_and_have_no_times() -> None:
    found = summary(with_errors())
    assert [found[key] for key in ("requests", "failed", "error_rate", "percentiles_over", "p99_ms")] == [500, 50, 0.1, "successful", 621.3]


def test_older_versions_gave_the_rate_of_the_answers() -> None:
    found = summary(with_errors().replace("25.0000", "22.5000"))
    assert (found["requests"], found["failed"], found["rps"]) == (500, 50, 22.5)


def test_http_errors_are_answers_but_keep_it_from_being_good_news() -> None:
    found = parse(HEY.replace("[301]	20", "[503]	20")).payload
    assert found.incomplete == "20 of 500 answers are HTTP errors (400 and above), which hey does not count as failed"
    assert (found.summary()["failed"], found.summary()["percentiles_over"]) == (0, "all")


def test_all_failed() -> None:
    assert recognised(ALL_FAILED.encode()) == ["hey-text"]
    found = parse(ALL_FAILED).payload
    assert found.incomplete == "no request was answered"
    keys = ("requests", "failed", "error_rate", "p50_ms", "max_ms", "mean_ms", "percentiles_over", "rps", "duration_s")
    assert [found.summary()[key] for key in keys] == [8, 8, 1, None, None, None, None, 4435.1234, 0.0018]


def test_all_failed_in_an_older_version_that_printed_errors_only() -> None:
    assert recognised(ERRORS.encode()) == ["hey-text"]
    found = parse(ERRORS).payload
    assert found.incomplete == "no request was answered"
    assert [found.summary()[key] for key in ("requests", "failed", "error_rate", "rps")] == [50, 50, 1, None]


def test_percentiles_that_hey_lacks_are_not_zero() -> None:
    text = HEY.replace("90% in 0.2465", "0% in 0.0000").replace("95% in 0.4728", "0% in 0.0000").replace("99% in 0.6213", "0% in 0.0000")
    assert [summary(text)[key] for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms")] == [79, None, None, 625.6]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("% in", "%% in"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\t", "    "),
        lambda text: text.replace(" secs\n", " secs.\n"),
        lambda text: "$ hey -n 500 -c 10 http://x/\n" + text,
        lambda text: "  100 requests done.\n" + text,
    ],
    ids=["literal", "crlf", "spaces", "boom", "prompt", "progress"],
)
def test_the_same_in_another_dress(change: object) -> None:
    text = change(HEY)  # type: ignore[operator]
    assert recognised(text.encode()) == ["hey-text"]
    assert summary(text) == summary(HEY)


def test_beyond_a_million_answers_there_are_no_times() -> None:
    text = HEY.replace("480 responses", "999980 responses").replace("Requests/sec:	25.0000", "Requests/sec:	69844.0965")
    capped = parse(text).payload
    assert capped.incomplete == "hey keeps the times of 1000000 answers only"
    assert [capped.summary()[key] for key in ("requests", "failed", "error_rate", "p95_ms", "mean_ms", "max_ms")] == [
        None,
        0,
        None,
        None,
        None,
        None,
    ]
    counted = parse(text.replace("999980", "1396861").replace("25.0000", "69844.0500")).payload
    assert counted.incomplete == "hey keeps the times of 1000000 answers only"
    assert [counted.summary()[key] for key in ("requests", "error_rate", "p95_ms", "percentiles_over")] == [1396881, 0, None, None]
    exact = parse(text.replace("69844.0965", "50000.0000")).payload
    assert (exact.incomplete, exact.summary()["p95_ms"]) == (None, 472.8)


def test_an_average_of_nothing_in_no_time() -> None:
    found = summary(HEY.replace("0.0790", "0.0000").replace("0.0500", "0.0000").replace("0.0200", "0.0000").replace("0.0144", "0.0000"))
    assert found["p50_ms"] == 0


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("480 responses", "400 responses", "420 answers and errors, but 500 by the rate; expected the whole summary of one run"),
        ("Total:	20.0000 secs", "Total:	x secs", "Total: 'x'; expected a number"),
        ("Requests/sec:	25.0000", "Requests/sec:	NaN", "Requests/sec: 'NaN'"),
        ("Average:	0.1030", "Average:	NaN", "Average: 'NaN'; expected a number"),
        ("Average:	0.1030", "Average:	0.7030", "Summary: Average 703 ms above Slowest 625.6 ms"),
        ("99% in 0.6213", "99% in 0.6300", "Latency distribution: p99 630 ms above Slowest 625.6 ms"),
        ("99% in 0.6213", "99% in 0.4000", "Latency distribution: p95 472.8 ms above p99 400 ms"),
        ("99% in 0.6213", "99% in 0,6213", "Latency distribution: '0,6213'; expected a number"),
        ("  Slowest:	0.6256 secs\n", "", "no line with Slowest:; expected the whole summary"),
        ("  Requests/sec:	25.0000\n", "", "no line with Requests/sec:"),
    ],
)
def test_refused(old: str, new: str, reason: str) -> None:
    assert old in HEY
    assert reason in refused(HEY.replace(old, new))


def test_a_summary_that_was_cut_off_is_refused() -> None:
    text = HEY[: HEY.index("Status code")]
    assert recognised(text.encode()) == ["hey-text"]
    assert refused(text) == "line 33: no Status code distribution; expected the whole summary"
    assert "answers and errors, but 500 by the rate" in refused(HEY[: HEY.index("  [301]")])


def test_several_summaries_are_refused() -> None:
    assert refused(HEY + HEY) == "several summaries; expected the output of one run"


def test_rows_hold_answers_only() -> None:
    assert recognised(ROWS.encode()) == ["hey-text"]
    found = parse(ROWS).payload
    assert found.incomplete == "hey's rows are the requests that were answered; they do not say how many failed"
    assert found.summary() == {
        "requests": 4,
        "failed": None,
        "error_rate": None,
        "p50_ms": 30,
        "p95_ms": 44,
        "p99_ms": 44,
        "max_ms": 44,
        "mean_ms": 30,
        "percentiles_over": None,
        "rps": 2,
        "duration_s": 2,
        "users": None,
        "environment": None,
        "endpoints": [],
    }


def test_rows_of_older_versions_have_no_offset() -> None:
    text = "\n".join(line.rpartition(",")[0].rpartition(",")[0] for line in ROWS.splitlines())
    assert recognised(text.encode()) == ["hey-text"]
    assert [summary(text)[key] for key in ("requests", "max_ms", "duration_s", "rps")] == [4, 44, None, None]


def test_rows_without_a_row() -> None:
    found = parse(ROWS.splitlines()[0]).payload
    assert (found.incomplete, found.summary()["requests"], found.summary()["max_ms"]) == ("no request was answered", 0, None)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("0.0438,", "0.0438,0,", "line 3: 9 fields; expected 8 fields, as in the first line"),
        ("0.0438,", "", "line 3: 7 fields"),
        ("0.0438", "43.8ms", "line 3: '43.8ms'; expected seconds with four digits"),
        ("0.0438", "0.04", "line 3: '0.04'"),
        ("0.0438", "-0.0438", "line 3: '-0.0438'"),
        ("0.0025", "", "line 3: ''"),
        ("0.0438", '"0.0438', "line 3: a quote that is not closed"),
    ],
)
def test_broken_rows_are_refused(old: str, new: str, reason: str) -> None:
    assert reason in refused(ROWS.replace(old, new, 1))


@pytest.mark.parametrize(
    "text",
    ["", "Summary:\n", "Summary:\n  Total: 5\n", "Error distribution:\n", "response-time,offset\n0.1,0.2\n", "Error distribution: [1]"],
)
def test_not_recognised(text: str) -> None:
    assert "hey-text" not in recognised(text.encode())


@pytest.mark.parametrize(
    "data", [b"", b"null", b"\xff", b"\0", HEY.encode() + b"\xff", HEY.encode() + b"\0", HEY.encode() + b" " * (5 << 20)]
)
def test_hostile_bytes_are_refused(data: bytes) -> None:
    assert assert_only_refuses("load-test", "hey-text", data) is None


def test_long_lines_take_no_time() -> None:
    for filler in (" " * 3_000_000, "\t" * 3_000_000, "[" * 3_000_000, "\n" * 3_000_000, "1 " * 1_000_000, "  [1]\tx\n" * 300_000):
        assert_only_refuses("load-test", "hey-text", HEY.encode() + filler.encode())


@pytest.mark.parametrize("text", [HEY, with_errors(), ALL_FAILED, ROWS])
def test_only_input_error_leaves(text: str) -> None:
    @settings(max_examples=80, deadline=None)
    @given(mutations(text.encode()))
    def mutated(data: bytes) -> None:
        parsed = assert_only_refuses("load-test", "hey-text", data)
        if parsed is not None:
            rate = parsed.payload.summary()["error_rate"]
            assert rate is None or 0 <= rate <= 1

    mutated()


@pytest.mark.parametrize("document", ["# Manual\n\nIt prints:\n\n{}\n", "It prints:\n\n```\n{}```\n", "<html><pre>\n{}</pre></html>\n"])
def test_a_manual_that_quotes_the_output_is_not_claimed(document: str) -> None:
    assert "hey-text" not in recognised(document.format(HEY).encode())
