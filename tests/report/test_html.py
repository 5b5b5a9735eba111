from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from typing import Literal

import pytest
from jinja2 import UndefinedError

from compliance.assessment import Changed
from compliance.gate import Area, Status
from compliance.report import audit, html, page1
from compliance.report.decided_model import OverrideRow
from compliance.report.gates import frameworks, troubles
from compliance.report.model import Limits, ReportModel
from tests.report import scenario
from tests.report.hostile import TEXTS
from tests.report.scenario import Release
from tests.report.test_charts import contrast


class Page(HTMLParser):
    """Tags with their attributes, and the text, of a document."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._style = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def named(self, *names: str) -> Iterator[dict[str, str | None]]:
        return (attributes for tag, attributes in self.tags if tag in names)


@pytest.fixture(scope="module")
def model(release: Release) -> ReportModel:
    return release.bundle()[0]


@pytest.fixture(scope="module")
def page(model: ReportModel) -> Page:
    return Page(html.render(model))


@pytest.fixture(scope="module")
def hostile(hostile_release: Release) -> str:
    return html.render(hostile_release.bundle()[0])


def test_the_page_says_what_the_model_says(page: Page, model: ReportModel) -> None:
    assert "Orchard 1.8.0" in page.text
    assert "NO-GO".replace("-", "\u2011") in page.text
    for gate in model.decision.red:
        assert gate.message in page.text
    for figure in model.figures:
        assert " ".join(figure.caption.split()) in page.text
    assert "19 more groups with 44 findings" in page.text.replace("\u00a0", " ")
    assert "findings.csv and findings.json" in page.text
    assert model.proof.checkpoint.note.split("\n")[2] in page.text.replace(" ", "").replace("\u2011", "-")


def test_headings_skip_no_level_and_every_picture_speaks(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    pictures = list(page.named("img"))
    assert len(pictures) == 6
    for picture in pictures:
        assert len(picture["alt"] or "") > 20
        assert (picture["src"] or "").startswith("data:image/svg+xml")


def test_every_header_cell_has_a_scope_and_every_link_a_target(page: Page) -> None:
    assert all(cell.get("scope") in ("col", "row", "rowgroup") for cell in page.named("th"))
    ids = [str(attributes["id"]) for _, attributes in page.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    assert {str(link["href"])[1:] for link in page.named("a")} <= set(ids)
    assert next(page.named("html")) == {"lang": "en"}


def test_nothing_is_loaded_from_anywhere(page: Page, hostile: str) -> None:
    style = files("compliance.templates").joinpath("audit", "report.css").read_text("utf-8")
    assert set(re.findall(r"url\(\"?([a-z]+:)", style)) == {"data:"}
    for one in (page, Page(hostile)):
        assert {tag for tag, _ in one.tags} & {"script", "link", "iframe", "object", "embed", "base", "svg"} == set()
        assert not any(name.startswith("on") or name == "style" for _, attributes in one.tags for name in attributes)


def test_hostile_text_is_shown_and_does_nothing(hostile: str) -> None:
    page = Page(hostile)
    assert len(list(page.named("style"))) == 2
    assert len(list(page.named("img"))) == 6
    for name in ("image", "link", "template", "script", "formula", "svg"):
        assert TEXTS[name] in page.text, name
    assert "[U+001B][31mred[U+001B][0m" in page.text
    assert "[U+202E]gnp.exe[U+202C]" in page.text
    assert "\x1b" not in hostile
    assert "\u202e" not in hostile
    assert "49" not in re.findall(r"\{\{7\*7\}\}|(?<!\d)49(?!\d)", page.text)[:1]


def test_a_name_that_the_model_lacks_is_an_error(model: ReportModel) -> None:
    with pytest.raises(UndefinedError):
        html.environment().from_string("{{ report.no_such_field }}").render(report=model)


def test_numbers_stay_whole_and_long_words_break() -> None:
    assert str(html.wrapped("at 99.9 %")) == "at 99.9 %"
    assert str(html.wrapped("a no-go")) == 'a <span class="nb">no-go</span>'
    assert "<wbr>" in html.wrapped("src/lib/file.py")
    assert str(html.wrapped("GET /api/x, --no-cov")) == (
        'GET <span class="nb">/api</span>/<wbr>x, <span class="nb">--no</span>-<wbr>cov'
    )  # fmt: skip
    assert str(html.wrapped("a-b a/b </i>")) == "a-<wbr>b a/<wbr>b &lt;/<wbr>i&gt;"
    assert str(html.wrapped("<b>1.5</b>")).startswith("&lt;b&gt;1.5")
    assert str(html.prose("run `a <b>` now")) == 'run <span class="code">a &lt;b&gt;</span> now'
    assert str(html.prose("an odd ` stays")) == "an odd ` stays"
    assert str(html.hex_groups("0123456789abcdef")) == '<span class="hex">01234567 89abcdef</span>'


def override(number: int, text: str, state: Literal["in force", "past"]) -> OverrideRow:
    return OverrideRow(
        entry=number, by=text, role=text, reason=text, at=scenario.WHEN, release=text, point=text, state=state, trial=True
    )  # fmt: skip


def crowded(release: Release, page: Literal["A4", "Letter"], notices: int, name: str, frameworks_: int, overrides: int) -> ReportModel:
    """A model in which every text of page 1 is as long as it can be."""
    model, _ = release.bundle()
    long = "Wide words " * 60
    red = [
        gate.model_copy(
            update={
                "id": f"LONG-GATE-{n}",
                "title": long,
                "message": long,
                "fix": long,
                "threshold": {long[:40]: long},
                "verdict": Status.FAIL,
                "framework": f"framework{n % frameworks_}",
                "area": Area.SECURITY,
                "evidence": (),
            }
        )
        for n, gate in enumerate(list(model.assessment.gates) * 5)
    ]
    changed = tuple(Changed(gate=f"G{n}", what="limit", default=1, value=2, loosened=True, reason=long, by=long) for n in range(notices))
    subject = model.assessment.subject.model_copy(update={"project": name, "environment": "e" * 60})
    assessment = model.assessment.model_copy(update={"gates": tuple(red), "changed": changed, "subject": subject})
    limits = Limits()
    paper = page1.Paper(page, "A title " * 14, "An organisation " * 8)
    rows = tuple(override(n, long, "past" if n else "in force") for n in range(overrides))
    decided = model.decided.model_copy(update={"overrides": rows, "overrides_total": overrides})
    decision = page1.decision(assessment, {}, model.signer, decided, paper=paper, thresholds={}, anchored="R123456-12345678", limits=limits)
    changes = {
        "assessment": assessment,
        "decision": decision,
        "decided": decided,
        "page": page,
        "title": "A title " * 14,
        "organisation": "An organisation " * 8,
        "frameworks": frameworks(assessment, {}, {}),
        "troubles": troubles(assessment, {}, limits),
    }
    return model.model_copy(update=changes)


@pytest.mark.parametrize(
    ("page", "notices", "name", "frameworks_", "overrides"),
    [
        *(("A4", notices, "Short", 3, overrides) for notices, overrides in ((0, 0), (1, 1), (2, 0), (3, 2), (4, 0))),
        ("A4", 9, "A long name of a project " * 5, 5, 3),
        ("Letter", 9, "A long name of a project " * 5, 5, 3),
        ("Letter", 1, "Short", 3, 0),
    ],
)
def test_page_1_is_one_page_whatever_stands_on_it(
    own_release: Release, page: Literal["A4", "Letter"], notices: int, name: str, frameworks_: int, overrides: int
) -> None:
    model = crowded(own_release, page, notices, name, frameworks_, overrides)
    assert 1 <= len(model.decision.red) <= 5
    rendered = audit.render(model.model_copy(update={"troubles": (), "figures": (), "frameworks": ()}), [])
    assert rendered.boxes[html.SIGNATURE_BOX][0] == 0


def test_colours_of_text_have_contrast() -> None:
    style = files("compliance.templates").joinpath("audit", "report.css").read_text("utf-8")
    found = set(re.findall(r"(?<![-\w])color: (#[0-9a-f]{6})", style))
    assert len(found) >= 6
    for colour in found:
        assert contrast(colour, "#ffffff") >= 4.5, colour
    for ground in set(re.findall(r"background-color: (#[0-9a-f]{6})", style)):
        assert contrast(ground, "#ffffff") >= 4.5
    assert contrast("#1c2127", "#fdf3d8") >= 4.5
