"""One ``testcase`` element: its result and its identity."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from compliance.record import Finding, fingerprint, shorten

ERROR: Final = "error"
FAILURE: Final = "failure"
SKIPPED: Final = "skipped"
PASSED: Final = "passed"

_RANK: Final = {PASSED: 0, SKIPPED: 1, FAILURE: 2, ERROR: 3}
_RESULT_OF_CHILD: Final = {
    "skipped": SKIPPED,
    "disabled": SKIPPED,
    "ignored": SKIPPED,
    "pending": SKIPPED,
    "aborted": SKIPPED,  # Ant's launcher of JUnit 5: an assumption did not hold
    "failure": FAILURE,
    "error": ERROR,
    # Surefire writes these beside <failure> or <error>; alone they still say that a rerun failed.
    "rerunFailure": FAILURE,
    "rerunError": ERROR,
}
_FLAKY: Final = ("flakyFailure", "flakyError")
_ATTEMPTS: Final = {"flakyFailure": "failures", "rerunFailure": "failures", "flakyError": "errors", "rerunError": "errors"}
"""Attempts beside the one that decides, by the total in which Surefire 2 counts them."""
_SKIPPING: Final = (
    *("disabled", "notrun", "not run", "not_run", "skipped", "skip", "suppressed", "ignored", "pending", "untested"),
    *("inconclusive", "blocked", "not executed", "notexecuted"),
)
_FAILING: Final = ("fail", "failed", "failure", "timedout", "timed out", "timeout", "undefined", "ambiguous")
_BREAKING: Final = (
    *("error", "errored", "broken", "panicked", "aborted", "interrupted", "crashed", "cancelled", "canceled", "invalid", "notrunnable"),
)
_WORDS: Final = {**dict.fromkeys(_SKIPPING, SKIPPED), **dict.fromkeys(_FAILING, FAILURE), **dict.fromkeys(_BREAKING, ERROR)}
"""Words of ``status`` and ``result``, since some tools write no child element: GoogleTest, CTest, Behave, Catch2, Ginkgo, NUnit, MSTest."""
NOT_RUN: Final = "could not be run, which CTest counts as failures"
WARNED: Final = "ended with a warning, which is no success in PHPUnit"
UNFINISHED: Final = "did not finish"
_NOT_RUN: Final = frozenset(
    (
        *("Unable to find executable", "Required Files Missing", "Fixture dependency failed", "Missing Configuration"),
        *("Insufficient resources", "Invalid resource spec file", "Failed to start"),
    )
)
"""Why CTest could not run a test (``CompletionStatus`` of ``cmCTestRunTest.cxx``); what it writes for such a test is a skip."""
_TEXT_LIMIT: Final = 10_000
"""Characters of a text that are looked at for a message."""
_FIRST_LINE: Final = re.compile(r"\S[^\n]*")


class Case:
    """What one element says; filled while its children go by."""

    __slots__ = ("_attributes", "_decided", "_text", "_todo", "attempts", "depth", "doubt", "flaky", "result")

    def __init__(self, attributes: Mapping[str, str]) -> None:
        self.result = PASSED
        """``error``, ``failure``, ``skipped`` or ``passed``: the worst that it holds."""
        self.flaky = False
        """An attempt failed that the runner recorded in the same element."""
        self.doubt: str | None = None
        """Why it may be no good news, although it neither failed nor broke: one of the constants above."""
        self.attempts: list[str] = []
        """Failed attempts beside the one that decides: ``failures`` or ``errors`` of each."""
        self.depth = 0
        """Of the elements inside that are open."""
        self._attributes = attributes
        self._decided: Mapping[str, str] = {}
        self._text = ""
        self._todo = False
        """Node's test runner calls it to be done, and then does not count how it ended."""

    def start(self, tag: str, attributes: Mapping[str, str]) -> bool:
        """Takes the beginning of an element inside; returns whether its text may be the message."""
        self.depth += 1
        if self.depth > 1:
            return False
        self.flaky = self.flaky or tag in _FLAKY
        if tag in _ATTEMPTS:
            self.attempts.append(_ATTEMPTS[tag])
        if tag == "warning":
            self.doubt = WARNED
        elif tag == "skipped" and attributes.get("message") in _NOT_RUN and self._attributes.get("status") == "notrun":
            self.doubt = NOT_RUN
        found = _RESULT_OF_CHILD.get(tag, PASSED)
        if self._todo or _RANK[found] <= _RANK[self.result]:
            return False
        self._todo = tag == "skipped" and attributes.get("type") == "todo"
        self.result, self._decided, self._text = found, attributes, ""
        return found != SKIPPED and not attributes.get("message")

    def text(self, text: str) -> None:
        """Takes a piece of the text of the element that decides."""
        if len(self._text) < _TEXT_LIMIT:
            self._text += text

    def finish(self) -> None:
        """Ends the element: where no child says otherwise, its own words count."""
        get = self._attributes.get
        if self.result == PASSED and not self.flaky and (get("status") or get("result")):
            words = (_WORDS.get(get(key, "").strip().lower(), PASSED) for key in ("status", "result"))
            self.result = max(words, key=_RANK.__getitem__)
        if self.result == PASSED and (get("ignored") == "true" or get("incomplete") == "true"):
            self.result, self.doubt = SKIPPED, UNFINISHED if get("incomplete") == "true" else self.doubt

    def parts(self) -> tuple[str, str, str]:
        """Returns class, name and file."""
        get = self._attributes.get
        return get("classname", "").strip(), get("name", "").strip(), get("file", "").strip()

    def finding(self) -> Finding:
        """Returns the row of a failed or errored case, named ``classname::name``, or by its file in the place of a missing class."""
        class_name, name, file = self.parts()
        name = "::".join(part for part in (class_name or file, name) if part)
        return Finding(
            rule=self.result,
            severity="high",
            fingerprint=fingerprint(self.result, name),
            path=shorten(name, 1000),
            line=_line(self._attributes) or _line(self._decided),
            message=message_of(self._decided, self._text),
        )


def message_of(attributes: Mapping[str, str], text: str) -> str | None:
    """Returns the message of a result element: its attribute, else the first line of its text that says something, else its type."""
    message = attributes.get("message", "").strip()
    if not message:
        match = _FIRST_LINE.search(text)
        message = match.group().strip() if match else attributes.get("type", "").strip()
    return shorten(message) or None


def _line(attributes: Mapping[str, str]) -> int | None:
    text = attributes.get("line", "").strip()
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text) else None
