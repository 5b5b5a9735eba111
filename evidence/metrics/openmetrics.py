"""Expositions of metrics (``openmetrics``): a scrape of ``/metrics``, a federation, or a range exported with its times.

Sources of the format: see ``exposition``. What is counted: families that have a sample, samples, and, from the samples that state their
time, the window. ``up`` and ``probe_success`` are the record of availability: 1 is up, NaN marks the end of a series and is no sample.
A critical alert fires when a series of ``ALERTS`` with ``alertstate="firing"`` and ``severity="critical"`` has a sample within the last
five minutes of the exposition (Prometheus' own lookback); without such series, Alertmanager's ``alertmanager_alerts{state="active"}`` of
0 says that none does.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Parsed
from compliance.source import Source

from . import Answered, Metrics, families, histograms
from .exposition import DESCRIPTOR, OPEN_TYPES, SAMPLE, TEXT_TYPES, Family, Reader, Sample

SIZE_LIMIT: Final = 512 << 20
"""Bytes of the largest exposition."""
NAMES: Final = 20
"""Names of families kept for each topic."""
_LOOKBACK_S: Final = 300.0
SERIES_LIMIT: Final = 1_000_000
"""Series of one family."""
_UP: Final = ("up", "probe_success")
_ALERTS: Final = ("ALERTS", "alertmanager_alerts")
_HEAD_LINES: Final = 20
_NUMERIC: Final = re.compile(r"[-+]?(?:\d|\.\d)|[-+]?inf|nan", re.IGNORECASE)


def _recognise(source: Source) -> bool:
    """The first lines are descriptors and samples; a type or labels among them say more than ``word number``."""
    lines = source.head.split(b"\n")
    if not source.head_is_whole:
        lines = lines[:-1]
    certain, seen = False, 0
    for data in lines:
        line = data.decode("utf-8", "replace").strip()
        if not line or (line.startswith("#") and not re.match(r"#[ \t]+(?:TYPE|HELP|UNIT)\b|# EOF$", line)):
            continue
        sign = _sign(line)
        if sign is None:
            return certain
        certain, seen = certain or sign, seen + 1
        if seen == _HEAD_LINES:
            break
    return certain


def _sign(line: str) -> bool | None:
    """Says whether a line is certainly one of an exposition (True), may be one (False), or is none (None)."""
    if line.startswith("#"):
        match = DESCRIPTOR.fullmatch(line)
        if match is None:
            return True if line == "# EOF" else None
        if match["what"] == "TYPE":
            return True if match["text"] in {*TEXT_TYPES, *OPEN_TYPES} else None
        return False
    match = SAMPLE.fullmatch(line)
    return bool(match["labels"]) if match is not None and _NUMERIC.match(match["value"]) else None


def _parse(source: Source) -> Parsed:
    if source.size > SIZE_LIMIT:
        raise InputError(f"{source.size} bytes", expected=f"an exposition of at most {SIZE_LIMIT} bytes")
    reader = Reader(source)
    count = _Count(reader.open)
    for sample in reader.samples():
        count.add(sample)
    payload = count.payload(reader.all)
    return Parsed(payload=payload, observed_at=payload.last)


class _Availability:
    """What ``up`` and ``probe_success`` say."""

    def __init__(self) -> None:
        self.series: dict[str, list[int]] = {}
        """Samples and failed ones, by series."""
        self.times: list[float] = []
        """First and last."""

    def add(self, sample: Sample) -> None:
        if sample.value != sample.value:  # NaN: the series ended
            return
        if sample.value not in (0.0, 1.0):
            raise InputError(f"{sample.name} of {sample.value:g}", expected="0 or 1", where=f"line {sample.line}")
        if sample.time_s is None:
            return
        counts = self.series.setdefault(f"{sample.name}{{{sample.labels}}}", [0, 0])
        counts[0] += 1
        counts[1] += sample.value == 0.0
        self.times = [min([*self.times, sample.time_s]), max([*self.times, sample.time_s])]

    def answered(self) -> Answered | None:
        first, last = (_time(time) for time in self.times or (None, None))
        if first is None or last is None:
            return None
        failing = sorted(((name, failed) for name, (_, failed) in self.series.items() if failed), key=lambda pair: -pair[1])
        return Answered(
            series=len(self.series),
            samples=sum(samples for samples, _ in self.series.values()),
            failed=sum(failed for _, failed in failing),
            first=first,
            last=last,
            failing=dict(failing[:10]),
        )


class _Alerts:
    """What ``ALERTS`` and ``alertmanager_alerts`` say."""

    def __init__(self) -> None:
        self.firing: dict[str, float | None] = {}
        """Newest time of the critical alerts that fire, by their labels; None where no time is stated."""
        self.active: float | None = None

    def add(self, sample: Sample) -> None:
        labels = sample.pairs()
        if sample.name == "alertmanager_alerts":
            if labels.get("state") == "active" and sample.value == sample.value:
                self.active = (self.active or 0.0) + sample.value
        elif (labels.get("alertstate"), labels.get("severity"), sample.value) == ("firing", "critical", 1.0):
            self.firing[sample.labels] = sample.time_s

    def critical(self, listed: bool, end: float | None) -> int | None:
        if listed:
            return sum(time is None or end is None or time >= end - _LOOKBACK_S for time in self.firing.values())
        return 0 if self.active == 0.0 else None


class _Count:
    """What the samples add up to."""

    def __init__(self, open_: bool) -> None:
        self.open = open_
        self.samples = self.timestamped = 0
        self.first: float | None = None
        self.last: float | None = None
        self.up = _Availability()
        self.alerts = _Alerts()
        self._family: Family | None = None
        self._histogram: histograms.Histogram | None = None
        self._seen: dict[int, float | None] = {}
        """Newest time of each series of the family, by the hash of its name and labels."""

    def add(self, sample: Sample) -> None:
        family = sample.family
        if family is not self._family:
            self._ended()
            self._family = family
            self._histogram = histograms.Histogram(family.name) if family.type in ("histogram", "gaugehistogram") else None
        self._once(sample)
        self.samples += 1
        if sample.time_s is not None:
            self.timestamped += 1
            self.first = sample.time_s if self.first is None else min(self.first, sample.time_s)
            self.last = sample.time_s if self.last is None else max(self.last, sample.time_s)
        family.status = family.status or families.has_status(sample.labels)
        if self._histogram is not None:
            self._histogram.add(sample)
        if sample.name in _UP:
            self.up.add(sample)
        elif sample.name in _ALERTS:
            self.alerts.add(sample)

    def _ended(self) -> None:
        """Checks a family whose samples stood together."""
        if self._histogram is not None:
            self._histogram.check()
        self._seen = {}

    def _once(self, sample: Sample) -> None:
        """Refuses a second sample of a series, unless its time is later."""
        key = hash((sample.name, frozenset(sample.parts)))
        before = self._seen.get(key, -math.inf)
        if before is None or (before != -math.inf and (sample.time_s is None or sample.time_s <= before)):
            where = f"line {sample.line}"
            raise InputError(f"a second sample of {sample.name}{{{sample.labels[:60]}}}", expected="a later time", where=where)
        self._seen[key] = sample.time_s
        if len(self._seen) > SERIES_LIMIT:
            raise InputError(f"more than {SERIES_LIMIT} series of {sample.family.name}", expected="fewer")

    def payload(self, found: Sequence[Family]) -> Metrics:
        self._ended()
        shown = [family for family in found if family.samples]
        types = Counter(family.type or ("unknown" if self.open else "untyped") for family in shown)
        return Metrics(
            incomplete=None if self.samples else "no sample",
            dialect="openmetrics" if self.open else "prometheus-text",
            families=len(shown),
            by_type=dict(sorted(types.items())),
            samples=self.samples,
            timestamped=self.timestamped,
            first=_time(self.first),
            last=_time(self.last),
            up=self.up.answered(),
            critical_alerts=self.alerts.critical(any(family.name == "ALERTS" for family in found), self.last),
            **_topics(shown),
        )


def _topics(shown: Iterable[Family]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {"latency": {}, "errors": {}, "availability": {}, "throughput": {}}
    for family in shown:
        for topic in families.topics(family.name, family.type or "untyped", family.status):
            found[topic][family.name] = None
    return {topic: tuple(names)[:NAMES] for topic, names in found.items()}


def _time(seconds: float | None) -> datetime | None:
    if seconds is None:
        return None
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError as error:
        raise InputError(f"a sample at {seconds:g} s since 1970", expected="a time up to the year 9999") from error


OPENMETRICS = Format(
    name="openmetrics",
    title="Prometheus text exposition, or OpenMetrics",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=("# HELP ", "# TYPE "),
)
