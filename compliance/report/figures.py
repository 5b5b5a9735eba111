"""What the evidence shows: the data, captions and alternative texts of the figures, for the kinds of evidence that are there.

A figure is made only where it answers a question. Payloads are read by their field names (the engine does not import the kinds).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from ..gate import Item
from ..judgement.history import Release
from ..judgement.view import Unreadable, View
from ..project import Project
from ..record import Severity
from ..subject import Binding, Subject
from .figure_model import (
    AnyFigure,
    CoverageFigure,
    CoverageRow,
    DrillStep,
    EndpointErrors,
    Latency,
    LoadFigure,
    PlanFigure,
    PlanRow,
    RollbackFigure,
    SeverityFigure,
    SeverityRow,
    SuiteBar,
    TestsFigure,
)
from .redact import WHOLE, Redaction
from .trends import trends
from .words import count, cut, duration, listed, number, percent, seconds

ROWS: Final = 14
"""Rows of a figure."""
_GONE: Final = 4
"""Scans that are named because they are missing."""
NAME: Final = 90
"""Characters of a name, before the chart fits it to its column."""


def figures(
    view: View, project: Project, subject: Subject, releases: Sequence[Release], redaction: Redaction = WHOLE
) -> tuple[AnyFigure, ...]:
    """Returns the figures for the evidence of the commit that is judged.

    Args:
        view: The evidence.
        project: Its thresholds are drawn in.
        subject: What is judged.
        releases: The latest releases, oldest first; the last one is that which is judged.
        redaction: What the copy leaves out.
    """
    kinds = project.catalog.kinds
    items = {
        kind: [redaction.item(one) for one in many if _shown(one, subject, kinds[kind].binds_to)] for kind, many in view.newest.items()
    }
    limits = Limits(project)
    before = releases[-2] if len(releases) > 1 else None
    makers: tuple[tuple[str, Callable[[list[Item], Limits], AnyFigure | None]], ...] = (
        ("scan", lambda many, _: _severity(many, before)),
        ("test-results", _tests),
        ("coverage", _coverage),
        ("load-test", _load),
        ("plan", _plan),
        ("rollback-drill", _rollback),
    )
    made = [make(items[kind], limits) for kind, make in makers if items.get(kind)]
    made.append(trends(releases, limits))
    return tuple(figure for figure in made if figure is not None)


def of_subject(item: Item, subject: Subject) -> bool:
    """Tells whether evidence is about the commit that is judged, or bound to no commit, and can be read."""
    return not isinstance(item.payload, Unreadable) and item.subject.commit in (None, subject.commit)


def _shown(item: Item, subject: Subject, binds_to: Binding) -> bool:
    """Evidence of the project as a whole counts whichever commit it was recorded at."""
    return of_subject(item, subject) or (binds_to is Binding.PROJECT and not isinstance(item.payload, Unreadable))


class Limits:
    """Thresholds of the gates as this project asks them, by the kind that they read."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def find(self, kind: str, names: Sequence[str], strictest: Callable[[Iterable[float]], float] = min) -> float | None:
        """Returns the strictest parameter of one of these names among the gates that read a kind."""
        found = []
        for setting in self.project.gates.values():
            if kind not in setting.gate.reads or setting.declared:
                continue
            values = setting.params.model_dump(mode="python")
            found += [_limit(name, values[name]) for name in names if values.get(name) is not None]
        return strictest(found) if found else None


def _limit(name: str, value: Any) -> float:
    """Returns a parameter as a number: spans in seconds, percentages as shares of 0 to 1."""
    amount = float(value.total_seconds() if hasattr(value, "total_seconds") else value)
    if name.endswith(("_percent", "_rate")):
        return min(1.0, amount / 100 if name.endswith("_percent") else amount)
    return amount


def _severity(items: list[Item], before: Release | None) -> SeverityFigure:
    rows = [_scan_row(one, before) for one in items]
    rows.sort(key=lambda row: [-row.counts[severity] for severity in Severity])
    caption = f"{count(len(rows), 'scan')} of this commit: {_worst(row.counts for row in rows)}"
    caption += f"; release {_named(before)} had {_worst(before.scans.values())}." if before and before.scans else "."
    alt = "; ".join(f"{row.tool} ({row.category}): {_severities(row)}" for row in rows[:ROWS])
    return SeverityFigure(
        title="Open findings by tool and severity",
        caption=caption,
        alt=f"{caption} {alt}.",
        evidence=_numbers(items),
        note=_severity_note(items, before),
        rows=tuple(rows[:ROWS]),
        against=_named(before) if before and before.scans else None,
    )


def _worst(many: Iterable[Mapping[Severity, int]]) -> str:
    total = {severity: sum(one[severity] for one in counts) for counts in [list(many)] for severity in Severity}
    others = sum(total.values()) - total[Severity.CRITICAL] - total[Severity.HIGH]
    return f"{number(total[Severity.CRITICAL])} critical, {number(total[Severity.HIGH])} high and {count(others, 'other open finding')}"


def _severity_note(items: Sequence[Item], before: Release | None) -> str | None:
    """Names the scans that the last release had and this one has not: fewer findings may be fewer scans."""
    now = {(one.tool or one.format, one.payload.category) for one in items}
    gone = [f"{cut(tool, NAME)} ({category})" for tool, category in (before.scans if before else {}) if (tool, category) not in now]
    left = f"Not among the scans of this commit, but of release {_named(before)}: {listed(gone[:_GONE])}." if before and gone else None
    return " ".join(filter(None, [_left_out(items, "scan"), left])) or None


def _named(release: Release) -> str:
    return cut(release.name, 40)


def _scan_row(item: Item, before: Release | None) -> SeverityRow:
    payload = item.payload
    counts = {severity: int(getattr(payload.by_severity, severity.value)) for severity in Severity}
    scanned = None if payload.scanned is None else count(payload.scanned, (payload.scanned_what or "items").removesuffix("s"))
    tool = cut(item.tool or item.format, NAME)
    known = before.scans.get((item.tool or item.format, payload.category)) if before else None
    return SeverityRow(tool=tool, category=payload.category, counts=counts, before=None if known is None else dict(known), scanned=scanned)


def _severities(row: SeverityRow) -> str:
    found = [f"{amount:,} {severity.value}" for severity, amount in row.counts.items() if amount]
    was = [f"{amount:,} {severity.value}" for severity, amount in (row.before or {}).items() if amount]
    text = listed(found) if found else "none open"
    return text if row.before is None else f"{text}, before that {listed(was) or 'none'}"


def _tests(items: list[Item], _: Limits) -> TestsFigure | None:
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
        evidence=_numbers(items),
        note=_left_out(bars, "suite"),
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


def _coverage(items: list[Item], limits: Limits) -> CoverageFigure | None:
    item = items[0]
    payload = item.payload
    if not payload.lines_total:
        return None
    lines_limit = limits.find("coverage", ("lines_percent",), max)
    branches_limit = limits.find("coverage", ("branches_percent",), max)
    total = _coverage_row("all", payload)
    rows = sorted((_coverage_row(one.name, one) for one in payload.packages), key=lambda row: (row.lines is None, row.lines or 0))
    caption = _coverage_caption(total, rows, lines_limit, branches_limit)
    worst = "; ".join(f"{row.name} {percent(row.lines)}" for row in rows[:ROWS] if row.lines is not None)
    return CoverageFigure(
        title="Coverage by package",
        caption=caption,
        alt=f"{caption} Lines by package, lowest first: {worst or 'not given'}.",
        evidence=(item.entry,),
        note=_left_out(rows, "package"),
        total=total,
        packages=tuple(rows[:ROWS]) if len(rows) > 1 else (),
        lines_limit=lines_limit,
        branches_limit=branches_limit,
    )


def _coverage_row(name: str, counts: Any) -> CoverageRow:
    return CoverageRow(
        name=cut(name, NAME),
        lines=_share(counts.lines_covered, counts.lines_total),
        branches=_share(counts.branches_covered, counts.branches_total),
    )


def _share(part: int | None, whole: int | None) -> float | None:
    return min(1.0, part / whole) if part is not None and whole else None


def _coverage_caption(total: CoverageRow, rows: Sequence[CoverageRow], lines_limit: float | None, branches_limit: float | None) -> str:
    parts = []
    for word, share, limit in (("lines", total.lines, lines_limit), ("branches", total.branches, branches_limit)):
        if share is not None:
            parts.append(f"{percent(share)} of {word}" + (f" (threshold {percent(limit)})" if limit is not None else ""))
    text = f"The tests ran {listed(parts)}"
    below = [row for row in rows if lines_limit is not None and row.lines is not None and row.lines < lines_limit]
    if len(rows) > 1:
        text += f"; {count(len(below), 'package lies', 'packages lie') if below else 'no package lies'} below the line threshold"
    return text + ("." if total.branches is not None else "; branches were not measured.")


def _load(items: list[Item], limits: Limits) -> LoadFigure | None:
    item = items[0]
    payload = item.payload
    latencies = [
        Latency(label=word, value_ms=value, limit_ms=limits.find("load-test", (name, f"max_{name}")))
        for word, name in (("P50", "p50_ms"), ("P95", "p95_ms"), ("P99", "p99_ms"), ("max", "max_ms"))
        if (value := getattr(payload, name)) is not None
    ]
    rows = [
        EndpointErrors(
            name=cut(one.name, NAME),
            requests=one.requests,
            failed=one.failed,
            p95_ms=getattr(one, "p95_ms", None),
            p99_ms=getattr(one, "p99_ms", None),
        )
        for one in payload.endpoints
        if one.requests
    ]
    rows.sort(key=lambda row: (-(row.failed or 0) / row.requests, -(row.p99_ms or 0), -row.requests))
    if payload.requests:
        values = {"p95_ms": payload.p95_ms, "p99_ms": payload.p99_ms}
        rows.insert(0, EndpointErrors(name="all requests", requests=payload.requests, failed=payload.failed, **values))
    if not latencies and not rows:
        return None
    error_limit = limits.find("load-test", ("error_rate", "max_error_rate"))
    caption = _load_caption(latencies, rows if payload.failed is not None else [], error_limit)
    return LoadFigure(
        title="Load test: latency and errors against their limits",
        caption=caption,
        alt=f"{caption} {_load_words(latencies, rows)}",
        evidence=(item.entry,),
        note=_load_note(payload, rows),
        latencies=tuple(latencies),
        endpoints=tuple(rows[:ROWS]) if any(row.failed is not None for row in rows) else (),
        error_limit=error_limit,
        p95_limit_ms=limits.find("load-test", ("p95_ms", "max_p95_ms")),
        p99_limit_ms=limits.find("load-test", ("p99_ms", "max_p99_ms")),
    )


def _load_caption(latencies: Sequence[Latency], rows: Sequence[EndpointErrors], error_limit: float | None) -> str:
    parts = []
    for one in latencies:
        if one.limit_ms is not None:
            verb = "keeps" if one.value_ms < one.limit_ms else "breaks"
            parts.append(f"{one.label} of {number(round(one.value_ms))} ms {verb} the limit of {number(one.limit_ms)} ms")
    if rows and rows[0].failed is not None:
        share = rows[0].failed / rows[0].requests
        limit = "" if error_limit is None else f" against a limit of {percent(error_limit)}"
        parts.append(f"{rows[0].failed:,} of {count(rows[0].requests, 'request')} failed ({percent(share)}{limit})")
    return listed(parts)[:1].upper() + listed(parts)[1:] + "." if parts else "No limit applies to these figures."


def _load_words(latencies: Sequence[Latency], rows: Sequence[EndpointErrors]) -> str:
    values = listed([f"{one.label} {number(round(one.value_ms))} ms" for one in latencies])
    errors = "; ".join(_endpoint_words(row) for row in rows[1:ROWS])
    return ". ".join(filter(None, [values, errors])) + "."


def _endpoint_words(row: EndpointErrors) -> str:
    failed = f"{row.failed:,} of {row.requests:,} failed" if row.failed is not None else f"{row.requests:,} requests"
    slow = [f"{word} {number(round(value))} ms" for word, value in (("P95", row.p95_ms), ("P99", row.p99_ms)) if value is not None]
    return f"{row.name}: {', '.join([failed, *slow])}"


def _load_note(payload: Any, rows: Sequence[EndpointErrors]) -> str | None:
    parts = []
    if payload.percentiles_over == "successful":
        parts.append("Percentiles are over successful requests only")
    run = []
    if payload.users is not None:
        run.append(count(payload.users, "user"))
    if payload.duration_s is not None:
        run.append(f"for {seconds(payload.duration_s)}")
    if payload.environment:
        run.append(f"against {cut(payload.environment, 40)}")
    parts += [" ".join(run)] if run else []
    parts += [left] if (left := _left_out(rows, "endpoint")) else []
    return "; ".join(part.removesuffix(".") for part in parts) + "." if parts else None


def _plan(items: list[Item], _: Limits) -> PlanFigure | None:
    """Draws the plan that gate ALPHA-PE-1 judges: one written as such, else a timeline of a document."""
    written = [one for one in items if one.format != "markdown-document"]
    item = (written or items)[0]
    payload = item.payload
    begun = min((one.started_at for one in payload.tasks if one.started_at is not None), default=None)
    rows = [_plan_row(one, one.id in payload.critical_path, begun) for one in payload.tasks if one.start_s is not None]
    if not rows:
        return None
    rows.sort(key=lambda row: row.start_s)
    ends = [row.actual_end_s for row in rows if row.actual_end_s is not None]
    caption = _plan_caption(payload, max(ends, default=None))
    alt = "; ".join(_plan_words(row) for row in rows[:ROWS])
    return PlanFigure(
        title="Release plan and its critical path" if payload.critical_path else "Release plan",
        caption=caption,
        alt=f"{caption} {alt}.",
        evidence=(item.entry,),
        note=_left_out(rows, "task"),
        tasks=tuple(rows[:ROWS]),
        end_s=max(row.start_s + (row.length_s or 0.0) for row in rows),
        actual_end_s=max(ends, default=None),
    )


def _plan_row(task: Any, critical: bool, begun: datetime | None) -> PlanRow:
    started, finished = (
        max(0.0, (time - begun).total_seconds()) if time is not None and begun is not None else None
        for time in (task.started_at, task.finished_at)
    )
    return PlanRow(
        name=cut(task.title or task.id, NAME),
        start_s=task.start_s,
        length_s=task.estimate_s,
        critical=critical,
        actual_start_s=started,
        actual_end_s=None if started is None else finished,
    )


def _plan_caption(payload: Any, actual_s: float | None) -> str:
    tasks = count(len(payload.tasks), "task")
    end = payload.makespan_s if payload.scheduled_s is None else payload.scheduled_s
    if end is None:
        last = max(one.start_s for one in payload.tasks if one.start_s is not None)
        return f"The timeline has {tasks}, the last of which begins after {duration(last)}; it does not say what depends on what."
    path = listed([cut(name, 30) for name in payload.critical_path[:6]])
    more = " and more" if len(payload.critical_path) > 6 else ""
    really = f" It really took {duration(actual_s)}." if payload.actual_s is not None and actual_s is not None else ""
    parallel = f", {number(payload.parallelism)} at once on average" if payload.parallelism is not None else ""
    return f"The {tasks} take {duration(end)} by plan{parallel}; on the critical path: {path}{more}.{really}"


def _plan_words(row: PlanRow) -> str:
    planned = f"{row.name} from {duration(row.start_s)}" + ("" if row.length_s is None else f" to {duration(row.start_s + row.length_s)}")
    return planned + (" (critical)" if row.critical else "")


def _rollback(items: list[Item], limits: Limits) -> RollbackFigure | None:
    item = items[0]
    payload = item.payload
    timed = [one for one in payload.steps if one.started_at is not None]
    if not timed:
        return None
    begin: datetime = payload.started_at or min(one.started_at for one in timed)
    steps = [
        DrillStep(
            name=cut(one.name, NAME),
            start_s=max(0.0, (one.started_at - begin).total_seconds()),
            end_s=None if one.ended_at is None else max(0.0, (one.ended_at - begin).total_seconds()),
        )
        for one in timed
    ]
    limit = limits.find("rollback-drill", ("recovery_s", "max_recovery_s", "recovery", "max_recovery"))
    caption = _rollback_caption(payload, limit)
    alt = "; ".join(f"{one.name} from {seconds(one.start_s)}" + ("" if one.end_s is None else f" to {seconds(one.end_s)}") for one in steps)
    return RollbackFigure(
        title="Rollback drill",
        caption=caption,
        alt=f"{caption} Steps since the start: {alt}.",
        evidence=(item.entry,),
        note=_left_out(steps, "step"),
        steps=tuple(steps[:ROWS]),
        recovery_s=payload.recovery_s,
        limit_s=limit,
    )


def _rollback_caption(payload: Any, limit: float | None) -> str:
    where = f" in {cut(payload.environment, 40)}" if payload.environment else ""
    if payload.mode != "executed":
        return f"The rollback was only {payload.mode}{where}: that is no drill."
    if payload.recovery_s is None:
        return f"The drill{where} ended without a verified recovery."
    took = f"Recovery{where} took {seconds(payload.recovery_s)}"
    return f"{took}, {'within' if payload.recovery_s < limit else 'beyond'} the limit of {seconds(limit)}." if limit else f"{took}."


def _left_out(rows: Sequence[Any], noun: str) -> str | None:
    return f"{count(len(rows) - ROWS, f'more {noun}')} in the evidence." if len(rows) > ROWS else None


def _numbers(items: Sequence[Item]) -> tuple[int, ...]:
    return tuple(sorted(one.entry for one in items))[:8]
