"""The Markdown form of a check."""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it import MarkdownIt

from compliance.report import markdown
from compliance.report.checked import Checked
from tests.report.checks import assessment, checked, hostile

SNAPSHOT = """\
<!-- compliance-check: p-production -->
## ❌ NO-GO: p 1.8

Two gates are red.

Commit <code>aaaaaaaaaaaa</code>, decision point <code>production</code>, as of 2026-06-01 12:00:00 UTC.

### Red gates

| Verdict | Gate | Observed | Threshold |
| --- | --- | --- | --- |
| ❌ fail | <code>T-1</code> The number is small | high 2 | high 0 |
| ❔ not assessed (missing) | <code>T-2</code> The number is small | – | – |

### Waived, and advisory gates that are red

| Verdict | Gate | Observed | Threshold |
| --- | --- | --- | --- |
| ❌ fail | <code>T-4</code> The number is small | high 2 | high 0 |

### How to turn them green

- <code>T-1</code> 2 findings are open
  - <code>src/app.py:7</code> eval
  - <code>src/other.py:9</code> exec
  - <code>/api/health</code> 503
  - <code>tests::b</code> failed
  - **Fix:** make it smaller.
- <code>T-2</code> no scan of this commit
  - **Fix:** Run <code>compliance ingest FILE</code> (number).

### Loosened and waived

- Loosened: T-6 applicable False, default True

2 of 6 gates passed; 0 not asked at this decision point.
"""


def without_marker(check: Checked) -> str:
    return markdown.text(check).partition("\n")[2]


def test_the_markdown_of_a_check(tmp_path: Path) -> None:
    text = markdown.text(checked(tmp_path)).replace("\u00a0", " ")
    assert text == SNAPSHOT


def test_untrusted_text_makes_no_markup_no_link_and_no_mention(tmp_path: Path) -> None:
    text = without_marker(checked(tmp_path, hostile(assessment())))
    page = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)
    assert set(re.findall(r"</?([a-z0-9]+)", page)) <= {
        "h2", "h3", "p", "code", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "strong",
    }  # fmt: skip
    assert page.count("<strong>") == 1  # the word Fix
    running = re.sub(r"<code>.*?</code>", "", page)
    assert not re.search(r"@\w|#\d|://\w|www\.", running)
    assert len(re.findall("<tr>", page)) == 2  # a bar in a cell ends no cell, and a line end no row
    assert len(re.findall("<td>", page)) == 4


def test_the_autolinks_of_github_find_nothing(tmp_path: Path) -> None:
    text = without_marker(checked(tmp_path, hostile(assessment())))
    assert not re.search(r"https?://|www\.|@octocat", text)


def test_a_comment_never_exceeds_what_github_takes_and_counts_what_it_leaves_out(tmp_path: Path) -> None:
    found = hostile(assessment(), 500)
    text = markdown.text(checked(tmp_path, found))
    assert len(text.encode()) <= markdown.LIMIT
    rows = text.count("❌ fail")
    assert f"{500 - rows}\u00a0further gates not shown." in text
    details = text.count("**Fix:**")
    assert f"{500 - details}\u00a0further gates not shown; `compliance check` lists all." in text
    assert rows > 20 < details + 20


def test_the_marker_is_the_same_for_every_check_of_a_project_and_cannot_be_broken_out_of(tmp_path: Path) -> None:
    found = assessment()
    later = found.model_copy(update={"because": "other", "gates": found.gates[:1]})
    assert markdown.text(checked(tmp_path, found)).splitlines()[0] == markdown.text(checked(tmp_path, later)).splitlines()[0]
    assert re.fullmatch(r"<!-- compliance-check: [A-Za-z0-9._-]+ -->", markdown.marker(hostile(found)))
    assert "--" not in markdown.marker(hostile(found))[4:-3]
