"""What a document refers to: links, and files that it names in code; and whether they are there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from compliance.errors import InputError
from compliance.record import Json
from compliance.source import Source

from .._markdown import front_matter, links, places, reading
from .._markdown.reading import Document

WALK_LIMIT: Final = 50_000
"""Files of the project that are looked through for a bare file name."""

_SUFFIXES: Final = frozenset(
    {
        *(".md", ".rst", ".txt", ".adoc", ".pdf", ".yml", ".yaml", ".json", ".toml", ".ini", ".cfg", ".conf", ".env", ".lock", ".xml"),
        *(".sh", ".bash", ".py", ".ts", ".tsx", ".js", ".mjs", ".jsx", ".go", ".rs", ".java", ".rb", ".php", ".cs", ".sql", ".tf"),
        *(".rules", ".csv", ".html", ".css", ".sarif", ".jsonl", ".log"),
    }
)
_FILE: Final = re.compile(r"(?:\.{1,2}/)*[\w@-][\w.@-]*(?:/[\w@-][\w.@-]*)*")
_SKIPPED: Final = frozenset({".git", ".compliance", ".venv", "node_modules", "__pycache__"})


def files(document: Document) -> list[str]:
    """Returns the files that code in running text names, each once: a path with a known suffix, without patterns and placeholders."""
    named = (code for code in document.code if _FILE.fullmatch(code) and PurePosixPath(code).suffix.lower() in _SUFFIXES)
    return list(dict.fromkeys(named))[: links.TARGET_LIMIT]


def attend(source: Source, path: Path) -> Mapping[str, Json]:
    """Looks at the surroundings of a document.

    Returns:
        ``links`` and ``files``: target as the document writes it -> whether it exists inside the project. A bare file name exists when any
        file of the project has it. Nothing for a file that cannot be read.
    """
    try:
        read = reading.read(front_matter.split(source.text).body)
    except InputError:
        return {}
    folder = path.absolute().parent
    root = places.root(folder)
    bases = (folder, root) if root else (folder,)
    named = places.existing(files(read), bases, root, folder)
    lost = {name for name, there in named.items() if not there and "/" not in name}
    found = lost & set(_names(root)) if lost and root else set()
    return {
        "links": places.existing(links.relative(read), (folder,), root, folder),
        "files": {name: there or name in found for name, there in named.items()},
    }


def _names(root: Path) -> Iterator[str]:
    count = 0
    for _, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _SKIPPED]
        for name in names:
            count += 1
            if count > WALK_LIMIT:
                return
            yield name


def unresolved(document: Document, facts: Mapping[str, Json]) -> tuple[str, ...]:
    """Returns what does not exist: targets of links, anchors, and files that are named."""
    known = _map(facts, "files")
    missing = (name for name in files(document) if known.get(name) is False)
    return tuple(dict.fromkeys([*links.broken(document, _map(facts, "links")), *missing]))


def count(document: Document) -> int:
    """Returns how many different files and places the document refers to."""
    anchors = [target for target in document.links if target.startswith("#") and len(target) > 1]
    return len({*links.relative(document), *files(document), *anchors})


def _map(facts: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    value = facts.get(name)
    return value if isinstance(value, Mapping) else {}
