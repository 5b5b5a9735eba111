"""Live display of collectors that run beside each other: one line each, on a terminal only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..plaintext import safe

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from ..collecting.collect import Progress, Run
    from .session import Session


@dataclass(frozen=True)
class _Lines:
    """Says what happens line by line, with ``--verbose``."""

    session: Session

    def begins(self, name: str, title: str) -> None:
        self.session.detail(f"{name}: {title}")

    def says(self, name: str, line: str) -> None:
        self.session.detail(f"{name}: {line}")

    def ends(self, name: str, run: Run) -> None:
        self.session.detail(f"{name}: {run.reason or 'ran'}, {run.seconds:.1f} s")


@dataclass(frozen=True)
class _Live:
    """Shows a line per collector: what it does, and for how long."""

    bars: Bars
    tasks: dict[str, TaskID] = field(default_factory=dict)

    def begins(self, name: str, title: str) -> None:
        self.tasks[name] = self.bars.add_task(safe(title), total=1, name=safe(name))

    def says(self, name: str, line: str) -> None:
        self.bars.update(self.tasks[name], description=safe(line))

    def ends(self, name: str, run: Run) -> None:
        self.bars.update(self.tasks[name], completed=1, description="done" if run.reason is None else safe(run.reason))


@contextmanager
def showing(session: Session) -> Iterator[Progress]:
    """Shows what collectors do while they run."""
    if not session.progress:
        yield _Lines(session)
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True, no_color=session.common.no_color)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[name]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        yield _Live(bars)
