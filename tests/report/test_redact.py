"""Copies for outsiders: nothing of a class that is left out stands anywhere in the file, and the file verifies against the same root."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pytest

from compliance import standalone
from compliance.assessment import Assessment, Changed, ClaimResult, GateResult, Spot
from compliance.decision import SignOff
from compliance.errors import UsageError
from compliance.gate import Standing
from compliance.record import PRIVACY_CLASSES, PrivacyClass, Severity
from compliance.report import audit, bundle, bundle_check, finding_files, page_check
from compliance.report.audit import MadeReport
from compliance.report.redact import MARK, Redaction, numbers, read_classes
from compliance.sign.pdf_verify import inspect_pdf
from tests import verapdf
from tests.report import scenario
from tests.report.leaks import everything
from tests.report.scenario import Coverage, PackageCoverage, Release
from tests.report.test_bundle import changed as with_change
from tests.report.test_bundle import relisted
from tests.report.test_decided import condition, sign_off, stand, waiver

SECRET: Final[Mapping[PrivacyClass, tuple[str, ...]]] = {
    "paths": ("quiet/harbour.py", "quietpackage", "--quietoption", "quietreport.json", "abcabcabcabcabcabcabcabcabcabcab"),
    "people": ("Zoe Quillfeather", "quillhost", "quilluser", "SHA256:quillkey", "Ben Quillowner", "Ida Quillprofile"),
    "code": ("lurking statement", "lurking reason", "lurking controls", "lurking condition", "lurking approval"),
}
"""Values that stand in a release, each in one place at least that belongs to its class."""
FREE: Final = ("lurkquote of anything", "quillquote place", "quietquote claim", "quillquote defect", "quietquote why")
"""Texts that may quote any class."""
ALL: Final = frozenset(PRIVACY_CLASSES)


def drafts() -> list[Any]:
    person, path = SECRET["people"][0], SECRET["paths"][0]
    rows = [
        scenario.finding(0, Severity.CRITICAL, path=path, message=SECRET["code"][0], person=person, fingerprint=SECRET["paths"][4]),
        scenario.finding(1, Severity.LOW, message=None, path=None, line=None),
    ]
    counts = {"lines_covered": 1, "lines_total": 2, "branches_covered": 1, "branches_total": 2}
    packages = tuple(PackageCoverage(name=f"{SECRET['paths'][1]}{n}", **counts) for n in range(2))
    coverage = Coverage(lines_covered=2, lines_total=4, branches_covered=2, branches_total=4, packages=packages)
    found = [scenario.scan(0, findings=rows), scenario.draft("coverage", coverage, name=SECRET["paths"][3]), *scenario.others()[2:]]
    private: dict[Any, Any] = {"paths": {"name": SECRET["paths"][3], "command": ["run", SECRET["paths"][2]], "facts": {}}}
    private["people"] = {"host": SECRET["people"][1], "user": SECRET["people"][2]}
    return [replace(one, private=private) for one in found]


def quoting(assessment: Assessment) -> Assessment:
    """The judgement as people and gates could have worded it."""
    signed = sign_off(by=SECRET["people"][0], key=SECRET["people"][3], reason=SECRET["code"][4], to=SECRET["people"][0])
    void = sign_off(by=SECRET["people"][0], defect=FREE[3], override=False)
    promise = condition(8, 20).model_copy(update={"owner": SECRET["people"][4], "text": SECRET["code"][3]})
    asked = waiver(7, gate=None, finding=SECRET["paths"][4], reason=SECRET["code"][1], controls=SECRET["code"][2], why=FREE[4],
                   requested_by=SECRET["people"][0], approved_by=SECRET["people"][0])  # fmt: skip
    changed = Changed(
        gate="T-SF-1", what="critical", default=0, value=SECRET["code"][1], loosened=True, reason=FREE[0], by=SECRET["people"][0]
    )
    return assessment.model_copy(
        update={
            "gates": tuple(_gate(one) for one in assessment.gates),
            "profile_by": SECRET["people"][5],
            "waivers": (asked,),
            "conditions": (promise,),
            "roles": (stand([signed]).model_copy(update={"void": (void,)}),),
            "changed": (changed,),
        }
    )


def _gate(gate: GateResult) -> GateResult:
    claim = ClaimResult(text=FREE[2], where=SECRET["paths"][0], standing=Standing.CONTRADICTED, found=SECRET["code"][0])
    more = {"found_by": SECRET["people"][0], SECRET["paths"][0]: 3}
    observed = {**(gate.observed if isinstance(gate.observed, dict) else {}), **more}
    places = (Spot(where=SECRET["paths"][0], what=FREE[1]),)
    return gate.model_copy(
        update={"message": FREE[0], "fix": f"Ask {SECRET['people'][0]}.", "observed": observed, "places": places, "claims": (claim,)}
    )


@pytest.fixture(scope="module")
def secretive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    with scenario.release(tmp_path_factory.mktemp("secretive"), drafts()) as made:
        overriding: tuple[SignOff, ...] = (sign_off(by=SECRET["people"][0], reason=SECRET["code"][4]),)
        yield replace(made, assessment=quoting(made.assessment), view=replace(made.view, sign_offs=overriding))


@pytest.fixture(scope="module")
def full(secretive: Release) -> MadeReport:
    return secretive.make()


@pytest.fixture(scope="module")
def outsiders(secretive: Release, full: MadeReport) -> MadeReport:
    assert full.id
    return secretive.make(redact=ALL)


def told(text: str, values: tuple[str, ...]) -> list[str]:
    return [value for value in values if "".join(value.split()) in text]


def test_the_search_finds_every_value_in_the_full_report(full: MadeReport) -> None:
    text = everything(full.pdf)
    for values in (*SECRET.values(), FREE):
        assert told(text, values) == list(values)
    pages = [one.content.decode() for one in full.attachments if one.name != bundle.MODEL]
    assert told("".join("".join(pages).split()), SECRET["paths"]) == list(SECRET["paths"])


def test_nothing_that_is_left_out_stands_anywhere_in_the_file(outsiders: MadeReport) -> None:
    text = everything(outsiders.pdf)
    assert [told(text, values) for values in (*SECRET.values(), FREE)] == [[], [], [], []]
    assert "".join(MARK.split()) in text
    assert "Redactedcopy" in text


@pytest.mark.parametrize("classes", [some for n in (1, 2) for some in combinations(PRIVACY_CLASSES, n)], ids="+".join)
def test_each_class_is_left_out_alone_and_free_texts_always(secretive: Release, classes: tuple[PrivacyClass, ...]) -> None:
    from compliance.report import html

    model, files = secretive.bundle(frozenset(classes))
    text = "".join((html.render(model) + "".join(content.decode() for content in files.values())).replace("\u200b", "").split())
    for name, values in SECRET.items():
        found = told(text, values)
        assert found == [] if name in classes else found, (name, found)
    assert told(text, FREE) == []
    checks = bundle_check.verify(files)
    assert [check for check in checks if check.status != "proven"] == []
    said = next(check.detail for check in checks if check.name == "bundle-redaction")
    assert f"redacted copy: {', '.join(classes)} " in said


def test_a_copy_verifies_against_the_same_log(secretive: Release, full: MadeReport, outsiders: MadeReport, tmp_path: Path) -> None:
    signed = inspect_pdf(outsiders.pdf)
    page = page_check.verify_page(signed.attachments, outsiders.pdf[: signed.unsigned_length])
    checks = [*signed.checks, *bundle_check.verify(signed.attachments), page]
    assert [check for check in checks if check.status != "proven"] == []
    before = outsiders.model.proof.previous
    assert before is not None
    assert before.id == full.id
    both = [json.loads(next(one.content for one in report.attachments if one.name == bundle.EVIDENCE)) for report in (full, outsiders)]
    leaves = [{one["number"]: one["leaf"] for one in document["entries"] if '"type":"assessment"' not in one["leaf"]} for document in both]
    assert leaves[0] == leaves[1]
    assert not any(one["sealed"] for one in both[1]["entries"])
    entry = secretive.store.entry(outsiders.entries[2])
    assert entry.body["redacted"] == list(PRIVACY_CLASSES)
    (tmp_path / "r.pdf").write_bytes(outsiders.pdf)
    result = standalone.verify(tmp_path / "r.pdf", (secretive.key.certificate,))
    assert [one for one in result.checks if one[1] != "proven"] == []
    assert result.exit_code == 0
    assert any("redacted copy without paths, people, code" in detail for _, _, detail in result.checks)


def test_verdicts_and_numbers_stay(full: MadeReport, outsiders: MadeReport) -> None:
    pairs = zip(full.model.assessment.gates, outsiders.model.assessment.gates, strict=True)
    assert all((one.id, one.verdict, one.reason, one.evidence) == (two.id, two.verdict, two.reason, two.evidence) for one, two in pairs)
    observed = outsiders.model.assessment.result("T-SF-1").observed
    assert observed["critical"] == full.model.assessment.result("T-SF-1").observed["critical"] == 1
    assert outsiders.model.findings.by_severity == full.model.findings.by_severity
    assert [len(one.figures) for one in (full.model, outsiders.model)] == [len(full.model.figures)] * 2
    assert outsiders.model.decided.risks_total == full.model.decided.risks_total


def test_the_copy_is_pdf_a_and_pdf_ua(outsiders: MadeReport, tmp_path: Path) -> None:
    (tmp_path / "r.pdf").write_bytes(outsiders.pdf)
    assert verapdf.failures(["3a", "ua1"], tmp_path / "r.pdf") == {"r.pdf 3a": {}, "r.pdf ua1": {}}


def test_the_findings_of_a_copy_carry_commitments_in_place_of_values(outsiders: MadeReport) -> None:
    files = {one.name: one.content for one in outsiders.attachments}
    first, second = json.loads(files[finding_files.FINDINGS_JSON])["findings"][:2]
    assert {"path", "line", "message", "person"} & first.keys() == set()
    assert set(first["commitments"]) == ALL
    assert second["commitments"]["people"] == second["commitments"]["code"] == "0" * 64
    table = files[finding_files.FINDINGS_CSV].decode().splitlines()
    assert table[1].count(MARK) == 5
    assert table[2].count(MARK) == 3


def changed(files: Mapping[str, bytes], name: str, change: Any) -> dict[str, str]:
    checks = bundle_check.verify(with_change(dict(files), name, change))
    return {check.name: check.detail for check in checks if check.status == "refuted"}


def test_what_a_copy_must_not_hold_or_lacks_is_refuted(secretive: Release) -> None:
    _, whole = secretive.bundle()
    _, files = secretive.bundle(frozenset({"paths"}))
    kept = {one["number"]: one for one in json.loads(whole[bundle.EVIDENCE])["entries"]}

    def put_back(document: Any) -> None:
        document["entries"][1]["sealed"]["paths"] = kept[document["entries"][1]["number"]]["sealed"]["paths"]

    assert "which this copy must not hold" in changed(files, bundle.EVIDENCE, put_back)["bundle-evidence"]
    assert "bundle-evidence" in changed(files, bundle.EVIDENCE, lambda document: document["entries"][1]["sealed"].pop("code"))
    flip = lambda document: document["findings"][0]["commitments"].update(paths="ab" * 32)  # noqa: E731
    assert "not those that the ledger covers" in changed(files, finding_files.FINDINGS_JSON, flip)["bundle-findings"]
    short = lambda document: document["findings"][0]["commitments"].update(paths="ab" * 31)  # noqa: E731
    assert "broken commitment" in changed(files, finding_files.FINDINGS_JSON, short)["bundle-findings"]
    beside = lambda document: document["findings"][0].update(path="a.py")  # noqa: E731
    assert "holds values of class paths" in changed(files, finding_files.FINDINGS_JSON, beside)["bundle-findings"]
    assert (
        "other privacy classes"
        in changed(files, finding_files.FINDINGS_JSON, lambda d: d["findings"][0].pop("commitments"))["bundle-findings"]
    )
    assert {"bundle-redaction", "bundle-evidence"} <= set(changed(files, bundle.MODEL, lambda model: model.update(redacted=["people"])))
    assert "bundle-evidence" in changed(files, bundle.MODEL, lambda model: model.update(redacted=[]))
    order = lambda model: model.update(redacted=["people", "paths"])  # noqa: E731
    assert "bundle-redaction" in changed(files, bundle.MODEL, order)


def test_a_verdict_that_the_ledger_does_not_have_is_refuted_in_a_copy_too(secretive: Release) -> None:
    _, files = secretive.bundle(ALL)

    model, attached = json.loads(files[bundle.MODEL]), json.loads(files[bundle.ASSESSMENT])
    for gates in (model["assessment"]["gates"], attached["gates"]):
        next(one for one in gates if one["id"] == "T-SF-1")["verdict"] = "pass"
    forged = relisted({**files, bundle.MODEL: json.dumps(model).encode(), bundle.ASSESSMENT: json.dumps(attached).encode()})
    details = {check.name: check.detail for check in bundle_check.verify(forged) if check.status == "refuted"}
    assert "not the one in the ledger" in details["bundle-assessment"]


def test_rendering_a_copy_again_gives_the_same_bytes(secretive: Release, outsiders: MadeReport) -> None:
    assert audit.render(outsiders.model, outsiders.attachments).content == outsiders.pdf[: outsiders.rendered]
    assert secretive.key.fingerprint == outsiders.model.signer.fingerprint


def test_classes_are_read_from_words_and_commas() -> None:
    assert read_classes([]) == frozenset()
    assert read_classes(["paths", "people"]) == read_classes(["people, paths"]) == {"paths", "people"}
    for words in (["names"], [""], ["paths,"], ["Paths"]):
        with pytest.raises(UsageError, match="expected paths, people, code"):
            read_classes(words)


def test_numbers_lose_texts_and_names_that_no_code_gives() -> None:
    assert numbers({"p95_ms": 3, "/api/a": {"failed": 1}, "mode": "drill", "all": [True, None, "x"]}) == {
        "p95_ms": 3, f"{MARK} 2": {"failed": 1}, "mode": MARK, "all": [True, None, MARK],
    }  # fmt: skip


def test_redacting_twice_changes_nothing_more(secretive: Release) -> None:
    redaction = Redaction(ALL, secretive.project.catalog.gates)
    once = redaction.assessment(secretive.assessment)
    assert redaction.assessment(once) == once
    assert Redaction().assessment(secretive.assessment) == secretive.assessment
