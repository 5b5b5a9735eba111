"""One ``testcase`` element: its result and its identity."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b

from compliance.record import Finding, fingerprint, shorten
from compliance.source import Element

ERROR = "error"
FAILURE = "failure"
SKIPPED = "skipped"
PASSED = "passed"

_RANK = {PASSED: 0, SKIPPED: 1, FAILURE: 2, ERROR: 3}
_RESULT_OF_CHILD = {
    "skipped": SKIPPED,
    "disabled": SKIPPED,
    "failure": FAILURE,
    "error": ERROR,
    # Surefire writes these beside <failure> or <error>; alone they still say that a rerun failed.
    "rerunFailure": FAILURE,
    "rerunError": ERROR,
}
_FLAKY = ("flakyFailure", "flakyError")
_NOT_RUN = ("disabled", "notrun")


@dataclass(frozen=True)
class Case:
    """What one element says."""

    result: str
    """``error``, ``failure``, ``skipped`` or ``passed``: the worst that it holds."""
    flaky: bool
    """Passed, after a failure that the runner recorded in the same element."""
    name: str
    """``classname::name``, or the file in the place of a missing class."""
    identity: bytes
    """Digest of suite, class, name and file; a digest, because the texts of 100,000 cases cost three times its 10 MB."""
    line: int | None
    message: str | None
    """Of the element that decided."""

    def finding(self) -> Finding:
        """Returns the row of a failed or errored case."""
        return Finding(
            rule=self.result,
            severity="high",
            fingerprint=fingerprint(self.result, self.name),
            path=shorten(self.name, 1000),
            line=self.line,
            message=self.message,
        )


def local(tag: object) -> str:
    """Returns an element's name without its namespace."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def read_case(element: Element, suite: str) -> Case:
    """Reads a finished ``testcase`` element that stands in a suite of this name."""
    result, decided_by = (SKIPPED, None) if (element.get("status") or "").strip().lower() in _NOT_RUN else (PASSED, None)
    flaky = False
    for child in element:
        tag = local(child.tag)
        flaky = flaky or tag in _FLAKY
        found = _RESULT_OF_CHILD.get(tag, PASSED)
        if _RANK[found] > _RANK[result]:
            result, decided_by = found, child
    name, class_name, file = ((element.get(key) or "").strip() for key in ("name", "classname", "file"))
    return Case(
        result=result,
        flaky=flaky and result == PASSED,
        name="::".join(part for part in (class_name or file, name) if part),
        identity=blake2b("\x1f".join((suite, class_name, name, file)).encode("utf-8", "surrogatepass"), digest_size=12).digest(),
        line=_line(element) or _line(decided_by),
        message=None if decided_by is None or result == SKIPPED else message_of(decided_by),
    )


def message_of(element: Element) -> str | None:
    """Returns the message of a result element: its attribute, else the first line of its text that says something."""
    text = (element.get("message") or "").strip()
    if not text:
        match = re.search(r"\S[^\n]*", element.text or "")
        text = match.group().strip() if match else (element.get("type") or "").strip()
    return shorten(text) or None


def _line(element: Element | None) -> int | None:
    text = "" if element is None else (element.get("line") or "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
