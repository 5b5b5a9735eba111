"""JTL in separated values: layouts, quoting, time stamps, bounds, and the two ways of counting."""

from __future__ import annotations

import csv
import importlib
import io
import random
import subprocess
import sys
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import InputError
from compliance.record import Json, Parsed
from compliance.source import Source

from .helpers import assert_only_refuses, format_of, mutations, read, recognised

FULL = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,"
    "allThreads,URL,Latency,IdleTime,Connect"
)
SAMPLE = f"""{FULL}
1700000000000,120,GET /a,200,OK,Users 1-1,text,true,,1500,230,1,1,https://x/a,110,0,9
1700000000500,80,GET /b,500,"Internal ""Server"" Error, sorry",Users 1-2,text,false,"Test failed:
expected /ok/",99,230,2,3,https://x/b,70,0,0
1700000001000,400,GET /a,200,OK,Users 1-1,text,true,,1500,230,2,2,https://x/a,390,0,0
1700000001100,200,GET /a,500,OK,Users 1-2,text,true,,1500,230,2,2,https://x/a,190,0,0
""".encode()


def module(name: str) -> ModuleType:
    """A module of the kind, through the format's own, since packaging maps the folder."""
    package = format_of("load-test", "jmeter-jtl").parse.__module__.rpartition(".")[0]
    return importlib.import_module(f"{package}.{name}")


def parse(data: bytes) -> Parsed:
    return read("load-test", "jmeter-jtl", data)


def summary(data: bytes) -> dict[str, Json]:
    return parse(data).payload.summary()


def refused(data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        parse(data)
    return caught.value.reason


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a few lines are read in many pieces, and polars gets the smallest."""
    monkeypatch.setattr(module("_csv"), "PIECE", 256)
    monkeypatch.setattr(module("_jmeter_csv"), "FAST_FROM", 0)


def test_all_figures_of_a_small_file() -> None:
    assert recognised(SAMPLE) == ["jmeter-jtl"]
    parsed = parse(SAMPLE)
    assert parsed.payload.incomplete is None
    assert parsed.payload.model_dump()["transactions"] == 0
    assert parsed.observed_at == datetime(2023, 11, 14, 22, 13, 21, 400_000, tzinfo=UTC)
    assert parsed.payload.summary() == {
        "requests": 4,
        "failed": 1,
        "error_rate": 0.25,
        "p50_ms": 120,
        "p95_ms": 400,
        "p99_ms": 400,
        "max_ms": 400,
        "mean_ms": 200,
        "percentiles_over": "all",
        "rps": 4 / 1.4,
        "duration_s": 1.4,
        "users": 3,
        "environment": None,
        "endpoints": [
            {"name": "GET /b", "requests": 1, "failed": 1, "p95_ms": 80, "p99_ms": 80},
            {"name": "GET /a", "requests": 3, "failed": 0, "p95_ms": 400, "p99_ms": 400},
        ],
    }


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "^", "-", " ", "\\"])
def test_any_delimiter(delimiter: str) -> None:
    found = io.StringIO()
    csv.writer(found, delimiter=delimiter, lineterminator="\n").writerows(csv.reader(io.StringIO(SAMPLE.decode())))
    data = found.getvalue().encode()
    assert recognised(data) == ["jmeter-jtl"]
    assert summary(data) == summary(SAMPLE)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(",9\n", ",9\r\r\n").replace(",0\n", ",0\r\r\n"),
        lambda text: text.replace("timeStamp", "timestamp"),
        lambda text: "\ufeff" + text,
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("\n1700", "\n\n1700") + "\n\n",
        lambda text: "\n" + text,
        lambda text: text.replace(",true,", ",TRUE,"),
        lambda text: text.replace(",false,", ",False,"),
        lambda text: text.replace(FULL, ",".join(f'"{name}"' for name in FULL.split(","))),
    ],
    ids=[
        "crlf",
        "crcrlf",
        "lower case",
        "mark",
        "no line end",
        "blank lines",
        "blank first line",
        "upper case",
        "capital",
        "quoted header",
    ],
)
def test_the_same_in_another_dress(change: Any, small_pieces: None) -> None:  # noqa: ARG001
    data = change(SAMPLE.decode()).encode()
    assert recognised(data) == ["jmeter-jtl"]
    assert summary(data) == summary(SAMPLE)


def rows(text: str) -> bytes:
    return text.encode()


DEFAULT_2 = "1384000000000,10,Home,200,OK,TG 1-1,text,true,4321,9\n1384000000100,30,Home,404,Not found,TG 1-1,text,false,17,29\n"
DEFAULT_3 = "1484000000000,10,Home,200,OK,TG 1-1,text,true,,4321,5,7,9,0,3\n"
DEFAULT_31 = "1484000000000,10,Home,200,OK,TG 1-1,text,true,,4321,99,5,7,9,0,3\n"
DEFAULT_5 = "1484000000000,10,Home,200,OK,TG 1-1,text,true,,4321,99,5,7,https://x,9,0,3\n"


@pytest.mark.parametrize(
    ("text", "requests", "failed", "users", "labels"),
    [
        (DEFAULT_2, 2, 1, None, ["Home"]),
        (DEFAULT_3, 1, 0, 7, ["Home"]),
        (DEFAULT_31, 1, 0, 7, ["Home"]),
        (DEFAULT_5, 1, 0, 7, ["Home"]),
        (DEFAULT_2.replace(",text,", ","), 2, 1, None, ["Home"]),
        (DEFAULT_2.replace(",Home,", ","), 2, 1, None, []),
        (DEFAULT_2.replace(",", ";"), 2, 1, None, ["Home"]),
        (DEFAULT_2.replace(",", "\t"), 2, 1, None, ["Home"]),
        ("1384000000000,5,200,TG 1-1,true,,1,1,http://x,5,1,0\n1384000000000,5,500,TG 1-1,false,,1,1,http://x,5,1,0\n", 2, 1, None, []),
        ("1384000000000,5,Home,200,TG 1-1,true,9,5\n", 1, 0, None, ["Home"]),
        ("2013/11/09 12:26:40.000;5;Home;200;OK;TG 1-1;text;true;9;5\n", 1, 0, None, ["Home"]),
        ('2013/11/09 12:26:40.000,5,"Home, ""new""",200,OK,TG 1-1,text,true,9,5\n', 1, 0, None, ['Home, "new"']),
        (DEFAULT_2.replace("OK", '"O,K"'), 2, 1, None, ["Home"]),
    ],
)
def test_without_header(text: str, requests: int, failed: int, users: int | None, labels: list[str]) -> None:
    data = text.encode()
    assert recognised(data) == ["jmeter-jtl"]
    found = summary(data)
    assert (found["requests"], found["failed"], found["users"]) == (requests, failed, users)
    assert [one["name"] for one in found["endpoints"]] == labels


@pytest.mark.parametrize(
    "text",
    [
        "1384000000000,10,true,4321\n",
        "1384000000000,10,200,OK,true\n",
        "1384000000000,Home,200,OK,TG 1-1,text,x,true,4321,9\n",
        "1384000000,10,Home,200,OK,TG 1-1,text,true,4321,9\n",
        "1384000000000,10.5,Home,200,OK,TG 1-1,text,true,4321,9\n",
        "1384000000000,10,Home,200,OK,TG 1-1,text,yes,4321,9\n",
        "1384000000000,10,Home,200,OK,TG 1-1,text,true,many,bytes\n",
        "1384000000000,10,Home,200,OK,TG,text,true,4321,9\n1384000000000,10\n1384000000000,10\n",
        "a,b,c,d,e,f,g,true,1,2\n",
        "metric_name,timestamp,metric_value,check\nhttp_reqs,1,1,\n",
        "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset\n",
        "Type,Name,Request Count,Failure Count\n",
        "sampler_label,aggregate_report_count,average,aggregate_report_median\nHome,2,3,4\n",
        "timestamp,elapsed,result\n1,2,3\n",
        "elapsed\n1\n",
        "time,label,success\n1,2,true\n",
        "timeStamp,Elapsed,label,success\n",
        "x" * 70_000,
        '"' * 200,
        "",
    ],
)
def test_not_recognised(text: str) -> None:
    assert "jmeter-jtl" not in recognised(text.encode())


def test_a_header_alone_is_no_run() -> None:
    found = parse(f"{FULL}\n".encode()).payload
    assert found.incomplete == "no request was made"
    assert found.summary()["requests"] == found.summary()["failed"] == 0
    assert [found.summary()[key] for key in ("error_rate", "p95_ms", "users", "percentiles_over", "duration_s")] == [None] * 5


@pytest.mark.parametrize(
    ("stamps", "seconds", "observed"),
    [
        (["1700000000000", "1700000060000"], 60.1, datetime(2023, 11, 14, 22, 14, 20, 100_000, tzinfo=UTC)),
        (["2023/11/14 23:59:30.250", "2023/11/15 00:00:30.250"], 60.1, None),
        (["2023/11/14 23:59:30", "2023/11/15 00:00:30"], 60.1, None),
        (["2023-11-14 10:00:00,5", "2023-11-14 10:01:00,5"], 60.1, None),
        (["2023-11-14T10:00:00.123456", "2023-11-14T10:01:00.123456"], 60.1, None),
        (["11/14/23 10:00:00", "11/14/23 10:01:00"], 60.1, None),
        (["11/14/23 23:59:30", "11/15/23 00:00:30"], None, None),
        (["14.11.2023 10:00:00,5", "14.11.2023 10:01:00,5"], 60.1, None),
        (["14.11.2023 23:59:30", "15.11.2023 00:00:30"], None, None),
        (["2023-11-14T10:00:00+01:00", "2023-11-14T09:01:00Z"], 60.1, datetime(2023, 11, 14, 9, 1, 0, 100_000, tzinfo=UTC)),
        (["1700000000000", "2023-11-14 10:00:00"], None, None),
        (["1700000000", "1700000060"], None, None),
        (["2023-13-14 10:00:00", "2023-13-14 10:01:00"], None, None),
        (["14 Nov 2023 10:00", "14 Nov 2023 10:01"], None, None),
        (["10:00:00 AM", "10:01:00 AM"], None, None),
        (["", ""], None, None),
        (["99999999999999", "99999999999999"], 0.1, datetime(5138, 11, 16, 9, 46, 40, 99_000, tzinfo=UTC)),
        (["٣" * 13, "٣" * 13], None, None),
    ],
)
def test_time_stamps(stamps: list[str], seconds: float | None, observed: datetime | None) -> None:
    text = "timeStamp;elapsed;label;success\n" + "".join(f"{stamp};100;a;true\n" for stamp in stamps)
    parsed = parse(text.encode())
    assert parsed.payload.summary()["duration_s"] == seconds
    assert parsed.payload.summary()["rps"] == (2 / seconds if seconds else None)
    assert parsed.observed_at == observed
    assert parsed.payload.summary()["p95_ms"] == 100


@pytest.mark.parametrize("users", ["", "x", "-1", "1.5", "+3"])
def test_users_are_known_of_every_sample_or_not_at_all(users: str, small_pieces: None) -> None:  # noqa: ARG001
    text = f"timeStamp,elapsed,success,allThreads\n1700000000000,1,true,5\n1700000000000,1,true,{users}\n1700000000000,1,true,7\n"
    assert summary(text.encode())["users"] is None


def test_columns_that_are_not_there_are_not_guessed() -> None:
    found = parse(b"elapsed,label,responseCode\n5,a,200\n7,a,500\n").payload
    assert found.incomplete == "2 of 2 samples do not say whether they succeeded"
    assert found.summary()["endpoints"] == []
    assert [found.summary()[key] for key in ("requests", "failed", "error_rate", "users", "duration_s", "max_ms")] == [
        2,
        None,
        None,
        None,
        None,
        7,
    ]
    named = summary(b"timeStamp,elapsed,responseCode,success,URL\n1700000000000,5,200,false,https://x/a\n")
    assert [one["name"] for one in named["endpoints"]] == ["https://x/a"]
    unnamed = summary(b"timeStamp,elapsed,responseCode,success\n1700000000000,5,200,false\n")
    assert (unnamed["failed"], unnamed["endpoints"]) == (1, [])


def test_transactions_are_counted_as_jmeter_counts_them_and_said(small_pieces: None) -> None:  # noqa: ARG001
    text = (
        "timeStamp,elapsed,label,responseMessage,success\n"
        '1700000000000,300,HP,"Number of samples in transaction : 2, number of failing samples : 0",true\n'
        "1700000000000,100,HP-0,OK,true\n"
        "1700000000100,200,HP-1,Number of samples in transaction : no,true\n"
    )
    found = parse(text.encode()).payload
    assert (found.summary()["requests"], found.model_dump()["transactions"]) == (3, 2)
    assert found.summary()["duration_s"] == 0.3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1700000000000,1,a\n", "line 2: 3 fields; expected 4 fields, as in the first line"),
        ("1700000000000,1,a,true\n1700000000000,1,a,true,x\n", "line 3: 5 fields; expected 4 fields"),
        ("1700000000000,1,a,true\n\n1700000000000,1\n", "line 4: 2 fields"),
        ("1700000000000,-1,a,true\n", "line 2: elapsed '-1'; expected whole milliseconds"),
        ("1700000000000,+1,a,true\n", "line 2: elapsed '+1'"),
        ("1700000000000, 1,a,true\n", "line 2: elapsed ' 1'"),
        ("1700000000000,1.0,a,true\n", "line 2: elapsed '1.0'"),
        ("1700000000000,,a,true\n", "line 2: elapsed ''"),
        ("1700000000000,٣,a,true\n", "line 2: elapsed '٣'"),
        ("1700000000000,1234567890123,a,true\n", "line 2: elapsed '1234567890123'"),
        ("1700000000000,1,a,ok\n", "line 2: success 'ok'; expected true or false"),
        ("1700000000000,1,a,\n", "line 2: success ''"),
        ("timeStamp,elapsed,label,success\n", "line 2: elapsed 'elapsed'"),
        ('1700000000000,1,"a\nb",true\n1700000000000,1,"a,true\n', "line 4: a quote that is not closed"),
        ('1700000000000,1,"a"b,true\n', "line 2: text behind a closing quote"),
        ('1700000000000,1,a"b,true\n', "line 2: a quote inside a field"),
        ("1700000000000,1,a\rb,true\n", "line 2: a carriage return inside a field"),
        ('1700000000000,1,"x",true\n1700000000000,1,a\rb,true\n', "line 3: a carriage return inside a field"),
        ("1700000000000,1,a\0,true\n", "line 2: NUL byte"),
    ],
)
def test_a_broken_row_is_refused_with_its_line(text: str, reason: str, small_pieces: None) -> None:  # noqa: ARG001
    assert reason in refused(f"timeStamp,elapsed,label,success\n{text}".encode())
    filler = "1700000000000,1,filler,true\n" * 40
    number = int(reason[5:].partition(":")[0])
    assert reason.replace(f"line {number}:", f"line {number + 40}:") in refused(f"timeStamp,elapsed,label,success\n{filler}{text}".encode())


def test_bytes_that_are_no_utf_8_are_refused_with_their_line(small_pieces: None) -> None:  # noqa: ARG001
    data = b"timeStamp,elapsed,label,success\n" + b"1700000000000,1,a,true\n" * 30 + b"1700000000000,1,\xe9,true\n"
    assert refused(data) == "line 32: byte 0xe9; expected UTF-8 text"


def test_a_header_that_names_a_column_twice_is_refused() -> None:
    assert refused(b"timeStamp,elapsed,elapsed,success\n1,2,3,true\n") == "line 1: column elapsed comes twice; expected each column once"


def test_rows_that_stand_for_several_samples_are_refused(small_pieces: None) -> None:  # noqa: ARG001
    head = "timeStamp,elapsed,success,SampleCount,ErrorCount\n1700000000000,1,true,1,0\n"
    assert summary(head.encode())["requests"] == 1
    assert "line 3: SampleCount '5'; expected 1" in refused(f"{head}1700000000000,500,true,5,2\n".encode())


def test_a_run_that_was_killed_leaves_half_a_row() -> None:
    assert refused(SAMPLE[:-50]).startswith("line 6: ")
    assert (
        refused(SAMPLE[: SAMPLE.index(b"expected /ok/")])
        == 'line 3: a quote that is not closed; expected fields in ", doubled inside, or without any'
    )


def test_what_stands_in_a_label_is_shortened_only_when_it_is_listed() -> None:
    names = ["x" * 600 + "a", "x" * 600 + "b", "<img src=x>", ""]
    text = "elapsed,label,success\n" + "".join(f"{n},{name},true\n" for n, name in enumerate(names))
    found = summary(("timeStamp," + text.replace("\n", "\n1700000000000,").removesuffix("1700000000000,")).encode())
    assert len(found["endpoints"]) == 4
    assert max(len(one["name"]) for one in found["endpoints"]) == 500


# Two ways of counting


def both(data: bytes, monkeypatch: pytest.MonkeyPatch, *, piece: int = 700) -> tuple[Any, Any]:
    """Returns what is read with polars and without: the payload and the time, or the refusal."""
    monkeypatch.setattr(module("_csv"), "PIECE", piece)
    monkeypatch.setattr(module("_jmeter_csv"), "FAST_FROM", 0)
    found: list[tuple[Any, Any]] = []
    for fast in (True, False):
        with monkeypatch.context() as patch:
            if not fast:
                patch.setattr(module("_jmeter_csv"), "_fast", lambda _: None)
            try:
                parsed = parse(data)
                found.append((parsed.payload, parsed.observed_at))
            except InputError as error:
                found.append((error.reason, None))
    return found[0], found[1]


LABELS = st.sampled_from(["a", "", "GET /ä", "x y", "a;b", '"', "1", "null", "é" * 40])
NUMBERS = st.one_of(st.integers(0, 3000).map(str), st.sampled_from(["007", "0", "999999999999"]))
STRANGE = st.sampled_from(["", "-1", "+1", " 1", "1.5", "1e3", "x", "٣", "9999999999999", "true", "\0", "\r", "null"])
STAMPS = st.one_of(
    st.integers(1_700_000_000_000, 1_700_000_600_000).map(str),
    st.sampled_from(["2023/11/14 23:59:30.250", "100000000000", "012345678901", "-12345678901", "+1234567890123", "99999999999999", "1"]),
)
ROWS = st.tuples(
    STAMPS,
    NUMBERS,
    LABELS,
    st.sampled_from(["true", "false"]),
    st.sampled_from(["OK", "Number of samples in transaction : 2", ""]),
    NUMBERS,
)


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    found = io.StringIO()
    writer = csv.writer(found, lineterminator="\n")
    writer.writerow(["timeStamp", "elapsed", "label", "success", "responseMessage", "allThreads"])
    for row in draw(st.lists(ROWS, max_size=60)):
        fields: list[str] = list(row)
        if draw(st.integers(0, 60)) == 0:
            fields[draw(st.integers(0, 5))] = draw(STRANGE)
        if draw(st.integers(0, 80)) == 0:
            fields = fields[:-1] if draw(st.booleans()) else [*fields, draw(st.sampled_from(["", "x"]))]
        writer.writerow(fields)
    return found.getvalue().encode()


@settings(max_examples=250, deadline=None)
@given(tables(), st.sampled_from([300, 1000, 100_000]))
def test_polars_and_the_standard_library_give_the_same(data: bytes, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        fast, slow = both(data, patch, piece=piece)
    assert fast == slow


def test_polars_is_what_counts_rows_without_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    polars = module("_jmeter_polars")
    taken: list[bool] = []
    count = polars.Counting.count

    def counted(self: Any, *arguments: Any) -> bool:
        taken.append(count(self, *arguments))
        return taken[-1]

    monkeypatch.setattr(polars.Counting, "count", counted)
    data = large(3000)
    monkeypatch.setattr(module("_jmeter_csv"), "FAST_FROM", len(data) + 1)
    assert summary(data)["requests"] == 3000
    assert taken == []
    monkeypatch.setattr(module("_jmeter_csv"), "FAST_FROM", len(data))
    assert summary(data)["requests"] == 3000
    assert taken == [True]


def test_it_works_without_polars_and_loads_it_for_large_files_only() -> None:
    script = f"""
import sys
sys.modules["polars"] = None
from compliance.catalog import shipped
from compliance.source import Source
form = next(form for form in shipped().kinds["load-test"].formats if form.name == "jmeter-jtl")
module = sys.modules[form.parse.__module__.rpartition(".")[0] + "._jmeter_csv"]
module.FAST_FROM = 0
print(form.read(Source("f", {SAMPLE!r}))[0].payload.requests)
del sys.modules["polars"]
module.FAST_FROM = 4 << 20
form.read(Source("f", {SAMPLE!r}))
print("polars" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["4", "False"]


@pytest.mark.parametrize(
    "lines",
    [
        ["1700000000000,1,a,true,OK,5", "1700000000000,1,a,true,OK,5,", "1700000000000,1,a,true,OK"],
        ["1700000000000,1,a,true,OK,5", "1700000000000,1,a,true,OK,5,6", "1700000000000,1,a,true,OK"],
        ["1700000000000,1,a,true,OK,", "1700000000000,1,a,true,OK,,"],
        ["1700000000000,1,a,true,OK,", "1700000000000,1,a,true,OK,5"],
        ["", "1700000000000,1,a,true,OK,5", ""],
        ["1700000000000,1,a,true,OK,5", ",,,,,"],
    ],
)
def test_rows_of_odd_lengths_that_even_out_are_seen_either_way(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    head = "timeStamp,elapsed,label,success,responseMessage,allThreads"
    fast, slow = both("\n".join([head, *lines, ""]).encode(), monkeypatch)
    assert fast == slow


# Large files


def large(count: int, *, quoted: int = 0, labels: int = 40) -> bytes:
    """A run of some minutes; every so-manieth row has a quoted message."""
    chance = random.Random(count)
    lines = [FULL]
    for number in range(count):
        ms = int(chance.lognormvariate(4.5, 0.9))
        failed = number % 50 == 0
        message = '"Test failed, twice: ""x"""' if quoted and number % quoted == 0 else ""
        lines.append(
            f"{1_700_000_000_000 + 3 * number},{ms},GET /r/{number % labels},{500 if failed else 200},OK,Users 1-{number % 50},text,"
            f"{'false' if failed else 'true'},{message},1500,230,50,{1 + number % 50},https://x/r/{number % labels},{ms},0,3"
        )
    return "\n".join(lines).encode() + b"\n"


@pytest.mark.parametrize("quoted", [0, 7])
def test_a_file_of_some_megabytes_is_counted_exactly(quoted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = large(40_000, quoted=quoted)
    fast, slow = both(data, monkeypatch, piece=1 << 20)
    assert fast == slow
    times: dict[str, list[int]] = {}
    for row in csv.DictReader(io.StringIO(data.decode())):
        times.setdefault(row["label"], []).append(int(row["elapsed"]))
    found = fast[0].summary()
    every = sorted(ms for one in times.values() for ms in one)
    assert (found["requests"], found["failed"], found["users"]) == (40_000, 800, 50)
    assert (found["p50_ms"], found["p95_ms"], found["p99_ms"], found["max_ms"]) == (every[19_999], every[37_999], every[39_599], every[-1])
    assert found["mean_ms"] == sum(every) / 40_000
    for one in found["endpoints"]:
        own = sorted(times[one["name"]])
        assert (one["requests"], one["p95_ms"], one["p99_ms"]) == (1000, own[949], own[989])


def test_too_many_names_are_not_listed_but_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = module("_tally")
    data = large(900, labels=300)
    monkeypatch.setattr(tally, "LISTED", 5)
    listed = summary(data)["endpoints"]
    assert [one["failed"] for one in listed] == [3, 3, 3, 3, 3]
    monkeypatch.setattr(tally, "NAMES_LIMIT", 299)
    fast, slow = both(data, monkeypatch)
    assert fast == slow
    assert fast[0].summary()["endpoints"] == []
    assert (fast[0].summary()["requests"], fast[0].summary()["failed"]) == (900, 18)


@pytest.mark.parametrize("most", [10, 100_000])
def test_too_many_times_of_names_are_dropped_for_all_of_them(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module("_tally"), "PAIRS_LIMIT", most)
    fast, slow = both(large(900), monkeypatch)
    assert fast == slow
    assert {one["p95_ms"] is None for one in fast[0].summary()["endpoints"]} == {most == 10}
    assert sum(one["requests"] for one in fast[0].summary()["endpoints"]) == 900


def test_too_many_different_times_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module("_tally"), "TIMES_LIMIT", 10)
    fast, slow = both(large(100), monkeypatch)
    assert fast == slow
    assert fast[0] == "more than 10 different times; expected times in whole milliseconds"


def test_names_that_are_too_long_together_are_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module("_tally"), "NAMES_SIZE_LIMIT", 100)
    assert summary(large(100))["endpoints"] == []


def test_a_row_that_does_not_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module("_csv"), "PIECE", 1000)
    monkeypatch.setattr(module("_csv"), "LINE_LIMIT", 5000)
    head = b"timeStamp,elapsed,label,success\n1700000000000,1,a,true\n"
    assert refused(head + b'1700000000000,1,"' + b"a\n" * 4000) == "line 3: a row that does not end; expected rows of at most 5000 bytes"
    assert summary(head + b'1700000000000,1,"' + b"a\n" * 1500 + b'",true\n')["requests"] == 2


def test_reading_takes_bounded_memory_and_time_on_hostile_quotes() -> None:
    head = b"timeStamp,elapsed,label,success\n"
    for body in (b'"' * 3_000_001, b'""\n' * 1_000_000, b'"\n' + b'""\n' * 1_000_000, b'1,"' + b'""' * 1_500_000 + b"\n", b"," * 3_000_000):
        assert refused(head + body)


@settings(max_examples=150, deadline=None)
@given(mutations(SAMPLE))
def test_only_input_error_leaves(data: bytes) -> None:
    parsed = assert_only_refuses("load-test", "jmeter-jtl", data)
    if parsed is not None:
        found = parsed.payload.summary()
        assert found["failed"] is None or found["failed"] <= found["requests"]


@pytest.mark.parametrize("data", [b"", b"null", b"\xff\xfe", b"\0", b"{}", b"[" * 5000, b"<a/>", b"elapsed", b"\n\n\n"])
def test_foreign_bytes_are_refused(data: bytes) -> None:
    assert assert_only_refuses("load-test", "jmeter-jtl", data) is None


def test_reading_a_source_again_gives_the_same() -> None:
    source, form = Source("f", SAMPLE), format_of("load-test", "jmeter-jtl")
    assert form.recognise(source)
    assert form.read(source) == form.read(source)
