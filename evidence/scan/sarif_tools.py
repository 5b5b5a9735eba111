"""What a tool that writes SARIF looks for: SARIF itself does not say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from . import Category
from .masking import about_secrets
from .sarif_model import Rule
from .sarif_rules import security_severity

_KNOWN: dict[Category, str] = {
    "sast": """
        appscan bandit bearer binskim brakeman checkmarx checkmarxone clang clang-tidy codeql contrast-scan coverity cppcheck
        datadog-static-analyzer devskim
        find-security-bugs findsecbugs flawfinder fortify gosec horusec infer insider joern kiuwan klocwork mobsf mobsfscan
        njsscan nodejsscan opengrep phan polyspace progpilot psalm pvs-studio qodana security-code-scan securitycodescan
        contrast-security hcl-appscan lgtm-com micro-focus-fortify microfocus-fortify octoscan poutine
        semgrep snyk-code snykcode sonarcloud sonarlint sonarqube spotbugs svace veracode zizmor
    """,
    "sca": """
        black-duck blackduck bundler-audit cargo-audit dependabot dependency-check endor-labs govulncheck grype jfrog-xray
        mend nancy nexus-iq npm-audit osv-scanner owasp-dependency-check pip-audit retire retire-js safety snyk snyk-cli
        snyk-open-source socket sonatype trivy whitesource xray yarn-audit
    """,
    "secrets": """
        credential-scanner credentialscanner
        credentialdigger credscan detect-secrets ggshield git-secrets gitguardian gitleaks kingfisher noseyparker secretlint talisman
        trufflehog whispers
    """,
    "dast": """
        acunetix arachni burp burp-suite invicti nikto nuclei owasp-zap restler schemathesis stackhawk w3af wapiti zap
        zed-attack-proxy
    """,
    "container": """
        anchore aqua clair docker-scout dockle prisma-cloud snyk-container twistcli
    """,
    "iac": """
        checkmarx-kics defsec kubeaudit kubesec
        cfn-lint cfn-nag checkov conftest datree hadolint kics kube-linter kubelinter kube-score kubescape snyk-iac template-analyzer
        templateanalyzer terrascan tflint
        tfsec trivy-config
    """,
    "licence": """
        fossa licensee reuse scancode
    """,
}
"""Names of tools by what they look for, in lower case with hyphens between words."""

_CATEGORIES: dict[str, Category] = {name.replace("-", " "): category for category, names in _KNOWN.items() for name in names.split()}

_RULE_NAMES: dict[str, Category] = {
    "OsPackageVulnerability": "container",
    "OS Package Vulnerability": "container",
    "LanguageSpecificPackageVulnerability": "sca",
    "Programming Language Vulnerability": "sca",
    "Other Vulnerability": "sca",
    "Misconfiguration": "iac",
    "Secret": "secrets",
    "License": "licence",
}
"""How Trivy names its rules (``pkg/report/sarif.go``; before 0.19 in words, with the type of package behind them in parentheses), whatever
its scanners looked for: the first that occurs is what a run is about."""
_ADVISORY = re.compile(r"(CVE|GHSA|PYSEC|OSV|RUSTSEC|GO|MAL|GMS|SNYK|DSA|USN|RHSA|ALAS|TEMP)-\w", re.IGNORECASE)
_WEAKNESS = re.compile(r"\bCWE\b|cwe-?\d|owasp|\bsecurity\b|vulnerab", re.IGNORECASE)
_BANDIT_PASSWORDS = ("B105", "B106", "B107")


def known_category(tool: str) -> Category | None:
    """Returns what a tool looks for, by its name in any spelling (``Semgrep OSS`` is ``semgrep``); None for a tool that is not known."""
    words = re.sub(r"[^a-z0-9]+", " ", tool.lower()).split()
    for length in range(len(words), 0, -1):
        found = _CATEGORIES.get(" ".join(words[:length]))
        if found is not None:
            return found
    return None


def marks_all(tool: str) -> bool:
    """Whether a tool writes a suppression into each of its results: Grype before 0.33 did, of its open matches."""
    return tool.startswith("Anchore Container Vulnerability Report")


def category_by_names(rules: Iterable[Rule], otherwise: Category) -> Category:
    """Returns what a run is about by the names of its rules, where all of them are among those that Trivy gives."""
    names = {rule.name.partition(" (")[0] if isinstance(rule.name, str) else None for rule in rules}
    if not names <= _RULE_NAMES.keys():
        return otherwise
    return next((category for name, category in _RULE_NAMES.items() if name in names), otherwise)


def category_of_rules(rules: Sequence[Rule], named: Iterable[str], weaknesses: bool) -> Category | None:
    """Returns what a tool that is not known looks for, as far as its rules tell.

    Args:
        rules: The rules that the run lists.
        named: Ids of rules that its results name.
        weaknesses: Whether its results themselves name weaknesses or security severities.

    Returns:
        ``sca`` when all rules are advisories, ``secrets`` when all are about secrets, ``sast`` when any names a weakness or says that it is
        about security; None when nothing tells: a linter, say.
    """
    ids = {rule.id for rule in rules if rule.id} | set(named)
    if ids and all(_ADVISORY.match(rule_id) for rule_id in ids):
        return "sca"
    if rules and all(is_secret_rule(rule.id or "", rule) for rule in rules):
        return "secrets"
    return "sast" if weaknesses or any(_names_weakness(rule) for rule in rules) else None


def _names_weakness(rule: Rule) -> bool:
    if security_severity(rule.properties) is not None:
        return True
    targets = [relation.target.tool_component for relation in rule.relationships or () if relation.target]
    return any(_WEAKNESS.search(text) for text in (*tags_of(rule), *(target.name or "" for target in targets if target)))


def tags_of(rule: Rule) -> list[str]:
    """Returns the words that a rule is filed under: ``tags``, ``cwe``, ``category`` of its properties."""
    properties = rule.properties or {}
    values = [properties.get(name) for name in ("tags", "cwe", "CWE", "category", "cwe_ids")]
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return [item for item in flat if isinstance(item, str)]


def is_secret_rule(rule_id: str, rule: Rule | None) -> bool:
    """Whether results of this rule show a secret: by its id or its tags (CWE-259, CWE-321, CWE-798)."""
    return rule_id in _BANDIT_PASSWORDS or about_secrets(rule_id, *(tags_of(rule) if rule else ()))
