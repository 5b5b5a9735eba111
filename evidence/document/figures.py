"""Figures: numbers as documents write them, and what a piece of text measures if all of it is understood."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

Bound = Literal["is", "below", "above"]

_GROUPED: Final = r"\d{1,3}(?:,\d{3})+"
NUMBER: Final = rf"(?P<n>{_GROUPED}(?:\.\d+)?|\d+(?:\.\d+)?)"
WHOLE: Final = rf"(?P<m>{_GROUPED}|\d+)"
NONE: Final = rf"(?P<n>{_GROUPED}|\d+|no|zero|none)"
SEVERITY: Final = r"(?:critical|high|medium|moderate|low)"

LENGTH_LIMIT: Final = 150
"""Characters of the longest piece that could be understood as a whole."""

_MEASURED: Final = re.compile(r"\d|\b(?:no|zero|none)\b")
_ENVIRONMENT: Final = re.compile(r"\s*\(?\b(?:in|on|against|from)(?: the)? (?P<env>production|staging|prod)(?: environment)?\)?$")
_LEADING: Final = re.compile(
    r"^(?:(?:the|a|an|our|all|with|and|of which|only|still|just|currently|measured|observed|actual|achieved|overall|final|results?)"
    r"\s*:?\s+)+"
)
_TRAILING: Final = re.compile(
    r"(?:\s+(?:measured|observed|achieved|reached|recorded|identified|in total|overall|so far|now|today|as expected))+$"
)
_PERCENT: Final = re.compile(rf"{NUMBER}\s*%")
_FRACTION: Final = re.compile(rf"(?P<n>{_GROUPED}|\d+)\s*(?:/|\bof\b|\bout of\b)\s*{WHOLE}\b(?![./]\d)")
_UNIT: Final = re.compile(
    r"(?<![\w./:-])\d[\d,]*(?:\.\d+)?\s*(?:%|(?:ms|s|sec|seconds?|min|minutes?|x|k|mb|gb|rps|users?|requests?|tests?|errors?|files?|bugs?|issues?"
    r"|vulnerabilities|failures?|endpoints?)\b)"
)


@dataclass(frozen=True)
class Figure:
    """One measured thing."""

    about: str
    value: float
    within: float
    """One unit of the last digit that is written."""
    bound: Bound = "is"
    total: float | None = None
    words: tuple[str, ...] = ()
    scope: str | None = None
    approximate: bool = False


Make = Callable[[re.Match[str]], Figure | None]


@dataclass(frozen=True)
class Pattern:
    """A way to write a figure; it has to fit a whole piece of text."""

    regex: re.Pattern[str]
    make: Make
    context: re.Pattern[str] | None = None
    """What the label or the headings have to speak of, where the words themselves could mean something else."""


def number(text: str) -> tuple[float, float]:
    """Returns a number and one unit of its last digit; commas stand between thousands, never before decimals."""
    bare = text.replace(",", "")
    if bare in ("no", "zero", "none"):
        return 0.0, 1.0
    return float(bare), round(10.0 ** -len(bare.partition(".")[2]), 12)


def simple(about: str, factor: float = 1.0) -> Make:
    """Makes a figure of the number that was matched.

    Args:
        about: What it measures.
        factor: From the written unit to the one that is kept.
    """

    def make(match: re.Match[str]) -> Figure:
        value, within = number(match["n"])
        groups = match.groupdict()
        bound: Bound = "below" if groups.get("below") else "above" if groups.get("above") else "is"
        scope = (groups.get("sort") or "").strip() or None
        value, within = round(value * factor, 12), round(within * factor, 12)
        return Figure(about, value, within, bound, scope=scope, approximate=bool(groups.get("approx")))

    return make


def part(about: str) -> Make:
    """Makes a figure of ``152 of 165``; None when the part is more than the whole."""

    def make(match: re.Match[str]) -> Figure | None:
        (value, within), (total, _) = number(match["n"]), number(match["m"])
        scope = (match.groupdict().get("sort") or "").strip() or None
        return Figure(about, value, within, total=total, scope=scope) if value <= total else None

    return make


def all_of(about: str) -> Make:
    """Makes a figure of ``all 165``: the part is the whole."""

    def make(match: re.Match[str]) -> Figure:
        value, within = number(match["n"])
        return Figure(about, value, within, total=value)

    return make


_TIMES: Final = {"median": "p50", "average": "mean", "avg": "mean", "maximum": "max", "peak": "max"}


def latency(match: re.Match[str]) -> Figure:
    """Makes a response time in milliseconds."""
    what = match["what"].replace(" ", "").removesuffix("thpercentile")
    name = _TIMES.get(what, f"p{what}" if what.isdigit() else what)
    return simple_match(f"{name}_ms", 1.0 if match["unit"].startswith("m") else 1000.0, match)


def coverage(match: re.Match[str]) -> Figure:
    """Makes a share of code that tests ran; of lines or branches where that is said."""
    what = f"{match['what']} {match.groupdict().get('of') or ''}"
    about = "coverage.branches" if "branch" in what else "coverage.lines" if re.search(r"\blines?\b", what) else "coverage"
    return simple_match(about, 0.01, match)


def recovery(match: re.Match[str]) -> Figure:
    """Makes a time to recover in seconds."""
    return simple_match("recovery_s", 60.0 if match["unit"].startswith("m") else 1.0, match)


def vulnerabilities(match: re.Match[str]) -> Figure:
    """Makes a number of vulnerabilities, with the severities that it is about."""
    value, within = number(match["n"])
    found = re.findall(SEVERITY, match.groupdict().get("severities") or "")
    words = dict.fromkeys("medium" if word == "moderate" else word for word in found)
    return Figure("vulnerabilities", value, within, words=tuple(words))


def simple_match(about: str, factor: float, match: re.Match[str]) -> Figure:
    """Makes a figure as `simple` does, at once."""
    made = simple(about, factor)(match)
    if made is None:
        raise TypeError(f"no figure of {about}")
    return made


def figure(text: str, context: str, patterns: tuple[Pattern, ...]) -> tuple[Figure | None, str | None]:
    """Returns what a text measures, and the environment that it names.

    Args:
        text: Normalised (see `pieces.normal`).
        context: Label and headings around it, normalised.
        patterns: From special to general; the first that fits counts.
    """
    if len(text) > LENGTH_LIMIT or _MEASURED.search(text) is None:
        return None, None
    place = _ENVIRONMENT.search(text)
    environment = None if place is None else "production" if place["env"] == "prod" else place["env"]
    bare = text[: place.start()] if place else text
    for variant in dict.fromkeys((bare, _TRAILING.sub("", _LEADING.sub("", bare)))):
        for pattern in patterns:
            match = pattern.regex.fullmatch(variant)
            if match and (pattern.context is None or pattern.context.search(f"{context} {variant}")):
                return pattern.make(match), environment
    return None, environment


def share(text: str) -> tuple[float, float] | None:
    """Returns the only percentage of a text as a share, and one unit of its last digit; None when there is none or more."""
    found = list(_PERCENT.finditer(text))
    if len(found) != 1:
        return None
    value, within = number(found[0]["n"])
    return value / 100, within / 100


def fraction(text: str) -> tuple[float, float, str] | None:
    """Returns part and whole of the fraction that a text begins with, and the words after it.

    A month and day (``09/20``) is none, nor what could be one without a word after it.
    """
    match = _FRACTION.match(text)
    if match is None or any(one[:1] == "0" and len(one) > 1 for one in (match["n"], match["m"])):
        return None
    (value, _), (whole, _) = number(match["n"]), number(match["m"])
    words = text[match.end() :].strip()
    if not 0 <= value <= whole or whole == 0 or (not words and value <= 12 and whole <= 31):
        return None
    return value, whole, words


def has_unit(text: str) -> bool:
    """Tells whether a number with a unit, or with what it counts, stands in a text."""
    return _UNIT.search(text) is not None


def is_number(text: str) -> bool:
    """Tells whether a text is nothing but a number."""
    return re.fullmatch(NUMBER, text) is not None
