"""Whether the files that a document names exist inside its project. The only code of this folder that touches files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

_MARKERS = ("compliance.toml", ".git")


def root(folder: Path) -> Path | None:
    """Returns the project that a folder belongs to: the nearest parent with a configuration or a repository."""
    return next((parent for parent in (folder, *folder.parents) if any((parent / name).exists() for name in _MARKERS)), None)


def existing(targets: Iterable[str], bases: tuple[Path, ...], project: Path | None, folder: Path) -> dict[str, bool]:
    """Says of each target whether it exists; without a project around, only what lies beside or below the file can be said."""
    found: dict[str, bool] = {}
    for target in targets:
        starts = bases if not target.startswith("/") else (project,) if project else ()
        inside = [place for start in starts if _within(place := start / target.lstrip("/"), project or folder)]
        if inside or project:
            found[target] = any(_exists(place) for place in inside)
    return found


def _within(place: Path, root: Path) -> bool:
    try:
        return place.resolve().is_relative_to(root.resolve())
    except (OSError, ValueError, RuntimeError):
        return False


def _exists(place: Path) -> bool:
    """Looks for a file or folder; generators of web pages let links leave out ``.md``."""
    try:
        return place.exists() or place.with_name(f"{place.name}.md").exists()
    except (OSError, ValueError):
        return False
