"""What the evidence shows: the data, captions and alternative texts of the figures, for the kinds of evidence that are there.

A figure is made only where it answers a question. Payloads are read by their field names (the engine does not import the kinds).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...gate import Item
from ...judgement.history import Release
from ...judgement.view import Unreadable, View
from ...project import Project
from ...subject import Subject
from ..redact import WHOLE, Redaction
from . import coverage, load, plan, rollback, severity, tests, trends
from .limits import Limits
from .model import AnyFigure


def figures(
    view: View, project: Project, subject: Subject, releases: Sequence[Release], redaction: Redaction = WHOLE
) -> tuple[AnyFigure, ...]:
    """Returns the figures for the evidence of the commit that is judged.

    Args:
        view: The evidence.
        project: Its thresholds are drawn in.
        subject: What is judged.
        releases: The latest releases, oldest first; the last one is that which is judged.
        redaction: What the copy leaves out.
    """
    items = {kind: [redaction.item(one) for one in many if of_subject(one, subject)] for kind, many in view.newest.items()}
    limits = Limits(project)
    before = releases[-2] if len(releases) > 1 else None
    makers: tuple[tuple[str, Callable[[list[Item], Limits], AnyFigure | None]], ...] = (
        ("scan", lambda many, _: severity.figure(many, before)),
        ("test-results", tests.figure),
        ("coverage", coverage.figure),
        ("load-test", load.figure),
        ("plan", plan.figure),
        ("rollback-drill", rollback.figure),
    )
    made = [make(items[kind], limits) for kind, make in makers if items.get(kind)]
    made.append(trends.figure(releases, limits))
    return tuple(figure for figure in made if figure is not None)


def of_subject(item: Item, subject: Subject) -> bool:
    """Tells whether evidence is about the commit that is judged, or about the project as a whole, and can be read.

    What does not say of which commit it is counts for none, as for the gates.
    """
    of_this = item.of_project or (item.subject.commit is not None and item.subject.commit == subject.commit)
    return of_this and not isinstance(item.payload, Unreadable)
