"""Personal data in log records: what looks like it (see `personal_rules`), and where; never what it says.

Ids of requests, traces and spans are long numbers by nature: cards and national ids are not looked for there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import compress, count
from typing import Final

import msgspec

from compliance.reading.jsonrows import Rows
from compliance.record import Json

from . import PersonalDatum
from .fields import role_of
from .lines import Block
from .personal_hints import hints_in, wanted_in
from .personal_rules import EMAIL, EVERYTHING, NUMBERS, TOKEN, rules_in

SAMPLES: Final = 20
FIELDS: Final = 200
OTHER_FIELDS: Final = "(other fields)"
UNPARSED: Final = "(unparsed)"
"""Field name for what stands in a line that is no record."""
_BLOCK: Final = 1 << 16
"""Bytes of records that are looked through together."""
_LONGEST: Final = 200
"""Characters of a field's path that are shown, and of a key or a value that is remembered."""

_CONTAINERS: Final = frozenset({dict, list})
_TEXTS: Final = frozenset({str, type(None)})

Node = tuple["Node | None", str]
"""A name, and the node of the object in which it stands."""


class Finder:
    """Counts places and keeps samples of them.

    Args:
        actors: Paths of the fields that a format has for who acted, with all below them; places in these are counted apart.
    """

    def __init__(self, actors: tuple[str, ...] = ()) -> None:
        self.total = 0
        self.of_actors = 0
        self.fields: dict[str, int] = {}
        self._actors = actors
        self._new: list[PersonalDatum] = []
        self._more: list[PersonalDatum] = []
        self._seen: set[tuple[str, str]] = set()
        self._waiting: list[tuple[int, bytes, Json]] = []
        self._bytes = 0
        self._member: tuple[str, ...] = ()
        """Path of the member in which all addresses of the last records stood; empty where they stood in several."""

    @property
    def samples(self) -> tuple[PersonalDatum, ...]:
        """At most `SAMPLES` places in the order of the log; new fields and rules are preferred."""
        kept = [*self._new, *self._more][:SAMPLES]
        return tuple(sorted(kept, key=lambda datum: (datum.line, datum.field, datum.rule)))

    def record(self, line: int, raw: bytes, record: Json) -> None:
        """Takes a record, to be looked through together with those after it: that is quicker, since most hold no hint of anything.

        Args:
            line: Its line.
            raw: Its bytes, as JSON writes them.
            record: What it holds, or a function that returns it; None for a line that is no record.
        """
        self._waiting.append((line, raw, record))
        self._bytes += len(raw)
        if self._bytes >= _BLOCK:
            self.finish()

    def block(self, block: Block, rows: Rows) -> None:
        """Looks through the records of lines that each hold one."""
        hints = hints_in(block.data)
        if not hints:
            return
        self.finish()
        if hints == EMAIL and self._in_one_member(block, rows):
            return
        for number, line in enumerate(block.lines, block.first):
            if wanted := wanted_in(line, hints):
                self._look(number, line, msgspec.json.decode(line), wanted)

    def _in_one_member(self, block: Block, rows: Rows) -> bool:
        """Looks through lines all of whose addresses stand in the same member; false where they stand in several."""
        values = rows.column(*self._member) if self._member else []
        if not _hold_all(values, block.data, rows):
            self._member = _addressed(rows)
            if not self._member:
                return False
            values = rows.column(*self._member)
        node = _node_of(self._member)
        if _TEXTS.issuperset(map(type, values)) and max(map(len, filter(None, values)), default=0) <= _LONGEST:
            self._judge_texts(block.first, _path(node), values)
        else:
            for number, value in enumerate(values, block.first):
                self._judge(number, ((at, text, EMAIL) for at, text in _addresses(value, node)))
        return True

    def _judge_texts(self, first: int, field: str, texts: Sequence[str | None]) -> None:
        """Judges the texts of one field in many records, each different one once: that is a tenth of the time of reading them."""
        found = list(map(_is_address, texts))
        if self._is_of_actors(field):
            self.of_actors += sum(found)
            return
        for number in compress(count(first), found):
            self._found(number, field, "email")

    def unparsed(self, line: int, raw: bytes) -> None:
        """Takes a line that is no record."""
        self.record(line, raw, None)

    def finish(self) -> None:
        """Looks through the records that wait; needed once after the last one."""
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        if hints := hints_in(b"\n".join(raw for _, raw, _ in waiting)):
            self._look_through(waiting, hints)

    def _look_through(self, records: Iterable[tuple[int, bytes, Json]], hints: int) -> None:
        for line, raw, record in records:
            if wanted := wanted_in(raw, hints):
                self._look(line, raw, record, wanted)

    def _look(self, line: int, raw: bytes, record: Json, wanted: int) -> None:
        unread: Node = (None, UNPARSED)
        held = record() if callable(record) else record
        texts = [(unread, raw.decode("utf-8", "replace"), wanted)] if held is None else _texts(held, wanted)
        self._judge(line, texts)

    def _judge(self, line: int, texts: Iterable[tuple[Node | None, str, int]]) -> None:
        for node, text, sought in texts:
            for rule in rules_in(text, sought):
                field = _path(node)
                if self._is_of_actors(field):
                    self.of_actors += 1
                else:
                    self._found(line, field, rule)

    def _is_of_actors(self, field: str) -> bool:
        return bool(self._actors) and _is_below(field, self._actors)

    def _found(self, line: int, field: str, rule: str) -> None:
        self.total += 1
        if field not in self.fields and len(self.fields) >= FIELDS:
            field = OTHER_FIELDS
        self.fields[field] = self.fields.get(field, 0) + 1
        kept = self._more if (rule, field) in self._seen else self._new
        self._seen.add((rule, field))
        if len(kept) < SAMPLES:
            kept.append(PersonalDatum(rule=rule, line=line, field=field))


@lru_cache(maxsize=8192)
def _is_below(field: str, paths: tuple[str, ...]) -> bool:
    return any(field == path or field.startswith((f"{path}.", f"{path}[")) for path in paths)


def _texts(record: Json, wanted: int) -> Iterator[tuple[Node | None, str, int]]:
    """Yields the place, the text and the rules that are wanted, of every value that may hold something.

    A key that itself looks like personal data is shown as ``*`` in paths, and its text is yielded with that path.
    """
    if wanted == EMAIL:
        yield from ((node, text, EMAIL) for node, text in _addresses(record))
        return
    stack: list[tuple[Node | None, Json, int]] = [(None, record, wanted)]
    while stack:
        node, value, wanted = stack.pop()
        if isinstance(value, list):
            inner = node if node and node[1] == "[]" else (node, "[]")
            stack.extend((inner, item, wanted) for item in value)
        elif not isinstance(value, dict):
            if (text := _text(value, wanted)) is not None:
                yield node, text, wanted
        else:
            for key, item in value.items():
                personal, is_trace = _about(key)
                if personal:
                    yield (node, "*"), key, EVERYTHING
                sought = wanted & ~NUMBERS if is_trace else wanted
                if isinstance(item, (dict, list)):
                    if item:
                        stack.append(((node, "*" if personal else key), item, sought))
                elif (text := _text(item, sought)) is not None:
                    yield (node, "*" if personal else key), text, sought


def _hold_all(values: Sequence[Json], data: bytes, rows: Rows) -> bool:
    """Tells whether all addresses of many lines stand in one of their columns: there is no sign elsewhere, but in keys that are known.

    That is a tenth of the time of `_addressed`. It holds only where no sign is written as an escape.
    """
    if not values or not _TEXTS.issuperset(map(type, values)) or (keys := rows.names_with("@")) is None:
        return False
    signs = "".join(filter(None, values)).count("@") + len(rows) * "".join(keys).count("@")
    return signs == data.count(b"@") and not any(_about(key)[0] for key in keys)


@lru_cache(maxsize=8192)
def _is_address(text: str | None) -> bool:
    return text is not None and bool(rules_in(text, EMAIL))


def _addressed(rows: Rows) -> tuple[str, ...]:
    """Returns the path of the member in which all addresses of these records stand; empty where they stand in several."""
    path: tuple[str, ...] = ()
    keys: Iterable[str] = rows.keys
    while not any("@" in key and _about(key)[0] for key in keys):
        holding = [key for key in keys if b"@" in rows.written(*path, key)]
        if len(holding) != 1:
            break
        path += (holding[0],)
        if rows.kind(*path) != "object":
            break
        keys = rows.inside(*path)
    return path


def _addresses(record: Json, node: Node | None = None) -> Iterator[tuple[Node | None, str]]:
    """Yields the same where only addresses are looked for, as in most events of clouds, in a third of the time.

    Args:
        record: What is looked through.
        node: Where it stands.
    """
    stack: list[tuple[Node | None, Json]] = [(node, record)]
    while stack:
        node, value = stack.pop()
        if isinstance(value, list):
            inner = node if node and node[1] == "[]" else (node, "[]")
            stack.extend((inner, item) for item in value)
        elif not isinstance(value, dict):
            if isinstance(value, str) and "@" in value:
                yield node, value
        else:
            for key, item in value.items():
                personal = "@" in key and _about(key)[0]
                if personal:
                    yield (node, "*"), key
                if isinstance(item, str):
                    if "@" in item:
                        yield (node, "*" if personal else key), item
                elif item and item.__class__ in _CONTAINERS:
                    stack.append(((node, "*" if personal else key), item))


def _text(value: Json, wanted: int) -> str | None:
    """Returns the text of a value that is worth a closer look."""
    if isinstance(value, str):
        if wanted & NUMBERS or (wanted & EMAIL and "@" in value) or (wanted & TOKEN and len(value) > 20):
            return value
    elif wanted & NUMBERS and isinstance(value, int) and not isinstance(value, bool) and 10**13 <= value < 10**16:
        return str(value)
    return None


def _about(key: str) -> tuple[bool, bool]:
    return _about_name(key) if len(key) <= _LONGEST else (bool(rules_in(key)), False)


@lru_cache(maxsize=8192)
def _about_name(key: str) -> tuple[bool, bool]:
    """Tells whether a key looks like personal data itself, and whether it names the id of a request."""
    role = role_of(key)
    return bool(rules_in(key)), role is not None and role[0] == "trace"


def _node_of(path: Iterable[str]) -> Node | None:
    node: Node | None = None
    for name in path:
        node = (node, name)
    return node


def _path(node: Node | None) -> str:
    names: list[str] = []
    while node is not None:
        names.append(node[1])
        node = node[0]
    path = ".".join(reversed(names)).replace(".[]", "[]")
    return path if len(path) <= _LONGEST else path[: _LONGEST - 1] + "…"
