"""The fuzzer runs for a moment over all readers, and what it looks for would be seen."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compliance.record import Parsed
from compliance.source import Source
from tests.evidence.helpers import format_of, read
from tests.fuzz import invariants
from tests.robust.samples import ALL_NAMES, sample

SECONDS = 12


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
def test_a_moment_of_fuzzing_breaks_no_reader(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.target", str(tmp_path), f"-max_total_time={SECONDS}"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    runs = re.search(r"Done (\d+) runs", ran.stderr)
    assert runs
    assert int(runs[1]) > 3 * len(ALL_NAMES)


@pytest.mark.parametrize("name", ALL_NAMES)
def test_every_sample_is_read_and_its_numbers_can_be_true(name: str) -> None:
    assert invariants.read(sample(name), invariants.forms()) >= 1


def test_what_a_reader_must_not_raise_is_a_finding() -> None:
    def broken(source: Source) -> Parsed:
        raise KeyError(source.name)

    kind, form = invariants.forms(["test-results junit-xml"])[0]
    with pytest.raises(KeyError):
        invariants.read(sample("test-results junit-xml"), [(kind, replace(form, parse=broken))])


IMPOSSIBLE: list[tuple[str, dict[str, Any]]] = [
    ("test-results junit-xml", {"passed": 99}),
    ("test-results junit-xml", {"flaky": 99}),
    ("test-results junit-xml", {"skipped": -1, "tests": 0}),
    ("scan sarif", {"total": 99}),
    ("coverage lcov", {"lines_covered": 99}),
    ("coverage lcov", {"branches_total": None, "branches_covered": 1}),
    ("load-test k6-summary", {"failed": 99}),
    ("load-test k6-summary", {"p95_ms": 9999.0}),
    ("load-test k6-summary", {"mean_ms": float("nan")}),
    ("audit-log jsonl-log", {"first": None}),
    ("audit-log jsonl-log", {"out_of_order": 99}),
    ("sbom spdx-json", {"without_version": 99}),
    ("sbom spdx-json", {"none": 99}),
]


@pytest.mark.parametrize(("name", "wrong"), IMPOSSIBLE)
def test_numbers_that_cannot_all_be_true_are_a_finding(name: str, wrong: dict[str, Any]) -> None:
    kind, form = name.split()
    assert format_of(kind, form)
    parsed = read(kind, form, sample(name))
    invariants.check(kind, parsed)
    with pytest.raises((AssertionError, ValueError)):
        invariants.check(kind, replace(parsed, payload=parsed.payload.model_copy(update=wrong)))
