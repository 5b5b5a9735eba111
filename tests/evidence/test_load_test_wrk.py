"""What wrk and wrk2 print: units per value, errors apart, percentiles only where asked for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import InputError
from compliance.record import Json, Parsed, split_private

from .helpers import assert_only_refuses, mutations, read, recognised

WRK = """Running 2m test @ http://127.0.0.1:8080/index.html
  12 threads and 400 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   635.91us    0.89ms   1.93s    93.69%
    Req/Sec    56.20k     8.07k   62.00k    86.54%
  Latency Distribution
     50%  250.00us
     75%  491.00us
     90%  700.00us
     99%    5.80ms
  22464657 requests in 2.00m, 17.76GB read
Requests/sec: 187205.47
Transfer/sec:    151.55MB
"""
WRK2 = """Running 30s test @ http://127.0.0.1:80/index.html
  2 threads and 100 connections
  Thread calibration: mean lat.: 10087 usec, rate sampling interval: 22 msec
  Thread calibration: mean lat.: 10139 usec, rate sampling interval: 21 msec
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     6.60ms    1.92ms  12.50ms   68.46%
    Req/Sec     1.04k     1.08k    2.50k    72.79%
  Latency Distribution (HdrHistogram - Recorded Latency)
 50.000%    6.67ms
 75.000%    7.78ms
 90.000%    9.14ms
 99.000%   11.18ms
 99.900%   12.30ms
 99.990%   12.45ms
 99.999%   12.50ms
100.000%   12.50ms

  Detailed Percentile spectrum:
       Value   Percentile   TotalCount 1/(1-Percentile)

       0.921     0.000000            1         1.00
       6.671     0.500000        19884         2.00
       9.143     0.900000        35792        10.00
       9.607     0.950000        37768        20.00
      11.183     0.990000        39358       100.00
      12.503     1.000000        39753          inf
#[Mean    =        6.602, StdDeviation   =        1.918]
#[Max     =       12.496, Total count    =        39753]
#[Buckets =           27, SubBuckets     =         2048]
----------------------------------------------------------

  Latency Distribution (HdrHistogram - Uncorrected Latency (measured without taking delayed starts into account))
 50.000%    1.00ms
 99.000%    2.00ms

  Detailed Percentile spectrum:
       Value   Percentile   TotalCount 1/(1-Percentile)

       1.500     0.950000        37768        20.00
#[Mean    =        1.000, StdDeviation   =        0.918]
----------------------------------------------------------
  60018 requests in 30.00s, 19.81MB read
Requests/sec:   2000.15
Transfer/sec:    676.14KB
"""
ERRORS = """  Socket errors: connect 694, read 728, write 1425, timeout 4898
  Non-2xx or 3xx responses: 1000
Requests/sec"""


def parse(text: str) -> Parsed:
    return read("load-test", "wrk-text", text.encode())


def summary(text: str) -> dict[str, Json]:
    return parse(text).payload.summary()


def refused(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse(text)
    return caught.value.reason


def test_wrk_with_latency() -> None:
    assert recognised(WRK.encode()) == ["wrk-text"]
    parsed = parse(WRK)
    assert (parsed.payload.incomplete, parsed.observed_at) == (None, None)
    assert parsed.tool is not None
    assert parsed.tool.name == "wrk"
    assert parsed.payload.summary() == {
        "requests": 22464657,
        "failed": 0,
        "error_rate": 0,
        "p50_ms": 0.25,
        "p95_ms": None,
        "p99_ms": 5.8,
        "max_ms": 1930,
        "mean_ms": 0.63591,
        "percentiles_over": "all",
        "rps": 187205.47,
        "duration_s": 120,
        "users": 400,
        "environment": None,
        "endpoints": [],
    }


def test_the_target_is_private() -> None:
    assert split_private(parse(WRK).payload)[1] == {"paths": {"/target": "http://127.0.0.1:8080/index.html"}}


def test_wrk_without_latency() -> None:
    text = WRK[: WRK.index("  Latency Distribution")] + WRK[WRK.index("  22464657") :]
    found = summary(text)
    assert [found[key] for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms", "mean_ms")] == [None, None, None, 1930, 0.63591]


def test_wrk2_has_corrected_percentiles_and_a_spectrum() -> None:
    assert recognised(WRK2.encode()) == ["wrk-text"]
    parsed = parse(WRK2)
    assert parsed.tool is not None
    assert parsed.tool.name == "wrk2"
    found = parsed.payload.summary()
    assert [found[key] for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms", "mean_ms")] == [6.67, 9.607, 11.18, 12.5, 6.6]
    assert (found["requests"], found["duration_s"], found["users"]) == (60018, 30, 100)


@pytest.mark.parametrize(
    ("text", "ms"),
    [("999.99us", 0.99999), ("0.00us", 0), ("1.50ms", 1.5), ("850.00ms", 850), ("51.00s", 51000), ("0.85m", 51000), ("1.25h", 4_500_000)],
)
def test_every_value_has_its_own_unit(text: str, ms: float) -> None:
    found = summary(WRK.replace("1.93s", "9.99h").replace("635.91us", text.rjust(8)))
    assert (found["mean_ms"], found["max_ms"]) == (ms, 35_964_000)


@pytest.mark.parametrize(("text", "seconds"), [("2.00m", 120), ("5.08s", 5.08), ("100.10ms", 0.1001), ("1.50h", 5400)])
def test_the_duration_has_a_unit(text: str, seconds: float) -> None:
    assert summary(WRK.replace("in 2.00m", f"in {text}"))["duration_s"] == seconds


def test_errors_apart_from_requests() -> None:
    text = WRK.replace("Requests/sec", ERRORS)
    found = summary(text)
    assert (found["requests"], found["failed"], found["percentiles_over"]) == (22464657, 8745, None)
    assert found["error_rate"] == 8745 / 22464657
    sockets = summary(text.replace("  Non-2xx or 3xx responses: 1000\n", ""))
    assert (sockets["failed"], sockets["percentiles_over"]) == (7745, "successful")
    statuses = summary(WRK.replace("Requests/sec", "  Non-2xx or 3xx responses: 1000\nRequests/sec"))
    assert (statuses["failed"], statuses["percentiles_over"]) == (1000, "all")


def test_more_socket_errors_than_requests() -> None:
    found = summary(WRK.replace("22464657 requests", "2606 requests").replace("Requests/sec", ERRORS))
    assert (found["requests"], found["failed"], found["error_rate"]) == (2606, 8745, 1)


NOTHING = """Running 5s test @ http://localhost:8081
  2 threads and 2 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     0.00us    0.00us   0.00us    -nan%
    Req/Sec     0.00      0.00     0.00      -nan%
  Latency Distribution
     50%    0.00us
     99%    0.00us
  0 requests in 5.00s, 15.11KB read
  Socket errors: connect 0, read 236, write 0, timeout 0
Requests/sec:      0.00
Transfer/sec:      3.02KB
"""


def test_no_request_at_all() -> None:
    found = parse(NOTHING).payload
    assert found.incomplete == "no request was answered"
    assert [found.summary()[key] for key in ("requests", "failed", "error_rate", "p99_ms", "max_ms", "percentiles_over")] == [
        0,
        236,
        1,
        None,
        None,
        None,
    ]
    idle = parse(NOTHING.replace("  Socket errors: connect 0, read 236, write 0, timeout 0\n", "")).payload
    assert (idle.incomplete, idle.summary()["error_rate"]) == ("no request was answered", None)


def test_wrk2_that_never_began_to_measure() -> None:
    text = WRK2.replace("Latency     6.60ms    1.92ms  12.50ms   68.46%", "Latency    -nanus    -nanus   0.00us    0.00%")
    found = parse(text).payload
    assert (found.incomplete, found.summary()["p99_ms"], found.summary()["percentiles_over"]) == ("wrk measured no latency", None, None)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "$ wrk -t12 -c400 -d2m --latency http://127.0.0.1:8080/index.html\n" + text + "$ \n",
        lambda text: "\n".join("    " + line for line in text.split("\n")),
        lambda text: text.replace("5.80ms", "5.80ms "),
        lambda text: text + "JSON Output: {}\nlatency 50%: 250\n",
    ],
    ids=["crlf", "prompt", "indented", "blanks", "script"],
)
def test_the_same_in_another_dress(change: object) -> None:
    text = change(WRK)  # type: ignore[operator]
    assert recognised(text.encode()) == ["wrk-text"]
    assert summary(text) == summary(WRK)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            "635.91us    0.89ms   1.93s",
            "1531867 122203062 30744573",
            "Latency: '1531867'; expected a time with its unit: us, ms, s, m or h",
        ),
        ("635.91us", "635.91", "Latency: '635.91'"),
        ("635.91us", "-1.00us", "Latency: '-1.00us'"),
        ("635.91us", "inf", "Latency: 'inf'"),
        ("in 2.00m", "in 120", "requests in: '120'"),
        ("99%    5.80ms", "99%    5.80", "Latency Distribution: '5.80'"),
        ("99%    5.80ms", "99%    0.10us", "Latency Distribution: p50 0.25 ms above p99 0.0001 ms"),
        ("99%    5.80ms", "99%    2.00s", "Latency Distribution: p99 2000 ms above Max 1930 ms"),
        ("635.91us", "2.00s", "Latency: Avg 2000 ms above Max 1930 ms"),
        ("  22464657 requests in 2.00m, 17.76GB read\n", "", "no line with N requests in T; expected the output of one whole run"),
        ("Requests/sec: 187205.47\n", "", "no line with Requests/sec:"),
        ("  12 threads and 400 connections\n", "", "no line with threads and connections"),
        ("Latency   635", "Lateness   635", "no line with Latency"),
        (
            "Requests/sec",
            "  Non-2xx or 3xx responses: 99999999\nRequests/sec",
            "99999999 responses with an error status of 22464657 requests",
        ),
        ("Requests/sec", "  Non-2xx or 3xx responses: 1\n  Non-2xx or 3xx responses: 2\nRequests/sec", "2 lines of one sort of errors"),
    ],
)
def test_refused(old: str, new: str, reason: str) -> None:
    assert old in WRK
    assert reason in refused(WRK.replace(old, new))


def test_several_runs_in_one_file_are_refused() -> None:
    assert recognised((WRK + WRK).encode()) == ["wrk-text"]
    assert "2 lines with threads and connections; expected the output of one whole run" in refused(WRK + WRK)


def test_what_a_script_prints_at_the_end_is_no_percentile() -> None:
    assert parse(WRK + "50% 1234\n99% 9.9s\n").payload == parse(WRK).payload


def test_a_run_that_was_killed_is_refused() -> None:
    assert "no line with N requests in T" in refused(WRK[: WRK.index("  Latency Distribution")])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "requests in 5s\n",
        "Running tests\n  1 threads and 1 connections\n",
        "Requests/sec: 5\n",
        "Thread Stats Avg\n",
        "Running 5s test @ x\n",
    ],
)
def test_not_recognised(text: str) -> None:
    assert "wrk-text" not in recognised(text.encode())


@pytest.mark.parametrize(
    "data", [b"", b"null", b"\xff", b"\0", WRK.encode() + b"\xff", WRK.encode() + b"\0", WRK.encode() + b" " * (2 << 20)]
)
def test_hostile_bytes_are_refused(data: bytes) -> None:
    assert assert_only_refuses("load-test", "wrk-text", data) is None


def test_long_lines_take_no_time() -> None:
    for filler in (" " * 900_000, "\t" * 900_000, "1" * 900_000, "%" * 900_000, "\n" * 900_000, "1 " * 400_000):
        assert_only_refuses("load-test", "wrk-text", WRK.encode() + filler.encode())


@pytest.mark.parametrize("text", [WRK, WRK2])
def test_only_input_error_leaves(text: str) -> None:
    @settings(max_examples=120, deadline=None)
    @given(mutations(text.encode()))
    def mutated(data: bytes) -> None:
        parsed = assert_only_refuses("load-test", "wrk-text", data)
        if parsed is not None:
            rate = parsed.payload.summary()["error_rate"]
            assert rate is None or 0 <= rate <= 1

    mutated()


@given(st.integers(1, 10**12), st.integers(0, 10**12))
def test_the_error_rate_is_a_ratio(requests: int, errors: int) -> None:
    text = WRK.replace("22464657", str(requests)).replace(
        "Requests/sec", f"  Socket errors: connect {errors}, read 0, write 0, timeout 0\nRequests/sec"
    )
    assert summary(text)["error_rate"] == min(errors / requests, 1)


@pytest.mark.parametrize("document", ["# Manual\n\nIt prints:\n\n{}\n", "It prints:\n\n```\n{}```\n", "<html><pre>\n{}</pre></html>\n"])
def test_a_manual_that_quotes_the_output_is_not_claimed(document: str) -> None:
    assert "wrk-text" not in recognised(document.format(WRK).encode())
