"""How many dependencies a Python project declares, so that an audit of none can be told from an audit that saw none."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from compliance.errors import CollectorError

_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_INCLUDE = re.compile(r"(?:-r|--requirement)(?:[\s=]+)?(.+)")
_COMMENT = re.compile(r"(^|\s)#.*$")
"""A ``#`` begins a comment at the start of a line or after white space."""
_EDITABLE = re.compile(r"(?:-e|--editable)\b")


@dataclass(frozen=True)
class Manifest:
    """What to audit."""

    arguments: tuple[str, ...]
    """Arguments for pip-audit."""
    declared: int | None
    """Dependencies that it declares; None when that cannot be known."""


def declared_in(root: Path, *, requirements: Sequence[str] = (), project: str | None = None) -> Manifest:
    """Counts declared dependencies.

    Args:
        root: The project's folder.
        requirements: Requirements files, relative to it.
        project: Folder with a ``pyproject.toml``, relative to it.

    Raises:
        CollectorError: A file is not there or cannot be read.
    """
    if project is not None:
        return Manifest((_plain(project),), _in_pyproject(root / project / "pyproject.toml", project))
    counts = [_in_requirements(root / name, name, set()) for name in requirements]
    arguments = tuple(part for name in requirements for part in ("-r", _plain(name)))
    return Manifest(arguments, None if None in counts else sum(count or 0 for count in counts))


def locked_in(root: Path, folder: str) -> Manifest:
    """Counts the packages of lock files (PyPA specification ``pylock.toml``) in a folder, relative to the project's.

    Raises:
        CollectorError: There is none, or one cannot be read.
    """
    files = sorted({*(root / folder).glob("pylock.toml"), *(root / folder).glob("pylock.*.toml")})
    if not files:
        raise CollectorError(f"pip-audit could not run: no pylock.toml in {folder}", hint="correct [collect.scan.pip-audit] lock")
    return Manifest(("--locked", _plain(folder)), sum(_in_lock(path, path.name) for path in files))


def _in_lock(path: Path, name: str) -> int:
    try:
        packages = tomllib.loads(_text(path, name)).get("packages", [])
    except tomllib.TOMLDecodeError as error:
        raise CollectorError(f"pip-audit could not run: {name} is not TOML ({error})") from error
    return len(packages) if isinstance(packages, list) else 0


def _plain(path: str) -> str:
    """Keeps a path from being read as an option."""
    return f"./{path}" if path.startswith("-") else path


def _in_pyproject(path: Path, name: str) -> int:
    """Counts ``[project] dependencies`` (PyPA specification of ``pyproject.toml``)."""
    try:
        project = tomllib.loads(_text(path, f"{name}/pyproject.toml")).get("project")
    except tomllib.TOMLDecodeError as error:
        raise CollectorError(f"pip-audit could not run: {name}/pyproject.toml is not TOML ({error})") from error
    if not isinstance(project, dict):
        raise CollectorError(
            f"pip-audit could not run: {name}/pyproject.toml has no [project] table", hint="name requirements files instead"
        )
    dynamic, dependencies = project.get("dynamic", []), project.get("dependencies", [])
    if not isinstance(dynamic, list) or not isinstance(dependencies, list):
        raise CollectorError(f"pip-audit could not run: {name}/pyproject.toml: dependencies and dynamic are not lists")
    if "dependencies" in dynamic:
        raise CollectorError(
            f"pip-audit could not run: {name}/pyproject.toml leaves its dependencies to the build backend, where pip-audit sees none",
            hint="set requirements or environment in [collect.scan.pip-audit]",
        )
    return len(dependencies)


def _in_requirements(path: Path, name: str, above: set[Path]) -> int | None:
    """Counts the requirements of a file and of those that it includes (pip documentation, "Requirements File Format")."""
    resolved = path.resolve()
    if resolved in above:
        return 0
    counts: list[int | None] = []
    for line in _logical_lines(_text(path, name)):
        include = _INCLUDE.match(line)
        if include and _REMOTE.match(include.group(1)):
            counts.append(None)
        elif include:
            inner = include.group(1).strip().strip("'\"")
            counts.append(_in_requirements(path.parent / inner, inner, above | {resolved}))
        elif not line.startswith("-") or _EDITABLE.match(line):
            counts.append(1)
    return None if None in counts else sum(count or 0 for count in counts)


def _logical_lines(text: str) -> Iterable[str]:
    """Joins continued lines and drops comments as pip does; a comment ends a continued line, even when it ends with a backslash itself."""
    open_: list[str] = []
    for line in [*text.splitlines(), ""]:
        comment = _COMMENT.match(line) is not None
        if line.endswith("\\") and not comment:
            open_.append(line[:-1])
            continue
        joined = _COMMENT.sub("", " ".join((*open_, line))).strip()
        open_ = []
        if joined:
            yield joined


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise CollectorError(f"pip-audit could not run: {name}: {why}", hint="correct [collect.scan.pip-audit]") from error
