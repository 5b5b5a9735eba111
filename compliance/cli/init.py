"""``compliance init``: proposes a configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .session import Session

if TYPE_CHECKING:
    from ..starting.repository import Repository


def run(session: Session) -> int:
    """Look at the repository and write a commented compliance.toml. An existing one is left as it is."""
    from ..catalog import shipped
    from ..configuration import FILE
    from ..errors import ConfigError
    from ..project import Project
    from ..starting.repository import look
    from ..starting.scaffold import toml

    root = (session.common.project or Path.cwd()).absolute()
    if not root.is_dir():
        raise ConfigError(f"{root}: no such folder")
    path = root / FILE
    if path.exists():
        print(f"{path} exists and was left as it is")
        return 0
    with session.working("looking"):
        found = look(root, shipped().kinds)
    try:
        path.write_text(toml(found), "utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", hint="make the folder writable") from error
    Project.load(root)
    above = next((parent / FILE for parent in path.parent.parents if (parent / FILE).is_file()), None)
    for line in _summary(found, path, above):
        print(line)
    return 0


def _summary(found: Repository, path: Path, above: Path | None) -> list[str]:
    from ..starting.scaffold import missing, steps
    from . import table

    languages = [f"{name} ({count} files)" for name, count in found.languages.items()]
    rows = [["wrote", str(path)], ["project", " ".join(filter(None, (found.name, found.version)))]]
    if above is not None:
        rows += [["note", f"{above} is the configuration of the folder above: remove the new file unless this is a project of its own"]]
    rows += [["languages", ", ".join(languages[:5]) or "none known"]]
    rows += [["branch", found.branch or "no git: set [project] commit"]]
    rows += [[kind, _some(paths)] for kind, paths in found.files.items()]
    rows += [["not found", ", ".join(absent)]] if (absent := missing(found)) else []
    rows += [["not read", ", ".join(found.unreadable)]] if found.unreadable else []
    rows += [["profile", f"{found.profile}: {found.why}"]]
    numbered = [[f"{number}.", step] for number, step in enumerate(steps(found), 1)]
    return [*table.lines(rows), "next:", *table.lines(numbered, indent=2)]


def _some(paths: Sequence[str]) -> str:
    return ", ".join(paths[:4]) + (f" and {len(paths) - 4} more" if len(paths) > 4 else "")
