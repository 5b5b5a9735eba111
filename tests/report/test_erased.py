"""Reports on a store that had evidence erased: what is gone is named, and all else still verifies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compliance import standalone
from compliance.judgement.judging import record_assessment
from compliance.judgement.rejudge import rejudged
from compliance.record import PRIVACY_CLASSES
from compliance.report import attestation, bundle, bundle_check, html
from compliance.sign.statement import Signers
from tests.report import scenario
from tests.report.scenario import Release
from tests.report.test_bundle import changed, failed

RULE = {"before": None, "kinds": [], "entries": [1]}


@pytest.fixture
def purged(own_release: Release) -> Release:
    """A release judged after the findings of its scan (evidence 1) were erased."""
    own_release.store.erase([1], RULE)
    return scenario.judged(own_release.store, own_release.project, own_release.key)


@pytest.mark.parametrize("classes", [frozenset[Any](), frozenset(PRIVACY_CLASSES)], ids=["full", "redacted"])
def test_a_report_after_an_erasure_verifies_and_says_what_is_gone(purged: Release, tmp_path: Path, classes: frozenset[Any]) -> None:
    model, files = purged.bundle(classes)
    checks = {check.name: check for check in bundle_check.verify(files)}
    assert [check for check in checks.values() if check.status != "proven"] == []
    assert "those of 1 were erased under a tombstone" in checks["bundle-evidence"].detail
    assert model.findings.erased == (1,)
    assert "The findings of evidence 1 were erased under a signed tombstone" in html.render(model)
    folder = tmp_path / "bundle"
    folder.mkdir()
    for name, content in (*files.items(), (attestation.SEAL, attestation.seal(purged.key, model.id, files))):
        (folder / name).write_bytes(content)
    result = standalone.verify(folder, (purged.key.certificate,))
    assert (result.exit_code, {status for _, status, _ in result.checks}) == (0, {"proven"})


def test_findings_are_missed_where_no_tombstone_erased_them(purged: Release) -> None:
    _, files = purged.bundle()

    def drop(document: Any) -> None:
        document["entries"] = [one for one in document["entries"] if '"type":"tombstone"' not in one["leaf"]]

    assert {"bundle-evidence", "bundle-findings", "bundle-inclusion"} <= set(failed(changed(files, bundle.EVIDENCE, drop)))
    hide = lambda model: model["findings"].update(erased=[])  # noqa: E731
    assert "bundle-findings" in failed(changed(files, bundle.MODEL, hide))
    assert json.loads(files[bundle.EVIDENCE])["entries"][0]["number"] == 0


def test_a_judgement_from_before_an_erasure_is_not_proven_and_never_refuted(own_release: Release) -> None:
    entry = record_assessment(own_release.store, own_release.assessment)
    before = rejudged(own_release.store, own_release.project, entry, Signers)
    own_release.store.erase([1], RULE)
    after = rejudged(own_release.store, own_release.project, entry, Signers)
    assert (before.status, after.status) == ("proven", "not-proven")
    assert "evidence 1 was erased since" in after.detail
