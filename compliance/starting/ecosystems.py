"""What projects of a language look like: their manifests, and how their tools write results that can be read.

Only what `compliance init` proposes; nothing here is run.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import InputError

MANIFEST_LIMIT: Final = 4 << 20
"""Bytes of the largest manifest that is read."""


@dataclass(frozen=True)
class Manifest:
    """What a project says of itself."""

    name: str | None = None
    version: str | None = None
    commands: bool = False
    """Whether it installs commands."""


@dataclass(frozen=True)
class Ecosystem:
    """A language with its tools.

    Args:
        name: Name of the language, for people.
        suffixes: Ends of the names of its source files.
        manifests: Files in the project's folder that name it and its version, and how each is read.
        tests: Command that writes test results as JUnit XML, and the file or pattern where they lie then.
        coverage: The same for coverage.
        code_scan: Command of a static analysis whose results are read.
        dependency_scan: Command that audits dependencies and whose results are read.
        uses: Words in a manifest that tell which of several entries of one language it is; the last entry needs none.
    """

    name: str
    suffixes: tuple[str, ...]
    manifests: Mapping[str, Callable[[Path], Manifest]]
    tests: tuple[str, str] | None = None
    coverage: tuple[str, str] | None = None
    code_scan: tuple[str, str] | None = None
    dependency_scan: tuple[str, str] | None = None
    uses: str = ""

    def fits(self, root: Path) -> bool:
        """Tells whether the manifests in a folder are those of this entry."""
        try:
            texts = [_text(root / name) for name in self.manifests if (root / name).is_file()]
        except (OSError, ValueError):
            return False
        return any(self.uses in text for text in texts)


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(MANIFEST_LIMIT).decode("utf-8-sig")


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) and value.isprintable() and 0 < len(value.strip()) <= 200 else None


def _table(value: Any, *names: str) -> Mapping[str, Any]:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _pyproject(path: Path) -> Manifest:
    document = tomllib.loads(_text(path))
    project, poetry = _table(document, "project"), _table(document, "tool", "poetry")
    name, version = (_string(project.get(key)) or _string(poetry.get(key)) for key in ("name", "version"))
    return Manifest(name, version, bool(project.get("scripts") or poetry.get("scripts")))


def _setup_cfg(path: Path) -> Manifest:
    import configparser

    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(_text(path))
    except configparser.Error as error:
        raise ValueError(str(error)) from error
    name, version = (_string(parser.get("metadata", key, fallback=None)) for key in ("name", "version"))
    entry_points = parser.get("options.entry_points", "console_scripts", fallback="")
    return Manifest(name, None if version and ":" in version else version, bool(entry_points.strip()))


def _package_json(path: Path) -> Manifest:
    document = _table(json.loads(_text(path)))
    return Manifest(_string(document.get("name")), _string(document.get("version")), bool(document.get("bin")))


def _go_mod(path: Path) -> Manifest:
    found = re.search(r"^module\s+\"?([^\s\"]+)", _text(path), re.MULTILINE)
    name = re.sub(r"/v\d+$", "", found[1]).rpartition("/")[2] if found else None
    return Manifest(_string(name), None, (path.parent / "main.go").is_file() or (path.parent / "cmd").is_dir())


def _pom(path: Path) -> Manifest:
    from ..reading.xmltree import events

    own: dict[str, str] = {}
    depth = 0
    with path.open("rb") as stream:
        for event, element, _ in events(stream):
            depth += 1 if event == "start" else -1
            if event == "end" and depth == 1:
                own[element.tag.rpartition("}")[2]] = (element.text or "").strip()
    version = own.get("version", "")
    return Manifest(_string(own.get("artifactId")), None if "${" in version or version.endswith("-SNAPSHOT") else _string(version))


def _gradle(path: Path) -> Manifest:
    found = re.search(r"^\s*rootProject\.name\s*=\s*['\"]([^'\"]+)['\"]", _text(path), re.MULTILINE)
    return Manifest(_string(found[1]) if found else None)


def _cargo(path: Path) -> Manifest:
    package = _table(tomllib.loads(_text(path)), "package")
    return Manifest(_string(package.get("name")), _string(package.get("version")), (path.parent / "src" / "main.rs").is_file())


def _composer(path: Path) -> Manifest:
    document = _table(json.loads(_text(path)))
    return Manifest(_string(document.get("name")), _string(document.get("version")), bool(document.get("bin")))


def _unnamed(_: Path) -> Manifest:
    return Manifest()


_SEMGREP: Final = ("semgrep scan --sarif -o semgrep.sarif", "semgrep.sarif")
_SCRIPTS: Final = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".vue")
_JVM: Final = (".java", ".kt", ".scala")

ECOSYSTEMS: Final = (
    Ecosystem(
        "Python",
        (".py",),
        {"pyproject.toml": _pyproject, "setup.cfg": _setup_cfg},
        tests=("python -m coverage run --branch -m pytest --junitxml=junit.xml", "junit.xml"),
        coverage=("python -m coverage json -q -o coverage.json", "coverage.json"),
    ),
    *(
        Ecosystem(
            "JavaScript",
            _SCRIPTS,
            {"package.json": _package_json},
            tests=(command, "junit.xml"),
            coverage=(coverage, "coverage/lcov.info"),
            code_scan=_SEMGREP,
            dependency_scan=("npm audit --json > npm-audit.json", "npm-audit.json"),
            uses=uses,
        )
        # vitest and jest run transformed code: measured from outside (c8) it is not seen, and what is left looks well covered
        for uses, command, coverage in (
            (
                '"vitest"',
                "npx vitest run --reporter=junit --outputFile=junit.xml",
                "npx vitest run --coverage.enabled --coverage.reporter=lcov --coverage.reportOnFailure",
            ),
            ('"jest"', "npx jest --reporters=jest-junit", "npx jest --coverage --coverageReporters=lcov"),
            ('"mocha"', "npx mocha --reporter xunit --reporter-option output=junit.xml", "npx c8 --reporter=lcov npx mocha"),
            ("", "node --test --test-reporter=junit --test-reporter-destination=junit.xml", "npx c8 --reporter=lcov node --test"),
        )
    ),
    Ecosystem(
        "Go",
        (".go",),
        {"go.mod": _go_mod},
        tests=("gotestsum --junitfile junit.xml -- ./...", "junit.xml"),
        coverage=("go test -coverprofile=cover.out ./...", "cover.out"),
        code_scan=("gosec -fmt sarif -out gosec.sarif ./...", "gosec.sarif"),
        dependency_scan=("osv-scanner scan --format json --output osv.json .", "osv.json"),
    ),
    Ecosystem(
        "Java",
        _JVM,
        {"settings.gradle": _gradle, "settings.gradle.kts": _gradle, "build.gradle": _unnamed, "build.gradle.kts": _unnamed},
        tests=("gradle test", "build/test-results/test/*.xml"),
        coverage=("gradle jacocoTestReport", "build/reports/jacoco/test/jacocoTestReport.xml"),
        code_scan=_SEMGREP,
        dependency_scan=("trivy fs --format json -o trivy.json .", "trivy.json"),
    ),
    Ecosystem(
        "Java",
        _JVM,
        {"pom.xml": _pom},
        tests=("mvn test", "target/surefire-reports/TEST-*.xml"),
        coverage=("mvn jacoco:report", "target/site/jacoco/jacoco.xml"),
        code_scan=_SEMGREP,
        dependency_scan=("trivy fs --format json -o trivy.json .", "trivy.json"),
    ),
    Ecosystem(
        "Rust",
        (".rs",),
        {"Cargo.toml": _cargo},
        tests=("cargo nextest run --profile ci", "target/nextest/ci/junit.xml"),
        coverage=("cargo llvm-cov --lcov --output-path lcov.info", "lcov.info"),
        code_scan=_SEMGREP,
        dependency_scan=("osv-scanner scan --format json --output osv.json .", "osv.json"),
    ),
    Ecosystem(
        "PHP",
        (".php",),
        {"composer.json": _composer},
        tests=("vendor/bin/phpunit --log-junit junit.xml", "junit.xml"),
        coverage=("vendor/bin/phpunit --coverage-cobertura coverage.xml", "coverage.xml"),
        code_scan=_SEMGREP,
        dependency_scan=("osv-scanner scan --format json --output osv.json .", "osv.json"),
    ),
    Ecosystem("C#", (".cs",), {}),
    Ecosystem("Ruby", (".rb",), {}),
    Ecosystem("C and C++", (".c", ".h", ".cc", ".cpp", ".hpp"), {}),
)
"""A project may be of several languages; of several entries of one, the first that fits is its own, else the last."""


def manifest(root: Path) -> tuple[Manifest, list[str]]:
    """Reads the manifests in a folder.

    Returns:
        What they say together, the first that says something before the others; and names of those that cannot be read.
    """
    found, unreadable = Manifest(), []
    for name, read in {name: read for one in ECOSYSTEMS for name, read in one.manifests.items()}.items():
        if not (root / name).is_file():
            continue
        try:
            one = read(root / name)
        except (OSError, ValueError, InputError, RecursionError):
            unreadable.append(name)
            continue
        found = Manifest(found.name or one.name, found.version or one.version, found.commands or one.commands)
    return found, unreadable
