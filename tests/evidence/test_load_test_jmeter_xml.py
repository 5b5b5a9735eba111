"""JTL in XML: children of <testResults>, whatever is nested in them; files without an end."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Json, Parsed

from .helpers import assert_only_refuses, mutations, read, recognised

SAMPLE = b"""<?xml version="1.0" encoding="UTF-8"?>
<testResults version="1.2">
<httpSample t="300" it="0" lt="90" ct="5" ts="1700000000000" s="true" lb="Home &amp; more" rc="200" rm="OK" by="9" ng="1" na="4">
  <httpSample t="100" lt="90" ts="1700000000000" s="false" lb="nested" rc="404" rm="" tn="Users 1-1" ng="9" na="9"/>
  <responseData class="java.lang.String">&lt;sample t="1" s="true"/&gt; &quot;body&quot;</responseData>
  <assertionResult><name>a</name><failure>false</failure><error>false</error></assertionResult>
</httpSample>
<sample t="500" ts="1700000001000" s="false" lb="TC" rc="" rm="Number of samples in transaction : 2, number of failing samples : 1" na="6">
  <httpSample t="200" ts="1700000001000" s="true" lb="part"><sample t="1" s="true" ts="1"/></httpSample>
  <httpSample t="300" ts="1700000001200" s="false" lb="part"/>
</sample>
<com.example.PluginSample t="40" ts="1700000002000" s="true" lb="Home &amp; more" rc="200" rm="OK" na="5"/>
</testResults>
"""


def parse(data: bytes) -> Parsed:
    return read("load-test", "jmeter-jtl", data)


def summary(data: bytes) -> dict[str, Json]:
    return parse(data).payload.summary()


def refused(data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        parse(data)
    return caught.value.reason


def test_only_children_of_the_root_count() -> None:
    assert recognised(SAMPLE) == ["jmeter-jtl"]
    parsed = parse(SAMPLE)
    assert (parsed.payload.incomplete, parsed.payload.model_dump()["transactions"]) == (None, 1)
    assert parsed.observed_at is not None
    assert parsed.observed_at.isoformat() == "2023-11-14T22:13:22.040000+00:00"
    assert parsed.payload.summary() == {
        "requests": 3,
        "failed": 1,
        "error_rate": 1 / 3,
        "p50_ms": 300,
        "p95_ms": 500,
        "p99_ms": 500,
        "max_ms": 500,
        "mean_ms": 280,
        "percentiles_over": "all",
        "rps": 3 / 2.04,
        "duration_s": 2.04,
        "users": 6,
        "environment": None,
        "endpoints": [
            {"name": "TC", "requests": 1, "failed": 1, "p95_ms": 500, "p99_ms": 500},
            {"name": "Home & more", "requests": 2, "failed": 0, "p95_ms": 300, "p99_ms": 300},
        ],
    }


def test_attributes_of_old_versions() -> None:
    data = (
        b'<testResults><sampleResult timeStamp="1144371014619" dataType="text" threadName="A 1-1" label="Home" time="210"'
        b' responseMessage="OK" responseCode="200" success="true"/><sampleResult timeStamp="1144371015000" label="Home" time="90"'
        b' responseCode="500" success="false"/></testResults>'
    )
    found = summary(data)
    assert [found[key] for key in ("requests", "failed", "max_ms", "duration_s", "users")] == [2, 1, 210, 0.471, None]
    assert [one["name"] for one in found["endpoints"]] == ["Home"]


def test_a_run_without_samples() -> None:
    for data in (
        b'<testResults version="1.2"/>',
        b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- x --><testResults version="1.2">\n</testResults>\n',
    ):
        found = parse(data).payload
        assert (found.incomplete, found.summary()["requests"], found.summary()["p95_ms"]) == ("no request was made", 0, None)


def wrapped(*samples: str) -> bytes:
    return f'<testResults version="1.2">{"".join(samples)}</testResults>'.encode()


def test_samples_that_do_not_say_all() -> None:
    untimed = parse(wrapped('<sample s="true" t="5" ts="1700000000000"/>', '<sample s="false" ts="1700000000000"/>')).payload
    assert untimed.incomplete == "1 of 2 samples do not say how long they took"
    assert [untimed.summary()[key] for key in ("requests", "failed", "p95_ms", "mean_ms", "percentiles_over")] == [2, 1, None, None, None]
    unjudged = parse(wrapped('<sample s="false" t="5" lb="a"/>', '<sample t="7" lb="a"/>')).payload
    assert unjudged.incomplete == "1 of 2 samples do not say whether they succeeded"
    assert [unjudged.summary()[key] for key in ("requests", "failed", "error_rate", "max_ms", "endpoints")] == [2, None, None, 7, []]
    assert unjudged.summary()["duration_s"] is None


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        ('<sample t="-1" s="true"/>', "sample 2: elapsed '-1'; expected whole milliseconds"),
        ('<sample t="1.5" s="true"/>', "sample 2: elapsed '1.5'; expected whole milliseconds"),
        ('<sample t="" s="true"/>', "sample 2: elapsed ''; expected whole milliseconds"),
        ('<sample t="1" s="yes"/>', "sample 2: success 'yes'; expected true or false"),
        ('<sample t="1" s=""/>', "sample 2: success ''; expected true or false"),
        ('<sample t="100" s="true" sc="5" ec="1"/>', "sample 2: SampleCount '5'; expected 1"),
        ('<sample t=""/>', "sample 2: elapsed ''; expected whole milliseconds"),
        ('<sample s=""/>', "sample 2: success ''; expected true or false"),
        ("<testCase/>", "<testCase>; expected a sample, with t or s"),
        ('<sample lb="x" ts="1700000000000"/>', "<sample>; expected a sample"),
        ('<sample t="1" s="true" lb="&#x6;"/>', "reference to invalid character number; expected well-formed XML"),
        ('<sample t="1" s="true" t="2"/>', "duplicate attribute"),
        ('<sample t="1" s="true" lb="&x;"/>', "undefined entity"),
    ],
)
def test_broken_samples_are_refused(sample: str, reason: str) -> None:
    assert reason in refused(wrapped('<sample t="1" s="true"/>', sample))


@pytest.mark.parametrize(
    "end", [b"</testResults>", b"</httpSample>\n<sample", b' rm="Number', b'<com.example.PluginSample t="40"', b"<responseData"]
)
def test_a_run_that_was_killed_left_no_end(end: bytes) -> None:
    data = SAMPLE[: SAMPLE.index(end)]
    assert recognised(data) == ["jmeter-jtl"]
    assert "cut off: the end is missing; expected </testResults>" in refused(data)


@pytest.mark.parametrize(
    "data",
    [
        b"<testsuite/>",
        b"<testResult/>",
        b"<x:testResults xmlns:x='u'/>",
        b"<test-results/>",
        b"<html><body><testResults/></body></html>",
        b"testResults",
        b"",
    ],
)
def test_not_recognised(data: bytes) -> None:
    assert "jmeter-jtl" not in recognised(data)


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE t [<!ENTITY a "b">]><testResults><sample t="1" s="true" lb="&a;"/></testResults>',
        b"<testResults>" + b"<a t='1' s='true'>" * 5000,
        b"<testResults>" + b"<sample t='1' s='true'/>" * 3 + b"</testresults>",
        b"<testResults><sample t='1' s='true'/></testResults><testResults/>",
        b"<testResults>\xff</testResults>",
        b"<testResults \0/>",
    ],
)
def test_hostile_bytes_are_refused(data: bytes) -> None:
    assert assert_only_refuses("load-test", "jmeter-jtl", data) is None


def test_a_large_file_with_bodies_takes_little_memory() -> None:
    body = "x" * 2000
    one = (
        '<httpSample t="{0}" ts="17000000{0:05}" s="true" lb="GET /{1}" na="3"><responseData>' + body + "</responseData>{2}</httpSample>\n"
    )
    inner = '<httpSample t="1" ts="1" s="false" lb="inner"/>' * 3
    data = wrapped(*(one.format(number, number % 10, inner) for number in range(3000)))
    assert len(data) > 6_000_000
    tracemalloc.start()
    found = summary(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found["requests"], found["failed"], found["p95_ms"], found["max_ms"]) == (3000, 0, 2849, 2999)
    assert peak < 3_000_000


@settings(max_examples=150, deadline=None)
@given(mutations(SAMPLE))
def test_only_input_error_leaves(data: bytes) -> None:
    parsed = assert_only_refuses("load-test", "jmeter-jtl", data)
    if parsed is not None:
        found = parsed.payload.summary()
        assert found["failed"] is None or found["failed"] <= found["requests"]
