"""Personal data in log records: what looks like it, and where; never what it says.

=============  =======================================================================================================
``email``      an e-mail address; not those of Google service accounts, ``git@`` of repository addresses, or file names
``token``      a JSON Web Token, a bearer token, and tokens with the marks of GitHub, Slack, Stripe and Google OAuth
``card``       a payment card number: prefix and length of Visa, Mastercard, American Express, Discover, JCB, Diners or
               UnionPay, and the check digit (ISO/IEC 7812-1, Luhn)
``national-id``  those with a check digit and a form that other numbers do not have: Spain (DNI, NIE), Italy (codice fiscale),
               France (NIR), Finland (henkilötunnus), Brazil (CPF with its punctuation)
=============  =======================================================================================================

Identifiers without a check digit (such as the US social security number) cannot be told from other numbers and are not looked for; IP
addresses are not reported. Ids of requests, traces and spans are long numbers by nature: cards and national ids are not looked for there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from typing import Final

from compliance.record import Json

from . import PersonalDatum
from .fields import role_of

SAMPLES: Final = 20
FIELDS: Final = 200
OTHER_FIELDS: Final = "(other fields)"
_BLOCK: Final = 1 << 16
"""Bytes of records that are looked through together."""
UNPARSED: Final = "(unparsed)"
"""Field name for what stands in a line that is no record."""

_START = rb"(?:(?<![0-9A-Za-z.])|(?<=\\[nrtbf]))"
_DIGITS = re.compile(
    _START
    + rb"(?:[2-6]\d{13}|[2-6]\d{3}[ -]\d{4,6}[ -]|\d{8}-?[A-Z]|[XYZ]\d{7}|[A-Z]{6}\d\d|\d{6}[-+A-FU-Y]\d{3}"
    + rb"|[12]\d{4}(?:\d{10}|2[AB]\d{8})(?!\d)|[12] \d\d \d\d |\d{3}\.\d{3}\.\d{3}-)"
)
_MARKS: Final = (b"@", b"eyJ", b"earer", b"EARER", rb"\u", b"ya29.", b"xox", b"sk_live_", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_")
"""What the texts of all rules contain, as a line of JSON writes them: lines without are not looked at further."""


_SHAPE = bytes.maketrans(b"123456789BCDEFGHIJKLMNOPQRSTUVWXYZ", b"0" * 9 + b"A" * 25)
_SHAPES: Final = (
    b"0000000",
    b"0000 0000",
    b"0000-0000",
    b"000.000.000-",
    b"000000-000",
    b"000000+000",
    b"000000A000",
    b"0 00 00 ",
    b"AAAAAA00",
)
"""Begins of `_DIGITS` with 0 for digits and A for capitals: looked for first, because that is 30 times quicker."""


def _hints_in(raw: bytes) -> tuple[bytes, ...]:
    """Returns which of the marks and shapes some bytes hold; without any, no rule can find anything."""
    shape = raw.translate(_SHAPE)
    return tuple(mark for mark in _MARKS if mark in raw) + tuple(begin for begin in _SHAPES if begin in shape)


def _maybe(raw: bytes, hints: tuple[bytes, ...]) -> bool:
    """Tells whether a rule may find something, given the hints that bytes around these ones hold."""
    shape = b""
    for hint in hints:
        if hint in _MARKS:
            if hint in raw:
                return True
            continue
        shape = shape or raw.translate(_SHAPE)
        if hint in shape:
            return _DIGITS.search(raw) is not None
    return False


def _is_personal(key: str) -> bool:
    return _is_personal_name(key) if len(key) <= 200 else bool(rules_in(key))


@lru_cache(maxsize=8192)
def _is_personal_name(key: str) -> bool:
    raw = key.encode("utf-8", "surrogatepass")
    return _maybe(raw, _hints_in(raw)) and bool(rules_in(key))


_EMAIL = re.compile(r"(?<![\w.%+-])[A-Za-z0-9._%+-]{1,64}+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])")
_NO_ADDRESS = re.compile(
    r"^git@|\.gserviceaccount\.com$|\.(?:png|jpe?g|gif|svg|webp|js|css|map|local|internal|service|socket|timer|scope|slice|mount)$",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"\beyJ[\w-]{8,}+\.eyJ[\w-]{8,}+\.[\w-]*|\b[Bb](?i:earer) +(?=[^\s\"']{0,200}\d)[\w.~+/-]{20,}+|\bya29\.[\w-]{20,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}|\bxox[abeprs]-[\w-]{10,}|\bsk_live_[A-Za-z0-9]{16,}"
)
_EDGE = r"(?<![\w.+-])", r"(?![\w-]|\.\d)"
_CARD = re.compile(
    _EDGE[0] + r"(?:\d{14,16}|\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{4,5})" + _EDGE[1],
)
_ISSUERS = re.compile(
    r"4\d{15}|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}|(?:6011|65\d\d|64[4-9]\d)\d{12}"
    r"|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|62\d{14}"
)


def _email(text: str) -> bool:
    return "@" in text and any(not _NO_ADDRESS.search(match.group()) for match in _EMAIL.finditer(text))


def _token(text: str) -> bool:
    return len(text) > 20 and _TOKEN.search(text) is not None


def _card(text: str) -> bool:
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if _ISSUERS.fullmatch(digits) and len(set(digits)) > 1 and luhn(digits):
            return True
    return False


def luhn(digits: str) -> bool:
    """Checks the Luhn digit (ISO/IEC 7812-1, annex B)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


_CONTROL = "TRWAGMYFPDXBNJZSQVHLCKE"


def _spain(match: re.Match[str]) -> bool:
    digits = match.group(2)
    if not match.group(1) and _is_day(digits):
        return False  # 20250920Z is a date
    return _CONTROL[int(match.group(1).translate(str.maketrans("XYZ", "012")) + digits) % 23] == match.group(3)


def _is_day(digits: str) -> bool:
    try:
        return 1900 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).year <= 2100
    except ValueError:
        return False


_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21] * 2 + [2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23],
        strict=True,
    )
)
_EVEN = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", [*range(10), *range(26)], strict=True))


def _italy(match: re.Match[str]) -> bool:
    code = match.group()
    total = sum(_ODD[char] for char in code[:15:2]) + sum(_EVEN[char] for char in code[1:15:2])
    return chr(ord("A") + total % 26) == code[15]


def _france(match: re.Match[str]) -> bool:
    code = re.sub(r"\s", "", match.group()).replace("2A", "19").replace("2B", "18")
    return code.isdigit() and len(code) == 15 and 97 - int(code[:13]) % 97 == int(code[13:])


def _finland(match: re.Match[str]) -> bool:
    day, month = int(match.group(1)[:2]), int(match.group(1)[2:4])
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return False
    return "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(match.group(1) + match.group(2)) % 31] == match.group(3)


def _brazil(match: re.Match[str]) -> bool:
    digits = [int(char) for char in match.group() if char.isdigit()]
    if len(set(digits)) == 1:
        return False
    for length in (9, 10):
        rest = sum(digit * (length + 1 - place) for place, digit in enumerate(digits[:length])) * 10 % 11 % 10
        if rest != digits[length]:
            return False
    return True


_NATIONAL: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], bool]], ...]] = (
    (re.compile(_EDGE[0] + r"(?:([XYZ]?)(?:(?<=[XYZ])(?=\d{7}-?[A-Z])|(?<![XYZ])(?=\d{8}-?[A-Z])))(\d{7,8})-?([A-Z])" + _EDGE[1]), _spain),
    (re.compile(_EDGE[0] + r"[A-Z]{6}\d\d[ABCDEHLMPRST]\d\d[A-Z]\d{3}[A-Z]" + _EDGE[1]), _italy),
    (
        re.compile(
            _EDGE[0]
            + r"[12](?P<gap> ?)\d\d(?P=gap)(?:0[1-9]|1[0-2]|[2-9]\d)(?P=gap)(?:\d\d|2[AB])(?P=gap)\d{3}(?P=gap)\d{3}(?P=gap)\d\d"
            + _EDGE[1]
        ),
        _france,
    ),
    (re.compile(_EDGE[0] + r"(\d{6})[-+A-FU-Y](\d{3})([0-9A-FHJ-NPR-Y])" + _EDGE[1]), _finland),
    (re.compile(_EDGE[0] + r"\d{3}\.\d{3}\.\d{3}-\d{2}" + _EDGE[1]), _brazil),
)


def _national_id(text: str) -> bool:
    return any(check(match) for pattern, check in _NATIONAL for match in pattern.finditer(text))


_NUMBERS = re.compile(r"\d(?:\d{6}|\d{3}[ -]\d{4}|\d\d\.\d{3}\.|\d{5}[-+A-Y]\d{3}| \d\d \d\d )|[A-Z]{6}\d\d")
_RULES: Final = (("email", _email), ("token", _token))
_NUMBER_RULES: Final = (("card", _card), ("national-id", _national_id))


def rules_in(text: str, *, numbers: bool = True) -> list[str]:
    """Returns the rules that a text breaks.

    Args:
        text: A value.
        numbers: Whether to look for cards and national ids as well.
    """
    rules = _RULES + _NUMBER_RULES if numbers and _NUMBERS.search(text) else _RULES
    return [name for name, found in rules if found(text)]


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
            record: What it holds; a text for a line that is no record.
        """
        self._waiting.append((line, raw, record))
        self._bytes += len(raw)
        if self._bytes >= _BLOCK:
            self.finish()

    def unparsed(self, line: int, raw: bytes) -> None:
        """Takes a line that is no record."""
        self.record(line, raw, None)

    def finish(self) -> None:
        """Looks through the records that wait; needed once after the last one."""
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        hints = _hints_in(b"\n".join(raw for _, raw, _ in waiting))
        for line, raw, record in waiting if hints else ():
            if _maybe(raw, hints):
                self._look(line, raw, record)

    def _look(self, line: int, raw: bytes, record: Json) -> None:
        texts = [(UNPARSED, raw.decode("utf-8", "replace"), True)] if record is None else _texts(record)
        for field, text, numbers in texts:
            for rule in rules_in(text, numbers=numbers):
                if self._actors and _is_below(field, self._actors):
                    self.of_actors += 1
                else:
                    self._found(line, field, rule)

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


def _texts(record: Json) -> Iterator[tuple[str, str, bool]]:
    """Yields the path, the text and whether numbers are looked for, of every value; each path once for each value under it.

    A key that itself looks like personal data is shown as ``*`` in paths, and its text is yielded with that path.
    """
    stack: list[tuple[str, Json, bool]] = [("", record, True)]
    while stack:
        path, value, numbers = stack.pop()
        if isinstance(value, dict):
            for key, item in value.items():
                personal = _is_personal(key)
                inner = _joined(path, "*" if personal else key)
                if personal:
                    yield inner, key, True
                role = role_of(key)
                stack.append((inner, item, numbers and not (role and role[0] == "trace")))
        elif isinstance(value, list):
            stack.extend((f"{path}[]" if not path.endswith("[]") else path, item, numbers) for item in value)
        elif isinstance(value, str):
            yield path, value, numbers
        elif isinstance(value, int) and numbers and not isinstance(value, bool) and 10**13 <= value < 10**16:
            yield path, str(value), True


def _joined(path: str, key: str) -> str:
    whole = f"{path}.{key}" if path else key
    return whole if len(whole) <= FIELDS else whole[: FIELDS - 1] + "…"
