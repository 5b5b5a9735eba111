"""Every error has a code of its own, says what to do next, and is explained; the command line prints both."""

from __future__ import annotations

import os
import re

import pytest

from compliance.cli import main
from compliance.errors import ComplianceError, first_line
from tests import documents

CLASSES = documents.error_classes()
PAGE = (documents.ROOT / "docs/errors.md").read_text()
CONTRACT = {"nothing-to-judge": 3, "tampered": 4, "collector": 5}


def test_codes_are_told_apart_and_keep_their_exit_codes() -> None:
    assert len({one.code for one in CLASSES}) == len(CLASSES)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", one.code) for one in CLASSES)
    assert {one.code: one.exit_code for one in CLASSES if one.exit_code != 2} == CONTRACT


def test_of_foreign_errors_one_line_is_said_even_where_they_say_nothing() -> None:
    assert first_line(ValueError("one\ntwo")) == "one"
    assert first_line(ValueError()) == "ValueError"
    assert len(first_line(ValueError("x" * 1000))) == 200


@pytest.mark.parametrize("one", CLASSES, ids=lambda one: one.code)
def test_every_error_says_what_to_do_next_and_has_its_place_on_the_page(one: type[ComplianceError]) -> None:
    error = one("found")
    assert error.next_step == one.advice
    assert "advice" in vars(one), "an inherited advice does not fit"
    assert one("found", hint="do this").next_step == "do this"
    assert f"### `{one.code}`" in PAGE


@pytest.mark.parametrize("one", CLASSES, ids=lambda one: one.code)
def test_the_command_line_prints_code_and_next_step(
    one: type[ComplianceError], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise one("found\x1b[31m this")

    monkeypatch.setattr("compliance.cli.app.build", fail)
    with pytest.raises(SystemExit) as ended:
        main(["check"])
    assert ended.value.code == one.exit_code
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"compliance: found\\x1b[31m this [{one.code}]"
    assert second == f"next: {one.advice}"


@pytest.mark.parametrize(
    ("error", "code", "ending"), [(OSError(28, os.strerror(28), "x.pdf"), 2, "[system]"), (ZeroDivisionError("1/0"), 70, "[defect]")]
)
def test_what_is_no_error_of_ours_has_a_code_too(
    error: Exception, code: int, ending: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr("compliance.cli.app.build", fail)
    monkeypatch.setattr("compliance.cli._drop_output", lambda: None)
    with pytest.raises(SystemExit) as ended:
        main(["check"])
    assert ended.value.code == code
    first, second = capfd.readouterr().err.splitlines()
    assert first.endswith(ending)
    assert second.startswith("next: ")
