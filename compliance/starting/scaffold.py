"""Proposes a ``compliance.toml`` for a repository: it works unedited, and says in comments what could be added."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from .repository import Repository

_WORDS: Final = {
    "scan": "scans of code and dependencies",
    "test-results": "test results",
    "coverage": "coverage",
    "sbom": "a bill of materials",
    "pipeline": "a delivery pipeline",
    "document": "release documents",
    "risk-register": "a risk register",
    "runbook": "a runbook",
    "load-test": "a load test",
}
"""What a release needs, for people."""


def toml(found: Repository) -> str:
    """Returns a commented ``compliance.toml`` for what was found."""
    return "\n".join([*_head(found), *_collect(found), *_tail()]) + "\n"


def missing(found: Repository) -> list[str]:
    """Returns, for people, what a release needs and nothing was found for."""
    always = ["test-results", "coverage", "sbom", "pipeline", "document", "risk-register"]
    wanted = [*always, "runbook", "load-test"] if found.profile == "service" else always
    scans = [] if "Python" in found.languages else ["scan"]
    return [_WORDS[kind] for kind in (*scans, *wanted) if kind not in found.files]


def steps(found: Repository) -> list[str]:
    """Returns the three steps that help most."""
    main = found.ecosystems[0] if found.ecosystems else None
    first = "commit compliance.toml" if found.branch else "set [project] commit in compliance.toml"
    proposed = [f"{first}, run `compliance keys create` once, then `compliance release`: it says what is proven so far and writes a report"]
    if "test-results" not in found.files or "coverage" not in found.files:
        command = f"`{main.tests[0]}`" if main and main.tests else "your test command"
        proposed.append(f"let {command} write test results, measure coverage, and name both in compliance.toml (it shows how)")
    if main and main.dependency_scan and "scan" not in found.files:
        proposed.append(f"scan dependencies and code: `{main.dependency_scan[0]}`; compliance.toml shows both")
    proposed.append("confirm the profile: set profile-by in compliance.toml")
    return proposed[:3]


def _head(found: Repository) -> Iterator[str]:
    yield from ("# Written by `compliance init`. Every key is optional but [project] name.", "", "[project]")
    yield f"name = {_quote(found.name)}"
    if found.version:
        yield f'version = {_quote(found.version)}  # or "git-tag": the tag on the commit'
    elif found.branch:
        yield 'version = "git-tag"  # the tag on the commit'
    if not found.branch:
        yield '# commit = "<full id>"  # there is no git here: say which commit is judged'
    yield f"release-branch = {_quote(found.branch or 'main')}"
    if found.profile == "service":
        yield "# The first environment is where a release is tested, the last is where users are."
        yield 'environments = ["staging", "production"]'
    yield f"# {found.why}: proposed, not confirmed."
    yield f'profile = "{found.profile}"'
    yield '# profile-by = "your name"  # confirm the profile: until then the outcome is at most go-with-conditions'
    yield from ("", "[frameworks]", "alpha = true", "aei21 = true", "release = true", "")


def _collect(found: Repository) -> Iterator[str]:
    if found.branch:
        yield from ("[collect.source.git]  # state of the checkout, unfinished work in production code", "")
        yield "[collect.scan.secrets]  # secrets in the files that git tracks"
        yield '# baseline = ".secrets.baseline"  # false alarms: `detect-secrets scan > .secrets.baseline`, then `detect-secrets audit` it'
        yield ""
    if "Python" in found.languages:
        yield from _python(found)
    for kind, paths in found.files.items():
        yield from (f"[collect.{kind}]", f"files = {_list(_patterns(found.root, paths))}", "")
    yield from _proposed(found)


def _python(found: Repository) -> Iterator[str]:
    yield from ("[collect.scan.bandit]  # static analysis of the Python code", 'targets = ["."]')
    tests = [name for name in ("tests", "test") if (found.root / name).is_dir()]
    yield f"exclude = {_list(tests)}" if tests else "# exclude = []"
    yield ""
    source = _dependencies(found)
    if source:
        yield from ("[collect.scan.pip-audit]  # known vulnerabilities of the dependencies", source, "")


def _dependencies(found: Repository) -> str | None:
    if found.locked:
        return 'lock = "."'
    if found.requirements:
        return f"requirements = {_list(found.requirements)}"
    if (found.root / "pyproject.toml").is_file():
        return 'project = "."'
    return None


def _proposed(found: Repository) -> Iterator[str]:
    """Yields, as comments, how to get what is not there."""
    for one in found.ecosystems[:2]:
        for kind, ways in (("test-results", [one.tests]), ("coverage", [one.coverage]), ("scan", [one.code_scan, one.dependency_scan])):
            known = [way for way in ways if way is not None]
            if known and kind not in found.files:
                yield from _way(kind, one.name, known)


def _way(kind: str, language: str, ways: Sequence[tuple[str, str]]) -> Iterator[str]:
    (command, results), *others = ways
    if kind == "scan" and others:
        yield from _scan_ways(language, ways)
    elif others or set("<>*") & set(command + results):
        commands = " and ".join(f"`{one}`" for one, _ in ways)
        yield f"# {_WORDS[kind].capitalize()} ({language}): {commands}, then name what is written."
        yield from (f"# [collect.{kind}]", f"# files = {_list([name for _, name in ways])}", "")
    else:
        yield f"# {_WORDS[kind].capitalize()} ({language}): `compliance collect` runs your command and reads the file that it writes."
        yield from (f"# [collect.{kind}.command]", f"# command = {_list(command.split())}", f"# results = {_quote(results)}", "")


def _scan_ways(language: str, ways: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yields how to scan: few scanners write when and of what they ran, so that one is run here, and of the others it is said by hand."""
    command, results = ways[-1]
    yield f"# {_WORDS['scan'].capitalize()} ({language}): {' and '.join(f'`{one}`' for one, _ in ways)}."
    yield "# `compliance collect` runs one of them; what another one wrote is recorded with"
    yield '# `compliance ingest FILE --commit "$(git rev-parse HEAD)"`, and --observed-at where the file does not say when it was made.'
    words = ["sh", "-c", command] if set("<>*") & set(command) else command.split()
    yield from ("# [collect.scan.command]", f"# command = {_list(words)}", f"# results = {_quote(results)}", "")


def _tail() -> Iterator[str]:
    yield from (
        "# Thresholds and applicability, for example:",
        '# [gates."ALPHA-PF-6"]',
        "# lines-percent = 85",
        "",
        "# [sign]",
        '# key = "release.p12"  # its passphrase comes from COMPLIANCE_SIGN_PASSPHRASE or a prompt',
    )


def _patterns(root: Path, paths: Sequence[str]) -> list[str]:
    """Returns the paths, or one pattern for a folder of which all such files are among them."""
    patterns: list[str] = []
    folders = Counter((one.parent, one.suffix) for one in map(PurePosixPath, paths))
    for path in paths:
        one = PurePosixPath(path)
        pattern = one.parent / f"*{one.suffix}"
        whole = (
            folders[one.parent, one.suffix] > 1
            and one.parent.name
            and len(list(root.glob(str(pattern)))) == folders[one.parent, one.suffix]
        )
        patterns.append(str(pattern) if whole else path)
    return list(dict.fromkeys(patterns))


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _list(items: Sequence[str]) -> str:
    return "[" + ", ".join(map(_quote, items)) + "]"
