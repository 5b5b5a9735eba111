"""Kind of evidence: document. What a release document claims, and whether what it refers to is there.

Status reports, checklists and completion reports make claims: ticked boxes, figures with units, times, statements such as "no blocking
issues". They are read here, each with its line; whether the evidence bears them out is for gate REL-8 to say. What the document says
about plans, targets, the past or in general is no claim about the release, and is kept as what it is. Contradictions inside the document
are found without any evidence. What was not understood is listed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from compliance.kind import Kind
from compliance.record import Json, Model, Payload, Private
from compliance.subject import Binding

Stance = Literal["claim", "open", "target", "plan", "past", "approximate", "general"]
"""How something is said. ``claim``: as true of this release; ``open``: at a box that is not ticked; ``target``: a limit or goal;
``plan``: to be done, or only under a condition; ``past``: of an earlier time; ``approximate``: about so much; ``general``: the document
is not about a release."""
Bound = Literal["is", "below", "above"]


class Claim(Model):
    """One thing that the document says."""

    line: int
    """Counted from 1."""
    text: Annotated[str, Private("code")]
    """In the document's words."""
    about: str
    """What it is about: a figure such as ``p95_ms`` or ``coverage``, or a statement such as ``rollback-tested``."""
    stance: Stance
    ticked: bool | None = None
    """Whether it stands at a ticked (True) or open (False) box or sign."""
    value: float | None = None
    """Milliseconds, seconds, a count, or a share of 0 to 1, as ``about`` says."""
    total: float | None = None
    """What the value is a part of: ``152 of 165``."""
    within: float | None = None
    """How far the true value may lie from the written one: one unit of its last digit."""
    bound: Bound = "is"
    environment: str | None = None
    words: tuple[str, ...] = ()
    """Severities, or the names that the statement is about."""
    scope: Annotated[str | None, Private("code")] = None
    """What it is limited to, such as one endpoint or one sort of tests; None: the whole release."""
    headline: bool = False
    """Whether it stands under a heading that speaks of the whole (status, summary, results) and of no part."""


class Contradiction(Model):
    """Two things that the document says and that cannot both be true."""

    rule: str
    line: int
    text: Annotated[str, Private("code")]
    against: Annotated[str, Private("code")]
    """Why it cannot be true, with the other place."""


class Log(Model):
    """The list of what was done when."""

    line: int
    entries: int
    first_at: datetime
    last_at: datetime


class Passage(Model):
    """Text at a line."""

    line: int
    text: Annotated[str, Private("code")]


class Document(Payload):
    """What the document says."""

    title: str | None
    release_document: bool
    """Whether it speaks of one release: a status report, a checklist. Of any other, such as a read-me, nothing is taken for a claim."""
    words: int
    """Words of the text without its front matter, separated by white space."""
    boxes: int
    """Boxes of task lists."""
    boxes_ticked: int
    references: int
    """Different files and places that it refers to, those on the web aside."""
    unresolved: Annotated[tuple[str, ...], Private("paths")] = ()
    """Those that do not exist: files that were looked for and not found, anchors that no heading answers."""
    references_checked: bool = False
    """Whether the surroundings of the file were looked at; without that, only anchors can be found broken."""
    claims: tuple[Claim, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    log: Log | None = None
    not_understood: tuple[Passage, ...] = ()
    """Figures and ticks that nothing was made of, cut at a limit."""
    not_understood_total: int = 0

    def summary(self) -> dict[str, Json]:
        """Returns counts, and what does not resolve."""
        claims = [claim for claim in self.claims if claim.stance == "claim"]
        return {
            "release_document": self.release_document,
            "words": self.words,
            "boxes": self.boxes,
            "boxes_ticked": self.boxes_ticked,
            "references": self.references,
            "unresolved": list(self.unresolved),
            "claims": len(claims),
            "contradictions": [one.model_dump(mode="json") for one in self.contradictions],
            "not_understood": self.not_understood_total,
        }


KIND = Kind(id="document", title="Release document", binds_to=Binding.COMMIT, payload=Document)
