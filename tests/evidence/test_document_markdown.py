"""Markdown documents: which are recognised, what they refer to, and that nothing hostile gets through."""

from __future__ import annotations

from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.catalog import shipped
from compliance.errors import InputError
from compliance.intake import Intake, Overrides
from compliance.project import Project
from compliance.source import Source
from compliance.store import Store

from .helpers import CORPUS, assert_only_refuses, format_of, mutations, read, recognised

EXAMPLE = Path(__file__).parents[2] / "examples" / "drivemind-phase3" / "docs"
STATUS = (EXAMPLE / "STATUS.md").read_bytes()
FORMAT = format_of("document", "markdown-document")

REPORTS = {
    "a completion report": "# Project completion report\n\n## Status: COMPLETE\n\n## Known issues\n\n- [ ] a\n- [ ] b\n- [ ] c\n",
    "a checklist": "# Go-live checklist\n\n- [x] a\n- [x] b\n- [ ] c\n\n## Sign-off\n\n| role | name |\n|---|---|\n| security | x |\n",
    "front matter": "---\ntitle: Release 2.3 readiness review\n---\n\n## Acceptance criteria\n\n- [x] a\n- [ ] b\n- [ ] c\n",
}
OTHERS = {
    "a read-me": "# project-status\n\n## Installation\n\n- [ ] a\n- [x] b\n- [x] c\n\n## Release status\n\nStatus: done\n",
    "a changelog": "# Changelog\n\n## 1.2.0\n\n- 100 % test coverage\n\n## 1.1.0\n\n- Status: complete\n",
    "release notes": "# Release notes 2.0\n\n- All tests pass\n- [x] a\n- [x] b\n- [x] c\n",
    "a runbook": "# Deployment runbook\n\n## Rollback\n\n- [ ] a\n- [ ] b\n- [ ] c\n\n## Sign-off\n\n## Status: done\n",
    "a runbook by its front matter": "---\ntype: runbook\n---\n# Release status report\n\n## Criteria\n\n- [x] a\n- [x] b\n- [x] c\n",
    "a proposal": "# Proposal: deployment status checklist\n\n## Acceptance criteria\n\n- [x] a\n- [x] b\n- [x] c\n",
    "notes": "# Notes\n\n- [ ] buy milk\n- [ ] call back\n- [ ] sleep\n",
    "plain text": "The release is complete.\n",
    "configuration": "# Release status report\n# - [x] a\nstatus: complete\ncriteria: [a]\n",
    "JSON": '{"status": "complete"}',
    "HTML": "<html><body># Release status report</body></html>",
}


@pytest.mark.parametrize("name", REPORTS)
def test_release_documents_are_recognised(name: str) -> None:
    assert recognised(REPORTS[name].encode()) == ["markdown-document"]
    assert read("document", "markdown-document", REPORTS[name].encode()).payload.release_document  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_not(name: str) -> None:
    assert "markdown-document" not in recognised(OTHERS[name].encode())


def test_a_named_kind_takes_any_markdown_but_no_other_language() -> None:
    for name, text in OTHERS.items():
        wanted = name not in ("plain text", "JSON", "HTML", "a runbook by its front matter")
        assert FORMAT.accepts is not None
        assert FORMAT.accepts(Source("x", text.encode())) is wanted, name


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "compliance.toml").write_text('[project]\nname = "p"\n')
    (tmp_path / "docs").mkdir()
    return tmp_path


def ingest(root: Path, path: Path, kind: str | None = None) -> tuple[Any, Any]:
    with Store.create(root / ".compliance" / f"{kind}.db") as store:
        (outcome,) = list(Intake(Project.load(root), store, Overrides(kind=kind)).paths([path]))
        return outcome, store.evidence_of(outcome.evidence).payload if outcome.evidence is not None else None


def test_a_read_me_is_a_document_where_the_kind_is_named(project: Path) -> None:
    path = project / "README.md"
    path.write_text(OTHERS["a read-me"])
    assert ingest(project, path)[0].status == "refused"
    outcome, payload = ingest(project, path, "document")
    assert (outcome.status, outcome.format, payload["release_document"], payload["claims"]) == ("recorded", "markdown-document", False, [])


REFERRING = """\
# Release status report

See [the log](LOG.md), [gone](gone.md#part), [up](../README.md), [web](https://example.org), [mail](mailto:a@example.org), [here](#risks),
[nowhere](#nothing), ![picture](img/a.png) and [home](~/standards.md).

Files: `settings.yaml`, `lost.yaml`, `scripts/run.sh`, `scripts/lost.sh`, `/api/health`, `*.py`, `src/<name>.py`, `npm test`, `v1.8`.

## Risks
"""


def test_links_and_named_files_are_looked_up(project: Path) -> None:
    for name in ("docs/LOG.md", "README.md", "deep/er/settings.yaml", "scripts/run.sh"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("x")
    path = project / "docs" / "STATUS.md"
    path.write_text(REFERRING)
    _, payload = ingest(project, path, "document")
    lost = ["gone.md", "img/a.png", "~/standards.md", "#nothing", "lost.yaml", "scripts/lost.sh"]
    assert (payload["unresolved"], payload["references"], payload["references_checked"]) == (lost, 11, True)


def test_without_surroundings_only_anchors_can_be_broken() -> None:
    payload: Any = read("document", "markdown-document", REFERRING.encode()).payload
    assert (payload.unresolved, payload.references_checked) == (("#nothing",), False)


def test_the_example_s_status_document_is_read_whole() -> None:
    payload: Any = read("document", "markdown-document", STATUS).payload
    assert (payload.release_document, payload.boxes, payload.boxes_ticked) == (True, 15, 0)
    assert sorted({one.rule for one in payload.contradictions}) == [
        "blockers",
        "end-against-log",
        "open-criteria",
        "own-target",
        "pass-rate-as-coverage",
    ]
    parts = [one.text.partition(":")[0] for one in payload.not_understood]
    assert parts == ["Authentication", "OAuth", "Database layer", "Backend API", "Background scan", "Frontend", "Deployment infrastructure"]


def ordinary() -> list[Any]:
    """Descriptions of the packages that are installed here: ordinary read-mes, with changelogs among them."""
    found = []
    for one in distributions():
        metadata: Any = one.metadata
        text = str(metadata.get_payload() or metadata.get("Description") or "")
        if len(text) > 500:
            found.append(pytest.param(text, id=metadata["Name"]))
    return found


@pytest.mark.parametrize("text", ordinary())
def test_ordinary_read_mes_of_installed_packages_hold_no_contradiction_and_are_not_taken_for_release_documents(text: str) -> None:
    source = Source("README.md", text.encode("utf-8", "replace"))
    assert not FORMAT.recognise(source)
    parsed = assert_only_refuses("document", "markdown-document", source.document)
    if parsed is not None:
        payload: Any = parsed.payload
        assert (payload.release_document, payload.claims, payload.contradictions) == (False, (), ())


def test_there_are_enough_of_them() -> None:
    assert len(ordinary()) >= 10


def test_even_read_as_release_documents_they_hold_no_contradiction() -> None:
    """What decides is not only that they are no release documents."""
    head = "# Release status report\n\nStatus: in progress\n\n## Acceptance criteria\n\n"
    for one in ordinary():
        text = f"{head}{one.values[0]}".replace("## Install", "## Put in place").replace("## Usage", "## Use")
        parsed = assert_only_refuses("document", "markdown-document", text.encode("utf-8", "replace"))
        assert parsed is None or parsed.payload.contradictions == (), one.id  # type: ignore[attr-defined]


def test_the_own_documents_hold_no_contradiction() -> None:
    root = Path(__file__).parents[2]
    for path in sorted([*root.glob("*.md"), *root.glob("docs/**/*.md"), root / "examples" / "drivemind-phase3" / "README.md"]):
        payload: Any = read("document", "markdown-document", path.read_bytes()).payload
        assert payload.contradictions == (), path


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is no part of the repository")
def test_no_runbook_of_the_corpus_is_taken_for_a_document() -> None:
    for path in (CORPUS / "runbook-md").iterdir():
        assert "markdown-document" not in recognised(path.read_bytes())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"   \n\n", "no text"),
        (b"# A\xff\n", "UTF-8"),
        (b"# A\x00\n", "NUL"),
        ("# A\n".encode("utf-32"), "UTF-32"),
        (b"# A\n" + b"x" * 30_000, "line too long"),
        (b"# A\n" + b"word word\n" * 40_000, "at most"),
        (b"---\na: 1\na: 2\n---\n# A\n", "front matter"),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read("document", "markdown-document", data)
    assert words in caught.value.reason


HEAD = "# Phase 3 status report\n\n## Status: COMPLETE\n\n## Success criteria\n\n"


@pytest.mark.parametrize(
    "body",
    [
        "- P95: 221 ms\n" * 9000,
        ("1 ab cd, " * 2000 + "\n") * 12,
        "- [ ] x\n" * 20_000,
        "| a | Total | Passed |\n|---|---|---|\n" + "| x | 1 | 1 |\n" * 10_500,
        "(" * 19_000,
        "".join("  " * depth + "- x\n" for depth in range(400)),
    ],
    ids=["claims", "pieces", "boxes", "rows", "brackets", "depth"],
)
def test_text_made_to_be_slow_is_read_in_seconds_and_never_said_to_be_read_whole(body: str) -> None:
    payload: Any = read("document", "markdown-document", (HEAD + body).encode()).payload
    assert len(payload.claims) <= 2000
    assert len(payload.contradictions) <= 200
    assert len(payload.not_understood) <= 100
    assert (payload.incomplete is not None) is (body[:4] in ("- P9", "1 ab", "- [ ", "| a "))


def test_one_file_may_be_a_document_and_a_plan() -> None:
    claims = {(kind.id, form.name) for kind in shipped().kinds.values() for form in kind.formats if form.recognise(Source("x", STATUS))}
    assert ("document", "markdown-document") in claims
    assert {name for _, name in claims} == {"markdown-document"}


@settings(max_examples=60, deadline=None)
@given(mutations(STATUS))
def test_mutated_documents_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("document", "markdown-document", data)
