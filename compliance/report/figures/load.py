"""Latencies and failed requests of a load test, against their limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...gate import Item
from ..words import NBSP, count, cut, listed, number, percent, seconds
from .drawing import BAD, BOLD, GOOD, INK, MIDDLE, MUTED, ROW, SMALL, TRACK, WIDTH, bar, fit, limit_mark, measure, svg, text
from .limits import Limits
from .model import EndpointErrors, Latency, LoadFigure
from .rows import NAME, ROWS, left_out


def figure(items: list[Item], limits: Limits) -> LoadFigure | None:
    """Returns the figure; None where the test states neither a latency nor an endpoint."""
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
    caption = _caption(latencies, rows if payload.failed is not None else [], error_limit)
    return LoadFigure(
        title="Load test: latency and errors against their limits",
        caption=caption,
        alt=f"{caption} {_words(latencies, rows)}",
        evidence=(item.entry,),
        note=_note(payload, rows),
        latencies=tuple(latencies),
        endpoints=tuple(rows[:ROWS]) if any(row.failed is not None for row in rows) else (),
        error_limit=error_limit,
        p95_limit_ms=limits.find("load-test", ("p95_ms", "max_p95_ms")),
        p99_limit_ms=limits.find("load-test", ("p99_ms", "max_p99_ms")),
    )


def _caption(latencies: Sequence[Latency], rows: Sequence[EndpointErrors], error_limit: float | None) -> str:
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


def _words(latencies: Sequence[Latency], rows: Sequence[EndpointErrors]) -> str:
    values = listed([f"{one.label} {number(round(one.value_ms))} ms" for one in latencies])
    errors = "; ".join(_endpoint_words(row) for row in rows[1:ROWS])
    return ". ".join(filter(None, [values, errors])) + "."


def _endpoint_words(row: EndpointErrors) -> str:
    failed = f"{row.failed:,} of {row.requests:,} failed" if row.failed is not None else f"{row.requests:,} requests"
    slow = [f"{word} {number(round(value))} ms" for word, value in (("P95", row.p95_ms), ("P99", row.p99_ms)) if value is not None]
    return f"{row.name}: {', '.join([failed, *slow])}"


def _note(payload: Any, rows: Sequence[EndpointErrors]) -> str | None:
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
    parts += [left] if (left := left_out(rows, "endpoint")) else []
    return "; ".join(part.removesuffix(".") for part in parts) + "." if parts else None


def draw(figure: LoadFigure) -> str:
    """Latencies on one scale with the limit of each, then the share of failed requests per endpoint."""
    parts: list[str] = []
    y = 0.0
    if figure.latencies:
        parts += [text(0, 9, "Latency", fill=MUTED, size=SMALL), _latencies(figure)]
        y = 20 + len(figure.latencies) * (ROW + 4) + 6
    if figure.endpoints:
        parts += _endpoints(figure, y)
        y += 20 + len(figure.endpoints) * ROW
    return svg(y + 4, parts)


def _latencies(figure: LoadFigure) -> str:
    left = 46.0
    labels = [_latency_label(one) for one in figure.latencies]
    label_width = max(measure(words, SMALL, bold=True) for words in labels) + 8
    longest = max(max(one.value_ms, one.limit_ms or 0) for one in figure.latencies) or 1.0
    scale = (WIDTH - left - label_width) / longest
    parts = []
    for n, (one, words) in enumerate(zip(figure.latencies, labels, strict=True)):
        y = 16 + n * (ROW + 4)
        broken = _broken(one)
        fill = BAD if broken else GOOD if one.limit_ms is not None else MIDDLE
        parts += [text(0, y + 9, one.label, bold=one.limit_ms is not None), bar(left, y + 2, one.value_ms * scale, ROW - 6, fill)]
        end = left + max(one.value_ms, one.limit_ms or 0) * scale
        if one.limit_ms is not None:
            parts.append(limit_mark(left + one.limit_ms * scale, y + 1, y + ROW - 2))
        parts.append(text(end + 6, y + 9, words, size=SMALL, fill=BAD if broken else INK, bold=broken))
    return "".join(parts)


def _broken(one: Latency) -> bool:
    return one.limit_ms is not None and one.value_ms >= one.limit_ms


def _latency_label(one: Latency) -> str:
    words = f"{number(round(one.value_ms))}{NBSP}ms"
    if one.limit_ms is None:
        return words
    return f"{words}, limit {number(one.limit_ms)}{NBSP}ms: {'broken' if _broken(one) else 'kept'}"


def _endpoints(figure: LoadFigure, top: float) -> list[str]:
    """Share of failed requests as bars; P95 and P99 of the endpoint as figures, where the test gives them."""
    name_width = 150.0
    labels = [_failed_label(one) for one in figure.endpoints]
    slow = any(one.p95_ms is not None or one.p99_ms is not None for one in figure.endpoints[1:])
    columns = 92.0 if slow else 0.0
    label_width = max(118.0 if slow else 150.0, *(measure(words, SMALL, bold=True) + 8 for words in labels))
    width = WIDTH - name_width - label_width - columns
    parts = [text(0, top + 9, "Failed requests", fill=MUTED, size=SMALL)]
    if slow:
        heads = ((WIDTH - 46, "P95"), (WIDTH, "P99"))
        parts += [text(x, top + 9, f"{word}, ms", anchor="end", fill=MUTED, size=SMALL) for x, word in heads]
    bottom = top + 18 + len(figure.endpoints) * ROW
    for n, (one, words) in enumerate(zip(figure.endpoints, labels, strict=True)):
        y, share = top + 18 + n * ROW, min(1.0, (one.failed or 0) / one.requests)
        broken = figure.error_limit is not None and one.failed is not None and share >= figure.error_limit
        parts += [text(0, y + 9, fit(one.name, name_width - 8), bold=n == 0 and one.name == "all requests")]
        parts += [bar(name_width, y + 2, width, ROW - 6, TRACK)]
        parts += [bar(name_width, y + 2, width * share, ROW - 6, BAD if broken else MIDDLE)] if one.failed else []
        parts.append(text(name_width + width + 6, y + 9, words, size=SMALL, fill=BAD if broken else INK, bold=broken))
        parts += _slowness(figure, one, y) if slow else []
    if figure.error_limit is not None:
        x = name_width + width * figure.error_limit
        parts += [limit_mark(x, top + 14, bottom), text(x + 6, top + 9, f"limit {percent(figure.error_limit)}", size=SMALL)]
    return parts


def _failed_label(one: EndpointErrors) -> str:
    if one.failed is None:
        return f"not stated, {one.requests:,} requests"
    return f"{one.failed:,} of {one.requests:,} ({percent(one.failed / one.requests)})"


def _slowness(figure: LoadFigure, one: EndpointErrors, y: float) -> list[str]:
    """Returns P95 and P99 of an endpoint; those over the limit in bold and with a mark that needs no colour."""
    parts = []
    for x, value, limit in ((WIDTH - 46, one.p95_ms, figure.p95_limit_ms), (WIDTH, one.p99_ms, figure.p99_limit_ms)):
        broken = value is not None and limit is not None and value >= limit
        words = "–" if value is None else fit(("> " if broken else "") + number(round(value)), 40 / BOLD, SMALL)
        parts.append(text(x, y + 9, words, anchor="end", size=SMALL, fill=BAD if broken else INK, bold=broken))
    return parts
