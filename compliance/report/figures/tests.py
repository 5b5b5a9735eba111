"""Test results by suite."""

from __future__ import annotations

from ...gate import Item
from ..words import count, cut, percent
from .drawing import BAD, GOOD, MUTED, ROW, SMALL, WIDTH, bar, fit, key, measure, svg, text
from .limits import Limits
from .model import SuiteBar, TestsFigure
from .rows import NAME, ROWS, entries, left_out


def figure(items: list[Item], _: Limits) -> TestsFigure | None:
    """Returns the figure; None where no test ran."""
    bars = [bar for one in items for bar in _suites(one)]
    bars.sort(key=lambda bar: (-bar.failed, -(bar.passed + bar.skipped)))
    passed, failed, skipped = (
        (sum(bar) for bar in zip(*((b.passed, b.failed, b.skipped) for b in bars), strict=True)) if bars else (0, 0, 0)
    )
    total = passed + failed + skipped
    if not total:
        return None
    caption = f"{passed:,} of {count(total, 'test')} passed ({percent(passed / total)}); {failed:,} failed, {skipped:,} skipped."
    worst = "; ".join(f"{bar.name}: {bar.failed:,} failed, {bar.passed:,} passed" for bar in bars[:ROWS] if bar.failed)
    return TestsFigure(
        title="Test results by suite",
        caption=caption,
        alt=f"{caption} {worst or 'No suite has a failure'}.",
        evidence=entries(items),
        note=left_out(bars, "suite"),
        suites=tuple(bars[:ROWS]),
    )


def _suites(item: Item) -> list[SuiteBar]:
    payload = item.payload
    suites = payload.suites or (payload,)
    return [
        SuiteBar(
            name=cut(getattr(one, "name", "") or item.name or item.format, NAME),
            passed=one.passed,
            failed=one.failed + one.errors,
            skipped=one.skipped,
        )
        for one in suites
        if one.tests
    ]


def draw(figure: TestsFigure) -> str:
    """One bar per suite on one common scale: failed first, so that failures line up at the same edge."""
    name_width = 150.0
    labels = [_suite_label(bar.passed, bar.failed, bar.skipped) for bar in figure.suites]
    label_width = max(measure(label, SMALL, bold=True) for label in labels) + 10
    most = max(bar.passed + bar.failed + bar.skipped for bar in figure.suites) or 1
    scale = (WIDTH - name_width - label_width) / most
    parts = [key(0, 8, ((BAD, None, "failed"), (GOOD, None, "passed"), ("#ffffff", MUTED, "skipped")))]
    for position, (suite, label) in enumerate(zip(figure.suites, labels, strict=True)):
        y, x = 16 + position * ROW, name_width
        parts.append(text(0, y + 9, fit(suite.name, name_width - 8)))
        for amount, fill, stroke in ((suite.failed, BAD, None), (suite.passed, GOOD, None), (suite.skipped, "#ffffff", MUTED)):
            if amount:
                parts.append(bar(x, y + 2, amount * scale, ROW - 6, fill, stroke=stroke))
                x += max(amount * scale, 0.8)
        parts.append(text(x + 5, y + 9, label, size=SMALL, fill=BAD if suite.failed else MUTED, bold=bool(suite.failed)))
    return svg(18 + len(figure.suites) * ROW, parts)


def _suite_label(passed: int, failed: int, skipped: int) -> str:
    parts = [f"{failed:,} failed"] if failed else []
    parts += [f"{passed:,} passed"]
    parts += [f"{skipped:,} skipped"] if skipped else []
    return ", ".join(parts)
