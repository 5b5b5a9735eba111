"""Builds the model of a report from an assessment, the evidence that it saw, and the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final, Literal, cast

from .. import __version__
from ..judgement.history import Release, up_to
from ..judgement.judging import Judged
from ..record import PRIVACY_CLASSES, PrivacyClass
from . import bundle, gates, page1
from .claims import claims
from .decided import decided
from .figures.build import figures, of_subject
from .figures.trends import RELEASES
from .findings import findings
from .model import Limits, ReportModel, Signer
from .pdf import Attachment
from .proof import proof, report_id, verifier_digest
from .redact import Redaction
from .register import register, registered
from .trail import trail
from .words import cut

_TITLE: Final = 120
"""Characters of the titles from the configuration."""


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What a report is made from; equal bases over the same ledger prefix give equal reports."""

    judged: Judged
    entry: int
    """Ledger entry of the assessment; nothing after it is seen."""
    made_at: datetime
    signer: Signer
    renderer: Mapping[str, str]
    limits: Limits = field(default_factory=Limits)
    attest: Callable[[Sequence[Attachment]], Sequence[Attachment]] = field(default=lambda _: ())
    """Gives further attachments from all others but the model, such as signed ones: whatever it gives is an input of the pages."""
    redact: frozenset[PrivacyClass] = frozenset()
    """Privacy classes that the copy leaves out."""

    @cached_property
    def releases(self) -> tuple[Release, ...]:
        """The latest releases of the frozen prefix, the one that is judged last."""
        judged = self.judged
        return up_to(judged.store, judged.project.catalog.kinds, judged.assessment, RELEASES)


def build(basis: Basis) -> tuple[ReportModel, list[Attachment]]:
    """Returns the model and every attachment, the model's own file among them, sorted by name."""
    judged, limits = basis.judged, basis.limits
    store, project, view, subject = judged.store, judged.project, judged.view, judged.assessment.subject
    catalog, table = project.catalog, project.document.report
    redaction = Redaction(basis.redact, catalog.gates)
    assessment = redaction.assessment(judged.assessment)
    titles = {framework.id: framework.title for framework in catalog.frameworks.values()}
    asked = redaction.thresholds(gates.thresholds_of(project))
    items = registered(view)
    counted = {number: item for number, item in items.items() if of_subject(item, subject)}
    anchor = proof(store, basis.entry)
    anchored = None if anchor.previous is None else anchor.previous.id
    files = bundle.attachments(store, project, assessment, items, sorted(counted), anchor, basis.redact)
    files = sorted([*files, *basis.attest(files)], key=lambda one: one.name)
    people = decided(store, judged.assessment, view, project.document.waivers.warn_before, limits, redaction)
    paper = page1.Paper(
        page=cast(Literal["A4", "Letter"], table.page),
        title=None if table.title is None else cut(table.title, _TITLE),
        organisation=None if table.organisation is None else cut(table.organisation, _TITLE),
        redacted=tuple(name for name in PRIVACY_CLASSES if name in basis.redact),
    )
    model = ReportModel(
        id=report_id(anchor),
        title=paper.title,
        organisation=paper.organisation,
        page=paper.page,
        toolkit=__version__,
        made_at=basis.made_at,
        assessment=assessment,
        decision=page1.decision(assessment, titles, basis.signer, people, paper=paper, thresholds=asked, anchored=anchored, limits=limits),
        frameworks=gates.frameworks(assessment, titles, asked),
        troubles=gates.troubles(assessment, asked, limits),
        settings=gates.settings(assessment),
        figures=figures(view, project, subject, basis.releases, redaction),
        findings=findings(store, counted, limit=limits.groups, redaction=redaction),
        claims=claims(assessment, limits),
        decided=people,
        evidence=register(store, catalog.kinds, items, gates.evidence_used(assessment), subject, limits.register_rows, redaction),
        trail=trail(store, subject, upto=basis.entry + 1, limit=limits.trail, redaction=redaction),
        proof=anchor,
        signer=basis.signer,
        renderer=dict(basis.renderer),
        redacted=paper.redacted,
        verifier_sha256=verifier_digest(),
        attachments=bundle.rows_of(files),
        limits=limits,
    )
    whole = [*files, bundle.attachment(bundle.MODEL, bundle.model_json(model))]
    return model, sorted(whole, key=lambda one: one.name)
