"""What a release document says that cannot be true together, and what only looks so."""

from __future__ import annotations

from typing import Any

import pytest

from .test_document_claims import document

COMPLETE = "\n## Status: COMPLETE ✅\n\n"


def found(body: str) -> list[tuple[str, int, str]]:
    return [(one.rule, one.line, one.against) for one in document(body).contradictions]


def rules(body: str) -> list[str]:
    return [rule for rule, _, _ in found(body)]


def test_a_pass_rate_called_coverage() -> None:
    assert found("\n## Results\n\n- Test coverage: 92.1% (152/165 tests passing)\n") == [
        ("pass-rate-as-coverage", 10, "152 of 165 is the share of tests that pass, not of code that they cover")
    ]
    assert rules("\n## Results\n\n| figure | value |\n|---|---|\n| Coverage | 92.1 % (152 of 165 tests pass) |\n") == [
        "pass-rate-as-coverage"
    ]
    for honest in (
        "Pass rate: 92.1% (152/165 tests passing)",
        "Test coverage: 85% (152/165 tests passing)",
        "Coverage: 92.1%\n- 152/165 tests passing",
    ):
        assert rules(f"\n## Results\n\n- {honest}\n") == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Pass rate: 95% (152/165 tests passing)", True),
        ("Progress: 50 % (18/40)", True),
        ("Progress: 45 % (18/40)", False),
        ("Pass rate: 92% (152/165 tests passing)", False),
        ("Coverage: 80% (4/6 modules)", False),
        ("Reduced by 50% (18/40)", False),
        ("Uptime: 99% (24/7)", False),
        ("Rated 94% (09/20)", False),
        ("Rated 94% (9/20)", False),
        ("Target: 90 % (18/40)", False),
    ],
)
def test_a_percentage_and_the_fraction_beside_it(text: str, wrong: bool) -> None:
    assert ("fraction" in rules(f"\n## Results\n\n- {text}\n")) is wrong


TOTALS = "\n## Results\n\n| Suite | Tests | Time |\n|---|---|---|\n| unit | 6 | 1 s |\n| e2e | 4 | 9 s |\n| Total | {} | 3 s |\n"


def test_a_total_that_its_parts_do_not_give() -> None:
    assert found(TOTALS.format(11)) == [("total", 14, "the rows above give 10")]
    assert found(TOTALS.format(10)) == []
    assert found(TOTALS.format("10 tests")) == []
    assert found(TOTALS.format(11).replace("Tests", "Average")) == []
    assert found(TOTALS.format(11).replace("| e2e |", "| Subtotal |")) == []
    assert found(TOTALS.format(11).replace("| Total |", "| Total cost of ownership |")) == []
    assert found(TOTALS.format("1,000").replace("| 6 |", "| 996 |")) == []


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("165 | 152 | 12 | 1", False),
        ("165 | 152 | 12 | 2", True),
        ("165 | 152 | 10 | 1", True),
        ("165 | 152 | n/a | 1", False),
    ],
)
def test_a_row_of_test_counts(row: str, wrong: bool) -> None:
    body = f"\n## Results\n\n| Suite | Total | Passed | Failed | Skipped |\n|---|---|---|---|---|\n| all | {row} |\n"
    assert bool(rules(body)) is wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("165 tests: 152 passed, 12 failed, 1 skipped", False),
        ("165 tests: 152 passed, 13 failed, 1 skipped", True),
        ("165 tests: 152 passed, 12 failed", False),
        ("165 tests: 152 passed, 14 failed", True),
        ("152 passed, 12 failed tests, 1 skipped", False),
    ],
)
def test_test_counts_in_a_sentence(text: str, wrong: bool) -> None:
    assert bool(rules(f"\n## Test results\n\n- {text}\n")) is wrong


def test_one_figure_with_two_values() -> None:
    both = "\n## Executive summary\n\n- Coverage: 92 %\n\n## Final results\n\n- Coverage: {}\n"
    assert found(both.format("85 %")) == [("two-values", 14, "line 10 says: Coverage: 92 %")]
    assert rules(both.format("92.4 %")) == []
    assert rules(both.format("85 %").replace("Final results", "Module billing")) == []
    assert rules(both.format("85 %").replace("- Coverage: 92 %", "- Branch coverage: 92 %")) == []
    assert rules(both.format("85 %").replace("- Coverage: 92 %", "- Previous coverage: 92 %")) == []
    assert rules("\n## Results\n\n- P95: 221 ms in staging\n- P95: 300 ms in production\n") == []
    assert rules("\n## Results\n\n| Endpoint | P95 |\n|---|---|\n| /a | 10 ms |\n| /b | 20 ms |\n") == []


TIMES = "\n## Status\n\n- Started: 2026-01-10 {} UTC\n- Completed: 2026-01-10 {} UTC\n"


def test_an_end_before_its_start() -> None:
    assert found(TIMES.format("10:00", "09:00")) == [("end-before-start", 11, "line 10 says: Started: 2026-01-10 10:00 UTC")]
    assert rules(TIMES.format("10:00", "10:00")) == []
    assert rules(TIMES.format("10:00", "09:00").replace(" UTC", "")) == []
    assert rules(TIMES.format("10:00", "09:00").replace("09:00 UTC", "09:00 -05:00")) == []


LOG = """
## Actions log

- `2026-01-10 10:00:00` - Phase started
- `2026-01-10 10:20:00` - Tests run
- `2026-01-10 10:45:00` - Phase complete
"""


def test_an_end_that_the_list_of_what_was_done_contradicts() -> None:
    (rule, line, against), *others = found(TIMES.format("10:00", "14:45") + LOG)
    assert (rule, line, others) == ("end-against-log", 11, [])
    assert "ends at 10:45 UTC with 'Phase complete' (line 17)" in against
    assert "exactly 4 h apart, as local time and UTC are" in against
    assert "exactly" not in found(TIMES.format("10:00", "14:52") + LOG)[0][2]


@pytest.mark.parametrize(
    ("times", "log"),
    [
        (("10:00", "10:45"), LOG),
        (("10:00", "10:48"), LOG),
        (("09:00", "14:45"), LOG),  # nothing says in which zone the list is
        (("10:00", "14:45"), LOG.replace("Phase complete", "Tests run again")),  # the list may go on elsewhere
        (("10:00", "14:45"), LOG.replace("Actions log", "Releases")),
        (("10:00", "14:45"), LOG.replace("2026-01-10", "2026-01-09")),
        (("10:00", "14:45"), LOG.replace("- `2026-01-10 10:20:00` - Tests run\n", "")),  # two entries are no list
    ],
)
def test_an_end_that_fits_or_cannot_be_compared(times: tuple[str, str], log: str) -> None:
    assert rules(TIMES.format(*times) + log) == []


def test_a_table_of_what_was_done_states_its_zone_in_its_head() -> None:
    rows = "| 2026-01-10 10:00 | start |\n| 2026-01-10 10:20 | test |\n| 2026-01-10 10:45 | closed |\n"
    table = f"\n## Audit trail\n\n| UTC | action |\n|---|---|\n{rows}"
    assert rules(TIMES.format("09:00", "14:45") + table) == ["end-against-log"]
    assert rules(TIMES.format("09:00", "14:45") + table.replace("UTC |", "time |", 1)) == []
    log: Any = document(table).log
    assert (log.entries, log.first_at.isoformat(), log.last_at.isoformat()) == (3, "2026-01-10T10:00:00+00:00", "2026-01-10T10:45:00+00:00")


@pytest.mark.parametrize(
    ("denial", "listing", "wrong"),
    [
        ("No blocking issues identified", "- **Blocking Issues**: Git SSH auth", True),
        ("There are no blockers", "- In the way: SSH authentication", True),
        ("No blockers", "## Blockers\n\n1. The database is down", True),
        ("Blocking issues: none", "- Blockers: none", False),
        ("No blocking issues", "## Blockers\n\nNone", False),
        ("No blocking issues", "## Known issues\n\n- A button is grey", False),
        ("No blocking issues", "- Previous blockers: Git SSH auth", False),
    ],
)
def test_no_blocking_issues_beside_a_list_of_them(denial: str, listing: str, wrong: bool) -> None:
    assert ("blockers" in rules(f"\n## Status\n\n- {denial}\n\n{listing}\n")) is wrong


CRITERIA = "- [x] Deployed to staging\n- [ ] Load test: P95 below 250 ms\n- [ ] Optional: a party\n"


def test_open_criteria_while_all_is_complete() -> None:
    assert found(CRITERIA + COMPLETE) == [("open-criteria", 11, "1 of 2 under 'Acceptance criteria' are open (line 8 and on)")]
    assert rules(CRITERIA) == []
    assert rules(CRITERIA.replace("[ ]", "[x]") + COMPLETE) == []
    assert rules(CRITERIA + COMPLETE.replace("COMPLETE ✅", "IN PROGRESS")) == []
    assert rules("\n## Next steps\n\n- [ ] Deploy to production\n" + COMPLETE) == []
    assert rules("\n## Compliance gates\n\n- ⏳ Roles\n- ✅ Logs\n" + COMPLETE) == ["open-criteria"]


def test_a_figure_that_breaks_the_document_s_own_limit_while_all_is_complete() -> None:
    limits = "\n## Targets\n\n- P99 below 1 s\n- Line coverage at least 80 %\n\n## Final results\n\n- P99 {} ms\n- Line coverage {} %\n"
    assert found(limits.format(1891, 79) + COMPLETE) == [
        ("own-target", 15, "its own limit stands in line 10: P99 below 1 s; yet line 18 says: Status: COMPLETE ✅"),
        ("own-target", 16, "its own limit stands in line 11: Line coverage at least 80 %; yet line 18 says: Status: COMPLETE ✅"),
    ]
    assert rules(limits.format(999, 80) + COMPLETE) == []
    assert rules(limits.format(1891, 79)) == []
    trigger = "\n## Going back\n\n- Go back when P99 above 500 ms\n\n## Final results\n\n- P99 700 ms\n"
    assert rules(trigger + COMPLETE) == []
