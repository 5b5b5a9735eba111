"""Good news needs admissible evidence, bad news does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from compliance.assessment import StoreState
from compliance.catalog import shipped
from compliance.errors import NothingToJudgeError
from compliance.gate import Claim, Gate, Inputs, Item, Params, Place, Reason, Standing, Status, Verdict, failed, not_assessed, passed
from compliance.judgement.assessing import Case, assess
from compliance.judgement.view import Unreadable, View
from compliance.kind import Collector, Options
from compliance.project import Project
from compliance.record import Assurance
from compliance.subject import Binding, Subject
from tests.world import COMMIT, DOC, NOW, OTHER, item, judged, make_gate, make_kind, make_project, small

LIVE = make_kind(binds_to=Binding.ENVIRONMENT)


def verdict(*items: Any, kinds: Any = (LIVE,), **metadata: Any) -> tuple[Status, Reason | None]:
    result = judged(make_project(make_gate(**metadata), kinds=kinds), *items).result("T-1")
    return result.verdict, result.reason


def test_fresh_evidence_of_this_commit_and_environment_passes() -> None:
    assert verdict(item()) == (Status.PASS, None)


def test_what_is_wrong_at_a_place_is_one_line() -> None:
    def wrong(_: Inputs, __: Params) -> Verdict:
        return failed("no", places=[Place("a.py:3", "AssertionError: 1\n  \n  != 2")])

    wrong.__doc__ = DOC
    gate = make_gate(wrong)
    (spot,) = judged(make_project(gate), item()).result("T-1").places
    assert (spot.where, spot.what) == ("a.py:3", "AssertionError: 1 != 2")


def test_who_collects_again_what_names_no_commit_is_told_to_name_it() -> None:
    named = judged(make_project(make_gate()), item(7, commit=None)).result("T-1")
    assert (named.reason, "say so: `compliance ingest FILE --commit" in named.fix) == (Reason.FOREIGN, True)
    assert named.fix.startswith("If evidence 7 is of this commit")
    other = judged(make_project(make_gate()), item(7, commit=OTHER)).result("T-1")
    assert (other.reason, other.fix.startswith("Collect it again for this commit")) == (Reason.FOREIGN, True)


def test_a_broken_limit_fails() -> None:
    assert verdict(item(number=11)) == (Status.FAIL, None)


def test_nothing_is_missing_and_not_a_pass() -> None:
    assert verdict() == (Status.NOT_ASSESSED, Reason.MISSING)


INADMISSIBLE: list[tuple[dict[str, Any], Reason]] = [
    ({"environment": "production"}, Reason.FOREIGN),
    ({"environment": None}, Reason.FOREIGN),
    ({"version": "1.7"}, Reason.FOREIGN),
    ({"assurance": Assurance.STATED}, Reason.WEAK),
    ({"incomplete": "only half of it"}, Reason.INCOMPLETE),
]


@pytest.mark.parametrize(("how", "reason"), INADMISSIBLE)
def test_inadmissible_good_news_does_not_count(how: dict[str, Any], reason: Reason) -> None:
    assert verdict(item(number=1, **how)) == (Status.NOT_ASSESSED, reason)


@pytest.mark.parametrize(("how", "reason"), INADMISSIBLE)
def test_inadmissible_bad_news_counts_and_keeps_its_reason(how: dict[str, Any], reason: Reason) -> None:
    assert verdict(item(number=11, **how)) == (Status.FAIL, reason)


@pytest.mark.parametrize(("how", "reason"), INADMISSIBLE)
def test_bad_news_beside_earlier_good_news_counts(how: dict[str, Any], reason: Reason) -> None:
    assert verdict(item(1, 1, age=timedelta(hours=3)), item(2, 11, **how)) == (Status.FAIL, reason)


ANSWERABLE = [(how, reason) for how, reason in INADMISSIBLE if reason is not Reason.FOREIGN]


@pytest.mark.parametrize(("how", "reason"), ANSWERABLE)
def test_later_admissible_good_news_of_the_same_slot_answers_bad_news(how: dict[str, Any], reason: Reason) -> None:  # noqa: ARG001
    assert verdict(item(1, 11, age=timedelta(hours=3), **how), item(2, 1)) == (Status.PASS, None)


@pytest.mark.parametrize(
    "elsewhere", [{"environment": "production"}, {"category": "other"}, {"tool": "another"}, {"name": "other.xml"}], ids=str
)
def test_good_news_of_another_slot_does_not_answer(elsewhere: dict[str, Any]) -> None:
    bad = item(1, 11, age=timedelta(hours=3), incomplete="half of it", **elsewhere)
    assert verdict(bad, item(2, 1))[0] is Status.FAIL


@pytest.mark.parametrize(
    "how",
    [
        {"incomplete": "half of it"},
        {"assurance": Assurance.STATED},
        {"age": timedelta(hours=-1)},
        {"dirty": True},
        {"payload": Unreadable("number: missing")},
    ],
    ids=str,
)
def test_what_does_not_count_replaces_nothing(how: dict[str, Any]) -> None:
    assert verdict(item(1, 11, age=timedelta(hours=3)), item(2, 1, **how)) == (Status.FAIL, None)


def test_a_later_run_of_the_same_thing_replaces_the_earlier_one() -> None:
    assert verdict(item(1, 11, age=timedelta(hours=3)), item(2, 1)) == (Status.PASS, None)
    assert verdict(item(1, 1, age=timedelta(hours=3)), item(2, 11)) == (Status.FAIL, None)


def of_project(entry: int, number: int, commit: str, **how: Any) -> Item:
    return item(entry, number, commit=commit, of_project=True, **how)


def test_what_is_of_the_project_is_replaced_by_what_a_later_commit_brought() -> None:
    kinds = (make_kind(binds_to=Binding.PROJECT),)
    earlier = of_project(1, 11, OTHER, age=timedelta(hours=3))
    assert verdict(earlier, of_project(2, 1, COMMIT), kinds=kinds) == (Status.PASS, None)
    assert verdict(of_project(1, 1, COMMIT, age=timedelta(hours=3)), of_project(2, 11, OTHER), kinds=kinds) == (Status.FAIL, None)
    assert verdict(earlier, of_project(2, 1, COMMIT, incomplete="half of it"), kinds=kinds) == (Status.FAIL, None)


def test_what_is_of_one_version_is_not_replaced_by_what_is_of_another() -> None:
    earlier = of_project(1, 11, OTHER, age=timedelta(hours=3), version="1.7")
    assert verdict(earlier, of_project(2, 1, COMMIT, version="1.8"), kinds=(make_kind(binds_to=Binding.PROJECT),)) == (Status.FAIL, None)


@pytest.mark.parametrize(
    ("stated", "ours", "counts"),
    [
        ("1.8", "1.8", True),
        ("v1.8", "1.8", True),
        ("1.8", "V1.8", True),
        (None, "1.8", True),
        ("1.8", None, True),
        (None, None, True),
        ("1.8.0", "1.8", False),
        ("1.8-rc1", "1.8", False),
        ("v-next", "-next", False),
    ],
)
def test_evidence_that_names_another_version_is_foreign(stated: str | None, ours: str | None, counts: bool) -> None:
    result = judged(make_project(make_gate(), kinds=(LIVE,)), item(version=stated), version=ours).result("T-1")
    assert (result.verdict, result.reason) == ((Status.PASS, None) if counts else (Status.NOT_ASSESSED, Reason.FOREIGN))
    assert counts or result.message == f"evidence 1 is of version {stated}; expected {ours}"


def test_the_version_of_evidence_about_the_project_does_not_matter() -> None:
    assert verdict(item(version="1.7", commit=OTHER), kinds=(make_kind(binds_to=Binding.PROJECT),)) == (Status.PASS, None)


def test_evidence_from_a_changed_tree_is_not_of_the_commit() -> None:
    assert verdict(item(number=1, dirty=True)) == (Status.NOT_ASSESSED, Reason.FOREIGN)
    assert verdict(item(number=11, dirty=True)) == (Status.FAIL, Reason.FOREIGN)
    about_the_tree = make_kind(binds_to=Binding.COMMIT, judges_tree=True)
    assert verdict(item(number=1, dirty=True), kinds=(about_the_tree,)) == (Status.PASS, None)


@pytest.mark.parametrize("number", [1, 11])
@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"commit": OTHER}, Reason.FOREIGN),
        ({"commit": None}, Reason.FOREIGN),
        ({"age": timedelta(days=3)}, Reason.STALE),
        ({"age": None}, Reason.STALE),
        ({"age": timedelta(minutes=-6)}, Reason.STALE),
    ],
)
def test_stale_evidence_and_evidence_of_another_commit_never_decide(how: dict[str, Any], reason: Reason, number: int) -> None:
    assert verdict(item(number=number, **how), max_age=timedelta(days=2)) == (Status.NOT_ASSESSED, reason)


def test_the_oldest_age_that_counts_is_inclusive() -> None:
    limit = timedelta(days=2)
    assert verdict(item(age=limit), max_age=limit) == (Status.PASS, None)
    assert verdict(item(age=limit + timedelta(seconds=1)), max_age=limit) == (Status.NOT_ASSESSED, Reason.STALE)


def test_evidence_dated_after_the_judgement_never_decides_even_without_max_age() -> None:
    assert verdict(item(age=timedelta(hours=-1))) == (Status.NOT_ASSESSED, Reason.STALE)


def test_evidence_that_cannot_be_read_back_never_decides() -> None:
    broken = item(payload=Unreadable("number: missing"))
    assert verdict(broken) == (Status.NOT_ASSESSED, Reason.UNREADABLE)
    assert verdict(broken, item(2, 11)) == (Status.FAIL, None)


def test_commit_bound_evidence_needs_no_environment() -> None:
    assert verdict(item(environment=None), kinds=(make_kind(),)) == (Status.PASS, None)


def test_project_bound_evidence_needs_no_commit() -> None:
    assert verdict(item(commit=None, environment=None), kinds=(make_kind(binds_to=Binding.PROJECT),)) == (Status.PASS, None)


def test_without_a_commit_nothing_commit_bound_counts() -> None:
    project = make_project(make_gate())
    assert judged(project, item(commit=None), commit=None).result("T-1").verdict is Status.NOT_ASSESSED


def test_the_assurance_that_a_gate_accepts_is_its_own() -> None:
    stated = item(assurance=Assurance.STATED)
    assert verdict(stated, min_assurance=Assurance.STATED) == (Status.PASS, None)
    assert verdict(item(), min_assurance=Assurance.VERIFIED) == (Status.NOT_ASSESSED, Reason.WEAK)


def both(inputs: Inputs, params: Params) -> Verdict:  # noqa: ARG001
    if any(one.payload.number > 10 for kind in ("number", "second") for one in inputs.of(kind)):
        return failed("more than 10")
    for kind in ("number", "second"):
        if not inputs.of(kind):
            return not_assessed(Reason.MISSING, f"no {kind}")
    return passed("both")


both.__doc__ = DOC
both.__module__ = "policies.alpha.test"


def test_what_keeps_a_gate_from_passing_is_named() -> None:
    kinds = (LIVE, make_kind("second", Binding.ENVIRONMENT))
    project = make_project(make_gate(both, reads=("number", "second")), kinds=kinds)
    result = judged(project, item(1), item(2, kind="second", environment="production")).result("T-1")
    assert (result.verdict, result.reason) == (Status.NOT_ASSESSED, Reason.FOREIGN)
    assert "evidence 2 is of environment production; expected staging" in result.message
    result = judged(project, item(1)).result("T-1")
    assert (result.verdict, result.reason, result.message) == (Status.NOT_ASSESSED, Reason.MISSING, "no second")


def test_a_result_names_its_evidence_and_the_age_of_the_oldest() -> None:
    result = judged(make_project(make_gate()), item(7, age=timedelta(hours=5), name="other"), item(3)).result("T-1")
    assert result.evidence == (3, 7)
    assert result.observed_at == NOW - timedelta(hours=5)


def test_a_declared_gate_does_not_apply_and_says_who_says_so() -> None:
    settings = {"T-1": {"applicable": False, "reason": "no numbers here", "by": "Ada"}}
    assessment = judged(make_project(make_gate(), make_gate(id="T-2"), settings=settings), item(number=11))
    result = assessment.result("T-1")
    assert (result.verdict, result.reason) == (Status.NOT_APPLICABLE, Reason.DECLARED)
    assert "no numbers here (Ada)" in result.message
    assert [change.what for change in assessment.loosened] == ["applicable"]


@pytest.mark.parametrize("profile", ["library", "cli"])
def test_a_profile_excludes_service_gates_until_there_is_evidence_of_a_service(profile: Any) -> None:
    for reads, lifted in ((("other",), True), (("number",), False)):
        gates = (make_gate(service_only=True), make_gate(id="T-2", reads=reads))
        project = make_project(*gates, kinds=(make_kind(), make_kind("other")), profile=profile)
        result = judged(project).result("T-1")
        assert (result.verdict, result.reason) == (Status.NOT_APPLICABLE, Reason.PROFILE)
        expected = Status.FAIL if lifted else Status.NOT_APPLICABLE
        assert judged(project, item(number=11)).result("T-1").verdict is expected


def test_when_no_required_gate_applies_there_is_nothing_to_judge() -> None:
    with pytest.raises(NothingToJudgeError, match="no required gate applies"):
        judged(make_project(make_gate(service_only=True), profile="library"))


def test_a_service_is_asked_everything() -> None:
    assert judged(make_project(make_gate(service_only=True))).result("T-1").verdict is Status.NOT_ASSESSED


def test_no_evidence_at_all_and_no_gate_at_all_are_refused() -> None:
    project = make_project(make_gate())
    at = project.point()
    with pytest.raises(NothingToJudgeError, match="no evidence"):
        assess(Case(project, View({}, {}), Subject(project="p"), at, StoreState(size=1, root="")), NOW)
    with pytest.raises(NothingToJudgeError, match="no gate"):
        judged(make_project(), item())


def test_the_decision_digest_ignores_when_and_where_the_same_was_collected() -> None:
    project = make_project(make_gate())
    first = judged(project, item(1, age=timedelta(hours=5)))
    again = judged(project, item(40, age=timedelta(hours=1)))
    assert first.decision_digest == again.decision_digest
    assert judged(project, item(1, number=2)).decision_digest != first.decision_digest


@pytest.mark.parametrize("settings", [{"required": False}, {"max-age": "3d"}, {"applicable": False, "reason": "r", "by": "b"}])
def test_the_policy_digest_covers_every_setting(settings: dict[str, Any]) -> None:
    other = make_gate(id="T-2")
    plain = judged(make_project(make_gate(max_age=timedelta(days=1)), other), item())
    changed = judged(make_project(make_gate(max_age=timedelta(days=1)), other, settings={"T-1": settings}), item())
    assert plain.policy_digest != changed.policy_digest
    assert plain.decision_digest != changed.decision_digest


def test_could_not_run_is_said_where_the_evidence_is_missed() -> None:
    project = make_project(make_gate())
    view = View({"other": (item(kind="other"),)}, {"number": ("counter could not run: no network",)})
    at = project.point()
    found = assess(Case(project, view, Subject(project="p", commit=COMMIT), at, StoreState(size=1, root="")), NOW)
    assert "counter could not run: no network" in found.result("T-1").message
    collector = Collector(name="counter", title="counts", options=Options, collect=lambda _: iter(()))
    project = make_project(make_gate(), kinds=(replace(make_kind(), collectors=(collector,)),))
    found = assess(Case(project, view, Subject(project="p", commit=COMMIT), at, StoreState(size=1, root="")), NOW)
    assert found.result("T-1").fix.startswith("Correct what kept the collector from running ([collect.number]")


def test_an_earlier_run_of_what_is_there_is_not_what_is_lacking() -> None:
    """A scan of this commit is there, another one could not run: the same scan of an earlier commit has nothing to do with that."""

    def needs_two(inputs: Inputs, _: Params) -> Verdict:
        tools = {one.tool for one in inputs.of("number")}
        if any(one.payload.number > 10 for one in inputs.of("number")):
            return failed("too many")
        return passed("both") if len(tools) == 2 else not_assessed(Reason.MISSING, "no second tool")

    needs_two.__doc__ = DOC
    project = make_project(make_gate(needs_two))
    before, here = item(1, 11, commit=OTHER, tool="one", age=timedelta(hours=3)), item(2, 1, tool="one")
    found = judged(project, before, here).result("T-1")
    assert (found.reason, found.message, found.evidence) == (Reason.MISSING, "no second tool", (2,))
    lacking = judged(project, item(1, 1, commit=OTHER, tool="two"), here).result("T-1")
    assert (lacking.reason, lacking.evidence) == (Reason.FOREIGN, (1, 2))


def test_what_says_too_little_is_asked_for() -> None:
    assert judged(make_project(make_gate()), item(incomplete="half of it")).result("T-1").fix.startswith("Supply what says more: ")


def test_a_gate_without_a_judge_is_listed_as_missing() -> None:
    from compliance.gate import Area, declared

    gate = declared(DOC, module="policies.alpha.test", id="T-2", statement="s", principle="p", area=Area.DATA, reads=("future",))
    result = judged(make_project(make_gate(), gate), item()).result("T-2")
    assert (result.verdict, result.reason) == (Status.NOT_ASSESSED, Reason.MISSING)
    assert "future" in result.message


def test_small_is_what_the_other_tests_take_it_for() -> None:
    assert small.__doc__ == DOC


def recording(seen: list[Inputs]) -> Callable[[Inputs, Params], Verdict]:
    def last(inputs: Inputs, params: Params) -> Verdict:  # noqa: ARG001
        seen.append(inputs)
        claim = Claim(text="all is well", where="a.md:1", standing=Standing.CONTRADICTED, found="it is not", evidence=(1,))
        red = any(one.verdict is Status.FAIL for one in inputs.verdicts.values())
        return replace(failed("not true"), claims=(claim,)) if red else passed("true")

    last.__doc__, last.__module__ = DOC, "policies.alpha.test"
    return last


def with_a_last_gate(seen: list[Inputs], *others: Gate) -> Project:
    last = make_gate(recording(seen), id="A-LAST", reads=("number", "verdict"))
    return make_project(last, make_gate(), *others, kinds=(make_kind(), make_kind("beside"), make_kind("free", Binding.PROJECT)))


def test_a_gate_that_reads_verdicts_is_judged_after_all_others_whatever_its_place() -> None:
    seen: list[Inputs] = []
    signed = make_gate(id="T-SIGNED", after_all=True)
    result = judged(with_a_last_gate(seen, signed), item(number=11))
    assert [one.id for one in result.gates] == ["A-LAST", "T-1", "T-SIGNED"]
    assert set(seen[-1].verdicts) == {"T-1"}
    assert result.result("A-LAST").verdict is Status.FAIL
    assert result.result("A-LAST").claims[0].found == "it is not"
    assert judged(with_a_last_gate(seen), item()).result("A-LAST").verdict is Status.PASS


def test_other_gates_see_neither_verdicts_nor_evidence_beside_theirs() -> None:
    seen: list[Inputs] = []
    judged(make_project(make_gate(recording(seen)), make_gate(id="T-2")), item(), item(2, kind="number", name="b"))
    assert (dict(seen[-1].verdicts), dict(seen[-1].beside)) == ({}, {})


def test_a_partial_check_of_the_last_gate_judges_what_it_needs_and_shows_only_the_gate() -> None:
    seen: list[Inputs] = []
    project = with_a_last_gate(seen)
    at = project.point("production")
    view = View({"number": (item(number=11),)}, {})
    subject = Subject(project="p", commit=COMMIT, environment=at.environment)
    result = assess(Case(project, view, subject, at, StoreState(size=1, root="00")), NOW, only=["A-LAST"])
    assert [(one.id, one.verdict) for one in result.gates] == [("A-LAST", Status.FAIL)]


def test_the_last_gate_sees_evidence_of_this_commit_and_of_the_project_the_newest_of_each_slot() -> None:
    seen: list[Inputs] = []
    items = [
        item(1, kind="beside", age=timedelta(hours=2)),
        item(2, kind="beside", incomplete="half of it", environment="production"),
        item(3, kind="beside", commit=OTHER),
        item(4, kind="beside", commit=None),
        item(5, kind="beside", payload=Unreadable("number: missing"), name="u"),
        item(6, kind="beside", age=timedelta(minutes=-6), name="f"),
        item(7, kind="beside", age=timedelta(hours=3), environment="production"),
        item(8, kind="free", commit=OTHER),
    ]
    judged(with_a_last_gate(seen), item(9), *items)
    beside = {kind: [one.entry for one in many] for kind, many in seen[-1].beside.items()}
    assert beside == {"number": [9], "beside": [2, 1], "free": [8]}


@pytest.mark.parametrize(
    ("gate", "fix"),
    [
        (
            "ALPHA-PF-6",
            "Set up [collect.coverage] in compliance.toml and run `compliance collect`, or run `compliance ingest FILE` "
            "(coverage: cobertura-xml, coverage-py-json, coverage-py-xml or 3 more).",
        ),
        ("ALPHA-PF-4", "Run `compliance ingest FILE` (pipeline: github-workflow, gitlab-ci)."),
        ("REL-5", "Run `compliance ingest FILE` (risk-register: record-yaml, as `compliance explain risk-register` shows it)."),
        ("REL-6", "Run `compliance packet`, then each role runs `compliance sign --role ROLE --approve` (or rejects)."),
    ],
)
def test_what_is_missing_is_asked_for_in_one_sentence_with_a_command(gate: str, fix: str) -> None:
    catalog = shipped()
    project = make_project(catalog.gates[gate], kinds=tuple(catalog.kinds.values()))
    assert judged(project).result(gate).fix == fix


@pytest.mark.parametrize(("binding", "environment"), [(Binding.ENVIRONMENT, True), (Binding.COMMIT, False)])
def test_foreign_evidence_is_asked_for_where_its_kind_is_bound(binding: Binding, environment: bool) -> None:
    project = make_project(make_gate(), kinds=(make_kind(binds_to=binding),))
    fix = judged(project, item(commit=OTHER)).result("T-1").fix
    assert fix.startswith("Collect it again for this commit")
    assert (" in environment staging" in fix, "--environment" in fix) == (environment, environment)
