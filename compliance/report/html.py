"""The audit report as HTML: from the model alone, with everything in it that the page needs."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ..record import digest, sha256_hex
from . import words
from .figures.draw import draw
from .model import ReportModel
from .page1 import LONG_NAME
from .text import FILTERS, soft_breaks, visible

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_WHOLE: Final = re.compile(r"(?<![\w.])([0-9][0-9,]*\.[0-9]+|no-go)(?![\w.])")
_LEADING: Final = re.compile(r"(?:^|(?<=[\s(]))(?:/|--?)[^\s/<>&;._-]{1,24}")
_PAGES: Final = (".py", ".html", ".css")
_NO_BREAK: Final = Markup('<span class="nb">{}</span>')
SIGNATURE_BOX: Final = "sig-toolkit"
"""Id of the element that holds the toolkit's signature."""


def render(model: ReportModel) -> str:
    """Returns the whole document."""
    return environment().get_template("audit/report.html").render(**shared(model))


def shared(model: ReportModel) -> dict[str, Any]:
    """Returns what the pages of the audit report are made from, also where another document shares them."""
    return {
        "report": model,
        "style": style_sheet("audit/report.css"),
        "signature_box": SIGNATURE_BOX,
        "long_name": LONG_NAME,
        "qr": qr(model.proof.checkpoint.note),
    }


def style_sheet(name: str) -> Markup:
    """Returns a shipped style sheet."""
    return Markup(_asset(name))  # noqa: S704 (a file of this package, no input)


def qr(text: str) -> str:
    """Returns a QR code as the URL of an image."""
    import segno

    return segno.make(text, error="m", micro=False).svg_data_uri(border=2, dark="#000", light="#fff", scale=1, omitsize=True)


def image(svg: str) -> str:
    """Returns the URL of an SVG image. Embedded as an image, it keeps its alternative text in tagged PDF; inline SVG may not."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


@cache
def environment() -> Environment:
    """Returns what renders templates: autoescape on, nothing undefined, every text made visible."""
    made = Environment(
        loader=PackageLoader("compliance.templates", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    filters: dict[str, Callable[..., Any]] = {
        **FILTERS,
        "soft_breaks": wrapped,
        "count": words.count,
        "listed": words.listed,
        "number": words.number,
        "percent": words.percent,
        "size": words.size,
        "due": words.due,
        "utc": words.utc,
        "figure": lambda figure: image(draw(figure)),
        "hex_groups": hex_groups,
        "nobreak": nobreak,
        "prose": prose,
    }
    made.filters.update(filters)
    return made


def _shown(value: Any) -> Any:
    """Makes whatever an expression prints visible, before it is escaped: nothing depends on a filter that could be forgotten."""
    return value if isinstance(value, Markup) else visible(value)


def hex_groups(digest: str) -> Markup:
    """Writes a digest in groups of eight, so that two of them can be compared by eye and lines can break between groups."""
    groups = [digest[start : start + 8] for start in range(0, len(digest), 8)]
    return Markup('<span class="hex">{}</span>').format(Markup(" ").join(groups))


def nobreak(text: str) -> str:
    """Keeps an id such as ``ALPHA-PF-6`` on one line."""
    return text.replace("-", "\u2011").replace(" ", words.NBSP)


def prose(text: str) -> Markup:
    """Writes a sentence of a gate: what it sets between backticks is a name, a command or a setting."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return wrapped(text)
    code = Markup('<span class="code">{}</span>')
    return Markup("").join(code.format(wrapped(part)) if n % 2 else wrapped(part) for n, part in enumerate(parts))


def wrapped(value: object) -> Markup:
    """As `soft_breaks`, but a number and the word no-go stay whole, and the slash or dashes that a word begins with stay with it."""
    parts = _WHOLE.split(str(value))
    return Markup("").join(_kept(part) if n % 2 else _led(soft_breaks(part)) for n, part in enumerate(parts))


def _kept(part: str) -> Markup:
    """Keeps a part on one line. A number needs no element for that, and each element makes the file larger."""
    return _NO_BREAK.format(part) if "-" in part else escape(part)


def _led(text: Markup) -> Markup:
    """Keeps ``/api`` and ``--flag`` on one line: Unicode lets lines end behind their first characters (UAX 14, classes SY and HY)."""
    return Markup(_LEADING.sub(r'<span class="nb">\g<0></span>', str(text)))  # noqa: S704 (escaped before; the pattern matches no markup)


@cache
def code_digest(*others: str) -> str:
    """Returns the SHA-256 of what makes pages of a model: the templates, the modules of this package, and those of other ones."""
    packages = ("compliance.templates", "compliance.report", *others)
    return digest(dict(entry for package in packages for entry in _digests(files(package), package)))


def _digests(folder: Traversable, name: str) -> Iterator[tuple[str, str]]:
    for one in folder.iterdir():
        if one.is_dir():
            yield from _digests(one, f"{name}/{one.name}")
        elif one.name.endswith(_PAGES):
            yield f"{name}/{one.name}", sha256_hex(one.read_bytes())


def _asset(name: str) -> str:
    return files("compliance.templates").joinpath(*name.split("/")).read_text("utf-8")
