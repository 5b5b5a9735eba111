"""Looks at a repository: languages, manifests, branches, and files that are evidence. Nothing is run, nothing is written."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from ..errors import ComplianceError
from ..kind import Kind
from ..point import Profile
from ..source import Source
from .ecosystems import ECOSYSTEMS, Ecosystem, Manifest, manifest

_NOT_OURS: Final = frozenset(
    {".git", ".hg", ".svn", ".compliance", ".venv", "venv", "node_modules", "__pycache__", "vendor", ".tox", ".nox", ".gradle", ".idea"}
)
_BUILT: Final = frozenset({"build", "dist", "target", "out", "coverage", "htmlcov", "reports"})
"""Folders that tools write: results lie there, but no source."""
_SAMPLES: Final = re.compile(r"(^|/)(tests?|testdata|fixtures?|specs?|__tests__|examples?|samples?|corpus|docs?)/", re.IGNORECASE)
"""Folders where files that look like results are samples, unless a tool wrote them there just now."""
_TESTS: Final = re.compile(
    r"(^|/)(tests?|spec|__tests__)/|(^|/)test_[^/]+\.py$|_test\.go$|(Test|Tests|IT)\.(java|kt)$|\.(test|spec)\.[jt]sx?$"
)
_SERVICE_FILES: Final = re.compile(
    r"(Dockerfile|Containerfile|Procfile|app\.yaml|apphosting\.yaml|firebase\.json|fly\.toml|serverless\.ya?ml|render\.yaml"
    r"|(docker-)?compose\.ya?ml|Chart\.yaml)$|(k8s|kubernetes|helm|charts|deploy|terraform)/"
)
_FILE_LIMIT: Final = 200_000
_LOOK_LIMIT: Final = 400
"""Files whose content is looked at."""
_SIZE_LIMIT: Final = 64 << 20
"""Bytes of the largest of them."""

_CANDIDATES: Final = (
    r"(^|/)(junit|TEST-|test-?(results?|report)|results?|report|surefire)[^/]*\.xml$|/(test-results|surefire-reports|failsafe-reports)/.*\.xml$",
    r"\.trx$|(nunit|xunit)[^/]*\.xml$|(^|/)(go-?)?tests?[^/]*\.json$|(^|/)(c|cover|coverage)\.(out|txt)$",
    r"(cov|jacoco|lcov|cobertura)[^/]*\.(json|xml|info)$|(^|/)coverage/.*\.(json|xml|info)$",
    r"\.sarif(\.json)?$|(bandit|audit|trivy|grype|semgrep|gitleaks|osv|scan|vuln|zap)[^/]*\.json$|(^|/)gl-[^/]*-report\.json$",
    r"(bom|cdx|cyclonedx|spdx)[^/]*\.(json|xml|spdx)$|\.spdx$",
    r"\.jtl$|(k6|load|perf|locust|artillery|vegeta|jmeter|stats)[^/]*\.(json|csv|txt)$",
    r"\.rules$|(openapi|swagger)[^/]*\.(json|ya?ml)$|(rbac|roles?|access)[^/]*\.ya?ml$",
    r"(alert|rules|prometheus)[^/]*\.ya?ml$|metrics[^/]*\.(prom|txt)$",
    r"audit[^/]*\.(log|jsonl?|ndjson)$",
    r"(risk|privacy|processing|ropa|rotation|rollback|deploy|checkpoint|plan|timeline)[^/]*\.(ya?ml|json|toml)$",
    r"^\.github/workflows/[^/]+\.ya?ml$|^\.gitlab-ci\.yml$",
)
"""Names of files that are worth a look: their content decides."""
_CANDIDATE: Final = re.compile("|".join(_CANDIDATES), re.IGNORECASE)
_BY_NAME: Final = {
    "runbook": re.compile(r"(runbook|playbook)[^/]*\.md$|(^|/)runbooks/.+\.md$", re.IGNORECASE),
    "document": re.compile(
        r"(^|[-_./ ])(status|readiness|checklist|go-?live|sign-?off|post-?mortem|certificate)[^/]*\.md$"
        r"|(release|deployment|project|phase\d*)[-_ ][^/]*(completion|report|plan)[^/]*\.md$",
        re.IGNORECASE,
    ),
}
"""Markdown is Markdown: of these kinds the name says what it is for."""


@dataclass(frozen=True)
class Repository:
    """What a look at a repository found."""

    root: Path
    name: str
    version: str | None
    branch: str | None
    """The branch that is released from; None without git."""
    languages: Mapping[str, int]
    """Source files by language, the most frequent first."""
    files: Mapping[str, Sequence[str]]
    """Files that are evidence, by kind."""
    requirements: Sequence[str]
    """Requirements files of pip."""
    locked: bool
    """Whether there is a ``pylock.toml``."""
    tests: bool
    """Whether there are tests."""
    unreadable: Sequence[str]
    """Manifests that cannot be read."""
    profile: Profile
    why: str
    """Why that profile is proposed."""

    @property
    def ecosystems(self) -> list[Ecosystem]:
        """Its languages with their tools, the most frequent first."""
        found = []
        for name in self.languages:
            entries = [one for one in ECOSYSTEMS if one.name == name]
            found.append(next((one for one in entries if one.fits(self.root)), entries[-1]))
        return found


def look(root: Path, kinds: Mapping[str, Kind]) -> Repository:
    """Looks at a repository."""
    paths = list(_paths(root))
    own, unreadable = manifest(root)
    sources = [path for path in paths if not _BUILT & set(path.split("/")[:-1])]
    suffixes = Counter(PurePosixPath(path).suffix for path in sources)
    counts = Counter({one.name: sum(suffixes[suffix] for suffix in one.suffixes) for one in ECOSYSTEMS})  # entries of one language agree
    profile, why = _profile(sources, own)
    return Repository(
        root=root,
        name=_name(own.name or root.resolve().name),
        version=own.version,
        branch=_branch(root),
        languages={name: count for name, count in counts.most_common() if count},
        files=_evidence(root, paths, kinds),
        requirements=[path for path in sources if re.fullmatch(r"([^/]+/)?requirements[\w.-]*\.txt", path)],
        locked=any(re.fullmatch(r"pylock\.(\w+\.)?toml", path) for path in sources),
        tests=any(_TESTS.search(path) for path in sources),
        unreadable=unreadable,
        profile=profile,
        why=why,
    )


def _paths(root: Path) -> Iterator[str]:
    """Yields the files of a repository, at most `_FILE_LIMIT`, those of others left out."""
    number = 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _NOT_OURS)
        for name in sorted(files):
            number += 1
            if number > _FILE_LIMIT:
                return
            yield (Path(folder) / name).relative_to(root).as_posix()


def _evidence(root: Path, paths: Sequence[str], kinds: Mapping[str, Kind]) -> dict[str, list[str]]:
    """Returns the files whose content is evidence, by kind."""
    candidates = [(path, wanted) for path in paths if (wanted := _wanted(path)) and (not _SAMPLES.search(path) or _written(path))]
    found: dict[str, list[str]] = {}
    for path, wanted in candidates[:_LOOK_LIMIT]:
        for kind in _kinds_of(root / path, kinds, wanted[0]):
            found.setdefault(kind, []).append(path)
    return {kind: found[kind] for kind in kinds if kind in found}


def _wanted(path: str) -> list[str | None]:
    """Returns the kind that a file's name speaks of, None for any kind; nothing when the file is not worth a look."""
    named = [kind for kind, pattern in _BY_NAME.items() if pattern.search(path)]
    return [*named, *([None] if _CANDIDATE.search(path) else [])]


def _written(path: str) -> bool:
    """Whether a file lies where tools write results, or where people keep release documents."""
    return bool(_BUILT & set(path.split("/")[:-1])) or re.match(r"docs?/", path) is not None


def _kinds_of(path: Path, kinds: Mapping[str, Kind], wanted: str | None) -> list[str]:
    from ..reading.recognise import recognise

    try:
        if path.is_symlink() or path.stat().st_size > _SIZE_LIMIT:
            return []
        return [kind.id for kind, _ in recognise(Source.from_path(path), kinds, wanted)]
    except (OSError, ComplianceError):
        return []


def _branch(root: Path) -> str | None:
    """Returns the branch that the remote calls its own, else main or master where one is there, else the current one."""
    from dulwich.errors import NotGitRepository
    from dulwich.refs import Ref
    from dulwich.repo import Repo

    try:
        with Repo.discover(str(root)) as repo:
            heads, _ = repo.refs.follow(Ref(b"refs/remotes/origin/HEAD"))
            heads = [name for name in heads if name.startswith(b"refs/remotes/origin/") and not name.endswith(b"/HEAD")]
            if heads:
                return heads[-1].removeprefix(b"refs/remotes/origin/").decode("utf-8", "replace")
            local = {name.removeprefix(b"refs/heads/").decode("utf-8", "replace") for name in repo.refs if name.startswith(b"refs/heads/")}
            current, _ = repo.refs.follow(Ref(b"HEAD"))
            here = current[-1].removeprefix(b"refs/heads/").decode("utf-8", "replace") if len(current) > 1 else "main"
            return next((name for name in ("main", "master") if name in local), here)
    except (NotGitRepository, KeyError, OSError, ValueError):
        return None


def _profile(paths: Sequence[str], own: Manifest) -> tuple[Profile, str]:
    deployed = [path for path in paths if _SERVICE_FILES.match(path)] or list(_deployed_parts(paths))
    if deployed:
        return "service", f"{deployed[0]} says that something is deployed"
    if own.commands:
        return "cli", "it installs commands, and nothing says that something is deployed"
    return "library", "nothing says that something is deployed"


def _deployed_parts(paths: Sequence[str]) -> Iterator[str]:
    """Yields what says that a part of the repository is deployed: it lies beside the manifest of that part, and is no sample."""
    names = {name for one in ECOSYSTEMS for name in one.manifests} | {"requirements.txt"}
    parts = {folder for folder, _, name in (path.rpartition("/") for path in paths) if name in names}
    for path in paths:
        folder, _, name = path.rpartition("/")
        if folder in parts and _SERVICE_FILES.fullmatch(name) and not _SAMPLES.search(path):
            yield path


def _name(name: str) -> str:
    return re.sub(r"[^\w@/. -]", "-", name)[:200] or "project"
