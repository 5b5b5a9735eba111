"""Expositions of metrics: both dialects, times, histograms, availability and alerts, and files that were cut off."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_open
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families as read_text
from pydantic import ValidationError

from compliance.catalog import shipped
from compliance.errors import CollectorError, InputError
from compliance.kind import Collected, Context
from compliance.record import split_private
from compliance.subject import Subject

from .helpers import assert_only_refuses, mutations, read, recognised

NAME = "openmetrics"
TEXT = b"""\
# HELP http_requests_total Requests, by "code" \\\\ path.
# TYPE http_requests_total counter
http_requests_total{code="200",path="/a\\"b\\n,}"} 1027 1395066363000
http_requests_total{code="500",path="/"} 3 1395066363000

# a remark
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="1"} 33444
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320
# TYPE up gauge
up 1 1395066360000
something_weird{problem="division by zero"} +Inf -3982045
"""
OPEN = b"""\
# TYPE http_requests counter
# UNIT http_requests requests
# HELP http_requests Requests.
http_requests_total{code="200"} 1027 1395066363.5 # {trace_id="oHg5"} 1 1395066363.1
http_requests_created{code="200"} 1395066000
# TYPE rpc summary
rpc{quantile="0.5"} 4773
rpc_count 2693
rpc_sum 1.7e+07
# TYPE build info
build_info{version="1"} 1
# EOF
"""


def metrics(data: bytes | str) -> Any:
    return read("metrics", NAME, data if isinstance(data, bytes) else data.encode()).payload


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_the_text_format_is_read() -> None:
    payload = metrics(TEXT)
    assert (payload.dialect, payload.families, payload.samples, payload.timestamped) == ("prometheus-text", 4, 9, 4)
    assert payload.by_type == {"counter": 1, "gauge": 1, "histogram": 1, "untyped": 1}
    assert (payload.first, payload.last) == (at(-3982.045), at(1395066363))
    assert payload.latency == ("http_request_duration_seconds",)
    assert payload.errors == ("http_requests_total",)
    assert payload.availability == ("up",)
    assert payload.throughput == ("http_requests_total", "http_request_duration_seconds")
    assert payload.critical_alerts is None


def test_openmetrics_is_read() -> None:
    parsed = read("metrics", NAME, OPEN)
    payload: Any = parsed.payload
    assert (payload.dialect, payload.families, payload.samples, payload.timestamped) == ("openmetrics", 3, 6, 1)
    assert payload.by_type == {"counter": 1, "info": 1, "summary": 1}
    assert payload.last == parsed.observed_at == at(1395066363.5)
    assert payload.summary()["throughput"] == 1


@pytest.mark.parametrize("data", [TEXT, OPEN, TEXT.replace(b"\n", b"\r\n"), b"# EOF\n", b'up{job="a"} 1\n', b"# TYPE a counter\na 1"])
def test_expositions_are_claimed_by_their_format_alone(data: bytes) -> None:
    assert recognised(data) == [NAME]
    metrics(data)


LOOK_ALIKES = {
    "words": b"requests 5\nerrors 0\n",
    "markdown": b"# TYPE of test\n\nHow to run it:\n\n```\n# TYPE up gauge\nup 1\n```\n",
    "heading": b"# Runbook\n\nLook at `up`.\n",
    "shell": b"# HELP me\nset -e\n",
    "log": b'{"a": 1}\n{"a": 2}\n',
    "properties": b"a = 1\nb = 2\n",
    "wrk": b"Running 30s test @ http://127.0.0.1\n  12 threads and 400 connections\n",
    "zeros": bytes(100),
    "utf-32": TEXT.decode().encode("utf-32"),
}


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_look_alikes_are_not_claimed(name: str) -> None:
    assert NAME not in recognised(LOOK_ALIKES[name])


def test_nothing_but_the_end_says_nothing() -> None:
    payload = metrics(b"# TYPE a counter\n# EOF\n")
    assert (payload.families, payload.samples, payload.incomplete) == (0, 0, "no sample")


def registry() -> CollectorRegistry:
    found = CollectorRegistry()
    requests = Counter("http_requests", "Requests", ["code", "path"], registry=found)
    duration = Histogram("http_request_duration_seconds", "Duration", ["path"], registry=found)
    for number in range(20):
        requests.labels("200", f'/a"{number}\n').inc(3)
        duration.labels(f"/{number}\\").observe(number / 7)
    Gauge("queue", "Queue", ["name"], registry=found).labels("é").set(float("nan"))
    Summary("rpc_latency", "Latency", registry=found).observe(1.5)
    Info("build", "Build", registry=found).info({"version": "1"})
    Enum("state", "State", states=["on", "off"], registry=found).state("on")
    return found


def test_the_client_library_reads_the_same() -> None:
    for data, parse in ((generate_latest(registry()), read_text), (generate_open(registry()), read_open)):  # type: ignore[no-untyped-call]
        families = [family for family in parse(data.decode()) if family.samples]
        payload = metrics(data)
        assert payload.samples == sum(len(family.samples) for family in families)
        types: dict[str, int] = {}
        for family in families:
            types[family.type] = types.get(family.type, 0) + 1
        assert payload.by_type == types
        assert payload.families == len(families)


def test_a_gauge_and_a_counter_of_one_name_are_two_families_as_go_writes_them() -> None:
    text = "# TYPE a gauge\na 1\n# TYPE a counter\na_total 2\n# EOF\n"
    assert metrics(text).by_type == {"counter": 1, "gauge": 1}


def test_names_in_quotes_are_read() -> None:
    payload = metrics('# TYPE "http.requests" counter\n{"http.requests","http.status"="500"} 3\n{"http.requests"} 4\n')
    assert (payload.families, payload.samples) == (1, 2)


@pytest.mark.parametrize(
    ("line", "value"), [("a 1", 1), ("a\t1.5e3 ", 1), ("a {} 0x", 0), ("a{b='c'} 1", 0), ('a{b="c",} -Inf', 1), ("a NaN", 1), ("a 1_0", 0)]
)
def test_a_line_is_a_sample_or_refused(line: str, value: int) -> None:
    if value:
        assert metrics(f"# TYPE x gauge\n{line}\n").samples == 1
        return
    with pytest.raises(InputError) as caught:
        metrics(f"# TYPE x gauge\n{line}\n")
    assert caught.value.where == "line 2"


CUT_OFF = {
    "a unit": OPEN[: OPEN.index(b"# HELP")],
    "an exemplar": b'# TYPE a counter\na_total 1 # {b="c"} 1\n',
    "a fraction of a second": b'a{b="c"} 1 1395066363.5\n',
    "a type": b"# TYPE a info\na_info 1\n",
    "an end in the middle": OPEN + OPEN,
}


@pytest.mark.parametrize("name", CUT_OFF)
def test_openmetrics_without_its_end_is_refused_since_its_times_cannot_be_told(name: str) -> None:
    with pytest.raises(InputError, match=r"EOF"):
        metrics(CUT_OFF[name])


BUCKETS = '# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 3\nh_count 3\nh_sum 4\n'
REFUSED = {
    "no number": "# TYPE a gauge\na b\n",
    "no value": "# TYPE a gauge\na\n",
    "a label without quotes": "# TYPE a gauge\na{b=c} 1\n",
    "an open brace": '# TYPE a gauge\na{b="c" 1\n',
    "a label twice": '# TYPE a gauge\na{b="c",b="d"} 1\n',
    "two values": "# TYPE a gauge\na 1 2 3\n",
    "time that is text": "# TYPE a gauge\na 1 now\n",
    "time beyond the calendar": "# TYPE a gauge\na 1 999999999999999999\n",
    "milliseconds in OpenMetrics": "# TYPE a gauge\na 1 1395066363000\n# EOF\n",
    "an unknown type": "# TYPE a number\na 1\n",
    "a type twice": "# TYPE a gauge\n# TYPE a gauge\na 1\n",
    "a help twice": "# HELP a x\n# HELP a y\na 1\n",
    "a type after its samples": 'a{b="c"} 1\n# TYPE a gauge\n',
    "a series twice": '# TYPE a gauge\na{b="c",d="e"} 1\na{d="e",b="c"} 2\n',
    "a series twice at one time": "# TYPE a gauge\na 1 5\na 2 5\n",
    "a name of two families": "# TYPE a histogram\n# TYPE a_count counter\na_count 1\n",
    "a family in two places": '# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\na{c="d"} 2\n# EOF\n',
    "samples in two places": '# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na{c="d"} 2\n# EOF\n',
    "a counter without _total": "# TYPE a counter\na 1\n# EOF\n",
    "an empty line": "# TYPE a gauge\n\na 1\n# EOF\n",
    "a remark in OpenMetrics": "# a remark\na 1\n# EOF\n",
    "an empty line after the end": "# TYPE a counter\na_total 1 2.5\n# EOF\n\n",
    "text after the end": "# TYPE a gauge\na 1\n# EOF\nb 1\n# EOF\n",
    "an exemplar of a gauge": '# TYPE a gauge\na 1 # {b="c"} 1\n# EOF\n',
    "an exemplar that is none": "# TYPE a counter\na_total 1 # b\n# EOF\n",
    "a descriptor without a name": "# TYPE\na 1\n",
    "up is two": 'up{job="a"} 2\n',
    "no bucket": BUCKETS.replace('h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 3\n', ""),
    "no last bucket": BUCKETS.replace("+Inf", "5"),
    "a bucket without le": BUCKETS.replace('{le="1"}', ""),
    "le is text": BUCKETS.replace('"1"', '"one"'),
    "buckets fall": BUCKETS.replace("} 2", "} 9"),
    "another count": BUCKETS.replace("h_count 3", "h_count 4"),
    "nul": "# TYPE a gauge\na 1\0\n",
    "empty": "",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_understood_is_refused(name: str) -> None:
    if not REFUSED[name]:
        assert metrics("").incomplete == "no sample"  # an empty file is refused before any format sees it
        return
    with pytest.raises(InputError) as caught:
        metrics(REFUSED[name])
    assert caught.value.reason


@pytest.mark.parametrize(
    "data", [b'# TYPE a gauge\na{b="\xff"} 1\n', b"# TYPE a gauge\n" + b"a " * 200_000, b"# HELP a" + b" " * 300_000 + b"\n"]
)
def test_hostile_lines_end_at_once(data: bytes) -> None:
    assert_only_refuses("metrics", NAME, data)


def test_histograms_are_checked_by_labels_and_time() -> None:
    two = BUCKETS + 'h_bucket{path="/",le="+Inf"} 1\nh_count{path="/"} 1\n'
    assert metrics(two).samples == 6
    timed = "# TYPE h histogram\n" + "".join(f'h_bucket{{le="+Inf"}} {n} {n}\nh_count {n} {n}\n' for n in (1, 2, 3))
    assert metrics(timed).samples == 6


RANGE = "".join(f'up{{job="api",instance="{host}"}} {int(n != 7)} {1700000000 + 30 * n}.5\n' for host in "ab" for n in range(100))


def test_availability_is_counted_from_samples_with_their_times() -> None:
    payload = metrics(RANGE + "# EOF\n")
    up = payload.up
    assert (up.series, up.samples, up.failed) == (2, 200, 2)
    assert (up.first, up.last) == (at(1700000000.5), at(1700002970.5))
    assert up.failing == {f'up{{job="api",instance="{host}"}}': 1 for host in "ab"}
    _, private = split_private(payload)
    assert private["paths"]["/up/failing"] == up.failing
    assert "failing" not in payload.summary()["up"]


def test_up_without_a_time_and_the_end_of_a_series_are_no_record() -> None:
    assert metrics('up{job="a"} 1\n').up is None
    payload = metrics('up{job="a"} 1 1700000000\nup{job="a"} NaN 1700000030\n# EOF\n')
    assert payload.up.samples == 1


def alert(state: str = "firing", severity: str = "critical", value: int = 1, time: str = "") -> str:
    return f'ALERTS{{alertname="A",alertstate="{state}",severity="{severity}"}} {value}{time}\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (alert(), 1),
        (alert() + alert(severity="warning"), 1),
        (alert(state="pending"), 0),
        (alert(severity="warning"), 0),
        (alert(value=0), 0),
        ("# TYPE ALERTS gauge\n", 0),
        (alert(time=" 1000") + 'up{job="a"} 1 301001\n', 0),
        (alert(time=" 1000") + 'up{job="a"} 1 301000\n', 1),
        ('alertmanager_alerts{state="active"} 0\nalertmanager_alerts{state="suppressed"} 3\n', 0),
        ('alertmanager_alerts{state="active"} 2\n', None),
        ('up{job="a"} 1\n', None),
    ],
)
def test_critical_alerts_are_those_that_fire_at_the_end(text: str, expected: int | None) -> None:
    assert metrics(text).critical_alerts == expected


@pytest.mark.parametrize(
    ("line", "topics"),
    [
        ("http_request_duration_seconds 1", {"latency"}),
        ("api_latency_p95_ms 1", {"latency"}),
        ("http_response_time 1", {"latency"}),
        ("requests_total 1", {"throughput"}),
        ("job_failures_total 1", {"errors"}),
        ('requests_total{status="200"} 1', {"errors", "throughput"}),
        ('grpc_server_handled_total{grpc_code="OK"} 1', {"errors", "throughput"}),
        ("queue_messages 1", set()),
        ("probe_success 1", {"availability"}),
        ("service_healthy 1", {"availability"}),
        ("process_uptime_seconds 1", {"availability"}),
        ("go_gc_duration_seconds 1", set()),
        ("process_cpu_seconds_total 1", set()),
        ("promhttp_metric_handler_requests_total 1", set()),
        ("http_requests_created 1", set()),
        ("uploads 1", set()),
    ],
)
def test_topics_follow_the_names(line: str, topics: set[str]) -> None:
    payload = metrics(f"# HELP x x\n{line}\n")
    assert {topic for topic in ("latency", "errors", "availability", "throughput") if getattr(payload, topic)} == topics


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([TEXT, OPEN, RANGE.encode()[:600]]).flatmap(mutations))
def test_mutated_files_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("metrics", NAME, data)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        open_ = "openmetrics" in self.headers["Accept"] and self.path == "/metrics"
        body = {"/metrics": OPEN, "/huge": b"# TYPE a gauge\n" + b'a{b="c"} 1\n' * 10}.get(self.path, b"")
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/openmetrics-text" if open_ else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


def scrape(url: str, **more: Any) -> Collected:
    (http,) = shipped().kinds["metrics"].collectors
    context = Context(
        root=Path("/"),
        options=http.options.model_validate({"url": url, **more}),
        subject=Subject(project="p", commit="a" * 40, environment="staging"),
        now=lambda: datetime(2025, 9, 20, 10, tzinfo=UTC),
        say=lambda _: None,
    )
    (collected,) = http.collect(context)
    return collected


def test_a_scrape_is_kept_as_it_came(server: str) -> None:
    collected = scrape(f"{server}/metrics")
    assert (collected.format, collected.content, collected.environment) == (NAME, OPEN, "staging")
    assert scrape(f"{server}/metrics", environment="canary").environment == "canary"


def test_a_scrape_without_an_answer_is_no_scrape(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CollectorError, match="status 404"):
        scrape(f"{server}/nothing")
    with pytest.raises(CollectorError, match="no answer"):
        scrape("http://127.0.0.1:9")
    (http,) = shipped().kinds["metrics"].collectors
    monkeypatch.setitem(http.collect.__globals__, "BODY_LIMIT", 20)
    with pytest.raises(CollectorError, match="more than 20 bytes"):
        scrape(f"{server}/huge")


@pytest.mark.parametrize("url", ["ftp://a/metrics", "https://u:p@a/metrics", "https://a/metrics?x=1", "metrics"])
def test_addresses_that_are_none_are_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        scrape(url)


@pytest.mark.parametrize("labels", ["", '{path="/a"}'])
def test_native_histograms_of_the_draft_are_refused_by_name(labels: str) -> None:
    text = f"# TYPE h histogram\nh{labels} {{count:2,sum:3,schema:3,zero_threshold:1e-4,zero_count:0}}\n# EOF\n"
    with pytest.raises(InputError, match=r"native histogram.* draft of OpenMetrics 2\.0") as error:
        metrics(text)
    assert error.value.where == "line 2"
