"""Interface of ``policies/``: gates, verdicts, and what a gate may see.

A gate is a decorated function. It gets evidence and parameters and returns a verdict: no clock, no file, no network. The engine
(`assess`) handles missing, stale, foreign and weak evidence, so that a gate only says whether what it sees keeps the limit.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack

from .decision import Condition, Stand
from .errors import CatalogError
from .record import Assurance, Finding, Json, Table
from .subject import Subject

if TYPE_CHECKING:
    from .assessment import GateResult

VERDICT: Final = "verdict"
"""What a gate that judges last reads besides kinds of evidence: the verdicts of the others."""
CONDITION: Final = "condition"
"""The conditions of earlier approvals."""
SIGN_OFF: Final = "sign-off"
"""How the roles stand to the decision that all other gates make."""
VIEWS: Final = (VERDICT, CONDITION, SIGN_OFF)
"""What a gate may read besides kinds of evidence. A gate that reads views alone is always asked."""


class Status(StrEnum):
    """What a gate's verdict can be."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    WAIVED = "waived"
    NOT_APPLICABLE = "not-applicable"
    NOT_ASSESSED = "not-assessed"


class Reason(StrEnum):
    """Why a gate is not assessed or not applicable, or which weakness a failing piece of evidence has."""

    MISSING = "missing"
    STALE = "stale"
    FOREIGN = "foreign"
    WEAK = "weak"
    UNREADABLE = "unreadable"
    INCOMPLETE = "incomplete"
    PROFILE = "profile"
    DECLARED = "declared"


class Area(StrEnum):
    """Areas of the readiness score."""

    SECURITY = "security"
    OPERATIONS = "operations"
    RECOVERY = "recovery"
    PERFORMANCE = "performance"
    DATA = "data"


@dataclass(frozen=True)
class Place:
    """Where to look: a file and line, an endpoint, a step."""

    where: str
    what: str = ""


class Standing(StrEnum):
    """What the evidence says about a claim."""

    CONTRADICTED = "contradicted"
    UNSUPPORTED = "unsupported"
    """It could be checked, but there is no evidence that does."""
    CONFIRMED = "confirmed"
    NOT_CHECKABLE = "not-checkable"
    """No evidence could decide it: a plan, a target, an opinion, a decision of people."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim of a document beside what the evidence says."""

    text: str
    """The claim in the document's words."""
    where: str
    """Document and line."""
    standing: Standing
    found: str
    """What the evidence says, or why nothing does."""
    evidence: tuple[int, ...] = ()
    """Ledger entries that it was compared with."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a gate says. Make it with `passed`, `failed` or `not_assessed`."""

    status: Status
    message: str
    """One sentence: what was observed, against what."""
    observed: Json = None
    threshold: Json = None
    reason: Reason | None = None
    places: tuple[Place, ...] = ()
    claims: tuple[Claim, ...] = ()
    """Of a gate that checks what documents say: each claim beside the evidence."""
    fix: str | None = None
    """Overrides the gate's general advice when the verdict knows better."""


def passed(message: str, *, observed: Json = None, threshold: Json = None) -> Verdict:
    """The evidence keeps the limit."""
    return Verdict(status=Status.PASS, message=message, observed=observed, threshold=threshold)


def failed(message: str, *, observed: Json = None, threshold: Json = None, places: Sequence[Place] = (), fix: str | None = None) -> Verdict:
    """The evidence breaks the limit."""
    return Verdict(status=Status.FAIL, message=message, observed=observed, threshold=threshold, places=tuple(places), fix=fix)


def not_assessed(reason: Reason, message: str, *, observed: Json = None, threshold: Json = None, places: Sequence[Place] = ()) -> Verdict:
    """The evidence says too little to decide (``missing``, ``incomplete``, ``stale`` or ``unreadable``)."""
    return Verdict(status=Status.NOT_ASSESSED, reason=reason, message=message, observed=observed, threshold=threshold, places=tuple(places))


class Params(Table):
    """Base of a gate's parameters: the defaults are the thresholds."""


class AtLeast:
    """Marks a threshold that evidence must reach: lowering it loosens the gate. Write ``Annotated[float, AtLeast()]``."""


class AtMost:
    """Marks a threshold that evidence must not exceed: raising it loosens the gate."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One piece of evidence, as a gate sees it."""

    entry: int
    """Number of its ledger entry: the evidence's number everywhere."""
    kind: str
    format: str
    subject: Subject
    payload: Any
    """The kind's payload model."""
    assurance: Assurance
    observed_at: datetime | None
    collected_at: datetime
    recorded_at: datetime
    tool: str | None = None
    tool_version: str | None = None
    collected: bool = False
    """Made by a collector, not ingested."""
    of_project: bool = False
    """Of a kind that is bound to the project as a whole: it counts whichever commit it was recorded at."""
    scope: Mapping[str, Json] = field(default_factory=dict)
    """What the collector asked the tool to look at (see `kind.Collected.scope`)."""
    name: str = ""
    """What the artifact is called: a file name or a collector."""
    artifact: str = ""
    """SHA-256 of the artifact in hexadecimal."""
    worst: Callable[[int], Sequence[Finding]] = field(default=lambda _: (), compare=False)
    """``worst(n)``: the n worst open findings."""

    def age(self, at: datetime) -> timedelta | None:
        """Returns the age at a time, None when the evidence does not say when it was made."""
        return None if self.observed_at is None else at - self.observed_at


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Everything that a gate may look at."""

    subject: Subject
    point: str
    as_of: datetime
    items: Mapping[str, tuple[Item, ...]]
    """Evidence by kind, newest first; only the kinds that the gate reads."""
    project: Mapping[str, Json] = field(default_factory=dict)
    """Facts of the configuration that gates may need: ``release_branch``, ``environments``."""
    verdicts: Mapping[str, GateResult] = field(default_factory=dict)
    """Verdicts of the other gates by id; only for a gate that reads `VERDICT`, which is judged after them."""
    beside: Mapping[str, tuple[Item, ...]] = field(default_factory=dict)
    """Likewise: evidence of this commit and project of all other kinds, the newest of each slot, whatever it may decide elsewhere."""
    conditions: tuple[Condition, ...] = ()
    """For gates that read `CONDITION`: the conditions of earlier approvals, with what closed them."""
    roles: tuple[Stand, ...] = ()
    """For gates that read `SIGN_OFF`: how each role stands to the decision that is judged."""
    evidence_outcome: str | None = None
    """Likewise: the outcome of all other gates."""

    def of(self, kind: str) -> tuple[Item, ...]:
        """Returns the evidence of one kind, newest first."""
        return self.items.get(kind, ())


Judge = Callable[[Inputs, Any], Verdict]

HEADINGS = ("Asks", "Why", "Evidence", "Fix", "Maps to")


@dataclass(frozen=True)
class Doc:
    """A gate's documentation: the docstring of its function, under fixed headings."""

    asks: str
    why: str
    evidence: str
    fix: str
    maps_to: str


@dataclass(frozen=True)
class Framework:
    """A set of gates. Each folder of ``policies/`` defines one."""

    id: str
    title: str
    principles: tuple[str, ...] = ()
    """Names of its parts in the order in which they are shown; others follow by name."""
    order: int = 100
    """Place among the frameworks, lowest first."""
    doc: str = ""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A gate and its metadata; made by the `gate` decorator."""

    id: str
    statement: str
    framework: str
    """Filled in by the catalog: the framework of the package that the gate's module belongs to."""
    principle: str
    area: Area
    reads: tuple[str, ...]
    required: bool
    max_age: timedelta | None
    min_assurance: Assurance
    points: tuple[str, ...]
    service_only: bool
    after_all: bool
    waivable: bool
    params: type[Params]
    judge: Judge | None
    """None: no kind of evidence that it reads is built."""
    doc: Doc
    module: str
    package: str = ""
    """Filled in by the catalog: the package that was searched, which holds all that the gate's code may import of its own."""

    @property
    def judges_last(self) -> bool:
        """Whether the gate reads the verdicts of the others."""
        return VERDICT in self.reads


class _Metadata(TypedDict, total=False):
    """What `gate` and `declared` take about a gate besides its words."""

    required: bool
    max_age: timedelta | None
    min_assurance: Assurance
    points: Sequence[str]
    service_only: bool
    after_all: bool
    waivable: bool
    params: type[Params]


def gate(
    *,
    id: str,
    statement: str,
    principle: str,
    area: Area,
    reads: Sequence[str],
    **metadata: Unpack[_Metadata],
) -> Callable[[Judge], Gate]:
    """Makes a gate of a function ``(inputs, params) -> Verdict``; its docstring is the gate's documentation.

    Args:
        id: Never changes.
        statement: One line, what holds when the gate passes.
        principle: Part of the framework that it belongs to.
        area: Area of the readiness score.
        reads: Ids of the kinds that it reads; the function is called when evidence of at least one of them can be used. A gate that
            names `VERDICT` among them is judged last and sees the verdicts of the others (see `Inputs.verdicts`).
        **metadata: ``required`` (default True; False is an advisory gate: shown, never deciding), ``max_age`` (oldest evidence that
            still counts; None: any), ``min_assurance`` (of evidence that may make it pass; default imported), ``points`` (built-in
            decision points that ask it, default staging and production; ``change`` also asks every gate that reads only commit-bound
            kinds), ``service_only`` (not applicable to libraries and command-line tools), ``after_all`` (outside the evidence outcome:
            sign-offs), ``waivable`` (default True), ``params`` (model whose defaults are the thresholds).

    Raises:
        CatalogError: The docstring lacks one of the headings Asks / Why / Evidence / Fix / Maps to.
    """

    def decorate(judge: Judge) -> Gate:
        doc = inspect.getdoc(judge) or ""
        return _make(judge, judge.__module__, doc, id, statement, principle, area, reads, metadata)

    return decorate


def declared(
    doc: str,
    *,
    module: str,
    id: str,
    statement: str,
    principle: str,
    area: Area,
    reads: Sequence[str],
    **metadata: Unpack[_Metadata],
) -> Gate:
    """Lists a gate whose kinds of evidence this version cannot read yet: it is ``not-assessed (missing)``, never left out.

    Args:
        doc: Documentation under the fixed headings.
        module: ``__name__`` of the caller.
        id: As for `gate`, like all that follows.
        statement: One line.
        principle: Part of the framework.
        area: Area of the score.
        reads: Ids of kinds, built or not.
        **metadata: As for `gate`.
    """
    return _make(None, module, doc, id, statement, principle, area, reads, metadata)


def broken_gate(name: str, why: str) -> Gate:
    """Stands for the gates of a module of the user's that cannot be imported: never assessed, at every decision point, never waived.

    Args:
        name: Id of the framework and name of the module.
        why: What importing it said.
    """
    doc = f"""
    Asks: Whether the policy module {name} can be loaded. Its gates are not known.
    Why: A policy that cannot be loaded judges nothing, and must not pass by that.
    Evidence: None; the module itself.
    Fix: Correct the module.
    Maps to: nothing.
    """
    points = ("change", "staging", "production", "rollback")
    statement, area = f"The policy module {name} can be loaded", Area.OPERATIONS
    made = declared(doc, module=__name__, id=name, statement=statement, principle="", area=area, reads=(), points=points, waivable=False)
    return replace(made, judge=lambda _inputs, _params: not_assessed(Reason.UNREADABLE, why))


def _make(
    judge: Judge | None,
    module: str,
    doc: str,
    gate_id: str,
    statement: str,
    principle: str,
    area: Area,
    reads: Sequence[str],
    metadata: _Metadata,
) -> Gate:
    return Gate(
        id=gate_id,
        statement=statement,
        framework="",
        principle=principle,
        area=area,
        reads=tuple(reads),
        required=metadata.get("required", True),
        max_age=metadata.get("max_age"),
        min_assurance=metadata.get("min_assurance", Assurance.IMPORTED),
        points=tuple(metadata.get("points", ("staging", "production"))),
        service_only=metadata.get("service_only", False),
        after_all=metadata.get("after_all", False),
        waivable=metadata.get("waivable", True),
        params=metadata.get("params", Params),
        judge=judge,
        doc=read_doc(gate_id, doc),
        module=module,
    )


def read_doc(gate_id: str, text: str) -> Doc:
    """Reads a gate's docstring: paragraphs that begin with a heading and a colon."""
    pattern = r"^(" + "|".join(HEADINGS) + r"):\s*"
    parts = re.split(pattern, inspect.cleandoc(text), flags=re.MULTILINE)
    found = {parts[i]: " ".join(parts[i + 1].split()) for i in range(1, len(parts) - 1, 2)}
    missing = [heading for heading in HEADINGS if not found.get(heading)]
    if missing:
        raise CatalogError(f"gate {gate_id}: docstring without {', '.join(missing)}", hint="see CONTRIBUTING, adding a gate")
    return Doc(found["Asks"], found["Why"], found["Evidence"], found["Fix"], found["Maps to"])
