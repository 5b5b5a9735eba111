from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest

from compliance.assessment import Assessment
from compliance.errors import SigningKeyError
from compliance.judgement.view import build as view_of
from compliance.record import sha256_hex
from compliance.report import audit, bundle, bundle_check, page_check, signing
from compliance.report.audit import MadeReport
from compliance.report.build import Basis, build
from compliance.sign.pdf_verify import inspect_pdf
from compliance.store import note
from compliance.subject import Subject
from tests import verapdf
from tests.report import scenario
from tests.report.scenario import WHEN, Release


@pytest.fixture(scope="module")
def made(release: Release) -> MadeReport:
    return release.make()


@pytest.fixture(scope="module")
def hostile(hostile_release: Release) -> MadeReport:
    return hostile_release.make()


def test_the_order_of_things(release: Release, made: MadeReport) -> None:
    store, (judged, rendered, signed) = release.store, made.entries
    bodies = [store.entry(number).body for number in made.entries]
    assert [body["type"] for body in bodies] == ["assessment", "report.rendered", "report.signed"]
    assert judged < rendered < signed
    assert made.model.proof.checkpoint.size == judged + 1
    assert bodies[1]["sha256"] == sha256_hex(made.pdf[: made.rendered])
    assert bodies[1]["renderer"] == made.model.renderer
    assert bodies[2]["sha256"] == sha256_hex(made.pdf)
    assert bodies[2]["certificate"] == {"sha256": release.key.fingerprint, "trial": True}
    assert {body["report"] for body in bodies[1:]} == {made.id}
    after = note.open_note(made.checkpoint, store.verifier)
    assert (after.size, after.root) == (signed + 1, store.root_at(signed + 1))
    assert Assessment.unsealed(store.private(judged)) == release.assessment


def test_what_was_rendered_is_rendered_again_from_the_store(release: Release, made: MadeReport) -> None:
    subject = Subject(project="Orchard", version="1.8.0", commit=scenario.COMMIT, environment="staging")
    seen = view_of(release.store, scenario.KINDS, subject, upto=release.assessment.store.size)
    basis = Basis(
        judged=replace(release, view=seen),
        entry=made.entries[0],
        made_at=WHEN,
        signer=signing.signer_of(release.key),
        renderer=made.model.renderer,
        attest=lambda _: [one for one in made.attachments if one.name in (bundle.SIGNER, bundle.VSA)],
    )
    model, files = build(basis)
    assert model == made.model
    assert audit.render(model, files).content == made.pdf[: made.rendered]


def test_every_check_of_the_file_and_of_its_bundle_is_proven(made: MadeReport, hostile: MadeReport) -> None:
    for report in (made, hostile):
        signed = inspect_pdf(report.pdf)
        page = page_check.verify_page(signed.attachments, report.pdf[: signed.unsigned_length])
        checks = [*signed.checks, *bundle_check.verify(signed.attachments), page]
        assert [check for check in checks if check.status != "proven"] == []
        assert {one.name: one.content for one in report.attachments} == dict(signed.attachments)


def test_a_page_that_the_model_does_not_give_is_refuted(made: MadeReport) -> None:
    signed = inspect_pdf(made.pdf)
    assert signed.unsigned_length is not None
    unsigned = made.pdf[: signed.unsigned_length]
    assert page_check.verify_page(signed.attachments, unsigned[:-1] + b" ").status == "refuted"
    model = signed.attachments["report.json"].replace(b"NO-GO", b"GO")
    assert page_check.verify_page({**signed.attachments, "report.json": model}, unsigned).status == "refuted"


def test_pages_of_another_version_of_the_templates_are_not_refuted(made: MadeReport, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upgrade must not make a forger of everybody who signed before it."""
    from compliance.report import html

    monkeypatch.setattr(html, "code_digest", lambda *_: "0" * 64)
    signed = inspect_pdf(made.pdf)
    found = page_check.verify_page(signed.attachments, made.pdf[: signed.unsigned_length])
    assert found.status == "not-proven"
    assert found.detail.startswith("rendered with pages ")


def test_the_files_are_pdf_a_and_pdf_ua(made: MadeReport, hostile: MadeReport, tmp_path: Path) -> None:
    paths = []
    for name, report in (("plain.pdf", made), ("hostile.pdf", hostile)):
        paths.append(tmp_path / name)
        paths[-1].write_bytes(report.pdf)
    assert verapdf.failures(["3a", "ua1"], *paths) == {f"{path.name} {flavour}": {} for path in paths for flavour in ("3a", "ua1")}


def test_a_reader_finds_bookmarks_language_title_and_page_size(made: MadeReport, hostile: MadeReport) -> None:
    with pikepdf.open(io.BytesIO(made.pdf)) as pdf:
        assert str(pdf.Root.Lang) == "en"
        assert str(pdf.docinfo["/Title"]).startswith("Orchard 1.8.0: NO-GO at production, report R")
        with pdf.open_outline() as outline:
            titles = [item.title for item in outline.root]
        assert titles[:3] == ["Decision", "Gates at a glance", "Failed and not assessed gates"]
        assert titles[-1] == "How to verify this document"
        assert [round(float(side)) for side in pdf.pages[0].mediabox[2:]] == [595, 842]
    with pikepdf.open(io.BytesIO(hostile.pdf)) as pdf:
        assert [round(float(side)) for side in pdf.pages[0].mediabox[2:]] == [612, 792]


def test_the_signature_stands_on_page_1(made: MadeReport, hostile: MadeReport) -> None:
    for report in (made, hostile):
        with pikepdf.open(io.BytesIO(report.pdf)) as pdf:
            widgets = [one for one in pdf.pages[0].get("/Annots", []) if one.get("/Subtype") == "/Widget"]
            assert len(widgets) == 1
            left, bottom, right, top = map(float, widgets[0].Rect)
            assert right - left > 120
            assert top - bottom > 40


def test_the_next_report_extends_this_one(own_release: Release) -> None:
    first = own_release.make()
    own_release.store.record([scenario.scan(3, "second")])
    second = scenario.judged(own_release.store, own_release.project, own_release.key).make()
    previous = second.model.proof.previous
    assert previous is not None
    assert (previous.id, previous.sha256) == (first.id, sha256_hex(first.pdf))
    assert previous.checkpoint.note == first.checkpoint
    assert f"extends the one of report {first.id}" in second.model.decision.vouched_by
    assert second.id != first.id
    assert [entry.type for entry in second.model.trail.entries][-5:] == [
        "assessment", "report.rendered", "report.signed", "evidence", "assessment",
    ]  # fmt: skip
    files = {one.name: one.content for one in second.attachments}
    assert {check.status for check in bundle_check.verify(files)} == {"proven"}


def test_a_key_that_cannot_sign_leaves_no_trace_in_the_ledger(own_release: Release) -> None:
    size = own_release.store.size
    with pytest.raises(SigningKeyError):
        own_release.make(WHEN.replace(year=2040))
    assert own_release.store.size == size


def test_many_findings_make_no_more_pages(made: MadeReport, tmp_path: Path) -> None:
    drafts = [scenario.scan(20_000), *scenario.others()]
    with scenario.release(tmp_path, drafts) as large:
        many = large.make()
    assert pages(many.pdf) <= pages(made.pdf) * 1.5
    assert b'"number":19999' in next(one.content for one in many.attachments if one.name == "findings.json")


def pages(pdf: bytes) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return len(document.pages)
