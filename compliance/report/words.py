"""Values as people read them: numbers with their units, times, sizes, and what a gate observed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from ..record import Json
from ..times import last_day

NBSP: Final = "\u00a0"
NONE: Final = "–"
_DIGITS: Final = 3
"""Significant digits of a number with a fraction."""
_ITEMS: Final = 6
"""Members of a list or map that are shown."""
_AGAINST: Final = 3
"""Values that are written against their thresholds."""
_UNITS: Final = (
    ("_ms", "ms"),
    ("_s", "s"),
    ("_min", "min"),
    ("_h", "h"),
    ("_hours", "h"),
    ("_days", "d"),
    ("_d", "d"),
    ("_rps", "/s"),
    ("_bytes", "B"),
)
_SHARES: Final = ("rate", "share", "ratio", "availability", "lines", "branches", "coverage", "readiness")
"""Last words of names whose values between 0 and 1 are shown in percent; counts of the same name are whole numbers."""
_SENTENCES: Final = re.compile(r".*\.(?= [A-Z\"`]|…$)")
"""Whole sentences at the beginning of a text that was cut."""
_SPACE: Final = re.compile(r"[ \t\r\n\f\v]+")
"""White space that may be joined: not the one between a number and its unit."""
_BEFORE_UNIT: Final = re.compile(r"(?<=\d) (?=(?:%|(?:ms|s|min|h|d|B|kB|MB|GB)\b))")
_SIGNS: Final = str.maketrans({"✅": "✔", "❌": "✘", "⏳": "(pending)", "⌛": "(pending)"})
"""Pictographs of status documents that the fonts lack, and what stands for them: shorter than their names (see `text.visible`)."""
_WORD: Final = 24
"""Characters of the longest word that is left out where text is cut, rather than cut itself."""


def show(value: Json, name: str = "") -> str:
    """Writes a JSON value for people.

    Args:
        value: What a gate observed, or its threshold.
        name: The value's name, whose ending tells the unit (``p95_ms``, ``error_rate``).
    """
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return _quantity(value, name)
    if isinstance(value, str):
        return plain(value)
    pairs = value.items() if isinstance(value, Mapping) else ()
    parts = [_pair(str(key), item) for key, item in pairs] or [show(item, name) for item in value]
    shown = ", ".join(parts[:_ITEMS])
    return f"{shown}, {len(parts) - _ITEMS} more" if len(parts) > _ITEMS else shown or "none"


def observed(value: Json, threshold: Json) -> str:
    """Writes what a gate observed: of maps only what the threshold speaks of, if it speaks of any of it."""
    if isinstance(value, Mapping) and isinstance(threshold, Mapping):
        common = {key: value[key] for key in threshold if key in value}
        if common:
            return show(common)
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        parts = list(dict.fromkeys(observed(item, threshold) for item in value))
        return "; ".join(parts[:_ITEMS]) + (f"; {len(parts) - _ITEMS} more" if len(parts) > _ITEMS else "")
    return show(value)


def against(value: Json, threshold: Json) -> str:
    """Writes what was observed against its threshold, in short: ``failed 12 against 0, P95 221 ms against 250 ms``."""
    if value is None:
        return ""
    if isinstance(value, Mapping) and isinstance(threshold, Mapping):
        common = [key for key in threshold if key in value]
        parts = [f"{_pair(key, value[key])} against {show(threshold[key], key)}" for key in common[:_AGAINST]]
        if parts:
            return ", ".join(parts) + (f", {len(common) - _AGAINST} more" if len(common) > _AGAINST else "")
    return observed(value, threshold)


def threshold(value: Json, bounds: Mapping[str, str]) -> str:
    """Writes a threshold.

    Args:
        value: The gate's parameters.
        bounds: ``at least``, ``at most`` or ``less than`` by the name of the parameter.
    """
    if not isinstance(value, Mapping):
        return show(value)
    parts = [" ".join(filter(None, [label(key), _bound(item, bounds.get(key, "")), show(item, key)])) for key, item in value.items()]
    return ", ".join(parts[:_ITEMS]) + (f", {len(parts) - _ITEMS} more" if len(parts) > _ITEMS else "")


def _bound(value: Json, words: str) -> str:
    """Leaves out what goes without saying: no list is bounded, and at most nothing is nothing."""
    nothing = value == [] or (value == 0 and not isinstance(value, bool) and words == "at most")
    return "" if nothing else words


def plain(text: str) -> str:
    """Replaces pictographs that the fonts lack, and keeps numbers and their units on one line."""
    return _BEFORE_UNIT.sub(NBSP, text.translate(_SIGNS))


def label(name: str) -> str:
    """Turns a key into words, without its unit: ``p95_ms`` is ``P95``, ``smoke_test`` is ``smoke test``."""
    name = name.replace("-", "_")
    for ending, _ in (*_UNITS, ("_percent", "%")):
        name = name.removesuffix(ending)
    words = name.replace("_", " ").strip()
    return words.upper() if words[:1] == "p" and words[1:].isdigit() else plain(words)


def number(value: float) -> str:
    """Writes a number with thousands separators and at most three significant digits after a leading zero or point.

    Whole numbers keep all their digits.
    """
    if isinstance(value, int) or value.is_integer():
        return f"{value:,.0f}".replace("-", "−")
    whole = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    text = f"{value:,.{max(1, _DIGITS - whole)}f}" if abs(value) >= 0.001 else f"{value:.1e}"
    return (text.rstrip("0").rstrip(".") if "e" not in text else text).replace("-", "−")


def percent(share: float) -> str:
    """Writes a share of 0 to 1 in percent; never rounds to 0 % or 100 % what is neither."""
    text = f"{share * 100:.1f}"
    if (text == "0.0" and share > 0) or (text == "100.0" and share < 1):
        text = "< 0.1" if share < 0.5 else "> 99.9"
    return f"{text.removesuffix('.0')}{NBSP}%"


def size(count: int) -> str:
    """Writes a number of bytes in its largest fitting unit (powers of 1,000)."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{count}{NBSP}B" if unit == "B" else f"{amount:.1f}{NBSP}{unit}"


def due(at: datetime) -> str:
    """Writes a due date: the day that ends with it, else the time."""
    return str(last_day(at) or utc(at))


def utc(time: datetime | None, *, seconds: bool = False) -> str:
    """Writes a time in UTC, to the minute or to the second."""
    if time is None:
        return NONE
    return time.astimezone(UTC).strftime(f"%Y-%m-%d %H:%M{':%S' if seconds else ''}{NBSP}UTC")


def seconds(value: float) -> str:
    """Writes a duration as seconds, or as minutes and seconds from two minutes on."""
    if value < 120:
        return f"{number(round(value, 1))}{NBSP}s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes:,}{NBSP}min" + (f" {rest}{NBSP}s" if rest else "")


def duration(value: float) -> str:
    """Writes a duration of a plan: as `seconds` below an hour, else in hours and minutes."""
    if value < 3600:
        return seconds(value)
    hours, rest = divmod(round(value / 60), 60)
    return f"{hours:,}{NBSP}h" + (f" {rest}{NBSP}min" if rest else "")


def count(amount: int, one: str, many: str | None = None) -> str:
    """Writes an amount with its noun: ``1 gate``, ``2 gates``."""
    return f"{amount:,}{NBSP}{one if amount == 1 else many or one + 's'}"


def listed(items: list[str]) -> str:
    """Joins words: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(items[:-1]), items[-1]])) if items else ""


def cut(text: str, limit: int) -> str:
    """Cuts text for a place of limited size, between two words where there are some."""
    text = _SPACE.sub(" ", plain(text)).strip()
    if len(text) <= limit:
        return text
    words = text[:limit].rpartition(" ")[0].rstrip(" ,;:")
    return (words if limit - len(words) <= _WORD else text[: limit - 1]) + "…"


def cut_advice(text: str, limit: int) -> str:
    """As `cut`, but between two sentences where the first ones fit: half a sentence of advice helps nobody."""
    shown = cut(text, limit)
    if not shown.endswith("…") or text.endswith("…"):
        return shown
    whole = _SENTENCES.match(shown)
    return whole[0] if whole else shown


def tail(text: str, limit: int) -> str:
    """As `cut`, but keeps the end: of a path the file and the line say more than the top folder."""
    text = _SPACE.sub(" ", plain(text)).strip()
    return text if len(text) <= limit else "…" + text[1 - limit :]


def _pair(name: str, value: Json) -> str:
    shown = show(value, name)
    if isinstance(value, (Mapping, list)):
        shown = f"({shown})"
    return f"{label(name)} {shown}" if label(name) else shown


def _quantity(value: float, name: str) -> str:
    last = name.replace("-", "_").rpartition("_")[2]
    if last in _SHARES and isinstance(value, float) and 0 <= value <= 1:
        return percent(value)
    unit = next((unit for ending, unit in _UNITS if name.replace("-", "_").endswith(ending)), "")
    if last == "percent":
        unit = "%"
    return f"{number(value)}{NBSP}{unit}" if unit else number(value)
