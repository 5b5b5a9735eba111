"""Judging in a store that holds 1,000 releases and 1,000,000 findings, against the same with one release.

Each release has the evidence of the worked example, all kinds of it, under a commit of its own, a scan with 1,000 findings more, what its
collectors did, and its assessment. The entries are real ones: the store itself writes them. Start-up (imports, configuration, catalog) is
not timed: ``startup`` measures it.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import data
import measure

if TYPE_CHECKING:
    from compliance.project import Project
    from compliance.record import Payload
    from compliance.store import Draft, EvidenceDraft, Store, StoredEvidence

RELEASES, FINDINGS = 1_000, 1_000
GOAL_S = 1.0
EXAMPLE = Path(__file__).parent.parent / "examples" / "drivemind-phase3"
_APART = timedelta(hours=6)
_AT_ONCE = 20
"""Releases that are recorded in one transaction."""
_FRAME = ("v", "type", "at", "after", "private", "payload", "rows", "artifact")


def lines(repeat: int) -> Iterator[measure.Line]:
    """Measures."""
    with tempfile.TemporaryDirectory(prefix="compliance-bench-") as name:
        few, many = (str(project(Path(name) / str(count), count)) for count in (1, RELEASES))
        pair = measure.paired(lambda: measure.call("check:judged", many), lambda: measure.call("check:judged", few), repeat)
        if {sample.result for sample in pair.ours} != {sample.result for sample in pair.floor}:
            raise SystemExit("check: the same release was judged differently")
        yield pair.line(f"all gates, {RELEASES:,} releases and {RELEASES * FINDINGS:,} findings, against one release")
        taken = statistics.median(sample.cpu_s for sample in pair.ours)
        yield measure.Line("CPU time of the former", f"{taken:.2f} s", goal=f"below {GOAL_S:g} s", met=taken < GOAL_S)


def judged(folder: str) -> Callable[[], str]:
    """Opens the store and judges the last release by all gates."""
    from compliance.judgement.judging import judge
    from compliance.project import Project
    from compliance.store import Store

    loaded = Project.load(Path(folder))

    def run() -> str:
        with Store.open(loaded.root / ".compliance" / "evidence.db") as store:
            assessment = judge(loaded, store, "production").assessment
        return "\n".join(f"{one.id} {one.verdict} {one.reason}" for one in assessment.gates)

    return run


def project(folder: Path, releases: int) -> Path:
    """Makes the worked example with a store that holds releases, and returns its folder."""
    from compliance.intake import Intake
    from compliance.judgement.judging import assessment_draft, judge
    from compliance.project import Project
    from compliance.store import Store

    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".compliance"))
    loaded = Project.load(folder)
    scan = data.sarif(folder.parent / f"{releases}.sarif", FINDINGS)
    with Store.create(folder.parent / f"{releases}-pattern" / "evidence.db") as pattern:
        for _ in Intake(loaded, pattern).paths([folder / "evidence", scan]):
            pass
        every = _Release(loaded, pattern, pattern.evidence(), assessment_draft(judge(loaded, pattern, "production").assessment))
        with Store.create(folder / ".compliance" / "evidence.db") as store:
            every.record(store, releases)
    return folder


class _Release:
    """What is recorded of every release."""

    def __init__(self, project: Project, pattern: Store, evidence: list[StoredEvidence], assessment: Draft) -> None:
        from compliance.source import Source

        kinds = project.catalog.kinds
        self.table = project.document.project
        self.assessment = assessment
        self.evidence: list[tuple[Mapping[str, Any], Payload, Mapping[str, Any]]] = []
        for one in evidence:
            body = one.entry.body
            payload = kinds[body["kind"]].payload.model_validate(one.payload)
            artifact = b"".join(pattern.artifact(body["artifact"]["sha256"]))
            rest = {"private": one.private, "source": Source("", artifact), "findings": pattern.findings(one.entry.number)}
            kept = {name: value for name, value in body.items() if name not in _FRAME}
            kept["artifact"] = {name: body["artifact"][name] for name in ("redacted", "original")}
            self.evidence.append((kept, payload, rest))

    def record(self, store: Store, releases: int) -> None:
        """Records releases; the last one is that which the configuration names."""
        now = datetime.now(UTC)
        for first in range(0, releases, _AT_ONCE):
            some = range(first, min(first + _AT_ONCE, releases))
            store.record([draft for number in some for draft in self._evidence(releases - 1 - number, now)])
            store.append([draft for number in some for draft in self._entries(releases - 1 - number)])

    def _evidence(self, back: int, now: datetime) -> Iterator[EvidenceDraft]:
        from compliance.store import EvidenceDraft
        from compliance.times import rfc3339

        made = rfc3339(now - back * _APART - timedelta(minutes=5))
        for body, payload, rest in self.evidence:
            subject = {**body["subject"], "commit": self._commit(back)}
            yield EvidenceDraft(body={**body, "subject": subject, "observed_at": made, "collected_at": made}, payload=payload, **rest)

    def _entries(self, back: int) -> Iterator[Draft]:
        from compliance.store import Draft

        runs = [{"kind": kind, "collector": kind, "outcome": "ran"} for kind in ("scan", "source", "test-results")]
        yield Draft(type="collection", body={"runs": runs}, private={"paths": {"reasons": {}}})
        subject = {**self.assessment.body["subject"], "commit": self._commit(back)}
        yield Draft(type="assessment", body={**self.assessment.body, "subject": subject}, private=self.assessment.private)

    def _commit(self, back: int) -> str | None:
        return self.table.commit if back == 0 else f"{back:040x}"
