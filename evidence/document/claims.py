"""What the pieces of a document claim, each with its line; and the figures and ticks that nothing was made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from compliance.record import shorten

from . import Claim, Passage
from .figures import Figure, figure, has_unit, is_number
from .patterns import PATTERNS
from .pieces import Piece, Sign, normal, pieces, sign_of
from .scopes import is_headline, scope_of
from .stances import stance
from .statements import is_blocker_label, says_none, statement
from .units import Unit

CLAIM_LIMIT: Final = 2000
"""Claims of one document; reading stops there."""
PIECE_LIMIT: Final = 20_000
"""Pieces of text that are looked at in one document (some seconds); reading stops there."""
PASSAGE_LIMIT: Final = 100
"""Passages that were not understood and are kept."""
TEXT_LIMIT: Final = 300
"""Characters of a claim's text that are kept."""

_LABEL = re.compile(r"(?P<label>(?:[^:\n.]|\.(?!\s)){1,80}):(?:\s+|$)(?P<rest>.*)", re.DOTALL)
_CLOCK = re.compile(r"\d{1,2}:\d{2}|\d{4}-\d{2}-\d{2}")
_VALUE_COLUMN = re.compile(
    r"^$|\b(?:value|actual|result|results|current|target|threshold|goal|limit|measured|achieved|status|figure|now|requirement|required"
    r"|expected|previous|before|after|baseline|observed|outcome|latest|score|staging|production)\b"
)
"""Heads of columns that hold values of what the row is about."""
_NAMES = re.compile(
    r"(?:.* )?(?:phase|version|step|sprint|milestone|ticket|issue|port|build|revision|commit|branch|project|id|date|year|priority|no)"
)
_SPLITS = (re.compile(r"\s+(?=[<>]=?\s?\d)"), re.compile(r"\s+with\s+"), re.compile(r"\s+(?:and|plus|while|but)\s+"))
_TICKS: Final[Mapping[str, bool]] = {"done": True, "pending": False, "failed": False}
_VERDICT_LENGTH: Final = 30
_VERDICTS: Final[tuple[tuple[Sign, re.Pattern[str]], ...]] = (
    ("done", re.compile(r"(?:pass|passed|passes|ok|okay|met|done|yes|achieved|complete|completed|success|successful|green)")),
    ("failed", re.compile(r"(?:fail|failed|fails|not met|missed|no|red|blocked|partial|partially met|not ok)")),
    ("pending", re.compile(r"(?:open|pending|incomplete|not done|in progress|to ?do|not started|planned|deferred)")),
)
"""What the word of a status column says."""


@dataclass(frozen=True)
class Found:
    """A claim and the unit that it stands in."""

    claim: Claim
    unit: int


@dataclass
class Reading:
    """All that was read of a document's units."""

    found: list[Found] = field(default_factory=list)
    not_understood: list[Passage] = field(default_factory=list)
    not_understood_total: int = 0
    pieces: int = 0

    @property
    def is_cut(self) -> bool:
        """Whether the document holds more than was read."""
        return len(self.found) >= CLAIM_LIMIT or self.pieces >= PIECE_LIMIT

    def of(self, about: str) -> list[Claim]:
        """Returns the claims about one thing that are said of this release."""
        return [one.claim for one in self.found if one.claim.about == about and one.claim.stance == "claim"]


def read(units: Sequence[Unit]) -> Reading:
    """Reads the claims of a release document."""
    reading = Reading()
    signs = _row_signs(units)
    for number, unit in enumerate(units):
        if not reading.is_cut:
            _read_unit(reading, number, unit, signs.get(unit.row) if unit.kind == "cell" else None)
    return reading


def _row_signs(units: Sequence[Unit]) -> dict[int, Sign]:
    """Returns what the cell of a row that holds nothing but a sign or a verdict says."""
    signs: dict[int, Sign] = {}
    for unit in units:
        found = list(pieces(unit.text, unit.line)) if unit.kind == "cell" and len(unit.text) <= _VERDICT_LENGTH else []
        if len(found) != 1:
            continue
        word = next((sign for sign, regex in _VERDICTS if regex.fullmatch(found[0].text)), None)
        if found[0].sign is not None and (word is not None or not found[0].text):
            signs[unit.row] = found[0].sign
        elif word is not None:
            signs.setdefault(unit.row, word)
    return signs


def _read_unit(reading: Reading, number: int, unit: Unit, row_sign: Sign | None) -> None:
    label = _label(unit)
    if _is_blocker(label, unit):
        said = shorten(" ".join(unit.text.split()), TEXT_LIMIT)
        how = stance(normal(label.rest), "", "", unit.sections[1:], bounded=False, ticked=None)
        reading.found.append(Found(Claim(line=unit.line, text=said, about="blockers", stance=how), number))
        return
    leading = sign_of(unit.text[:3])
    box: Sign | None = None if unit.box is None else "done" if unit.box else "pending"
    understood = False
    for piece in pieces(label.rest, label.line):
        reading.pieces += 1
        if reading.is_cut:
            return
        sign = box or leading or piece.sign or row_sign
        many = list(_of_piece(piece, label, unit, sign))
        reading.found += [Found(claim, number) for claim in many]
        understood = understood or bool(many)
        if not many and sign != "pending" and _could_be_figure(piece, label.text):
            _pass_over(reading, piece.line, unit)
            understood = True
    if not understood and unit.box:
        _pass_over(reading, unit.line, unit)


@dataclass(frozen=True)
class _Label:
    """What stands before a colon, or in the first cell of a row."""

    said: str
    text: str
    """Normalised."""
    column: str
    """Head of the column, normalised."""
    rest: str
    line: int
    """Where the rest begins."""


def _label(unit: Unit) -> _Label:
    match = _LABEL.match(unit.text)
    own = match["label"] if match and not _CLOCK.search(match["label"]) and match["rest"].strip() else ""
    if match and own and figure(normal(own), "", PATTERNS)[0] is not None:  # "10 tests: 9 passed": no label, but a figure
        text = f"{unit.text[: match.end('label')]};{unit.text[match.end('label') + 1 :]}"
        return _Label("", "", normal(unit.column), text, unit.line)
    start = match.start("rest") if match and own else 0
    said = own or (unit.label if unit.kind == "cell" and not _CLOCK.search(unit.label) else "")
    line = unit.line + unit.text.count("\n", 0, start)
    return _Label(said.strip(), normal(said), normal(unit.column), unit.text[start:], line)


def _is_blocker(label: _Label, unit: Unit) -> bool:
    below = unit.kind == "item" and bool(unit.sections) and is_blocker_label(normal(unit.sections[-1]))
    text = normal(label.rest)
    return (is_blocker_label(label.text) or below) and unit.kind != "heading" and not says_none(text) and not _denies(text)


def _denies(text: str) -> bool:
    found = statement(text, ticked=False)
    return found is not None and found.about == "no-blockers"


def _of_piece(piece: Piece, label: _Label, unit: Unit, sign: Sign | None) -> Iterator[Claim]:
    """Yields what a piece claims: as a whole, else its parts around "with", "and" and signs of comparison."""
    whole = _one(piece.text, piece, label, unit, sign)
    if whole is not None:
        yield whole
        return
    for split in _SPLITS:
        parts = split.split(piece.text)
        read = [_one(part, piece, label, unit, sign) for part in parts] if len(parts) > 1 else []
        if any(read):
            yield from (one for one in read if one is not None)
            return


def _one(text: str, piece: Piece, label: _Label, unit: Unit, sign: Sign | None) -> Claim | None:
    if not text:
        return None
    context = " ".join([label.text, label.column, *map(normal, unit.sections[-2:])])
    for phrase, said, narrowing in _phrases(text, piece, label, unit):
        measured, environment = figure(phrase, context, PATTERNS)
        if measured is not None:
            return _figure_claim(measured, text, said, piece.line, label, unit, sign, environment, narrowing)
        stated = statement(phrase, ticked=sign is not None)
        if stated is not None:
            ticked = _TICKS.get(sign or "")
            how = stance(text, label.text, unit.column, unit.sections, bounded=False, ticked=ticked)
            about, words = stated.about, stated.words
            return Claim(line=piece.line, text=said, about=about, stance=how, ticked=ticked, environment=stated.environment, words=words)
    return None


def _phrases(text: str, piece: Piece, label: _Label, unit: Unit) -> Iterator[tuple[str, str, str]]:
    """Yields the texts that are tried, how the claim then reads, and what narrows it."""
    yield text, shorten(piece.said, TEXT_LIMIT), label.text
    of_value = not unit.wide or _VALUE_COLUMN.search(label.column) is not None
    if label.text and of_value:
        yield f"{label.text} {text}", shorten(f"{label.said}: {piece.said}", TEXT_LIMIT), ""
    if label.column and unit.wide:
        said = f"{label.said}, {unit.column.strip()}: {piece.said}"
        yield f"{label.column} {text}", shorten(said, TEXT_LIMIT), label.text


def _figure_claim(
    measured: Figure,
    text: str,
    said: str,
    line: int,
    label: _Label,
    unit: Unit,
    sign: Sign | None,
    environment: str | None,
    narrowing: str,
) -> Claim:
    """A figure at a cross is claimed as well: it is the target that was not met."""
    ticked = None if sign == "failed" and measured.bound == "is" else _TICKS.get(sign or "")
    how = stance(text, label.text, unit.column, unit.sections, bounded=measured.bound != "is", ticked=ticked)
    return Claim(
        line=line,
        text=said,
        about=measured.about,
        stance="approximate" if measured.approximate and how == "claim" else how,
        ticked=ticked,
        value=measured.value,
        total=measured.total,
        within=measured.within,
        bound=measured.bound,
        environment=environment,
        words=measured.words,
        scope=scope_of(measured, narrowing, unit),
        headline=is_headline(unit),
    )


def _could_be_figure(piece: Piece, label: str) -> bool:
    """Tells whether a number with a unit stands in a piece, or nothing but a number behind a label."""
    if _CLOCK.search(piece.text) or _NAMES.fullmatch(label):
        return False
    return has_unit(piece.text) or (bool(label) and is_number(piece.text))


def _pass_over(reading: Reading, line: int, unit: Unit) -> None:
    label = f"{unit.label}: " if unit.kind == "cell" else ""
    passage = Passage(line=line, text=shorten(" ".join(f"{label}{unit.text}".split()), TEXT_LIMIT))
    if passage in reading.not_understood[-1:]:
        return
    reading.not_understood_total += 1
    if len(reading.not_understood) < PASSAGE_LIMIT:
        reading.not_understood.append(passage)
