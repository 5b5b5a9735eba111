"""Lines of an exposition as families and samples: the Prometheus text format 0.0.4 and OpenMetrics 1.0.

Sources: Prometheus Docs, "Exposition formats"; OpenMetrics 1.0 (its ABNF and the section "Text format"). OpenMetrics ends with ``# EOF``
and writes times in seconds, the text format ends anywhere and writes milliseconds: a file that shows signs of OpenMetrics and has no
``# EOF`` was cut off, and its times cannot be told. OpenMetrics 2.0 is a draft whose grammar still changes; what is only there is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NoReturn

from compliance.errors import InputError
from compliance.source import Source

TEXT_TYPES: Final = ("counter", "gauge", "histogram", "summary", "untyped")
OPEN_TYPES: Final = ("counter", "gauge", "histogram", "gaugehistogram", "stateset", "info", "summary", "unknown")
_SUFFIXES: Final = {
    "counter": ("_total", "_created"),
    "histogram": ("_bucket", "_count", "_sum", "_created"),
    "gaugehistogram": ("_bucket", "_gcount", "_gsum"),
    "summary": ("", "_count", "_sum", "_created"),
    "info": ("_info",),
}
"""Suffixes of the samples of a family in OpenMetrics; the others have none."""
_TEXT_SUFFIXES: Final = {"histogram": ("_bucket", "_count", "_sum"), "summary": ("", "_count", "_sum")}
_QUOTED: Final = r'"(?:[^"\\\n]|\\.)*"'
_LABEL: Final = rf"(?:[a-zA-Z_][a-zA-Z0-9_]*|{_QUOTED})[ \t]*=[ \t]*{_QUOTED}"
SAMPLE: Final = re.compile(
    rf"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)?(?:[ \t]*\{{(?P<labels>(?:[^\"}}]|{_QUOTED})*)\}})?[ \t]*(?<=[ \t}}])(?P<value>[^\s{{}}]+)"
    r"(?:[ \t]+(?P<time>[^\s#]+))?[ \t]*(?P<exemplar>#.*)?"
)
_LABELS: Final = re.compile(
    rf"[ \t]*(?P<name>{_QUOTED}[ \t]*(?:,|$))?[ \t]*(?P<rest>(?:{_LABEL}[ \t]*(?:,[ \t]*{_LABEL}[ \t]*)*,?)?)[ \t]*"
)
_PAIR: Final = re.compile(rf"([a-zA-Z_][a-zA-Z0-9_]*|{_QUOTED})[ \t]*=[ \t]*({_QUOTED})")
_NUMBER: Final = re.compile(r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|inf(?:inity)?)|nan", re.IGNORECASE)
DESCRIPTOR: Final = re.compile(rf"#[ \t]+(?P<what>TYPE|HELP|UNIT)[ \t]+(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*|{_QUOTED})(?:[ \t]+(?P<text>.*))?")
_EXEMPLAR: Final = re.compile(rf"# \{{(?:{_LABEL}(?:,{_LABEL})*)?\}} (?P<value>\S+)(?: (?P<time>\S+))?")
_COMPOSITE: Final = re.compile(r"[ \t}]\{g?count:")
_MILLISECONDS: Final = re.compile(r"-?\d{1,18}")
_SECONDS: Final = re.compile(r"-?\d{1,15}(?:\.\d+)?(?:[eE][-+]?\d{1,2})?")
_EXPECTED: Final = 'a sample: name{label="value"} value [time]'
FAMILY_LIMIT: Final = 100_000
"""Families of one exposition."""


@dataclass
class Family:
    """A metric family as far as it has been read."""

    name: str
    type: str | None = None
    earlier: tuple[str | None, ...] = ()
    """Types of families of the same name that came before."""
    described: set[str] = field(default_factory=set)
    """Which descriptors (TYPE, HELP, UNIT) it has."""
    samples: int = 0
    status: bool = False
    """Whether a sample has a label for the status of a request."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One line with a value."""

    line: int
    name: str
    labels: str
    """As they are written, without braces and without a quoted metric name."""
    parts: tuple[tuple[str, str], ...]
    """The labels cut into names and quoted values."""
    value: float
    time_s: float | None
    """Seconds since 1970."""
    family: Family

    def pairs(self) -> dict[str, str]:
        """Returns the labels, unescaped."""
        return {_bare(name): _bare(value) for name, value in self.parts}


def _bare(text: str) -> str:
    if not text.startswith('"'):
        return text
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], text[1:-1])


def is_open(source: Source) -> bool:
    """Says whether an exposition ends as OpenMetrics does; empty lines behind the end are refused later on, as what they are."""
    tail = bytes(source.utf_8[-64:]).rstrip(b"\r\n")
    return tail == b"# EOF" or tail.endswith(b"\n# EOF")


class Reader:
    """Reads the lines of one exposition.

    Args:
        source: The file.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.open = is_open(source)
        self.all: list[Family] = []
        self.families: dict[str, Family] = {}
        """The last family of each name."""
        self.by_sample: dict[str, Family] = {}
        """Families by the names that their samples may have."""
        self.current: Family | None = None

    def samples(self) -> Iterator[Sample]:
        """Yields the samples in the order of the file.

        Raises:
            InputError: A line that is none, a family that is described twice or whose samples stand apart, a file that was cut off.
        """
        ended = False
        for number, data in self.source.lines():
            line = self._decoded(number, data)
            if ended:
                raise InputError("text after # EOF", expected="the end of the file", where=f"line {number}")
            if not line.strip():
                if self.open:
                    raise InputError("an empty line", expected="none in OpenMetrics", where=f"line {number}")
            elif line.startswith("#"):
                ended = line == "# EOF"
                if not ended:
                    self._comment(number, line.rstrip(" \t"))
            else:
                yield self._sample(number, line)

    def _decoded(self, number: int, data: bytes) -> str:
        try:
            line = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"byte 0x{data[error.start]:02x}", expected="UTF-8 text", where=f"line {number}") from error
        if "\0" in line:
            raise InputError("NUL byte", expected="text", where=f"line {number}")
        return line if self.open else line.strip(" \t")

    def _comment(self, number: int, line: str) -> None:
        match = DESCRIPTOR.fullmatch(line)
        where = f"line {number}"
        if match is None:
            if self.open or re.match(r"#[ \t]+(?:TYPE|UNIT)\b", line):
                raise InputError(f"comment {line[:60]!r}", expected="# TYPE, # HELP or # UNIT, and a name", where=where)
            return
        what, name, text = match["what"], _bare(match["name"]), match["text"] or ""
        if what == "UNIT" and not self.open:
            self._cut_off(f"# UNIT of {name}", where)
        family = self._described(name, what, where)
        if what == "TYPE":
            self._typed(family, text, where)

    def _cut_off(self, sign: str, where: str) -> NoReturn:
        raise InputError(f"{sign} in a file without # EOF", expected="OpenMetrics up to its end", where=where, hint="it was cut off")

    def _described(self, name: str, what: str, where: str) -> Family:
        family = self.families.get(name)
        if family is None or (self.open and family.samples):
            family = self._new(name, where, family)
        if what in family.described:
            raise InputError(f"second {what} of {name}", expected="one", where=where)
        if what == "TYPE" and family.samples:
            raise InputError(f"TYPE of {name} after its samples", expected="it before them", where=where)
        family.described.add(what)
        self.current = family
        return family

    def _new(self, name: str, where: str, earlier: Family | None = None) -> Family:
        if len(self.all) >= FAMILY_LIMIT:
            raise InputError(f"more than {FAMILY_LIMIT} families", expected="fewer", where=where)
        self.families[name] = family = Family(name, earlier=(*earlier.earlier, earlier.type) if earlier else ())
        self.all.append(family)
        self._claim(name, family, where)
        return family

    def _claim(self, sample: str, family: Family, where: str) -> None:
        """Notes whose samples have a name; of Go's client OpenMetrics has a gauge and a counter named go_memstats_alloc_bytes."""
        other = self.by_sample.get(sample)
        if other is not None and other is not family and not (self.open and other.name == family.name):
            raise InputError(f"name {sample} of the families {other.name} and {family.name}", expected="one", where=where)
        self.by_sample[sample] = family

    def _typed(self, family: Family, type_: str, where: str) -> None:
        types = OPEN_TYPES if self.open else TEXT_TYPES
        if type_ not in types:
            if type_ in OPEN_TYPES:
                self._cut_off(f"type {type_}", where)
            raise InputError(f"type {type_[:40]!r} of {family.name}", expected="one of " + ", ".join(types), where=where)
        if type_ in family.earlier:
            raise InputError(f"{type_} {family.name} in two places", expected="all its lines together", where=where)
        family.type = type_
        for suffix in (_SUFFIXES if self.open else _TEXT_SUFFIXES).get(type_, ("",)):
            self._claim(family.name + suffix, family, where)

    def _sample(self, number: int, line: str) -> Sample:
        match = SAMPLE.fullmatch(line)
        where = f"line {number}"
        if match is None:
            found = "a value of several parts (a native histogram), as only the draft of OpenMetrics 2.0 has it"
            raise InputError(found if _COMPOSITE.search(line) else f"{line[:60]!r}", expected=_EXPECTED, where=where)
        name, labels, parts = self._named(match, where)
        value = self._number(match["value"], where)
        if match["exemplar"] is not None:
            self._exemplar(match["exemplar"], name, where)
        time_s = self._time(match["time"], where) if match["time"] is not None else None
        family = self._family(name, where)
        family.samples += 1
        return Sample(number, name, labels, parts, value, time_s, family)

    def _named(self, match: re.Match[str], where: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        name, labels = match["name"], match["labels"] or ""
        parts = _LABELS.fullmatch(labels)
        if parts is None or (name is None) is (parts["name"] is None):
            raise InputError(f"labels {labels[:60]!r}", expected=_EXPECTED, where=where)
        pairs = _PAIR.findall(parts["rest"])
        if len({key for key, _ in pairs}) < len(pairs):
            raise InputError(f"a label twice in {labels[:60]!r}", expected="each once", where=where)
        return name or _bare(parts["name"].rstrip(" \t,")), parts["rest"], tuple(pairs)

    def _number(self, text: str, where: str) -> float:
        if not _NUMBER.fullmatch(text):
            raise InputError(f"value {text[:40]!r}", expected="a number", where=where)
        return float(text)

    def _time(self, text: str, where: str) -> float:
        """Reads a time in seconds; a fraction of a millisecond betrays OpenMetrics."""
        if self.open and _SECONDS.fullmatch(text):
            return float(text)
        if not self.open and _MILLISECONDS.fullmatch(text):
            return int(text) / 1000
        if not self.open and _SECONDS.fullmatch(text):
            self._cut_off(f"time {text[:40]}", where)
        raise InputError(f"time {text[:40]!r}", expected="seconds" if self.open else "milliseconds", where=where)

    def _exemplar(self, text: str, name: str, where: str) -> None:
        match = _EXEMPLAR.fullmatch(text)
        if match and not self.open:
            self._cut_off("an exemplar", where)
        times = (match["time"],) if match and match["time"] else ()
        if match is None or not _NUMBER.fullmatch(match["value"]) or any(not _SECONDS.fullmatch(time) for time in times):
            raise InputError(f"{text[:60]!r} after the sample", expected="an exemplar, or the end of the line", where=where)
        if not name.endswith(("_bucket", "_total")):
            raise InputError(f"an exemplar of {name}", expected="one on buckets and counters only", where=where)

    def _family(self, name: str, where: str) -> Family:
        family = self.by_sample.get(name)
        if family is None:
            family = self._new(name, where)
        elif self.open:
            if family is not self.current:
                raise InputError(f"family {family.name} in two places", expected="all its lines together", where=where)
            if family.type and not any(name == family.name + suffix for suffix in _SUFFIXES.get(family.type, ("",))):
                raise InputError(f"sample {name} of the {family.type} {family.name}", expected="a name with its suffix", where=where)
        self.current = family
        return family
