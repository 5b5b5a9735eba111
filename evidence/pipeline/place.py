"""Where in its repository a pipeline's file lies."""

from __future__ import annotations

from pathlib import Path


def root(path: Path) -> Path:
    """Returns the folder of the repository or project that a file (an absolute path) belongs to, else the file's own."""
    for folder in path.parents:
        if (folder / ".git").exists() or (folder / "compliance.toml").is_file():
            return folder
    if path.parent.parts[-2:] == (".github", "workflows"):
        return path.parents[2]
    return path.parent
