"""Reports of scanners that are not read in their own form: what to let the tool write in its place.

Nearly all of them write SARIF as well, which says the same and is read.
"""

from __future__ import annotations

from compliance.kind import Unread

CHECKOV = Unread(title="Checkov's JSON report", marks=('"check_type"', '"failed_checks"'), instead="its SARIF report: checkov -o sarif")
TFSEC = Unread(title="tfsec's JSON report", marks=("results", '"rule_provider"', '"long_id"'), instead="its SARIF report: tfsec -f sarif")
KICS = Unread(
    title="KICS' JSON report",
    marks=("kics_version", "queries", "severity_counters"),
    instead="its SARIF report: kics scan --report-formats sarif",
)
HADOLINT = Unread(
    title="Hadolint's JSON report", marks=('"code"', '"level"', '"column"', '"file"'), instead="its SARIF report: hadolint -f sarif"
)
GOSEC = Unread(title="gosec's JSON report", marks=("Issues", "Stats", '"Golang errors"'), instead="its SARIF report: gosec -fmt sarif")
BRAKEMAN = Unread(
    title="Brakeman's JSON report", marks=("scan_info.brakeman_version", "warnings"), instead="its SARIF report: brakeman -f sarif"
)
NUCLEI = Unread(
    title="Nuclei's JSON lines", marks=('"template-id"', '"info"', '"matched-at"'), instead="its SARIF report: nuclei -sarif-export FILE"
)
DEPENDENCY_CHECK_JSON = Unread(
    title="the JSON report of OWASP Dependency-Check",
    marks=("reportSchema", "scanInfo", "projectInfo", "dependencies"),
    instead="its SARIF report: dependency-check --format SARIF",
)
DEPENDENCY_CHECK_XML = Unread(
    title="the XML report of OWASP Dependency-Check",
    marks=("<analysis", "dependency-check", "<scanInfo"),
    instead="its SARIF report: dependency-check --format SARIF",
)
GOVULNCHECK = Unread(
    title="govulncheck's JSON stream", marks=('"protocol_version"', '"scanner_name"'), instead="its SARIF report: govulncheck -format sarif"
)
SNYK = Unread(
    title="Snyk's JSON report",
    marks=('"vulnerabilities"', '"dependencyCount"', '"packageManager"'),
    instead="its SARIF report: snyk test --sarif-file-output=FILE",
)
SNYK_IAC = Unread(
    title="Snyk's JSON report on configuration",
    marks=('"infrastructureAsCodeIssues"', '"targetFile"'),
    instead="its SARIF report: snyk iac test --sarif-file-output=FILE",
)
ZAP_XML = Unread(title="ZAP's XML report", marks=("<OWASPZAPReport", "<site"), instead="its JSON report: zap-baseline.py -J FILE")
CARGO_AUDIT = Unread(
    title="cargo-audit's JSON report",
    marks=("lockfile", "vulnerabilities", "database", '"dependency-count"'),
    instead="the report of a tool that audits the same lock file: osv-scanner --format json",
)
BUNDLER_AUDIT = Unread(
    title="bundler-audit's JSON report",
    marks=("created_at", "results", '"gem"', '"advisory"'),
    instead="the report of a tool that audits the same lock file: osv-scanner --format json",
)
TRUFFLEHOG = Unread(
    title="TruffleHog's JSON lines",
    marks=('"SourceMetadata"', '"DetectorName"'),
    instead="the report of Gitleaks or detect-secrets on the same sources",
)
TRUFFLEHOG_2 = Unread(
    title="JSON lines of TruffleHog 2",
    marks=('"stringsFound"', '"commitHash"'),
    instead="the report of Gitleaks or detect-secrets on the same sources",
)
SAFETY = Unread(
    title="Safety's JSON report",
    marks=("report_meta", "scanned_packages", "vulnerabilities"),
    instead="the report of a tool that audits the same: pip-audit -f json",
)
ESLINT = Unread(
    title="ESLint's JSON report",
    marks=('"filePath"', '"messages"', '"errorCount"', '"warningCount"'),
    instead="its SARIF report: eslint -f @microsoft/eslint-formatter-sarif",
)
PYLINT = Unread(
    title="Pylint's JSON report",
    marks=('"message-id"', '"symbol"', '"type"', '"module"'),
    instead="the report of a scanner: it checks style, and says nothing about security",
)
RUFF = Unread(
    title="Ruff's JSON report",
    marks=('"noqa_row"', '"end_location"', '"code"'),
    instead="its SARIF report: ruff check --output-format sarif",
)
GOLANGCI = Unread(
    title="golangci-lint's JSON report",
    marks=("Issues", "Report.Linters"),
    instead="its SARIF report: golangci-lint run --output.sarif.path FILE",
)
CHECKSTYLE = Unread(
    title="a report in Checkstyle's XML, which many linters write",
    marks=("<checkstyle", "version="),
    instead="the tool's SARIF report, if it is a scanner",
)
SPOTBUGS = Unread(title="the XML report of SpotBugs", marks=("<BugCollection", "version="), instead="its SARIF report: spotbugs -sarif")
PMD = Unread(title="PMD's XML report", marks=("<pmd", "version="), instead="its SARIF report: pmd check -f sarif")
CODE_QUALITY = Unread(
    title="a Code Quality report of GitLab or Code Climate",
    marks=('"check_name"', '"fingerprint"', '"location"', '"severity"'),
    instead="the tool's own report, or its SARIF report",
)
COMPOSER = Unread(
    title="Composer's audit",
    marks=("advisories", "abandoned"),
    instead="the report of a tool that audits the same lock file: osv-scanner --format json",
)
DOTNET = Unread(
    title="the list of dotnet list package",
    marks=("parameters", "projects", '"frameworks"'),
    instead="the report of a tool that audits the same packages: osv-scanner --format json",
)
ANCHORE = Unread(
    title="Anchore's JSON report", marks=("imageDigest", "vulnerability_type", "vulnerabilities"), instead="Grype's report: grype -o json"
)
CLAIR = Unread(
    title="Clair's JSON report",
    marks=("manifest_hash", "package_vulnerabilities", "vulnerabilities"),
    instead="the report of Trivy or Grype on the same image, as JSON",
)
