"""Locust's statistics: three generations of headers, one total, and the files of a run that are no statistics."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Json, Parsed

from .helpers import assert_only_refuses, mutations, read, recognised

HEADER = (
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,Max Response Time,"
    "Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%"
)
STATS = f'''{HEADER}
GET,/,1000,5,40,55.25,2.5,1993.7,1200.0,10.0,0.05,40,50,60,70,120,210,300,450,1900,2000,2000
POST,"/search, ""all""",200,0,80,90.5,10.25,640.5,300.0,2.0,0.0,80,90,95,100,150,240,310,520,640,640,640
,Aggregated,1200,5,45,61.125,2.5,1993.7,1050.0,12.0,0.05,45,55,65,75,130,220,305,470,1900,2000,2000
'''
OLD_14 = """"Type","Name","# requests","# failures","Median response time","Average response time","Min response time","Max response time",\
"Average Content Size","Requests/s","Requests Failed/s","50%","66%","75%","80%","90%","95%","98%","99%","99.9%","99.99%","99.999","100%"
"GET","/",1000,5,40,55,2,1993,1200,10.00,0.05,40,50,60,70,120,210,300,450,1900,2000,2000,2000
"None","Aggregated",1000,5,40,55,2,1993,1200,10.00,0.05,40,50,60,70,120,210,300,450,1900,2000,2000,2000"""
OLD_8 = """"Method","Name","# requests","# failures","Median response time",\
"Average response time","Min response time","Max response time",\
"Average Content Size","Requests/s"
"GET","/",1000,{0},40,55,2,1993,1200,10.00
"None","Total",1000,{0},40,55,2,1993,1200,10.00"""


def parse(text: str) -> Parsed:
    return read("load-test", "locust-csv", text.encode())


def summary(text: str) -> dict[str, Json]:
    return parse(text).payload.summary()


def refused(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse(text)
    return caught.value.reason


def test_all_figures() -> None:
    assert recognised(STATS.encode()) == ["locust-csv"]
    parsed = parse(STATS)
    assert (parsed.payload.incomplete, parsed.observed_at) == (None, None)
    assert parsed.payload.summary() == {
        "requests": 1200,
        "failed": 5,
        "error_rate": 5 / 1200,
        "p50_ms": 45,
        "p95_ms": 220,
        "p99_ms": 470,
        "max_ms": 1993.7,
        "mean_ms": 61.125,
        "percentiles_over": "all",
        "rps": 12,
        "duration_s": 100,
        "users": None,
        "environment": None,
        "endpoints": [
            {"name": "GET /", "requests": 1000, "failed": 5, "p95_ms": 210, "p99_ms": 450},
            {"name": 'POST /search, "all"', "requests": 200, "failed": 0, "p95_ms": 240, "p99_ms": 520},
        ],
    }


def test_version_0_14() -> None:
    assert recognised(OLD_14.encode()) == ["locust-csv"]
    found = summary(OLD_14)
    assert [found[key] for key in ("requests", "failed", "p95_ms", "p99_ms", "max_ms", "mean_ms", "percentiles_over")] == [
        1000,
        5,
        210,
        450,
        1993,
        55,
        "all",
    ]
    assert (found["rps"], found["duration_s"]) == (10, None)


def test_old_versions_without_failures() -> None:
    text = OLD_8.format(0)
    assert recognised(text.encode()) == ["locust-csv"]
    found = parse(text).payload
    assert found.incomplete is None
    keys = ("requests", "failed", "error_rate", "p50_ms", "p95_ms", "max_ms", "percentiles_over", "duration_s")
    assert [found.summary()[key] for key in keys] == [1000, 0, 0, 40, None, 1993, "all", None]


def test_old_versions_with_failures_do_not_say_of_how_many() -> None:
    found = parse(OLD_8.format(30)).payload
    assert (
        found.incomplete == "versions of Locust before 0.11 left failed requests out of '# requests', and the file does not say its version"
    )
    assert [found.summary()[key] for key in ("requests", "failed", "error_rate", "percentiles_over")] == [1000, 30, None, None]


def test_old_versions_with_more_failures_than_requests_counted_them_apart() -> None:
    found = parse(OLD_8.format(3000)).payload
    assert found.incomplete is None
    assert [found.summary()[key] for key in ("requests", "failed", "error_rate", "percentiles_over")] == [4000, 3000, 0.75, "successful"]
    assert found.summary()["endpoints"][0]["requests"] == 4000


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\n\n"),
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("\n,Aggregated", "\nNone,Aggregated"),
        lambda text: text.replace("\n,Aggregated", "\n,Total"),
        lambda text: (
            text.replace("99.99%,100%", "99.99%,100%,99.999%").replace("2000,2000\n", "2000,2000,1\n").replace("640,640\n", "640,640,1\n")
        ),
    ],
    ids=["crlf", "crcrlf", "mark", "blank lines", "no line end", "none", "total", "more columns"],
)
def test_the_same_in_another_dress(change: object) -> None:
    text = change(STATS)  # type: ignore[operator]
    assert recognised(text.encode()) == ["locust-csv"]
    assert summary(text) == summary(STATS)


def test_other_percentiles_than_the_usual() -> None:
    text = STATS.replace("90%,95%,98%,99%,99.9%", "90%,94%,98%,97%,99.9%").replace("50%,66%", "51%,66%")
    found = summary(text)
    assert (found["p50_ms"], found["p95_ms"], found["p99_ms"]) == (45, None, None)


def test_a_percentile_is_rounded_and_may_exceed_the_maximum() -> None:
    assert summary(STATS.replace("305,470,1900", "305,2000,2000"))["p99_ms"] == 2000


@pytest.mark.parametrize(("lacking", "says"), [(["99%"], "95% 220 ms"), (["99%", "95%"], "50% 45 ms")])
def test_each_percentile_is_compared_with_the_maximum(lacking: list[str], says: str) -> None:
    text = STATS.replace("61.125,2.5,1993.7", "30,2.5,40")
    for name in lacking:
        text = text.replace(f",{name},", f",{name[0]},")
    assert f"{says} above maximum 40 ms" in refused(text)


def test_an_endpoint_that_is_called_aggregated_is_one() -> None:
    found = summary(STATS.replace("GET,/,", "GET,Aggregated,"))
    assert (found["requests"], found["endpoints"][0]["name"]) == (1200, "GET Aggregated")


def test_a_file_that_lags_behind_itself_is_no_good_news() -> None:
    found = parse(STATS.replace(",Aggregated,1200,5", ",Aggregated,1210,5")).payload
    assert found.incomplete == "the total is 1210 requests, but that of the endpoints 1200"
    assert found.summary()["requests"] == 1210
    assert parse(STATS.replace("GET,/,1000,5", "GET,/,1000,4")).payload.incomplete == "the total is 5 failures, but that of the endpoints 4"


def test_no_request() -> None:
    nothing = ",Aggregated,0,0,0,0.0,0,0,0.0,0.0,0.0,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A\n"
    found = parse(f"{HEADER}\n{nothing}").payload
    assert found.incomplete == "no request was made"
    assert [found.summary()[key] for key in ("requests", "error_rate", "p95_ms", "max_ms", "percentiles_over", "duration_s")] == [
        0,
        None,
        None,
        None,
        None,
        None,
    ]


def test_a_run_of_less_than_a_second_has_no_duration() -> None:
    assert summary(STATS.replace("1050.0,12.0", "1050.0,1200.0"))["duration_s"] is None


HISTORY = "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,66%,Total Request Count,Total Failure Count,Total Median Response Time"
OLD_HISTORY = '"Type","Name","Timestamp","# requests","# failures","Requests/s","Requests Failed/s","Median response time"'


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"{HISTORY}\n1758362400,10,,Aggregated,1.0,0.0,N/A,N/A,0,0,0\n", "_stats_history.csv, which counts on from second to second"),
        (f'{OLD_HISTORY}\n"None","Aggregated","1758362400",5,0,1.0,0.0,5\n', "_stats_history.csv"),
        ("Method,Name,Error,Occurrences\nGET,/,HTTPError('500'),5\n", "_failures.csv, which lists messages"),
        ("Count,Message,Traceback,Nodes\n1,x,y,local\n", "_exceptions.csv, which lists exceptions"),
        (
            '"Name","# requests","50%","66%","75%","80%","90%","95%","98%","99%","100%"\n"GET /",5,1,1,1,1,1,1,1,1,1\n',
            "_distribution.csv, which holds no",
        ),
    ],
)
def test_other_files_of_a_run_are_recognised_and_refused(text: str, what: str) -> None:
    assert recognised(text.encode()) == ["locust-csv"]
    reason = refused(text)
    assert reason.startswith(f"line 1: this is Locust's {what}")
    assert reason.endswith("; expected the file _stats.csv of the same run")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("GET,/,1000", "GET,/,x", "line 2: Request Count 'x'; expected a number from 0"),
        ("GET,/,1000", "GET,/,-1", "line 2: Request Count '-1'"),
        ("GET,/,1000", "GET,/,1.5", "line 2: Request Count 1.5; expected a whole number"),
        ("GET,/,1000", "GET,/,", "line 2: Request Count None; expected a whole number"),
        ("GET,/,1000", 'GET,"/,1000', "line 2: text behind a closing quote"),
        ("GET,/,1000", "GET,/,1,000", "line 2: 23 fields; expected 22 fields, as in the first line"),
        ("GET,/,1000,5", "GET,/,4,5", "line 2: 5 failures of 4 requests; expected at most all of them"),
        (",Aggregated,1200,5", ",Aggregated,4,5", "line 4: 5 failures of 4 requests"),
        ("61.125", "inf", "line 4: Average Response Time 'inf'"),
        ("61.125", "2000.5", "line 4: average 2000.5 ms above maximum 1993.7 ms"),
        ("220,305,470", "480,490,470", "line 4: 95% 480 ms above 99% 470 ms"),
        ("305,470,1900", "305,2200,2200", "line 4: 99% 2200 ms above maximum 1993.7 ms"),
        (",Aggregated", ",Aggregate", "line 4: no rows for the total; expected one, as the last row of a whole file"),
        ("POST,", ",Aggregated,1,0\n", "line 3: 4 fields"),
    ],
)
def test_refused(old: str, new: str, reason: str) -> None:
    assert old in STATS
    assert reason in refused(STATS.replace(old, new, 1))


def test_a_file_that_was_cut_off_or_joined_is_refused() -> None:
    assert refused(STATS[: STATS.index(",Aggregated")]).startswith("line 3: no rows for the total")
    total = STATS.splitlines()[-1]
    assert refused(STATS + total + "\n").startswith("line 5: 2 rows for the total")
    assert refused(STATS + "GET,/b" + total[len(",Aggregated") :] + "\n").startswith("line 5: 1 row for the total")


@pytest.mark.parametrize(
    "text", ["", "Type,Name\n", "Type,Name,Requests/s,Failures/s\n", "Name,Request Count,Failure Count\n", "Timestamp,Name\n", '"Type\n']
)
def test_not_recognised(text: str) -> None:
    assert "locust-csv" not in recognised(text.encode())


@pytest.mark.parametrize(
    "data", [b"", b"null", b"\xff", b"\0", STATS.encode() + b"\xff", STATS.encode() + b"\0", b"," * 100_000, b'"' * 100_001]
)
def test_hostile_bytes_are_refused(data: bytes) -> None:
    assert assert_only_refuses("load-test", "locust-csv", data) is None


def test_many_endpoints() -> None:
    row = STATS.splitlines()[1].replace("GET,/,1000,5", "GET,/{0},1,0")
    total = STATS.splitlines()[-1].replace("1200,5", "20000,0")
    found = summary("\n".join([HEADER, *(row.format(number) for number in range(20_000)), total]))
    assert (found["requests"], len(found["endpoints"])) == (20_000, 1000)


@pytest.mark.parametrize("text", [STATS, OLD_14, OLD_8.format(30)])
def test_only_input_error_leaves(text: str) -> None:
    @settings(max_examples=100, deadline=None)
    @given(mutations(text.encode()))
    def mutated(data: bytes) -> None:
        parsed = assert_only_refuses("load-test", "locust-csv", data)
        if parsed is not None:
            found = parsed.payload.summary()
            assert found["failed"] <= found["requests"]

    mutated()
