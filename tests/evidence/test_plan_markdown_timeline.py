"""Timelines in Markdown: lists and tables whose items begin with T+0:30."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Assurance

from .helpers import CORPUS, assert_only_refuses, mutations, read, recognised

NAME = "markdown-document"
LIST = """\
# Phase 3: Staging

## Execution timeline

### Tasks (4 to 6 hours)
1. **T+0:00** - Validate the state (owner: Jane)
2. **T+0:30** - Create staging
3. **T+0:30** - Write the notes
4. **T+1:45** - Go or no-go

## Next
1. Nothing
"""
TABLE = """\
# Release

| When | What | Owner |
|---|:---:|---|
| T-15min | announce | ops |
| T+0 | deploy | ops |
| **T+1h 30min** | verify | – |
"""


def timeline(text: str) -> Any:
    return read("plan", NAME, text.encode()).payload


def shown(text: str) -> list[tuple[str, float, float | None, str | None]]:
    return [(task.title, task.start_s, task.estimate_s, task.owner) for task in timeline(text).tasks]


def test_a_list_is_a_plan_whose_tasks_last_until_the_next_one_begins() -> None:
    assert shown(LIST) == [
        ("Validate the state", 0.0, 1800.0, "Jane"),
        ("Create staging", 1800.0, 4500.0, None),
        ("Write the notes", 1800.0, 4500.0, None),
        ("Go or no-go", 6300.0, None, None),
    ]
    payload = timeline(LIST)
    assert payload.title == "Tasks (4 to 6 hours)"
    assert (payload.edges, payload.makespan_s, payload.critical_path) == (0, None, ())
    assert read("plan", NAME, LIST.encode()).assurance is Assurance.STATED


def test_a_table_is_one_too() -> None:
    assert shown(TABLE) == [("announce", 0.0, 900.0, "ops"), ("deploy", 900.0, 5400.0, "ops"), ("verify", 6300.0, None, None)]


@pytest.mark.parametrize(
    ("offset", "seconds"),
    [
        ("T+0:30", 1800),
        ("T+10:00:30", 36030),
        ("T+1h", 3600),
        ("T+1h30min", 5400),
        ("T+90min", 5400),
        ("T+5m", 300),
        ("T + 1:00", 3600),
        ("T0", 0),
    ],
)
def test_offsets_in_their_forms(offset: str, seconds: float) -> None:
    text = f"- T+0:00 a\n- {offset}: b\n- **T+20:00** – c\n"
    assert [start for title, start, _, _ in shown(text) if title == "b"] == [seconds]


def test_the_longest_list_counts_and_code_does_not() -> None:
    two = "# A\n" + "".join(f"- T+{n}:00 - a{n}\n" for n in range(4)) + "# B\n" + "".join(f"- [x] T+{n}:00 - b{n}\n" for n in range(5))
    assert [title for title, *_ in shown(two)] == ["b0", "b1", "b2", "b3", "b4"]
    fenced = "# A\n```\n" + "".join(f"- T+{n}:00 - a{n}\n" for n in range(4)) + "```\n"
    assert NAME not in recognised(fenced.encode())


NOT_PLANS = {
    "two items": "# A\n- T+0:00 a\n- T+1:00 b\n",
    "items under several headings": "# A\n- T+0:00 a\n# B\n- T+1:00 b\n# C\n- T+2:00 c\n",
    "prose": "At T+0:30 we deploy. At T+1:00 we look. At T+2:00 we go.\n",
    "types": "- T0 is the start\n- Tests\n- T-shirts: 3\n- T1\n- T-Mobile\n",
    "a runbook": LIST.replace("Phase 3: Staging", "Cutover runbook"),
    "front matter": "---\ntype: runbook\n---\n" + LIST,
    "operations": "# Payments\n## Health checks\n## Alerts\n## Rollback\n" + LIST.replace("# Phase 3: Staging\n", ""),
    "minutes beyond the hour": "- T+0:75 a\n- T+0:80 b\n- T+0:90 c\n- T+1: d\n- T+2: e\n- T+3 f\n",
}


@pytest.mark.parametrize("name", NOT_PLANS)
def test_what_is_no_timeline_is_not_claimed(name: str) -> None:
    from compliance.source import Source

    from .helpers import format_of

    assert not format_of("plan", NAME).recognise(Source("x", NOT_PLANS[name].encode()))


@pytest.mark.parametrize("text", ["", "# A\n", "- T+0:00 a\n", "- T+0:00 a\n" * 1001])
def test_too_few_or_too_many_items_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        timeline(text)


def test_long_lines_end_at_once() -> None:
    for text in ("- T+" + " " * 100_000, "|" + "-|" * 50_000, "| T+0:00 |" + " |" * 50_000, "- T+0:00" + " -" * 50_000):
        assert_only_refuses("plan", NAME, text.encode())


@settings(max_examples=100, deadline=None)
@given(mutations((LIST + TABLE).encode()))
def test_mutated_documents_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("plan", NAME, data)


FOUNDING = Path(CORPUS).parent / "phase3-staging-deployment.md"


@pytest.mark.skipif(not FOUNDING.is_file(), reason="the founding document is not here")
def test_the_timeline_of_the_founding_document() -> None:
    payload = timeline(FOUNDING.read_text("utf-8"))
    assert len(payload.tasks) == 11
    assert [task.start_s for task in payload.tasks] == [1800.0 * number for number in range(11)]
    assert payload.tasks[-1].title == "Go/No-go decision"
    assert payload.summary()["estimated"] == 10
