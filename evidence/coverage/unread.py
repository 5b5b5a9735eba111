"""Coverage reports that are not read in their own form: what to let the tool write in its place."""

from __future__ import annotations

from compliance.kind import Unread

LLVM = Unread(
    title="the JSON export of llvm-cov", marks=("data", "type", '"llvm.coverage.json.export"'), instead="LCOV: llvm-cov export -format=lcov"
)
OPEN_COVER = Unread(
    title="OpenCover's XML report",
    marks=("<CoverageSession",),
    instead="Cobertura XML: reportgenerator -reporttypes:Cobertura, or coverlet",
)
SONAR = Unread(
    title="generic coverage data of SonarQube",
    marks=("<coverage", "<lineToCover"),
    instead="the report that it was made from, or Cobertura XML",
)
GCOVR = Unread(title="gcovr's JSON report", marks=('"gcovr/format_version"',), instead="Cobertura XML: gcovr --cobertura FILE")
TARPAULIN = Unread(
    title="tarpaulin's JSON report", marks=("files", '"traces"', '"coverable"'), instead="Cobertura XML: cargo tarpaulin --out Xml"
)
COVERAGE_PY = Unread(
    title="coverage.py's data file",
    marks=("SQLite format 3", "coverage_schema"),
    instead="what is made of it: coverage json, or coverage xml",
)
CLOVER = Unread(
    title="a report in Clover's XML, which PHPUnit and Istanbul write as well",
    marks=("<coverage", "<project", "coveredstatements="),
    instead="Cobertura XML: phpunit --coverage-cobertura FILE; or LCOV: nyc --reporter=lcov",
)
ISTANBUL_SUMMARY = Unread(
    title="Istanbul's summary (coverage-summary.json)",
    marks=("total.lines", "total.statements", '"pct"'),
    instead="LCOV, with the reporter lcov of nyc, c8, Jest or Vitest",
)
ISTANBUL_FINAL = Unread(
    title="Istanbul's raw coverage (coverage-final.json)",
    marks=('"statementMap"', '"fnMap"', '"branchMap"'),
    instead="LCOV, with the reporter lcov of nyc, c8, Jest or Vitest",
)
SIMPLECOV_SET = Unread(
    title="SimpleCov's results (.resultset.json)",
    marks=('"coverage"', '"timestamp"', ".rb"),
    instead="LCOV (simplecov-lcov), or Cobertura XML (simplecov-cobertura)",
)
SIMPLECOV_LAST = Unread(
    title="SimpleCov's last result (.last_run.json)",
    marks=("result.line",),
    instead="LCOV (simplecov-lcov), or Cobertura XML (simplecov-cobertura)",
)
SIMPLECOV_JSON = Unread(
    title="SimpleCov's JSON report",
    marks=("meta.simplecov_version", "coverage"),
    instead="LCOV (simplecov-lcov), or Cobertura XML (simplecov-cobertura)",
)
