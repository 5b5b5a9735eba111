"""Takes hard-coded passwords out of a Bandit report before it is stored.

Rules B105, B106 and B107 quote the password in ``issue_text``, and ``code`` shows its line, in their own results and as context in those
of neighbouring lines.
"""

from __future__ import annotations

import re
from typing import Any

from compliance.kind import Mask
from compliance.source import Source

from .rows import dumps

_RULES = ("B105", "B106", "B107")
_NAMES = "hardcoded_password"
"""How the names of these rules begin; before Bandit 1.0 they had no ids."""
_QUOTED = re.compile(r"'(.*)'", re.DOTALL)
_LITERAL = re.compile(r"\\.|(\"\"\"|'''|\"|')((?:\\.|(?!\1)[^\\])*)\1")
"""An escape outside of literals, taken as one so that no quote is tried twice, or a literal."""
_SUSPECT = re.compile(r"pass|pwd|token|secret|credential|api.?key", re.IGNORECASE)
"""Lines that Bandit's rules are about (its RE_WORDS); a ``# nosec`` keeps such a line out of the results, but not out of the context."""
_DONE = "REDACTED:"
_ALL = "all"
_MOST = 100
"""Passwords of one file that are looked for one by one; in a file with more of them every line counts as flagged."""
_WORTH = 6
"""Characters of the shortest password that is also masked where it occurs on lines that no rule points at."""


def redact(source: Source, mask: Mask) -> bytes | None:
    """Masks string literals on lines that hold a password, and the password in messages."""
    report = source.json
    results = report.get("results") if isinstance(report, dict) else None
    if not isinstance(results, list):
        return None
    results = [result for result in results if isinstance(result, dict)]
    flagged, known = _passwords(results)
    changed: list[str] = []

    def masked(secret: str) -> str:
        if not secret or secret.startswith(_DONE):
            return secret
        changed.append(secret)
        return mask(secret)

    for result in results:
        _mask_result(result, flagged, known, masked)
    return dumps(report) if changed else None


def _is_about_passwords(result: dict[str, Any]) -> bool:
    return result.get("test_id") in _RULES or str(result.get("test_name")).startswith(_NAMES)


def _passwords(results: list[dict[str, Any]]) -> tuple[dict[str, set[str]], dict[str, list[str]]]:
    """Returns per file the lines that password rules point at, and the passwords that they quote, longest first."""
    flagged: dict[str, set[str]] = {}
    known: dict[str, set[str]] = {}
    for result in results:
        if _is_about_passwords(result):
            file = str(result.get("filename"))
            ranged = result.get("line_range")
            lines = [*(ranged if isinstance(ranged, list) else []), result.get("line_number")]
            flagged.setdefault(file, set()).update(str(line) for line in lines)
            quoted = _QUOTED.search(str(result.get("issue_text")))
            if quoted and len(quoted.group(1)) >= _WORTH:
                known.setdefault(file, set()).add(quoted.group(1))
    for file, passwords in known.items():
        if len(passwords) > _MOST:
            flagged[file].add(_ALL)
    return flagged, {file: sorted(passwords, key=len, reverse=True)[:_MOST] for file, passwords in known.items()}


def _mask_result(result: dict[str, Any], flagged: dict[str, set[str]], known: dict[str, list[str]], masked: Mask) -> None:
    text, code, file = result.get("issue_text"), result.get("code"), str(result.get("filename"))
    if _is_about_passwords(result) and isinstance(text, str):
        result["issue_text"] = _QUOTED.sub(lambda match: f"'{masked(match.group(1))}'", text)
    if isinstance(code, str):
        lines = flagged.get(file, set())
        code = "\n".join(_mask_line(line, lines, masked) for line in code.split("\n"))
        for secret in known.get(file, ()):
            code = code.replace(secret, masked(secret)) if secret in code else code
        result["code"] = code


def _mask_line(line: str, flagged: set[str], masked: Mask) -> str:
    """Masks the string literals of one numbered line; all of it when no literal is closed on it (the inside of a long string)."""
    number, space, text = line.partition(" ")
    if not text.strip() or not (number in flagged or _ALL in flagged or _SUSPECT.search(text)):
        return line
    shown = _LITERAL.sub(lambda match: f"{match[1]}{masked(match[2])}{match[1]}" if match[1] else match[0], text)
    rest = _LITERAL.sub("", text)
    closed = any(match[1] for match in _LITERAL.finditer(text))
    if '"' in rest or "'" in rest or (not closed and number in flagged):
        shown = masked(text.strip())
    return f"{number}{space}{shown}"
