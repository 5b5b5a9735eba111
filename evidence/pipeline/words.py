"""Which names, of steps, scripts and targets, speak of a gate.

Names are split into words (``test:e2e``, ``run-tests.sh``, ``TypeCheck``). A *strong* word makes a gate by itself, a *weak* one only
beside the word of a *subject* ("security baseline", "format check"; not "check if the tag exists"). Any *other* word says that the step
does something else with what a gate made ("upload test results", "install test dependencies").
"""

from __future__ import annotations

import re
from typing import Final

from .listing import listed

STRONG: Final = listed(
    "test tests testing unittest unittests spec specs pytest jest lint lints linter linters linting typecheck typechecks "
    "typechecking audit audits scan scans scanning scanner sast dast sca e2e smoke coverage regression benchmark benchmarks "
    "loadtest a11y codeql trivy semgrep gitleaks trufflehog snyk bandit eslint mypy sonarqube sonarcloud lighthouse "
    "shellcheck clippy fuzz fuzzing pentest"
)
WEAK: Final = listed(
    "check checks checking checker gate gates analysis analyze analyse detection detect baseline validate validates "
    "validation verify verifies verification enforce enforcement security compliance quality assessment conformance"
)
SUBJECT: Final = listed(
    "security code format formatting style type types typing health metric metrics header headers quality compliance "
    "license licenses licence licences dependency dependencies vulnerability vulnerabilities secret secrets credential "
    "credentials link links spelling spell api endpoint endpoints accessibility performance latency rollback schema schemas "
    "docs documentation static owasp gdpr privacy integrity todo todos typescript policy policies sbom signature signatures "
    "container supply audit commit commits complexity bundle manifests"
)
OTHER: Final = listed(
    "upload uploads publish publishes download downloads install installs installing setup set prepare preparing cache "
    "caching comment comments notify notification notifications post report reports reporter reporting generate restore "
    "save start stop cleanup clean teardown checkout login create configure config fetch archive annotate annotations "
    "display show print summary summarize log logs merge copy deploy deployment wait seed kill if whether exists exist "
    "changed remove delete down up pull push collect parse results result badge stage warm update upgrade environment env "
    "database db containers services service init initialize postinstall preinstall snapshot build compile"
)
SECURITY: Final = listed(
    "audit audits scan scans scanning scanner sast dast sca security vulnerability vulnerabilities secret secrets "
    "credential credentials codeql trivy semgrep gitleaks trufflehog snyk bandit owasp pentest container sbom supply"
)
LINT: Final = listed(
    "lint lints linter linters linting format formatting style typecheck typechecks typechecking type types typing eslint "
    "mypy shellcheck clippy spelling spell"
)
MEASURE: Final = listed("benchmark benchmarks loadtest performance latency lighthouse coverage metrics")
GENERAL: Final = listed(
    "all the a an of and or for run runs running ci cd pipeline job jobs step steps status final everything pass passed "
    "passes passing success successful ok green done complete completed required ready my our is are have has been unit "
    "integration"
)


def split(name: str) -> list[str]:
    """Splits a name into lower-case words, at punctuation and, besides, at capitals."""
    found: dict[str, None] = {}
    for token in re.findall(r"[A-Za-z0-9]+", name):
        found[token.lower()] = None
        found.update((part.lower(), None) for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", token) if not re.search(r"\d", token))
    return list(found)


def is_gate(name: str) -> bool:
    """Says whether a name speaks of testing, linting, type checking, scanning, auditing, verifying or measuring."""
    words = set(split(name))
    if words & OTHER:
        return False
    return bool(words & STRONG or (words & WEAK and words & SUBJECT))


def category(name: str) -> str:
    """Returns what a gate of this name looks at: security, lint, measure, test or check."""
    words = set(split(name))
    for group, title in ((SECURITY, "security"), (LINT, "lint"), (MEASURE, "measure"), (STRONG, "test")):
        if words & group:
            return title
    return "check"


def specific(name: str) -> set[str]:
    """Returns the words that say what in particular a gate looks at; empty for names such as "all tests passed"."""
    return {word for word in split(name) if word not in GENERAL | STRONG | WEAK or word in SECURITY | LINT | MEASURE}
