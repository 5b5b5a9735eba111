"""Every case of the corpus through `Intake`, as ``ingest`` does it: kind, format and numbers, or the refusal that it deserves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from compliance.catalog import shipped
from compliance.intake import Intake, Outcome
from compliance.project import Project
from compliance.store import Store

from .corpus import Answer, Reading, Refused, rules
from .helpers import CORPUS, recognised

CASES: list[dict[str, Any]] = json.loads((CORPUS / "cases.json").read_text()) if CORPUS.is_dir() else []
RULES = rules()
BUILT = {form.name for kind in shipped().kinds.values() for form in kind.formats}


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    root = tmp_path_factory.mktemp("corpus")
    (root / "compliance.toml").write_text('[project]\nname = "p"\n')
    store = Store.create(root / ".compliance" / "evidence.db")
    yield Intake(Project.load(root), store)
    store.close()


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is no part of the repository")
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_case(case: dict[str, Any], intake: Intake) -> None:
    answer = _answer(case)
    outcomes = list(intake.paths([CORPUS / case["file"]]))
    if isinstance(answer, Refused):
        assert [outcome.status for outcome in outcomes] == ["refused"], _shown(outcomes)
        assert answer.reason in (outcomes[0].reason or "")
        return
    assert len(outcomes) == len(answer), _shown(outcomes)
    for reading in answer:
        _compare(reading, outcomes, intake)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is no part of the repository")
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_at_most_one_format_claims_it(case: dict[str, Any]) -> None:
    assert len(recognised((CORPUS / case["file"]).read_bytes())) <= 1


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is no part of the repository")
def test_no_case_is_left_out() -> None:
    assert len(CASES) == 236
    assert {case["format"] for case in CASES} <= RULES.keys()


def test_rules_name_formats_and_cases_that_exist() -> None:
    ids = {case["id"] for case in CASES}
    for name, rule in RULES.items():
        assert rule.formats, name
        assert set(rule.formats) <= BUILT, name
        assert all(answer.why for one in rule.exceptions.values() for answer in _parts(one)), name
        assert not CASES or set(rule.exceptions) <= ids, name


def _answer(case: dict[str, Any]) -> Answer:
    rule = RULES[case["format"]]
    return rule.exceptions.get(case["id"]) or rule.answer(case["expected"])


def _parts(answer: Answer) -> tuple[Reading | Refused, ...]:
    return (answer,) if isinstance(answer, Refused) else answer


def _compare(reading: Reading, outcomes: list[Outcome], intake: Intake) -> None:
    category = reading.summary.get("category")
    found = [one for one in outcomes if one.kind == reading.kind and category in (None, one.summary.get("category"))]
    assert len(found) == 1, _shown(outcomes)
    outcome = found[0]
    assert (outcome.format, outcome.status) in ((reading.format, "recorded"), (reading.format, "duplicate")), _shown(outcomes)
    assert {key: outcome.summary.get(key) for key in reading.summary} == dict(reading.summary)
    if reading.incomplete is not None:
        assert outcome.evidence is not None
        said = intake.store.evidence_of(outcome.evidence).payload["incomplete"]
        assert (said is not None) is reading.incomplete, said


def _shown(outcomes: list[Outcome]) -> str:
    return "; ".join(f"{one.status} {one.kind} {one.format} {one.reason or ''}" for one in outcomes)
