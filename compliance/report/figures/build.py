"""What the evidence shows: the data, captions and alternative texts of the figures, for the kinds of evidence that are there.

A figure is made only where it answers a question. Payloads are read by their field names (the engine does not import the kinds).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...gate import Item
from ...judgement.history import Release
from ...judgement.view import Unreadable, View
from ...project import Project
from ...subject import Binding, Subject
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
    kinds = project.catalog.kinds
    items = {
        kind: [redaction.item(one) for one in many if _shown(one, subject, kinds[kind].binds_to)] for kind, many in view.newest.items()
    }
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
    """Tells whether evidence is about the commit that is judged, or bound to no commit, and can be read."""
    return not isinstance(item.payload, Unreadable) and item.subject.commit in (None, subject.commit)


def _shown(item: Item, subject: Subject, binds_to: Binding) -> bool:
    """Evidence of the project as a whole counts whichever commit it was recorded at."""
    return of_subject(item, subject) or (binds_to is Binding.PROJECT and not isinstance(item.payload, Unreadable))
