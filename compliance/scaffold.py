"""Looks at a repository and proposes a ``compliance.toml`` that works unedited."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .point import Profile

_SKIPPED: Final = frozenset({".git", ".compliance", ".venv", "venv", "node_modules", "__pycache__", "vendor", "build", "dist", ".tox"})
_LANGUAGES: Final = {
    ".py": "Python", ".js": "JavaScript", ".ts": "TypeScript", ".tsx": "TypeScript", ".jsx": "JavaScript", ".go": "Go",
    ".java": "Java", ".kt": "Kotlin", ".rs": "Rust", ".rb": "Ruby", ".cs": "C#", ".php": "PHP", ".c": "C", ".cpp": "C++",
}  # fmt: skip
_SERVICE_FILES: Final = (
    "Dockerfile",
    "Procfile",
    "app.yaml",
    "apphosting.yaml",
    "firebase.json",
    "fly.toml",
    "docker-compose.yml",
    "compose.yaml",
)
_FILE_LIMIT: Final = 200_000


@dataclass
class Findings:
    """What a look at a repository found."""

    root: Path
    name: str
    version: str | None = None
    languages: Counter[str] = field(default_factory=Counter)
    files: dict[str, list[str]] = field(default_factory=dict)
    """Kind to paths that the kind's formats recognise."""
    requirements: list[str] = field(default_factory=list)
    has_git: bool = False
    tests: bool = False
    profile: Profile = "library"
    profile_why: str = ""


def look(root: Path) -> Findings:
    """Looks at a repository's file names and small manifests; nothing is run."""
    found = Findings(root, _safe_name(root.name))
    found.has_git = (root / ".git").exists()
    paths = []
    for number, path in enumerate(_files(root)):
        if number >= _FILE_LIMIT:
            break
        paths.append(path)
        language = _LANGUAGES.get(Path(path).suffix)
        if language:
            found.languages[language] += 1
    _manifests(root, found)
    found.requirements = [path for path in paths if re.fullmatch(r"(.*/)?requirements[\w.-]*\.txt", path) and path.count("/") < 2]
    found.tests = any(re.search(r"(^|/)(tests?|spec)/|(^|/)test_[^/]+\.py$", path) for path in paths)
    by_kind = {
        "pipeline": [p for p in paths if re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.yml", p)],
        "runbook": [p for p in paths if re.search(r"(^|/)[^/]*(runbook|playbook)[^/]*\.md$|(^|/)runbooks/.+\.md$", p, re.IGNORECASE)],
        "access-policy": [p for p in paths if re.search(r"(^|/)(firestore|storage)\.rules$|(^|/)(openapi|swagger)\.(json|ya?ml)$", p)],
        "document": [p for p in paths if re.search(r"(status|readiness|checklist|go-?live|completion)[^/]*\.md$", p, re.IGNORECASE)],
        "coverage": [p for p in paths if re.search(r"(^|/)coverage\.(json|xml)$", p)],
        "test-results": [p for p in paths if re.search(r"(^|/)(junit[^/]*|TEST-[^/]+|test-results?)\.xml$", p)],
        "scan": [p for p in paths if p.endswith(".sarif")],
        "sbom": [p for p in paths if re.search(r"(^|/)s?bom\.(json|xml)$|\.(cdx\.json|cdx\.xml|spdx\.json|spdx)$", p)],
    }
    found.files = {kind: many for kind, many in by_kind.items() if many}
    found.profile, found.profile_why = _profile(root, paths)
    return found


def _files(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(files):
            yield str((Path(folder) / name).relative_to(root))


def _manifests(root: Path, found: Findings) -> None:
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text("utf-8")).get("project", {})
        found.name, found.version = _safe_name(str(project.get("name", found.name))), _text(project.get("version"))
    except (OSError, ValueError):
        pass
    try:
        package = json.loads((root / "package.json").read_text("utf-8"))
        found.name = _safe_name(str(package.get("name", found.name)))
        found.version = found.version or _text(package.get("version"))
    except (OSError, ValueError, AttributeError):
        pass


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.isprintable() else None


def _safe_name(name: str) -> str:
    return re.sub(r"[^\w@/. -]", "-", name)[:200] or "project"


def _profile(root: Path, paths: list[str]) -> tuple[Profile, str]:
    service = [name for name in _SERVICE_FILES if (root / name).is_file()]
    service += [path for path in paths if path.startswith(("k8s/", "helm/", "charts/", "deploy/"))][:1]
    if service:
        return "service", f"{service[0]} says that something is deployed"
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text("utf-8")).get("project", {})
        if project.get("scripts"):
            return "cli", "pyproject.toml declares commands and nothing says that something is deployed"
    except (OSError, ValueError):
        pass
    return "library", "nothing says that something is deployed"


def toml(found: Findings) -> str:
    """Returns a commented ``compliance.toml`` for what was found."""
    lines = [
        "# Written by `compliance init`. Every key is optional but [project] name.",
        "",
        "[project]",
        f"name = {_quote(found.name)}",
    ]
    if found.version:
        lines.append(f'version = {_quote(found.version)}  # or "git-tag": the tag on the commit')
    elif found.has_git:
        lines.append('version = "git-tag"  # the tag on the commit')
    if not found.has_git:
        lines.append('# commit = "<full id>"  # there is no git here: say which commit is judged')
    lines += [
        'release-branch = "main"',
        "# The first environment is where a release is tested, the last is where users are.",
        'environments = ["staging", "production"]',
        f"# {found.profile_why}: proposed, not confirmed.",
        f'profile = "{found.profile}"',
        '# profile-by = "your name"  # confirm the profile: until then the outcome is at most go-with-conditions',
        "",
        "[frameworks]",
        "alpha = true",
        "aei21 = true",
        "release = true",
        "",
    ]
    return "\n".join([*lines, *_collect(found)]) + "\n"


def _collect(found: Findings) -> Iterator[str]:
    if found.has_git:
        yield from ("[collect.source.git]  # state of the checkout, unfinished work in production code", "")
        yield from ("[collect.scan.secrets]  # secrets in the files that git tracks", "")
    if found.languages["Python"]:
        yield from ("[collect.scan.bandit]  # static analysis of the Python code", 'targets = ["."]', 'exclude = [".venv", "tests"]', "")
        if found.requirements:
            yield from (
                "[collect.scan.pip-audit]  # known vulnerabilities of the dependencies",
                f"requirements = {_list(found.requirements)}",
                "",
            )
        elif (found.root / "pyproject.toml").is_file():
            yield from ("[collect.scan.pip-audit]  # known vulnerabilities of the dependencies", 'project = "."', "")
    for kind, paths in found.files.items():
        yield from (f"[collect.{kind}]", f"files = {_list(_patterns(paths))}", "")
    if "test-results" not in found.files:
        yield from (
            "# Test results: let your test command write JUnit XML, and name it here.",
            "# [collect.test-results.command]",
            '# command = ["python", "-m", "pytest", "--junitxml=junit.xml"]',
            '# results = "junit.xml"',
            "",
        )
    if "coverage" not in found.files:
        yield from (
            "# Coverage: when the tests have measured it, a second command writes it down.",
            "# [collect.coverage.command]",
            '# command = ["python", "-m", "coverage", "json", "-q", "-o", "coverage.json"]',
            '# results = "coverage.json"',
            "",
        )
    yield from (
        "# Thresholds and applicability, for example:",
        '# [gates."ALPHA-PF-6"]',
        "# lines-percent = 85",
        "",
        "# [sign]",
        '# key = "release.p12"  # its passphrase comes from COMPLIANCE_SIGN_PASSPHRASE or a prompt',
    )


def _patterns(paths: list[str]) -> list[str]:
    """Returns the paths, or one pattern per folder where a folder holds several."""
    folders = Counter((str(Path(path).parent), Path(path).suffix) for path in paths)
    patterns = []
    for path in paths:
        folder, suffix = str(Path(path).parent), Path(path).suffix
        many = folders[folder, suffix] > 1 and folder != "."
        patterns.append(f"{folder}/*{suffix}" if many else path)
    return list(dict.fromkeys(patterns))


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _list(items: list[str]) -> str:
    return "[" + ", ".join(map(_quote, items)) + "]"
