from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel

from compliance.record import canonical, sha256_hex
from compliance.report import bundle, bundle_check, finding_files, page_check
from compliance.report.bundle_model import EvidenceBundle, FindingsDocument, ListedFinding, ProofsDocument
from compliance.report.model import ReportModel
from compliance.sign.checks import Check
from tests.report import scenario
from tests.report.scenario import Release

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def made(release: Release) -> tuple[ReportModel, Files]:
    return release.bundle()


def failed(files: Files) -> list[str]:
    return [check.name for check in bundle_check.verify(files) if check.status == "refuted"]


def changed(files: Files, name: str, change: Callable[[Any], None], *, honest: bool = True) -> Files:
    """Changes one attachment; with ``honest`` the model lists the new digests, as somebody who rewrites everything would."""
    document = json.loads(files[name])
    change(document)
    files = {**files, name: json.dumps(document).encode()}
    return relisted(files) if honest and name != bundle.MODEL else files


def relisted(files: Files) -> Files:
    model = json.loads(files[bundle.MODEL])
    for row in model["attachments"]:
        row["sha256"], row["size"] = sha256_hex(files[row["name"]]), len(files[row["name"]])
    return {**files, bundle.MODEL: json.dumps(model).encode()}


def test_a_whole_bundle_is_proven(made: tuple[ReportModel, Files]) -> None:
    checks = bundle_check.verify(made[1])
    assert [check for check in checks if check.status != "proven"] == []
    assert len(checks) == 11


def test_the_model_lists_every_attachment_but_itself(made: tuple[ReportModel, Files]) -> None:
    model, files = made
    assert {row.name: (row.size, row.sha256) for row in model.attachments} == {
        name: (len(content), sha256_hex(content)) for name, content in files.items() if name != bundle.MODEL
    }
    assert set(files) == {
        "assessment.json", "checkpoint.txt", "evidence.json", "findings.csv", "findings.json", "ledger.json", "proofs.json",
        "report.json", "rules.json", "signer.pem", "vsa.dsse.json",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["assessment.json", "checkpoint.txt", "evidence.json", "findings.csv", "findings.json", "ledger.json", "proofs.json", "rules.json"],
)
def test_a_changed_byte_is_refuted(made: tuple[ReportModel, Files], name: str) -> None:
    content = bytearray(made[1][name])
    content[len(content) // 2] ^= 1
    assert "bundle-digests" in failed({**made[1], name: bytes(content)})


def test_a_missing_and_an_added_file_are_refuted(made: tuple[ReportModel, Files]) -> None:
    for name in made[1]:
        assert failed({key: value for key, value in made[1].items() if key != name})
    assert failed({**made[1], "more.txt": b"x"}) == ["bundle-digests", "bundle-statement"]


@pytest.mark.parametrize("garbage", [b"", b"null", b"[]", b"{}", b"\xff\x00", b'{"entries": 3}', b"[" * 100_000, b'{"a":1,"a":2}'])
def test_garbage_is_refuted_and_never_an_error(made: tuple[ReportModel, Files], garbage: bytes) -> None:
    for name in made[1]:
        checks = bundle_check.verify({**made[1], name: garbage})
        assert any(check.status == "refuted" for check in checks), name
        assert all(isinstance(check, Check) and "\n" not in check.detail for check in checks)


def set_in(*path: Any, to: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = to

    return change


def delete(*path: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        del document[path[-1]]

    return change


LIES: list[tuple[str, Callable[[Any], None], str]] = [
    ("findings.json", set_in("findings", 0, "severity", to="low"), "bundle-findings"),
    ("findings.json", set_in("findings", 3, "message", to="nothing"), "bundle-findings"),
    ("findings.json", set_in("findings", 3, "path", to="else.py"), "bundle-findings"),
    ("findings.json", delete("findings", 5), "bundle-findings"),
    ("findings.json", delete("findings", -1), "bundle-findings"),
    ("findings.json", set_in("findings", to=[]), "bundle-findings"),
    ("evidence.json", set_in("entries", 1, "payload_public", to="{}"), "bundle-evidence"),
    ("evidence.json", set_in("entries", 1, "sealed", "paths", "value", to="{}"), "bundle-evidence"),
    ("evidence.json", set_in("entries", 1, "sealed", "paths", "key", to="00" * 32), "bundle-evidence"),
    ("evidence.json", delete("entries", 1), "bundle-inclusion"),
    ("proofs.json", set_in("inclusion", 1, "proof", 0, to="00" * 32), "bundle-inclusion"),
    ("proofs.json", delete("inclusion", 1), "bundle-inclusion"),
    ("proofs.json", set_in("checkpoint", "size", to=3), "bundle-inclusion"),
    ("proofs.json", set_in("consistency", to={"report": "R1"}), "bundle-previous"),
    ("assessment.json", set_in("outcome", to="go"), "bundle-assessment"),
    ("assessment.json", set_in("gates", 0, "observed", to=None), "bundle-assessment"),
    ("report.json", set_in("assessment", "outcome", to="go"), "bundle-assessment"),
    ("report.json", set_in("assessment", "gates", 0, "verdict", to="pass"), "bundle-assessment"),
    ("report.json", set_in("decision", "outcome", to="go"), "bundle-page"),
    ("report.json", set_in("decision", "word", to="GO"), "bundle-page"),
    ("report.json", set_in("decision", "red", to=[]), "bundle-page"),
    ("report.json", set_in("decision", "frameworks", 0, "counts", "failed", to=0), "bundle-page"),
    ("report.json", set_in("frameworks", 0, "principles", 0, "gates", 0, "verdict", to="pass"), "bundle-page"),
    ("report.json", delete("frameworks", 0, "principles", 0), "bundle-page"),
    ("report.json", set_in("evidence", "rows", 0, "sha256", to="0" * 64), "bundle-page"),
    ("report.json", set_in("findings", "by_severity", "critical", to=0), "bundle-findings"),
    ("report.json", set_in("proof", "checkpoint", "root", to="0" * 64), "bundle-checkpoint"),
    ("report.json", set_in("proof", "log_key_fingerprint", to="0" * 64), "bundle-checkpoint"),
    ("report.json", set_in("id", to="R1-00000000"), "bundle-checkpoint"),
    ("report.json", set_in("unknown", to=1), "bundle-model"),
]
"""File, change, and the check that finds it."""


@pytest.mark.parametrize(("name", "change", "check"), LIES)
def test_a_lie_is_refuted_even_with_fitting_digests(
    made: tuple[ReportModel, Files], name: str, change: Callable[[Any], None], check: str
) -> None:
    assert check in failed(changed(made[1], name, change))


def test_a_leaf_that_was_rewritten_is_not_in_the_tree(made: tuple[ReportModel, Files]) -> None:
    def change(document: Any) -> None:
        leaf = json.loads(document["entries"][1]["leaf"])
        leaf["assurance"] = "verified"
        document["entries"][1]["leaf"] = canonical(leaf).decode()

    assert "bundle-inclusion" in failed(changed(made[1], "evidence.json", change))


def test_a_checkpoint_of_another_key_is_refuted(made: tuple[ReportModel, Files]) -> None:
    note = made[1]["checkpoint.txt"].decode()
    head, _, signature = note.rpartition(" ")
    forged = f"{head} {signature[:20]}{'A' if signature[20] != 'A' else 'B'}{signature[21:]}"
    assert "bundle-checkpoint" in failed(relisted({**made[1], "checkpoint.txt": forged.encode()}))


def test_csv_and_json_hold_the_same_findings(made: tuple[ReportModel, Files]) -> None:
    lines = json.loads(made[1]["findings.json"])["findings"]
    table = list(csv.DictReader(io.StringIO(made[1]["findings.csv"].decode())))
    assert len(table) == len(lines) == 103
    assert [row["fingerprint"] for row in table] == [line["fingerprint"] for line in lines]
    assert table[0]["line"] == str(lines[0]["line"])


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx"])
def test_no_cell_can_be_a_formula(cell: str) -> None:
    row = finding_files.FindingLine(evidence=1, number=0, rule=cell, message=f"a{cell}")
    text = finding_files.findings_csv([row]).decode()
    read = next(csv.DictReader(io.StringIO(text, newline="")))
    assert read["rule"] == f"'{cell}"
    assert read["message"] == f"a{cell}"
    assert "apostrophe" in bundle.attachment("findings.csv", b"").description


def test_the_files_are_what_their_models_say(made: tuple[ReportModel, Files]) -> None:
    models: tuple[tuple[str, type[BaseModel]], ...] = (
        ("evidence.json", EvidenceBundle),
        ("findings.json", FindingsDocument),
        ("proofs.json", ProofsDocument),
    )
    for name, model in models:
        written = json.loads(made[1][name])
        model.model_validate(written)
        jsonschema.Draft202012Validator(model.model_json_schema(by_alias=True)).validate(written)
    assert [*finding_files.FindingLine.__struct_fields__] == [*ListedFinding.model_fields]


def test_an_empty_list_of_findings_is_json_and_csv() -> None:
    files = finding_files.findings_files([])
    assert json.loads(files["findings.json"]) == {"schema": "compliance/findings/v1", "findings": []}
    assert files["findings.csv"].decode().strip().startswith("evidence,number,confidence")


def test_the_page_is_not_proven_under_another_renderer(made: tuple[ReportModel, Files]) -> None:
    check = page_check.verify_page(made[1], b"")
    assert check.status == "not-proven"
    assert "here is" in check.detail


def test_the_checkpoint_can_be_taken_out(made: tuple[ReportModel, Files]) -> None:
    assert bundle_check.checkpoint(made[1]) == made[0].proof.checkpoint.note


def test_the_consistency_with_the_report_before_is_checked(own_release: Release) -> None:
    own_release.make()
    second = scenario.judged(own_release.store, own_release.project, own_release.key)
    model, files = second.bundle()
    assert model.proof.previous is not None
    assert failed(files) == []
    path = ("proof", "previous", "checkpoint", "root")
    assert "bundle-previous" in failed(changed(files, "report.json", set_in(*path, to="0" * 64)))
    for name, change in (
        ("report.json", set_in("proof", "previous", "proof", 0, to="0" * 64)),
        ("proofs.json", set_in("consistency", to=None)),
    ):
        assert "bundle-previous" in failed(changed(files, name, change))
