"""The files that paths name: themselves, or what lies below a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

SIGNATURE_SUFFIX: Final = ".sig"
"""What the name of a detached SSH signature has behind the name of the file that it signs."""
SIGNATURE_SUFFIXES: Final = (SIGNATURE_SUFFIX, ".dsse.json", ".intoto.jsonl", ".sigstore.json", ".sigstore")
"""Likewise of any signature over a file: SSH, DSSE, Sigstore."""
_SKIPPED_FOLDERS: Final = frozenset({".git", ".compliance", ".venv", "node_modules", "__pycache__"})


def walk(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Yields (file, named by the user); folders are walked in order, without following links.

    A file or folder that cannot be looked at is yielded as well: reading it says why.
    """
    for path in paths:
        if not _is_folder(path):
            yield path, True
            continue
        closed: list[OSError] = []
        for folder, folders, files in os.walk(path, onerror=closed.append):
            folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS)
            for name in sorted(files):
                found = Path(folder) / name
                if not _signs(name, files) and _is_regular(found):
                    yield found, False
        yield from ((Path(error.filename), False) for error in closed)


def signatures_beside(path: Path) -> list[Path]:
    """Returns the signatures that lie beside a file."""
    return [found for suffix in SIGNATURE_SUFFIXES if (found := path.with_name(path.name + suffix)).is_file()]


def _signs(name: str, files: Sequence[str]) -> bool:
    """Tells whether a file is the signature of another one in its folder; ``.sig`` is nothing else."""
    suffix = next((suffix for suffix in SIGNATURE_SUFFIXES if name.endswith(suffix)), None)
    return suffix is not None and (suffix == SIGNATURE_SUFFIX or name.removesuffix(suffix) in files)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return True
