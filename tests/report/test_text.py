from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from compliance.report.fonts import covered_codepoints
from compliance.report.text import FILTERS, LONG_RUN, soft_breaks, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain ASCII", "plain ASCII", id="ascii"),
        pytest.param("Übergröße — „gut“ £5 ± 3", "Übergröße — „gut“ £5 ± 3", id="letters-the-font-has"),
        pytest.param("\x1b[31mFAIL\x1b[0m", "[U+001B][31mFAIL[U+001B][0m", id="ansi-colours-of-a-build-log"),
        pytest.param("a ≤ b → ✓ ✗ ⇒ √2 ┌─┐ ⚠", "a ≤ b → ✓ ✗ ⇒ √2 ┌─┐ ⚠", id="arrows-signs-and-boxes"),
        pytest.param("\u05d0\u0628", "[U+05D0][U+0628]", id="letters-written-from-right-to-left"),
        pytest.param("a\x07\x00b", "a[U+0007][U+0000]b", id="bell-and-nul"),
        pytest.param("abc\u202egpj.exe", "abc[U+202E]gpj.exe", id="right-to-left-override"),
        pytest.param("pass\u200bword", "pass[U+200B]word", id="zero-width-space"),
        pytest.param("soft\u00adhyphen", "soft[U+00AD]hyphen", id="soft-hyphen"),
        pytest.param("漢字", "[U+6F22][U+5B57]", id="glyphs-missing-from-the-fonts"),
        pytest.param("✅ 🚀", "[white heavy check mark] [rocket]", id="pictographs-have-names"),
        pytest.param("⚠\ufe0f a\ufe0f", "⚠ a[U+FE0F]", id="what-asks-for-colours-behind-a-symbol-only"),
        pytest.param("\ud800", "[U+D800]", id="lone-surrogate"),
        pytest.param("\ue000\uffff", "[U+E000][U+FFFF]", id="private-use-and-noncharacter"),
        pytest.param("a\u2028b", "a[U+2028]b", id="line-separator"),
        pytest.param("a\r\nb\n\tc", "a\nb\n\tc", id="line-ends-and-tabs-stay"),
        pytest.param("100%\rOK", "100%[U+000D]OK", id="overwriting-carriage-return"),
        pytest.param("a\u034fb\u3164", "a[U+034F]b[U+3164]", id="default-ignorables"),
    ],
)
def test_what_cannot_be_printed_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_pile_of_combining_marks_is_cut_at_three() -> None:
    assert visible("e" + "\u0301" * 5) == "e" + "\u0301" * 3 + "[U+0301]" * 2


@given(st.text())
def test_visible_text_holds_only_what_the_font_has(text: str) -> None:
    assert {ord(character) for character in visible(text)} <= covered_codepoints() | {0x09, 0x0A, 0x20}


@given(st.text())
def test_visible_is_idempotent(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("src/main.py", "src/<wbr>main.<wbr>py"),
        ("C:\\temp\\a", "C:\\<wbr>temp\\<wbr>a"),
        ("/api/health, ./b", "/api/<wbr>health, ./b"),
        ("no-place_here", "no-<wbr>place_<wbr>here"),
        ("ends/", "ends/"),
        ("a // b", "a // b"),
        ("x" * (2 * LONG_RUN), "x" * LONG_RUN + "<wbr>" + "x" * LONG_RUN),
    ],
)
def test_long_names_get_places_to_break(text: str, broken: str) -> None:
    assert soft_breaks(text) == broken


@given(st.text())
def test_soft_breaks_keep_the_text_and_escape_it(text: str) -> None:
    broken = soft_breaks(text)
    assert html.unescape(broken.replace("<wbr>", "")) == html.unescape(html.escape(visible(text)))
    assert "<" not in broken.replace("<wbr>", "")


@given(st.text(alphabet="abc/._-<&\"'", max_size=200))
def test_no_run_without_a_break_is_longer_than_the_limit(text: str) -> None:
    for run in soft_breaks(text).split("<wbr>"):
        assert not re.search(rf"[abc<&\"']{{{LONG_RUN + 1}}}", html.unescape(run))


def test_markup_is_taken_as_text() -> None:
    assert soft_breaks(Markup("<b>x</b>")) == "&lt;b&gt;x&lt;/<wbr>b&gt;"
    assert not isinstance(visible(Markup("<b>\x07")), Markup)


def test_filters_work_in_a_template_with_autoescape() -> None:
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.filters.update(FILTERS)
    template = environment.from_string("{{ text | visible }}|{{ text | soft_breaks }}")
    assert template.render(text="<i>a/b\x07") == "&lt;i&gt;a/b[U+0007]|&lt;i&gt;a/<wbr>b[U+0007]"
