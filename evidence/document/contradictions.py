"""What cannot be true together inside one document, without any evidence. What is not certain is left out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from compliance.record import shorten

from . import Claim, Contradiction
from .claims import TEXT_LIMIT, Found, Reading
from .figures import fraction, share
from .moments import Entry, Moment
from .pieces import normal, pieces, sign_of
from .sums import table_sums, unequal
from .units import Table, Unit

LIMIT: Final = 200
"""Contradictions that are kept."""
SLACK: Final = timedelta(minutes=5)
"""How far the stated end may lie from the last entry of the list of what was done."""

_CRITERIA = re.compile(
    r"\b(?:success|criteria|acceptance|definition of done|exit|gates?|compliance|checklist|required|requirements?|aims?|goals?|objectives?"
    r"|deliverables?|must[- ]haves?)\b"
)
_LATER = re.compile(r"\b(?:next|future|later|optional|nice to have|follow-?ups?|backlog|after|post|phase \d+ ?\+|roadmap|known issues)\b")
_PLAIN_SHARE = re.compile(r"(?:[\w /-]{0,40}[:=]? ?)?\d+(?:\.\d+)? ?%(?: [\w -]{0,25})?")
_CHANGE = re.compile(
    r"reduc|increas|decreas|improv|faster|slower|more|less|\b(?:up|down|from|by|about|over|under|target|at least)\b|drop|gain|grow"
)
_OF_TESTS = re.compile(r"\btests?\b|pass")
_OPTIONAL = re.compile(r"\W*(?:optional|nice to have|stretch)\b")
_ONE_VALUE = re.compile(r"coverage.*|pass_rate|error_rate|availability|p\d+_ms|mean_ms|max_ms")
"""Figures of which a release has but one value; counts depend on what is counted."""
_TEST_COUNTS: Final = {"tests": "total", "tests_passed": "passed", "tests_failed": "failed", "tests_skipped": "skipped"}
_BETTER_BELOW = re.compile(r"p\d+_ms|mean_ms|max_ms|error_rate|recovery_s")
_BETTER_ABOVE = re.compile(r"coverage|pass_rate|availability|rps")


@dataclass(frozen=True)
class Content:
    """All that was read of a document; nothing of one that is not about a release."""

    units: Sequence[Unit] = ()
    tables: Sequence[Table] = ()
    reading: Reading = field(default_factory=Reading)
    moments: Sequence[Moment] = ()
    log: Sequence[Entry] = ()


def contradictions(content: Content) -> tuple[Contradiction, ...]:
    """Returns the contradictions in the order of their lines."""
    found = [one for rule in _RULES for one in rule(content)]
    return tuple(sorted(found, key=lambda one: (one.line, one.rule))[:LIMIT])


def _say(rule: str, line: int, text: str, against: str) -> Contradiction:
    return Contradiction(rule=rule, line=line, text=shorten(text, TEXT_LIMIT), against=shorten(against, TEXT_LIMIT))


def _by_unit(reading: Reading) -> dict[int, list[Found]]:
    groups: dict[int, list[Found]] = defaultdict(list)
    for one in reading.found:
        groups[one.unit].append(one)
    return groups


def _whole(unit: Unit) -> str:
    label = f"{unit.label}: " if unit.kind == "cell" else ""
    return " ".join(f"{label}{unit.text}".split())


def _pass_rate_as_coverage(content: Content) -> Iterator[Contradiction]:
    """A coverage that is just the share of the tests that pass, beside it."""
    for number, many in _by_unit(content.reading).items():
        covered = [one.claim for one in many if one.claim.about.startswith("coverage") and one.claim.stance == "claim"]
        passed = [one.claim for one in many if one.claim.about == "tests_passed" and one.claim.total]
        for one, other in ((one, other) for one in covered for other in passed):
            if abs((one.value or 0.0) - (other.value or 0.0) / (other.total or 1.0)) < (one.within or 0.0):
                reason = f"{other.value:g} of {other.total:g} is the share of tests that pass, not of code that they cover"
                yield _say("pass-rate-as-coverage", one.line, _whole(content.units[number]), reason)


def _fractions(content: Content) -> Iterator[Contradiction]:
    """A percentage and, right after it in brackets, the fraction that it should be."""
    for unit in content.units:
        parts = list(pieces(unit.text, unit.line))
        for one, other in pairwise(parts):
            percent, ratio = share(one.text), fraction(other.text) if other.bracketed else None
            if percent is None or ratio is None or not _PLAIN_SHARE.fullmatch(one.text) or _CHANGE.search(one.text):
                continue
            value, whole, words = ratio
            same = not words or (_OF_TESTS.search(words) and re.search(r"pass|success", one.text))
            if same and abs(percent[0] - value / whole) >= percent[1]:
                reason = f"{value:g} of {whole:g} {words} is {100 * value / whole:.4g} %".replace("  ", " ")
                yield _say("fraction", one.line, _whole(unit), reason)


def _sums(content: Content) -> Iterator[Contradiction]:
    for table in content.tables:
        for line, text, reason in table_sums(table):
            yield _say("total", line, text, reason)


def _test_counts(content: Content) -> Iterator[Contradiction]:
    """A total of tests and its parts in one sentence."""
    for number, many in _by_unit(content.reading).items():
        counts = [
            (_TEST_COUNTS[one.claim.about], one.claim)
            for one in many
            if one.claim.about in _TEST_COUNTS and one.claim.value is not None and one.claim.scope is None and one.claim.total is None
        ]
        named = {name: int(claim.value or 0) for name, claim in counts}
        if len(named) < len(counts) or "total" not in named or len(named) < 3:
            continue
        total = named.pop("total")
        reason = unequal(total, named)
        if reason:
            yield _say("total", counts[0][1].line, _whole(content.units[number]), f"{reason}, not {total}")


def _two_values(content: Content) -> Iterator[Contradiction]:
    """One figure of the whole release with two values, under the same heading or under headings that speak of the whole."""
    known: dict[tuple[str, str, str | None], Claim] = {}
    for one in content.reading.found:
        claim = one.claim
        if not _is_plain(claim) or not _ONE_VALUE.fullmatch(claim.about):
            continue
        heading = "" if claim.headline else " | ".join(content.units[one.unit].sections)
        first = known.setdefault((claim.about, heading, claim.environment), claim)
        if abs((first.value or 0.0) - (claim.value or 0.0)) >= max(first.within or 0.0, claim.within or 0.0):
            yield _say("two-values", claim.line, claim.text, f"line {first.line} says: {first.text}")


def _is_plain(claim: Claim) -> bool:
    """Tells whether a claim gives one value for the whole release."""
    return claim.stance == "claim" and claim.bound == "is" and claim.value is not None and claim.scope is None


def _end_before_start(content: Content) -> Iterator[Contradiction]:
    starts = [one for one in content.moments if one.what == "started"]
    ends = [one for one in content.moments if one.what == "ended"]
    for end in ends:
        same = [one for one in starts if one.section == end.section] or (starts if len(starts) == len(ends) == 1 else [])
        if len(same) == 1 and end.at < same[0].at:
            yield _say("end-before-start", end.line, end.said, f"line {same[0].line} says: {same[0].said}")


def _end_against_log(content: Content) -> Iterator[Contradiction]:
    """The stated end lies after the entry that closes the list of what was done."""
    if not content.log or content.log[-1].at < max(one.at for one in content.log) or not content.log[-1].closes:
        return
    last = content.log[-1]
    for end in content.moments:
        gap = end.at - last.at
        if end.what == "ended" and end.at.date() == last.at.date() and gap > SLACK:
            reason = f"the list of what was done ends at {_clock(last.at)} with {last.said!r} (line {last.line})"
            if gap % timedelta(minutes=30) == timedelta() and gap <= timedelta(hours=14):
                reason += f"; {_hours(gap)} apart, as local time and UTC are: one of them may be local time labelled UTC"
            yield _say("end-against-log", end.line, end.said, reason)


def _clock(at: datetime) -> str:
    return f"{at:%H:%M} {'UTC' if not at.utcoffset() else f'{at:%z}'}"


def _hours(gap: timedelta) -> str:
    return f"exactly {gap / timedelta(hours=1):g} h"


def _blockers(content: Content) -> Iterator[Contradiction]:
    for denied in content.reading.of("no-blockers"):
        for listed in content.reading.of("blockers")[:1]:
            yield _say("blockers", denied.line, denied.text, f"line {listed.line} says: {listed.text}")


def completion(reading: Reading) -> Claim | None:
    """Returns where the document says that the work is complete or approved."""
    whole = [one for one in reading.of("progress") if one.value == 1.0 and one.scope is None]
    said = [*reading.of("complete"), *reading.of("approved"), *reading.of("ready"), *whole]
    return min(said, key=lambda one: (one.about != "complete", one.line), default=None)


def _open_criteria(content: Content) -> Iterator[Contradiction]:
    """Boxes and hourglasses of criteria that are open, while the document says that all is complete."""
    done = completion(content.reading)
    if done is None:
        return
    groups: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for unit in content.units:
        headings = " | ".join(map(normal, unit.sections[1:]))
        if unit.kind == "item" and _CRITERIA.search(headings) and not _LATER.search(headings):
            sign = sign_of(unit.text[:1])
            if (unit.box is not None or sign in ("done", "failed", "pending")) and not _OPTIONAL.match(normal(unit.text)):
                groups[unit.sections[-1]].append((unit.line, sign == "done" if unit.box is None else unit.box))
    for heading, boxes in groups.items():
        missing = [line for line, met in boxes if not met]
        if missing:
            reason = f"{len(missing)} of {len(boxes)} under {heading!r} are open (line {missing[0]} and on)"
            yield _say("open-criteria", done.line, done.text, reason)


def _own_targets(content: Content) -> Iterator[Contradiction]:
    """A figure that breaks the limit which the document itself sets, while it says that all is complete."""
    done = completion(content.reading)
    if done is None:
        return
    limits = [one.claim for one in content.reading.found if one.claim.bound != "is" and one.claim.stance in ("target", "open", "claim")]
    seen: set[tuple[str, int]] = set()
    for measured in (one.claim for one in content.reading.found if _is_plain(one.claim)):
        for limit in limits:
            if (
                limit.about == measured.about
                and limit.scope is None
                and _breaks(measured, limit)
                and (limit.about, measured.line) not in seen
            ):
                seen.add((limit.about, measured.line))
                reason = f"its own limit stands in line {limit.line}: {limit.text}; yet line {done.line} says: {done.text}"
                yield _say("own-target", measured.line, measured.text, reason)


def _breaks(measured: Claim, limit: Claim) -> bool:
    if measured.value is None or limit.value is None:
        return False
    if limit.bound == "below" and _BETTER_BELOW.fullmatch(limit.about):
        return measured.value - (measured.within or 0.0) >= limit.value
    return (
        limit.bound == "above" and _BETTER_ABOVE.match(limit.about) is not None and measured.value + (measured.within or 0.0) <= limit.value
    )


_RULES: Final[tuple[Callable[[Content], Iterator[Contradiction]], ...]] = (
    _pass_rate_as_coverage,
    _fractions,
    _sums,
    _test_counts,
    _two_values,
    _end_before_start,
    _end_against_log,
    _blockers,
    _open_criteria,
    _own_targets,
)
