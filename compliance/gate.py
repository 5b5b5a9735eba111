"""Interface of ``policies/``: gates, verdicts, and what a gate may see.

A gate is a decorated function. It gets evidence and parameters and returns a verdict: no clock, no file, no network. The engine
(`assessing`) handles missing, stale, foreign and weak evidence, so that a gate only says whether what it sees keeps the limit.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final, TypedDict, Unpack

from .errors import CatalogError
from .judgement.inputs import Inputs, Item
from .record import Assurance, Table
from .verdict import Claim, Place, Reason, Standing, Status, Verdict, failed, not_assessed, passed

__all__ = [
    "CONDITION",
    "HEADINGS",
    "SIGN_OFF",
    "VERDICT",
    "VIEWS",
    "Area",
    "AtLeast",
    "AtMost",
    "Below",
    "Claim",
    "Doc",
    "Framework",
    "Gate",
    "Inputs",
    "Item",
    "Judge",
    "Params",
    "Place",
    "Reason",
    "Standing",
    "Status",
    "Verdict",
    "bound_of",
    "broken_gate",
    "declared",
    "failed",
    "gate",
    "not_assessed",
    "passed",
    "read_doc",
]

VERDICT: Final = "verdict"
"""What a gate that judges last reads besides kinds of evidence: the verdicts of the others."""
CONDITION: Final = "condition"
"""The conditions of earlier approvals."""
SIGN_OFF: Final = "sign-off"
"""How the roles stand to the decision that all other gates make."""
VIEWS: Final = (VERDICT, CONDITION, SIGN_OFF)
"""What a gate may read besides kinds of evidence. A gate that reads views alone is always asked."""


class Area(StrEnum):
    """Areas of the readiness score."""

    SECURITY = "security"
    OPERATIONS = "operations"
    RECOVERY = "recovery"
    PERFORMANCE = "performance"
    DATA = "data"


class Params(Table):
    """Base of a gate's parameters: the defaults are the thresholds."""


class AtLeast:
    """Marks a threshold that evidence must reach: lowering it loosens the gate. Write ``Annotated[float, AtLeast()]``."""

    words: ClassVar[str] = "at least"


class AtMost:
    """Marks a threshold that evidence must not exceed: raising it loosens the gate."""

    words: ClassVar[str] = "at most"


class Below(AtMost):
    """Marks a threshold that evidence must stay under: to reach it is too much. Raising it loosens the gate."""

    words = "less than"


def bound_of(marks: Iterable[Any]) -> type[AtLeast | AtMost] | None:
    """Returns which way a threshold bounds, by the marks in its annotation; None where neither way is looser."""
    kinds = (mark if isinstance(mark, type) else type(mark) for mark in marks)
    return next((kind for kind in kinds if issubclass(kind, (AtLeast, AtMost))), None)


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
