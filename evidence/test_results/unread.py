"""Test results that are not read in their own form: what to let the tool write in its place.

Nearly every runner writes JUnit XML, which is read.
"""

from __future__ import annotations

from compliance.kind import Unread

TAP = Unread(
    title="TAP (Test Anything Protocol)",
    marks=("TAP version",),
    instead="JUnit XML, such as node --test --test-reporter=junit, or prove --formatter TAP::Formatter::JUnit",
)
CUCUMBER = Unread(
    title="Cucumber's JSON report", marks=('"elements"', '"keyword"', '"steps"'), instead="JUnit XML: cucumber --format junit:FILE"
)
PYTEST = Unread(
    title="the report of pytest-json-report", marks=("exitcode", "summary", "tests", "root"), instead="JUnit XML: pytest --junit-xml FILE"
)
JEST = Unread(
    title="Jest's or Vitest's JSON report",
    marks=("numTotalTests", "numPassedTests", "testResults"),
    instead="JUnit XML: jest --reporters=jest-junit, or vitest --reporter=junit",
)
MOCHA = Unread(
    title="Mocha's JSON report", marks=("stats.passes", "stats.pending", "tests", "failures"), instead="JUnit XML: mocha --reporter xunit"
)
PLAYWRIGHT = Unread(
    title="Playwright's JSON report",
    marks=("config", "suites", "stats.expected", "stats.unexpected"),
    instead="JUnit XML: playwright test --reporter=junit",
)
ROBOT = Unread(title="Robot Framework's output.xml", marks=("<robot", "generator="), instead="JUnit XML: robot --xunit FILE")
NUNIT_2 = Unread(
    title="test results of NUnit 2",
    marks=("<test-results", "<test-suite", "executed="),
    instead="NUnit 3's form: nunit3-console --result=FILE, or TRX: dotnet test --logger trx",
)
TEAMCITY = Unread(title="messages for TeamCity", marks=("##teamcity[test",), instead="JUnit XML")
