"""The vocabulary of gate commands and actions: what tests, lints, checks types, scans, audits, verifies or measures.

Each table maps a name to what it looks at. A tool with subcommands is a gate only with one of those listed. Tools that rewrite files
unless told otherwise (formatters) need the option that makes them check. What is not listed here is judged by its name (see `words`).
"""

from __future__ import annotations

from typing import Final

from .listing import listed


def _table(**groups: str) -> dict[str, str]:
    return {name: category for category, names in groups.items() for name in names.split()}


TOOLS: Final = _table(
    test="pytest py.test tox nox nose2 unittest jest vitest mocha ava jasmine karma tap tape testcafe phpunit pest paratest "
    "rspec cucumber cucumber-js ctest bats behave robot pabot gotestsum ginkgo schemathesis dredd detox wdio "
    "zap-baseline.py ward trial stestr testem busted kuttl chainsaw goss dgoss pgtap pg_prove prove bashunit shellspec",
    lint="eslint stylelint tslint standard xo htmlhint markdownlint markdownlint-cli markdownlint-cli2 mdl textlint alex cspell "
    "commitlint gitlint flake8 pylint pycodestyle pydocstyle pylama prospector vulture xenon rubocop reek standardrb "
    "erb-lint golint staticcheck revive errcheck ineffassign shellcheck hadolint yamllint ansible-lint tflint actionlint "
    "phpcs phpmd phpcpd ktlint detekt checkstyle clang-tidy cppcheck cpplint protolint codespell typos knip depcheck "
    "depcruise madge publint attw lint-staged vale lychee linkchecker markdown-link-check editorconfig-checker "
    "license-checker interrogate deptry lizard djlint cmakelint luacheck scalastyle jsonlint xmllint check-jsonschema ajv "
    "validate-pyproject check-manifest pymarkdown proselint oxlint dartanalyzer puppet-lint foodcritic cookstyle",
    types="mypy pyright basedpyright pytype dmypy",
    security="bandit pip-audit grype gitleaks trufflehog trufflehog3 detect-secrets-hook secretlint git-secrets whispers checkov "
    "tfsec terrascan kics kube-bench kube-score kubesec kube-linter dockle clair-scanner osv-scanner govulncheck gosec "
    "brakeman bundler-audit cargo-audit retire audit-ci better-npm-audit improved-yarn-audit nsp auditjs dependency-check "
    "dependency-check.sh zap-full-scan.py zap-api-scan.py zap.sh nikto nuclei wapiti sonar-scanner sonar-scanner.bat "
    "njsscan mobsfscan horusec slsa-verifier local-php-security-checker nancy jake lynis trivy-to-sarif zizmor poutine "
    "scorecard semgrep opengrep ggshield hawk stackhawk",
    measure="pa11y pa11y-ci lighthouse artillery locust jmeter vegeta wrk wrk2 hey ab autocannon bundlesize size-limit diff-cover "
    "bombardier undercover codecov coveralls cc-test-reporter codacy-coverage-reporter",
)
"""Tools that are gates whatever their arguments."""

SUBCOMMANDS: Final[dict[str, tuple[str, frozenset[str]]]] = {
    name: (category, frozenset(subcommands.split()))
    for name, category, subcommands in (
        ("go", "test", "test vet"),
        ("cargo", "test", "test clippy audit deny nextest bench vet tarpaulin llvm-cov geiger outdated semver-checks hack"),
        ("dotnet", "test", "test"),
        ("swift", "test", "test"),
        ("flutter", "test", "test analyze"),
        ("dart", "test", "test analyze"),
        ("mix", "test", "test credo dialyzer sobelow deps.audit hex.audit"),
        ("lein", "test", "test kibit eastwood"),
        ("stack", "test", "test"),
        ("cabal", "test", "test"),
        ("deno", "test", "test lint check"),
        ("rails", "test", "test spec"),
        ("bazel", "test", "test coverage"),
        ("bazelisk", "test", "test coverage"),
        ("meson", "test", "test"),
        ("molecule", "test", "test verify lint"),
        ("cypress", "test", "run"),
        ("playwright", "test", "test"),
        ("newman", "test", "run"),
        ("codecept", "test", "run"),
        ("hardhat", "test", "test coverage"),
        ("forge", "test", "test coverage snapshot"),
        ("truffle", "test", "test"),
        ("k6", "measure", "run"),
        ("lhci", "measure", "autorun assert collect"),
        ("nyc", "measure", "check-coverage"),
        ("c8", "measure", "check-coverage"),
        ("golangci-lint", "lint", "run"),
        ("biome", "lint", "check lint ci"),
        ("buf", "lint", "lint breaking"),
        ("spectral", "lint", "lint"),
        ("redocly", "lint", "lint"),
        ("sqlfluff", "lint", "lint"),
        ("pre-commit", "lint", "run"),
        ("prek", "lint", "run"),
        ("lefthook", "lint", "run"),
        ("trunk", "lint", "check"),
        ("reuse", "lint", "lint"),
        ("ct", "lint", "lint lint-and-install"),
        ("helm", "lint", "lint unittest"),
        ("packer", "lint", "validate"),
        ("terraform", "lint", "validate test"),
        ("tofu", "lint", "validate test"),
        ("terragrunt", "lint", "validate"),
        ("conftest", "check", "test verify"),
        ("opa", "check", "test check"),
        ("promtool", "check", "check test"),
        ("amtool", "check", "check-config"),
        ("kubeconform", "check", ""),
        ("kubeval", "check", ""),
        ("inspec", "check", "exec check"),
        ("twine", "check", "check"),
        ("hatch", "test", "test"),
        ("phpstan", "types", "analyse analyze"),
        ("psalm", "types", ""),
        ("vue-tsc", "types", ""),
        ("svelte-check", "types", ""),
        ("flow", "types", "check"),
        ("ty", "types", "check"),
        ("srb", "types", "tc"),
        ("pyre", "types", "check"),
        ("composer", "security", "audit validate"),
        ("snyk", "security", "test code container iac"),
        ("safety", "security", "check scan"),
        ("trivy", "security", "image fs filesystem repo repository rootfs config vm k8s kubernetes sbom"),
        ("codeql", "security", "database"),
        ("bearer", "security", "scan"),
        ("detect-secrets", "security", "audit"),
        ("cosign", "security", "verify verify-attestation verify-blob verify-blob-attestation"),
        ("symfony", "security", "check:security security:check lint"),
        ("bundle-audit", "security", ""),
        ("oscap", "security", "xccdf oval"),
    )
}
"""Tools that are gates with one of these subcommands; none listed: always."""

CHECK_OPTIONS: Final[dict[str, frozenset[str]]] = {
    name: frozenset(options.split())
    for name, options in {
        "prettier": "--check -c -l --list-different",
        "black": "--check --diff",
        "isort": "--check --check-only -c --diff",
        "autoflake": "--check -c --check-diff",
        "autopep8": "--exit-code",
        "yapf": "--diff -d -q",
        "shfmt": "-d --diff",
        "clang-format": "--dry-run -n --Werror",
        "php-cs-fixer": "--dry-run check",
        "pint": "--test",
        "rustfmt": "--check",
        "tsc": "--noEmit --noemit",
        "swiftlint": "lint --strict",
        "swiftformat": "--lint",
        "addlicense": "-check",
        "taplo": "lint --check",
        "buildifier": "--mode=check -mode=check",
        "sphinx-build": "-W linkcheck doctest",
        "coverage": "--fail-under",
    }.items()
}
"""Formatters and the like, which are gates only with one of these words."""

RUNNERS: Final = listed("make gmake just task rake invoke inv mage earthly nox tox gradle gradlew mvn mvnw sbt ant nx turbo lerna moon poe")
"""Programs whose arguments name targets; a target is judged by its name."""
TARGETS: Final = listed("test tests check verify lint detekt ktlintcheck spotlesscheck integration-test surefire:test failsafe:verify")

ACTIONS: Final = _table(
    security="github/codeql-action/analyze aquasecurity/trivy-action aquasecurity/tfsec-action anchore/scan-action "
    "gitleaks/gitleaks-action zricethezav/gitleaks-action trufflesecurity/trufflehog returntocorp/semgrep-action "
    "semgrep/semgrep-action ossf/scorecard-action actions/dependency-review-action bridgecrewio/checkov-action "
    "checkmarx/kics-github-action checkmarx/ast-github-action sonarsource/* snyk/actions pypa/gh-action-pip-audit "
    "pyupio/safety pyupio/safety-action zaproxy/* docker/scout-action veracode/* fossas/fossa-action "
    "google/osv-scanner-action rustsec/audit-check actions-rs/audit-check actions-rust-lang/audit "
    "embarkstudios/cargo-deny-action crazy-max/ghaction-container-scan securego/gosec golang/govulncheck-action "
    "microsoft/security-devops-action azure/container-scan presidentbeef/brakeman stackhawk/hawkscan-action "
    "contrast-security-oss/* whitesource/* bearer/bearer-action shiftleftsecurity/scan-action advanced-security/* "
    "zizmorcore/zizmor-action triat/terraform-security-scan dependency-check/dependency-check_action "
    "gitguardian/ggshield-action sigstore/gh-action-sigstore-python-verify step-security/secure-repo",
    lint="golangci/golangci-lint-action super-linter/super-linter github/super-linter psf/black astral-sh/ruff-action "
    "chartboost/ruff-action pre-commit/action wagoid/commitlint-github-action hadolint/hadolint-action "
    "ludeeus/action-shellcheck oxsecurity/megalinter megalinter/megalinter ibiqlik/action-yamllint dprint/check "
    "rhysd/actionlint py-actions/flake8 davidanson/markdownlint-cli2-action codespell-project/actions-codespell "
    "crate-ci/typos lycheeverse/lychee-action streetsidesoftware/cspell-action wearerequired/lint-action "
    "karancode/yamllint-github-action terraform-linters/tflint amannn/action-semantic-pull-request "
    "gaurav-nelson/github-action-markdown-link-check ansible/ansible-lint creyd/prettier_action creyd/prettier-action "
    "isort/isort-action tj-actions/eslint-changed-files actions-rs/clippy-check fsfe/reuse-action "
    "jbergstroem/hadolint-gh-action r7kamura/rubocop-action stefanzweifel/laravel-pint-action qltysh/qlty-action "
    "bufbuild/buf-lint-action bufbuild/buf-breaking-action stoplightio/spectral-action",
    test="cypress-io/github-action reactivecircus/android-emulator-runner xarantolus/cypress gabrielbb/xvfb-action "
    "coactions/setup-xvfb newman-action/newman rancher/kubectl-test",
    types="jakebailey/pyright-action tsuyoshicho/action-mypy",
    measure="codecov/codecov-action coverallsapp/github-action treosh/lighthouse-ci-action grafana/k6-action grafana/run-k6-action "
    "codacy/codacy-coverage-reporter-action paambaati/codeclimate-action andresz1/size-limit-action "
    "benchmark-action/github-action-benchmark preactjs/compressed-size-action artilleryio/action-cli "
    "barecheck/code-coverage-action irongut/codecoveragesummary deepsourcelabs/test-coverage-action",
)
"""Actions that are gates: ``owner/repo``, a folder of it, or all of an owner's (``owner/*``)."""

SOFT_INPUTS: Final[dict[str, frozenset[str]]] = {
    "fail_ci_if_error": frozenset({"false"}),
    "exit-code": frozenset({"0"}),
    "exit_code": frozenset({"0"}),
    "soft_fail": frozenset({"true"}),
    "soft-fail": frozenset({"true"}),
    "fail-build": frozenset({"false"}),
    "fail_action": frozenset({"false"}),
    "fail-on-error": frozenset({"false"}),
    "fail_on_error": frozenset({"false"}),
    "fail-on-violation": frozenset({"false"}),
    "warn-only": frozenset({"true"}),
    "continue-on-error": frozenset({"true"}),
    "continue_on_error": frozenset({"true"}),
    "ignore-exit-code": frozenset({"true"}),
}
"""Inputs of gate actions with which they report and never fail."""

SOFT_OPTIONS: Final = (
    r"--exit-zero(?:-even-if-changed)?|--soft-fail|--no-fail|--no-error|-Dmaven\.test\.failure\.ignore(?:=true)?|--continue-on-error|"
    r"--exit-code[= ]0|--fail-on[= ]none|--max-warnings[= ]-1|--allow-failures"
)
"""Options of gate commands with which they report and never fail, as a regular expression over the words after the command."""
