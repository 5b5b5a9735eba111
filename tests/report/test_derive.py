"""Judging again from a report's files alone: what follows from the evidence is proven, what does not is refuted by name, and what the files
do not show is said. The forger holds every key of the store, and writes what `bundle_check.verify` finds sound."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from compliance import standalone, waiver
from compliance.assessment import Assessment, StoreState
from compliance.configuration import Document, ProjectTable
from compliance.gate import Status
from compliance.judgement import digests, view
from compliance.judgement.assessing import Case, assess
from compliance.project import Project
from compliance.record import canonical
from compliance.report import bundle, finding_files
from compliance.sign import statement
from compliance.sign.checks import Check
from compliance.sign.keys import SigningKey, create_trial_key
from compliance.sign.statement import Signers
from compliance.sign.trust import TrustStore
from compliance.store import Draft, EvidenceDraft
from compliance.subject import Subject
from compliance.verification.derive import from_attachments, from_store
from tests.report import scenario
from tests.report.scenario import WHEN, Release
from tests.report.test_bundle import Files, changed, failed

LATER = datetime(2100, 1, 1, tzinfo=UTC)


def reader(catalog: bool = True) -> Project:
    """A project of somebody else, who has the policies and nothing more."""
    made = Project(Path("/"), Document(project=ProjectTable(name="reader")), scenario.catalog(), None)
    return made if catalog else replace(made, catalog=replace(made.catalog, frameworks={}, gates={}))


def derived(files: Files, project: Project | None = None, trust: TrustStore | None = None) -> Check:
    """Judges again; what is judged has passed all other checks."""
    assert failed(files) == []
    return from_attachments(files, project or reader(), lambda: Signers((), trust))


def claiming(release: Release, gate: str, **change: Any) -> Release:
    """The release as somebody records it who has every key, and writes another result of a gate into the judgement."""
    gates = tuple(one.model_copy(update=change) if one.id == gate else one for one in release.assessment.gates)
    return replace(release, assessment=release.assessment.model_copy(update={"gates": gates}))


@pytest.fixture(scope="module")
def files(release: Release) -> Files:
    return release.bundle()[1]


def test_the_evidence_of_a_report_gives_its_verdicts_again(files: Files) -> None:
    found = derived(files)
    assert found.status == "proven"
    assert "gives the same 6 verdicts and outcome; all 6 ledger entries from before it are attached" in found.detail
    assert "Not shown: what was recorded later, and that kept files were read rightly" in found.detail


def test_thresholds_and_other_settings_come_with_the_report(tmp_path: Path) -> None:
    settings = {
        "T-SF-1": {"high": 90, "critical": 90, "reason": "a pilot", "by": "Ada"},
        "T-PF-6": {"applicable": False, "reason": "no code", "by": "Ada"},
        "T-DR-1": {"max-age": "400d", "required": False},
    }
    with scenario.release(tmp_path, [scenario.scan(12), *scenario.others()], gates=settings) as made:
        assert made.assessment.result("T-SF-1").verdict is Status.PASS
        assert derived(made.bundle()[1]).status == "proven"


@pytest.mark.parametrize(
    ("gate", "change", "named"),
    [
        ("T-SF-1", {"verdict": Status.PASS}, "gate T-SF-1 (pass instead of fail)"),
        ("T-PF-5", {"verdict": Status.PASS, "places": ()}, "gate T-PF-5 (pass instead of fail)"),
        ("T-PF-6", {"verdict": Status.FAIL}, "gate T-PF-6 (fail instead of pass)"),
        ("T-PF-6", {"observed": {"lines_percent": 99.0}}, "gate T-PF-6 is"),
        ("T-SF-1", {"message": "1 critical finding is open"}, "gate T-SF-1 is"),
        ("T-RL-2", {"threshold": {"p99_ms": 9000}}, "gate T-RL-2 is"),
        ("T-RL-9", {"required": False}, "gate T-RL-9 is"),
    ],
)
def test_a_verdict_that_the_evidence_does_not_give_is_refuted_by_name(
    own_release: Release, gate: str, change: dict[str, Any], named: str
) -> None:
    """Recorded, rendered and signed with the keys of the store itself."""
    found = derived(claiming(own_release, gate, **change).bundle()[1])
    assert found.status == "refuted"
    assert named in found.detail
    assert "not what the recorded evidence gives" in found.detail


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"because": "All gates pass."}, "because"),
        ({"decision_digest": "0" * 64}, "decision digest"),
        ({"overridden": True}, "overridden"),
    ],
)
def test_what_else_a_judgement_says_follows_too(own_release: Release, change: dict[str, Any], named: str) -> None:
    forged = replace(own_release, assessment=own_release.assessment.model_copy(update=change))
    found = from_attachments(forged.bundle()[1], reader(), Signers)
    assert (found.status, found.detail) == ("refuted", f"{named} is not what the recorded evidence gives")


def test_a_gate_that_is_left_out_is_refuted(own_release: Release) -> None:
    gates = tuple(one for one in own_release.assessment.gates if one.id != "T-SF-1")
    forged = replace(own_release, assessment=own_release.assessment.model_copy(update={"gates": gates}))
    assert derived(forged.bundle()[1]).detail.startswith("the absence of gate T-SF-1")


def test_a_hidden_threshold_is_refuted(tmp_path: Path) -> None:
    with scenario.release(tmp_path, [scenario.scan(12), *scenario.others()], gates={"T-SF-1": {"high": 90}}) as made:
        forged = replace(made, assessment=made.assessment.model_copy(update={"changed": ()}))
        found = derived(forged.bundle()[1])
    assert (found.status, found.detail.partition(" is not")[0]) == ("refuted", "what it says of changed thresholds")


def test_a_judgement_in_another_log_with_foreign_keys_is_refuted_all_the_same(tmp_path: Path) -> None:
    with scenario.release(tmp_path / "forger", [scenario.scan(12), *scenario.others()]) as made:
        assert "gate T-SF-1" in derived(claiming(made, "T-SF-1", verdict=Status.PASS).bundle()[1]).detail


def without_scan(release: Release) -> Release:
    """The release judged on everything but its scan, which lies in the ledger all the same."""
    items = {kind: many for kind, many in release.view.items.items() if kind != "scan"}
    seen, old = replace(release.view, items=items), release.assessment
    made = assess(Case(release.project, seen, old.subject, release.project.point(), old.store), old.as_of)
    return replace(release, view=seen, assessment=made)


def test_evidence_that_the_judgement_left_out_is_judged(own_release: Release) -> None:
    found = derived(without_scan(own_release).bundle()[1])
    assert (found.status, "gate T-SF-1 (not-assessed instead of fail)" in found.detail) == ("refuted", True)


def test_evidence_that_the_report_left_out_is_missed_by_its_leaf(own_release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "entries_read", lambda *_: set())
    found = derived(without_scan(own_release).bundle()[1])
    assert (found.status, "in the ledger, but not attached in full: 1," in found.detail) == ("not-proven", True)


def others(files: Files, change: Any) -> Files:
    return changed(files, bundle.LEDGER, lambda document: document.update(entries=change(document["entries"])))


def test_a_leaf_that_is_left_out_changed_or_made_up_is_refuted(own_release: Release) -> None:
    own_release.store.append([Draft(type="note", body={"n": 1}, private={})])
    whole = scenario.judged(own_release.store, own_release.project, own_release.key).bundle()[1]
    (number,) = [one["number"] for one in json.loads(whole[bundle.LEDGER])["entries"]]
    leaf = json.loads(whole[bundle.LEDGER])["entries"][0]["leaf"]
    for entries in (
        [],
        [{"number": number, "leaf": leaf.replace('"n":1', '"n":2')}],
        [{"number": number, "hash": "00" * 32}],
        [{"number": number, "leaf": leaf}, {"number": number, "leaf": leaf}],
        [{"number": number, "leaf": leaf}, {"number": 1, "leaf": leaf}],
        [{"number": number, "leaf": leaf}, {"number": 99, "leaf": leaf}],
        [{"number": number}],
        [{"number": number, "leaf": leaf, "hash": "00" * 32}],
        [{"number": 1 << 70, "leaf": leaf}],
    ):
        forged = others(whole, lambda _, given=entries: given)
        assert "bundle-inclusion" in failed(forged), entries
        with pytest.raises(standalone.RefutedError):
            included(forged)
    assert failed(others(whole, lambda entries: entries)) == ["bundle-statement"]
    assert included(whole).endswith("and so are the other 1: none is left out")


def included(files: Files) -> str:
    """What the stand-alone verifier says of the ledger's entries."""
    bundle = standalone.Bundle(files)
    bundle.checkpoint()
    return bundle.inclusion()


def relisted_without(files: Files, name: str) -> Files:
    model = json.loads(files[bundle.MODEL])
    model["attachments"] = [row for row in model["attachments"] if row["name"] != name]
    return {**{key: content for key, content in files.items() if key != name}, bundle.MODEL: json.dumps(model).encode()}


def test_without_the_ledger_or_the_rules_nothing_is_proven(files: Files) -> None:
    """A forger's only way round the leaves; his statement would leave the file out as well."""
    for name, why in ((bundle.LEDGER, "nothing shows that none was left out"), (bundle.RULES, "does not carry the rules")):
        found = from_attachments(relisted_without(files, name), reader(), Signers)
        assert (found.status, why in found.detail) == ("not-proven", True), found


def test_a_long_ledger_is_not_attached_and_says_so(own_release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "LEDGER_LIMIT", 3)
    files = own_release.bundle()[1]
    assert bundle.LEDGER not in files
    found = derived(files)
    assert (found.status, "gives the same 6 verdicts and outcome; but the ledger is too long" in found.detail) == ("not-proven", True)
    assert derived(claiming(own_release, "T-SF-1", verdict=Status.PASS).bundle()[1]).status == "refuted"


def test_entries_of_other_projects_are_hidden_and_so_nothing_is_proven(own_release: Release) -> None:
    subject = Subject(project="Secret", version="1", commit=scenario.COMMIT, environment="staging").model_dump(mode="json")
    own_release.store.record([EvidenceDraft(**{**vars(scenario.scan(1)), "body": {**scenario.scan(1).body, "subject": subject}})])
    files = scenario.judged(own_release.store, own_release.project, own_release.key).bundle()[1]
    assert not [name for name, content in files.items() if b"Secret" in content]
    found = derived(files)
    assert (found.status, "1 ledger entries, said to be of other projects, are attached by their hash" in found.detail) == (
        "not-proven",
        True,
    )


def test_evidence_that_came_before_the_clock_but_was_not_seen_is_named(own_release: Release) -> None:
    late = replace(own_release, assessment=own_release.assessment.model_copy(update={"as_of": LATER}))
    own_release.store.record([scenario.scan(3, tool="other")])
    found = derived(late.bundle()[1])
    assert (found.status, found.detail.partition(" by ")[0]) == ("not-proven", "entry 6 was recorded")
    prefix = StoreState(size=own_release.assessment.store.size, root="00" * 32)
    forged = replace(own_release, assessment=own_release.assessment.model_copy(update={"store": prefix}))
    found = derived(forged.bundle()[1])
    assert (found.status, "are not those that the judgement names" in found.detail) == ("refuted", True)


def test_superseded_and_older_evidence_is_seen_as_the_store_sees_it(own_release: Release) -> None:
    store = own_release.store
    store.supersede(1, [scenario.scan(2)])
    store.record([scenario.draft("rollback-drill", payload(scenario.others()[3]), name=f"drill-{n}") for n in range(3)])
    whole = scenario.judged(store, own_release.project, own_release.key)
    trimmed = replace(whole.view, items={**whole.view.items, "rollback-drill": whole.view.items["rollback-drill"][:1]})
    found = derived(replace(whole, view=trimmed).bundle()[1])
    assert found.status == "proven", found


def payload(draft: EvidenceDraft) -> Any:
    return draft.payload


@pytest.mark.parametrize("limit", [3, 4_000], ids=["long-ledger", "whole-ledger"])
def test_why_a_collector_could_not_run_is_known(tmp_path: Path, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "LEDGER_LIMIT", limit)
    with scenario.release(tmp_path, [one for one in scenario.others() if one.body["kind"] != "coverage"]) as made:
        runs = [{"kind": "coverage", "collector": "files", "outcome": "could-not-run", "seconds": 0.1, "evidence": []}]
        private: dict[Any, Any] = {"paths": {"reasons": {"coverage/files": "no file coverage.xml"}}}
        made.store.append([Draft(type="collection", body={"runs": runs}, private=private)])
        release = scenario.judged(made.store, made.project, made.key)
        assert "no file coverage.xml" in release.assessment.result("T-PF-6").message
        found = derived(release.bundle()[1])
    assert "gives the same 6 verdicts" in found.detail


def test_findings_that_the_report_leaves_out_are_missed(own_release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("build", "register"):
        monkeypatch.setattr(f"compliance.report.{module}.of_subject", lambda item, _: item.kind != "scan")
    files = own_release.bundle()[1]
    assert b'"evidence":1,' not in files[finding_files.FINDINGS_JSON]
    found = derived(files)
    assert (found.status, "the report leaves out the findings of evidence 1 of its commit" in found.detail) == ("refuted", True)
    assert "of evidence 1, which judging reads" in derived(without_places(own_release).bundle()[1]).detail


def without_places(release: Release) -> Release:
    """The release judged without what the findings of its scan say."""
    items = {kind: tuple(replace(one, worst=lambda _: ()) for one in many) for kind, many in release.view.items.items()}
    seen, old = replace(release.view, items=items), release.assessment
    made = assess(Case(release.project, seen, old.subject, release.project.point(), old.store), old.as_of)
    return replace(release, view=seen, assessment=made)


def test_a_ledger_whose_entries_make_no_sense_is_refuted_and_never_an_error(own_release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    store = own_release.store
    store.append([Draft(type="collection", body={"runs": 3, "subject": {"project": "Orchard", "commit": "b" * 40}}, private={})])
    state = StoreState(size=store.size, root=store.root_at(store.size).hex())
    monkeypatch.setattr(bundle, "entries_read", lambda *_: set())
    files = replace(own_release, assessment=own_release.assessment.model_copy(update={"store": state})).bundle()[1]
    found = from_attachments(files, reader(), Signers)
    assert (found.status, "what is attached cannot be judged: TypeError" in found.detail) == ("refuted", True)


@pytest.mark.parametrize("classes", [("paths",), ("people",), ("paths", "people", "code")])
def test_a_redacted_copy_says_what_it_withholds(own_release: Release, classes: Sequence[Any]) -> None:
    files = own_release.bundle(frozenset(classes))[1]
    found = derived(files)
    assert found.status == "not-proven"
    assert f"values of {', '.join(classes)} in 5 pieces of evidence, decisions of people, and the rules" in found.detail
    assert not {bundle.RULES, bundle.LEDGER} & files.keys()


def test_an_erased_value_that_was_gone_before_is_not_missed(own_release: Release) -> None:
    own_release.store.erase([1], {"before": None, "kinds": [], "entries": [1]})
    files = scenario.judged(own_release.store, own_release.project, own_release.key).bundle()[1]
    assert derived(files).status == "proven"


# Policies


def test_another_version_is_named_beside_the_one_that_is_installed(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "__version__", "9.9.9")
    found = derived(files)
    assert (found.status, "compliance-toolkit 0.1.0 judged, 9.9.9 is installed" in found.detail) == ("not-proven", True)


@pytest.mark.parametrize(
    ("module", "named"), [("compliance.outcome", "engine outcome"), (scenario.Scan.__module__, "kinds coverage")], ids=["engine", "kind"]
)
def test_other_code_of_the_same_version_is_named(files: Files, module: str, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code = digests._code_digest
    monkeypatch.setattr(digests, "_code_digest", lambda name: "0" if name == module else code(name))
    found = derived(files)
    assert (found.status, f"0.1.0 judged and is installed, but with another {named}" in found.detail) == ("not-proven", True)


def test_a_policy_that_is_not_installed_is_named(files: Files) -> None:
    found = derived(files, reader(catalog=False))
    assert (found.status, "framework test, which judged, is not installed here" in found.detail) == ("not-proven", True)


def test_rules_that_were_changed_are_not_those_that_judged(release: Release, files: Files) -> None:
    policy = changed(files, bundle.RULES, lambda rules: rules["policy"]["gates"]["T-SF-1"]["params"].update(high=1000))
    assert "bundle-assessment" in failed(policy)
    settings = changed(files, bundle.RULES, lambda rules: rules["gates"].update({"T-SF-1": {"high": 1000}}))
    found = from_attachments(settings, reader(), Signers)
    assert (found.status, "but with another gates T-SF-1" in found.detail) == ("not-proven", True)
    hostile_rules: tuple[dict[str, Any], ...] = (
        {"project": {"name": "x"}},
        {"points": 3},
        {"policy": []},
        {"gates": {"T-SF-1": {"high": "many"}}},
        {"gates": {"T-DR-1": {"max-age": "9" * 30 + "d"}}},
    )
    for given in hostile_rules:
        hostile = changed(files, bundle.RULES, partial(update, given=given))
        assert from_attachments(hostile, reader(), Signers).status in ("refuted", "not-proven"), given
        assert from_store(release.store, hostile, reader(), Signers).status in ("refuted", "not-proven"), given


def update(document: dict[str, Any], given: dict[str, Any]) -> None:
    document.update(given)


def test_the_store_gives_what_the_files_do(own_release: Release) -> None:
    """By the rules of the report, wherever the reader is."""
    honest = own_release.bundle()[1]
    assert from_store(own_release.store, honest, reader(), Signers).status == "proven"
    forged = claiming(own_release, "T-SF-1", verdict=Status.PASS).bundle()[1]
    assert "gate T-SF-1" in from_store(own_release.store, forged, reader(), Signers).detail


# Decisions of people


@contextmanager
def waived(folder: Path, *decisions: str) -> Iterator[tuple[Release, TrustStore]]:
    """A release with a waiver of a failed gate, after what a security officer decided on it."""
    officer = create_trial_key(folder / "officer", "Sasha", now=datetime(2026, 1, 1, tzinfo=UTC))
    trust = TrustStore([officer.certificate])
    roles = {"security": {"people": ["Sasha"]}}
    with scenario.release(folder, [scenario.scan(12), *scenario.others()], roles=roles) as made:
        asked = waiver.request(
            project="Orchard", gate="T-SF-1", finding=None, reason="r", controls="c", by="Ada", expires_at=WHEN + timedelta(days=60)
        )
        (number,) = made.store.append([asked])
        for word in decisions:
            decide(made, officer, number, word)
        yield judged(made, trust), trust


def decide(release: Release, officer: SigningKey, number: int, word: str) -> None:
    said = waiver.statement(release.store, number, word, None, None)
    signature = statement.sign(said, officer)
    assert canonical(said)
    release.store.append([waiver.decision(said, signature, "Sasha", "Orchard")])


def judged(release: Release, trust: TrustStore) -> Release:
    subject, store, project = release.assessment.subject, release.store, release.project
    seen = view.build(store, project.catalog.kinds, subject, roles=project.roles, signers=lambda: Signers((), trust))
    state = StoreState(size=store.size, root=store.root_at(store.size).hex())
    return replace(release, view=seen, assessment=assess(Case(project, seen, subject, project.point(), state), WHEN))


def test_decisions_of_people_are_read_again(tmp_path: Path) -> None:
    with waived(tmp_path, "approve") as (release, trust):
        assert release.assessment.result("T-SF-1").verdict is Status.WAIVED
        files = release.bundle()[1]
        found = derived(files, trust=trust)
        assert (found.status, "that the project gave those roles to those who decided" in found.detail) == ("proven", True)
        found = derived(files)
        assert found.status == "not-proven"
        assert "the evidence gives the same verdicts if people decided what the judgement read; their waivers" in found.detail


def test_an_edited_verdict_is_refuted_whether_or_not_the_signers_are_known(tmp_path: Path) -> None:
    with waived(tmp_path, "approve") as (release, trust):
        files = claiming(release, "T-PF-5", verdict=Status.PASS).bundle()[1]
        for known in (trust, None):
            found = derived(files, trust=known)
            assert (found.status, "gate T-PF-5 (pass instead of fail)" in found.detail) == ("refuted", True)


def test_a_revocation_cannot_be_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with waived(tmp_path, "approve", "revoke") as (release, trust):
        asked = release.store.entry(release.store.size - 3).number
        (one,) = release.assessment.waivers
        active = one.model_copy(update={"state": waiver.State.ACTIVE, "why": "", "revoked_by": None})
        lying = claiming(release, "T-SF-1", verdict=Status.WAIVED, waivers=(one.id,))
        lying = replace(lying, assessment=lying.assessment.model_copy(update={"waivers": (active,)}))
        assert derived(lying.bundle()[1], trust=trust).status == "refuted"
        read = view.entries_read
        monkeypatch.setattr(bundle, "entries_read", lambda *given: read(*given) - {asked + 2})
        found = derived(lying.bundle()[1], trust=trust)
        assert (found.status, f"not attached in full: {asked + 2}," in found.detail) == ("not-proven", True)


def test_a_waiver_that_is_not_in_the_ledger_is_refuted(own_release: Release, tmp_path: Path) -> None:
    with waived(tmp_path / "other", "approve") as (release, _):
        invented: Assessment = own_release.assessment.model_copy(update={"waivers": release.assessment.waivers})
    found = derived(replace(own_release, assessment=invented).bundle()[1])
    assert (found.status, "waiver W6 is not what" in found.detail) == ("refuted", True)
