"""What personal data looks like, rule by rule.

=============  =======================================================================================================
``email``      an e-mail address; not those of Google service accounts, ``git@`` of repository addresses, or file names
``token``      a JSON Web Token, a bearer token, and tokens with the marks of GitHub, Slack, Stripe and Google OAuth
``card``       a payment card number: prefix and length of Visa, Mastercard, American Express, Discover, JCB, Diners or
               UnionPay, and the check digit (ISO/IEC 7812-1, Luhn)
``national-id``  those with a check digit and a form that other numbers do not have: Spain (DNI, NIE), Italy (codice fiscale),
               France (NIR), Finland (henkilötunnus), Brazil (CPF with its punctuation)
=============  =======================================================================================================

Identifiers without a check digit (such as the US social security number) cannot be told from other numbers and are not looked for; IP
addresses are not reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Final

EMAIL: Final = 1
TOKEN: Final = 2
NUMBERS: Final = 4
"""Cards and national ids."""
EVERYTHING: Final = EMAIL | TOKEN | NUMBERS

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


_LONG_NUMBER = re.compile(r"\d(?:\d{6}|\d{3}[ -]\d{4}|\d\d\.\d{3}\.|\d{5}[-+A-Y]\d{3}| \d\d \d\d )|[A-Z]{6}\d\d")


def rules_in(text: str, wanted: int = EVERYTHING) -> list[str]:
    """Returns the rules that a text breaks.

    Args:
        text: A value.
        wanted: Sum of the rules to look for.
    """
    found = []
    if wanted & EMAIL and _email(text):
        found.append("email")
    if wanted & TOKEN and _token(text):
        found.append("token")
    if wanted & NUMBERS and _LONG_NUMBER.search(text):
        found += [name for name, holds in (("card", _card), ("national-id", _national_id)) if holds(text)]
    return found
