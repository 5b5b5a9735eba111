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
