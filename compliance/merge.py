"""Merges the stores of parallel jobs into the project's own, once they were found sound and of this project."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from .errors import InputError, TamperedError, UsageError
from .location import Location
from .project import Project
from .store import Store
from .store.audit import audit
from .store.merging import Merged


def merge(project: Project, store: Store, paths: Sequence[Location]) -> list[Merged]:
    """Merges stores.

    Args:
        project: Whose evidence they hold.
        store: Receives what they hold.
        paths: Where they lie.

    Returns:
        What became of each, in their order.

    Raises:
        UsageError: A path is named twice, or is that of the receiving store.
        StoreError: A source cannot be opened.
        TamperedError: A source is not as its own log key signed it.
        InputError: A source holds evidence of another project, or was itself merged or purged.
    """
    whole = [path.resolve() for path in paths]
    if store.database.location.resolve() in whole or len(set(whole)) < len(whole):
        raise UsageError("a store cannot be merged with itself", hint="name each source once; --store names the one that receives")
    with ExitStack() as stack:
        sources = {str(path): stack.enter_context(Store.open(path)) for path in paths}
        for name, source in sources.items():
            _require_sound(name, source)
            _require_own(name, source, project)
        return store.merge(sources)


def _require_sound(name: str, source: Store) -> None:
    broken = next((check for check in audit(source) if check.status == "refuted"), None)
    if broken is not None:
        raise TamperedError(f"{name}: {broken.name}: {broken.detail}; nothing was merged")


def _require_own(name: str, source: Store, project: Project) -> None:
    own = project.document.project.name
    for entry in source.entries():
        subject = entry.body.get("subject", {"project": own})
        found = subject.get("project") if isinstance(subject, dict) else subject
        if found != own:
            raise InputError(f"entry {entry.number} is of project {found!r}", expected=f"one of {own!r}", source=name)
