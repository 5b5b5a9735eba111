"""``compliance init``: proposes a configuration."""

from __future__ import annotations

from pathlib import Path

from .session import Session


def run(session: Session) -> int:
    """Look at the repository and write a commented compliance.toml; an existing one is left as it is."""
    from ..errors import ConfigError
    from ..project import FILE, Project
    from ..scaffold import look, toml
    from . import table

    root = (session.common.project or Path.cwd()).absolute()
    if not root.is_dir():
        raise ConfigError(f"{root}: no such folder")
    path = root / FILE
    found = look(root)
    if path.exists():
        print(f"{path} exists and was left as it is")
        return 0
    try:
        path.write_text(toml(found), "utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", hint="make the folder writable") from error
    Project.load(root)
    languages = ", ".join(f"{name} ({count} files)" for name, count in found.languages.most_common(5)) or "none known"
    rows = [["wrote", str(path)], ["languages", languages], ["git", "yes" if found.has_git else "no: set [project] commit"]]
    rows += [
        [kind, ", ".join(paths[:4]) + (f" and {len(paths) - 4} more" if len(paths) > 4 else "")] for kind, paths in found.files.items()
    ]
    rows.append(["profile", f"{found.profile}: {found.profile_why}"])
    for line in table.lines(rows):
        print(line)
    print("next:")
    for line in table.lines([[f"{number}.", step] for number, step in enumerate(_steps(found.tests, found.files), 1)], indent=2):
        print(line)
    return 0


def _steps(tests: bool, files: dict[str, list[str]]) -> list[str]:
    steps = ["confirm the profile: set profile-by in compliance.toml"]
    if tests and "test-results" not in files:
        steps.append("let your test command write JUnit XML and coverage, and name both in compliance.toml")
    steps.append("run `compliance keys create` once, then `compliance release`")
    return steps
