"""xUnit.net 2 and 3: each test once, and errors outside of tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from .helpers import assert_only_refuses, mutations, outcome, read, recognised


def test_of(name: str, result: str = "Pass", message: str = "") -> str:
    inside = f"<failure exception-type='E'><message><![CDATA[{message}]]></message><stack-trace/></failure>" if message else "<traits/>"
    return f'<test name="N.C.{name}" type="N.C" method="{name}" time="0.0120000" result="{result}">{inside}</test>\n'


test_of.__test__ = False  # type: ignore[attr-defined]  # it makes the element of a test
ERROR = '<errors><error type="assembly-cleanup" name="N.Fixture"><failure><message>no way</message></failure></error></errors>'


def assembly(*tests: str, inside: str = "<errors />", **counts: Any) -> str:
    said = " ".join(f'{name.replace("_", "-")}="{value}"' for name, value in {"failed": 0, "skipped": 0, "errors": 0, **counts}.items())
    return f"""<assembly name="/x/a.dll" environment="64-bit .NET 8.0" test-framework="xUnit.net 2.4.1.0" run-date="2026-03-01"
      run-time="10:00:00" time="0.5" {said}>{inside}
    <collection name="Test collection for N.C" time="0.25">{"".join(tests)}</collection></assembly>"""


def document(*assemblies: str, attributes: str = 'timestamp="03/01/2026 10:00:00"') -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?>\n<assemblies {attributes}>\n{"".join(assemblies)}\n</assemblies>'.encode()


def found(data: bytes) -> Any:
    return read("test-results", "xunit-xml", data)


def counts(data: bytes) -> tuple[int, int, int, int, int]:
    said = found(data).payload
    return said.tests, said.passed, said.failed, said.errors, said.skipped


def test_what_a_run_says() -> None:
    tests = test_of("A"), test_of("B", "Fail", "Expected: 5"), test_of("C", "Skip")
    data = document(assembly(*tests, total=3, passed=1, failed=1, skipped=1))
    assert recognised(data) == ["xunit-xml"]
    assert counts(data) == (3, 1, 1, 0, 1)
    parsed = found(data)
    assert (parsed.tool.name, parsed.tool.version, parsed.observed_at) == ("xUnit.net", "2.4.1.0", None)
    assert parsed.payload.declared.model_dump() == {"tests": 3, "failures": 1, "errors": None, "skipped": 1}
    assert (parsed.payload.duration_s, parsed.payload.incomplete) == (0.5, None)
    assert [(one.name, one.tests, one.duration_s) for one in parsed.payload.suites] == [("Test collection for N.C", 3, 0.25)]
    assert [(one.rule, one.path, one.message) for one in parsed.findings] == [("failure", "N.C.B", "Expected: 5")]


def test_version_3_states_its_start_and_what_was_not_run() -> None:
    attributes = 'schema-version="3" start-rtf="2026-03-01T10:00:00.1234567+01:00" finish-rtf="2026-03-01T10:00:01.0+01:00"'
    data = document(assembly(test_of("A"), test_of("B", "NotRun"), total=2, not_run=1), attributes=attributes)
    assert counts(data) == (2, 1, 0, 0, 1)
    assert found(data).observed_at == datetime(2026, 3, 1, 9, 0, 0, 123456, tzinfo=UTC)
    assert found(data).payload.declared.skipped == 1


def test_assemblies_add_up() -> None:
    data = document(assembly(test_of("A"), total=1), assembly(test_of("A"), total=1))
    assert counts(data) == (2, 2, 0, 0, 0)
    assert (found(data).payload.declared.tests, found(data).payload.duration_s) == (2, 1.0)
    assert counts(document(assembly(test_of("A"))).split(b"<assemblies")[0] + assembly(test_of("A")).encode()) == (1, 1, 0, 0, 0)


def test_errors_outside_of_tests_are_findings_and_incomplete() -> None:
    parsed = found(document(assembly(test_of("A"), inside=ERROR, errors=1, total=1)))
    assert parsed.payload.incomplete == "N.Fixture failed outside its tests"
    assert [(one.rule, one.path, one.message) for one in parsed.findings] == [("error", "N.Fixture", "no way")]
    untold = found(document(assembly(test_of("A"), errors=2, total=1))).payload
    assert untold.incomplete == "2 errors outside of tests are declared, and none is listed"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (document(assembly()), "no test was executed"),
        (document(assembly(test_of("A", "Skip"))), "no test was executed"),
        (document(assembly(total=7)), "7 tests are declared, but the file holds no case"),
    ],
)
def test_runs_of_nothing_are_incomplete(data: bytes, why: str) -> None:
    assert found(data).payload.incomplete == why


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty file"),
        (document(assembly(test_of("A")))[:-12], "expected well-formed XML"),
        (document(assembly(test_of("A", "Splendid"))), 'N.C.A: result="Splendid"; expected Pass, Fail, Skip or NotRun'),
        (document(assembly(test_of("A"), total="one")), 'total="one"'),
        (document(assembly(test_of("A").replace("<traits/>", test_of("B")))), "<test> inside a test or error"),
        (b"<results/>", "root element <results>"),
    ],
)
def test_refuses(data: bytes, why: str) -> None:
    assert why in outcome("test-results", "xunit-xml", data)


def test_recognises_no_look_alike() -> None:
    for other in (b"<assemblies/>", b'<assembly name="a"><class/></assembly>', b'<assembly xmlns="urn:schemas-microsoft-com:asm.v1"/>'):
        assert recognised(other) == []


@settings(max_examples=200)
@given(mutations(document(assembly(test_of("A"), test_of("B", "Fail", "x"), inside=ERROR, errors=1, total=2))))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("test-results", "xunit-xml", data)
