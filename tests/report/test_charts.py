from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, get_args
from xml.etree import ElementTree

import pytest

from compliance.record import Severity
from compliance.report.figures import drawing
from compliance.report.figures.draw import draw
from compliance.report.figures.model import (
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
    Trend,
    TrendsFigure,
)
from tests.report.hostile import TEXTS
from tests.report.scenario import Release

SVG = "{http://www.w3.org/2000/svg}"
NAMES = [text[:90] for text in TEXTS.values()] + ["W" * 90, "i", "all requests"]
WORDS: Any = {"title": "T", "caption": "C.", "alt": "C. A.", "evidence": (1,)}


def _milestone() -> PlanRow:
    return PlanRow(name="go", start_s=0.0, length_s=0.0, critical=True, actual_start_s=None, actual_end_s=None)


def hostile_figures() -> list[AnyFigure]:
    huge = {severity: 10 ** (n + 1) for n, severity in enumerate(Severity)}
    before = dict.fromkeys(Severity, 10**9)
    return [
        SeverityFigure(rows=tuple(SeverityRow(tool=name, category="sast", counts=huge, scanned=name) for name in NAMES), **WORDS),
        TestsFigure(suites=tuple(SuiteBar(name=name, passed=9**n, failed=n, skipped=10**9) for n, name in enumerate(NAMES)), **WORDS),
        CoverageFigure(
            total=CoverageRow(name="all", lines=1.0, branches=None),
            packages=tuple(CoverageRow(name=name, lines=n / 20, branches=1 - n / 20) for n, name in enumerate(NAMES)),
            lines_limit=1.0,
            branches_limit=0.0,
            **WORDS,
        ),
        LoadFigure(
            latencies=(Latency(label="P95", value_ms=1e12, limit_ms=1e12), Latency(label="max", value_ms=0.001, limit_ms=None)),
            endpoints=tuple(EndpointErrors(name=name, requests=10**12, failed=10**12) for name in NAMES),
            error_limit=1.0,
            **WORDS,
        ),
        RollbackFigure(
            steps=tuple(
                DrillStep(name=name, start_s=10.0**n, end_s=None if n % 2 else 10.0 ** (n + 1)) for n, name in enumerate(NAMES[:9])
            ),
            recovery_s=10.0**9,
            limit_s=10.0**9 + 1,
            **WORDS,
        ),
        PlanFigure(
            tasks=tuple(
                PlanRow(
                    name=name,
                    start_s=10.0**n,
                    length_s=None if n % 3 else 10.0**n,
                    critical=not n % 2,
                    actual_start_s=10.0 ** (n + 1) if n % 2 else None,
                    actual_end_s=10.0 ** (n + 1.5) if n % 4 == 1 else None,
                )
                for n, name in enumerate(NAMES[:9])
            ),
            end_s=10.0**9,
            actual_end_s=10.0**10,
            **WORDS,
        ),
        PlanFigure(tasks=(_milestone(),), end_s=0.0, actual_end_s=None, **WORDS),
        TestsFigure(suites=(SuiteBar(name="empty", passed=0, failed=0, skipped=0),), **WORDS),
        RollbackFigure(steps=(DrillStep(name="at once", start_s=0.0, end_s=0.0),), recovery_s=None, limit_s=None, **WORDS),
        SeverityFigure(rows=(SeverityRow(tool="clean", category="sca", counts=dict.fromkeys(Severity, 0), scanned=None),), **WORDS),
        SeverityFigure(
            rows=tuple(SeverityRow(tool=name, category="sca", counts=huge, before=before, scanned=None) for name in NAMES),
            against="1.0",
            **WORDS,
        ),
        LoadFigure(
            latencies=(),
            endpoints=tuple(EndpointErrors(name=name, requests=10**9, failed=None, p95_ms=1e15, p99_ms=1e15) for name in NAMES),
            error_limit=0.01,
            p95_limit_ms=0.0,
            **WORDS,
        ),
        TrendsFigure(
            releases=tuple(name[:20] for name in NAMES),
            trends=(
                Trend(title="P99 latency", unit="ms", values=tuple(10.0**n for n in range(len(NAMES))), limit=1e15),
                Trend(title="Critical and high findings", unit="count", values=(0, *(None for _ in NAMES[2:]), 0), limit=None),
                Trend(title="Lines covered", unit="share", values=(None, *(0.5 for _ in NAMES[1:])), limit=1.0),
                Trend(title="Tests passed", unit="share", values=(None, *(0.0 for _ in NAMES[1:])), limit=0.0),
            ),
            **WORDS,
        ),
        LoadFigure(latencies=(Latency(label="P50", value_ms=0.0, limit_ms=None),), endpoints=(), error_limit=None, **WORDS),
    ]


def extent(element: ElementTree.Element) -> tuple[float, float]:
    """Left and right end of a text or a rectangle."""
    x = float(element.attrib["x"])
    if element.tag == f"{SVG}rect":
        return x, x + float(element.attrib["width"])
    width = drawing.measure(element.text or "", float(element.attrib["font-size"]), bold="font-weight" in element.attrib)
    left = {"start": x, "middle": x - width / 2, "end": x - width}[element.attrib["text-anchor"]]
    return left, left + width


@pytest.fixture(scope="module")
def figures(release: Release) -> list[AnyFigure]:
    return [*release.bundle()[0].figures, *hostile_figures()]


def test_every_kind_of_figure_is_among_those_that_are_looked_at(figures: list[AnyFigure]) -> None:
    kinds = {model.model_fields["kind"].default for model in get_args(get_args(AnyFigure)[0])}
    assert {figure.kind for figure in figures} == kinds


def test_every_figure_is_a_picture_with_everything_inside_it(figures: list[AnyFigure]) -> None:
    for figure in figures:
        root = ElementTree.fromstring(draw(figure))
        _, _, width, height = map(float, root.attrib["viewBox"].split())
        assert width == drawing.WIDTH
        for element in root:
            if element.tag in (f"{SVG}text", f"{SVG}rect"):
                left, right = extent(element)
                assert left >= -0.01, (figure.kind, element.text)
                assert right <= width + 0.01, (figure.kind, element.text)
                assert 0 <= float(element.attrib["y"]) <= height


def test_no_two_texts_of_a_line_overlap(figures: list[AnyFigure]) -> None:
    for figure in figures:
        lines: dict[str, list[tuple[float, float, str | None]]] = {}
        for element in ElementTree.fromstring(draw(figure)).iter(f"{SVG}text"):
            lines.setdefault(element.attrib["y"], []).append((*extent(element), element.text))
        for found in lines.values():
            found.sort(key=lambda one: one[0])
            for (_, right, first), (left, _, second) in pairwise(found):
                assert right <= left + 0.5, (figure.kind, first, second)


def test_markup_in_names_is_text() -> None:
    for figure in hostile_figures():
        picture = draw(figure)
        tags = set(re.findall(r"<(\w+)", picture))
        assert tags <= {"svg", "text", "rect", "line", "path", "circle"}
        assert "\x1b" not in picture
        assert "\u202e" not in picture


def test_what_the_limit_breaks_is_said_in_words_too(figures: list[AnyFigure]) -> None:
    load = next(figure for figure in figures if isinstance(figure, LoadFigure))
    words = "".join(ElementTree.fromstring(draw(load)).itertext())
    assert "1,891\u00a0ms, limit 1,000\u00a0ms: broken" in words
    assert "221\u00a0ms, limit 250\u00a0ms: kept" in words
    assert "114 of 242 (47.1\u00a0%)" in words


def test_bars_are_as_long_as_their_numbers(figures: list[AnyFigure]) -> None:
    tests = next(figure for figure in figures if isinstance(figure, TestsFigure))
    picture = ElementTree.fromstring(draw(tests))
    widths = [
        float(one.attrib["width"])
        for one in picture.iter(f"{SVG}rect")
        if one.attrib["fill"] == drawing.GOOD and float(one.attrib["x"]) >= 150
    ]
    shown = [suite.passed for suite in tests.suites]
    for width, amount in zip(widths, shown, strict=True):
        assert width / amount == pytest.approx(widths[0] / shown[0], rel=0.01)


def test_text_is_cut_in_the_middle_to_fit() -> None:
    assert drawing.fit("short", 100) == "short"
    for width in (20.0, 60.0, 150.0):
        cut = drawing.fit("src/components/" * 40 + "file.py", width)
        assert "…" in cut
        assert drawing.measure(cut) <= width
    assert drawing.fit("src/components/deep/file.py", 100).endswith("file.py")


def test_a_trend_marks_every_release_that_was_measured_and_bridges_the_others_with_dots() -> None:
    trend = Trend(title="Lines covered", unit="share", values=(0.5, None, 0.75, 1.0), limit=0.8)
    picture = ElementTree.fromstring(draw(TrendsFigure(releases=("1", "2", "3", "4"), trends=(trend,), **WORDS)))
    heights = [float(one.attrib["cy"]) for one in picture.iter(f"{SVG}circle")]
    assert len(heights) == 3
    assert (heights[0] - heights[1]) == pytest.approx(heights[1] - heights[2])
    lines = [one for one in picture.iter(f"{SVG}line") if one.attrib["stroke"] == drawing.MIDDLE]
    assert ["stroke-dasharray" in one.attrib for one in lines] == [True, False]
    assert "threshold 80\u00a0%" in "".join(picture.itertext())


def test_a_latency_over_its_limit_has_a_sign_besides_its_colour() -> None:
    endpoints = tuple(EndpointErrors(name=f"/{n}", requests=9, failed=0, p95_ms=n, p99_ms=n) for n in (100, 300))
    figure = LoadFigure(latencies=(), endpoints=endpoints, error_limit=None, p95_limit_ms=250, p99_limit_ms=1000, **WORDS)
    texts = [one.text for one in ElementTree.fromstring(draw(figure)).iter(f"{SVG}text")]
    assert texts.count("> 300") == 1
    assert texts.count("300") == 1


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_has_contrast_and_failed_differs_from_passed_in_greyscale(figures: list[AnyFigure]) -> None:
    for figure in figures:
        for element in ElementTree.fromstring(draw(figure)).iter(f"{SVG}text"):
            assert contrast(element.attrib["fill"], "#ffffff") >= 4.5
    assert contrast(drawing.BAD, drawing.GOOD) >= 2
