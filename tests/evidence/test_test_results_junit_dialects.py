"""JUnit XML as its writers write it: what is a failure, an error, a skip or a pass in each of them; and what is no JUnit."""

from __future__ import annotations

from typing import Any

import pytest

from compliance.errors import InputError

from .helpers import read, recognised

DIALECTS: dict[str, tuple[str, tuple[int, ...], tuple[int | None, ...] | None]] = {
    "googletest": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="4" failures="1" disabled="1" errors="0" time="0.002" timestamp="2024-03-01T10:00:00.123" name="AllTests">
  <testsuite name="Math" tests="4" failures="1" disabled="1" skipped="1" errors="0" time="0.001" timestamp="2024-03-01T10:00:00.123">
    <testcase name="Adds" file="m.cc" line="5" status="run" result="completed" time="0." timestamp="2024-03-01T10:00:00" classname="Math" />
    <testcase name="Fails" file="m.cc" line="9" status="run" result="completed" time="0." classname="Math">
      <failure message="m.cc:10&#x0A;Expected equality" type=""><![CDATA[m.cc:10
Expected equality]]></failure>
      <failure message="m.cc:11" type=""><![CDATA[m.cc:11]]></failure>
    </testcase>
    <testcase name="DISABLED_Later" status="notrun" result="suppressed" time="0." classname="Math" />
    <testcase name="Skips" status="run" result="skipped" time="0." classname="Math" />
  </testsuite>
</testsuites>""",
        (4, 1, 1, 0, 2),
        (4, 1, 0, None),
    ),
    "ctest": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="Linux-c++" tests="4" failures="1" disabled="1" skipped="1" hostname="" time="1" timestamp="2024-03-01T10:00:00">
	<testcase name="a" classname="a" time="0.00215" status="run"><system-out>ok</system-out></testcase>
	<testcase name="b" classname="b" time="0.1" status="fail"><failure message="Failed"/><system-out/></testcase>
	<testcase name="c" classname="c" time="0" status="disabled"><skipped message="Disabled"/><properties/></testcase>
	<testcase name="d" classname="d" time="0" status="notrun"><skipped message="SKIP_RETURN_CODE=4"/></testcase>
</testsuite>""",
        (4, 1, 1, 0, 2),
        (4, 1, None, 2),
    ),
    "catch2": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="tests" errors="1" failures="1" skipped="1" tests="7" hostname="tbd" time="0.01" timestamp="2024-03-01T10:00:00Z">
    <properties><property name="random-seed" value="7"/></properties>
    <testcase classname="tests.global" name="fails" time="0.001" status="run">
      <failure message="1 == 2" type="REQUIRE">FAILED:
  REQUIRE( 1 == 2 )
at a.cpp:5</failure>
    </testcase>
    <testcase classname="tests.global" name="throws" time="0.001" status="run">
      <error message="x" type="TEST_CASE">at a.cpp:9</error></testcase>
    <testcase classname="tests.global" name="skips" time="0" status="run"><skipped type="SKIP">at a.cpp:12</skipped></testcase>
    <testcase classname="tests.global" name="passes/section" time="0" status="run"/>
    <system-out/><system-err/>
  </testsuite>
</testsuites>""",
        (4, 1, 1, 1, 1),
        None,
    ),
    "boost": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testsuite tests="2" skipped="1" errors="1" failures="0" id="0" name="Boost" time="0.01">
<testcase assertions="1" name="good" time="0.001"><system-out><![CDATA[]]></system-out></testcase>
<testcase assertions="0" name="bad" time="0.001"><error message="unexpected exception" type="uncaught exception"><![CDATA[
UNCAUGHT EXCEPTION:
- file   : a.cpp
- line   : 9
]]></error><system-err/></testcase>
<testcase assertions="0" name="off" time="0"><skipped/></testcase>
</testsuite>""",
        (3, 1, 0, 1, 1),
        (2, 0, 1, 1),
    ),
    "surefire with reruns": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="3.0.2"
  name="a.BTest" time="1,203.4" tests="4" errors="1" skipped="0"
  failures="1" flakes="1"
  xsi:noNamespaceSchemaLocation="https://maven.apache.org/surefire/maven-surefire-plugin/xsd/surefire-test-report-3.0.2.xsd">
  <properties><property name="java.version" value="17"/></properties>
  <testcase name="ok" classname="a.BTest" time="0.1"/>
  <testcase name="flaky" classname="a.BTest" time="0.1">
    <flakyFailure message="once" type="java.lang.AssertionError"><stackTrace><![CDATA[trace]]></stackTrace>
    <system-out>x</system-out></flakyFailure>
  </testcase>
  <testcase name="broken" classname="a.BTest" time="0.1">
    <failure message="expected:&lt;1&gt;" type="java.lang.AssertionError"><![CDATA[trace]]></failure>
    <rerunFailure message="again" type="java.lang.AssertionError"><stackTrace>trace</stackTrace></rerunFailure>
  </testcase>
  <testcase name="crashes" classname="a.BTest" time="0"><error type="java.lang.NullPointerException"/><rerunError type="x"/></testcase>
</testsuite>""",
        (4, 2, 1, 1, 0),
        (4, 1, 1, 0),
    ),
    "common test": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testsuites><testsuite hostname="vm" name="x_SUITE" time="1.5" timestamp="2026-03-01T10:00:00"
 errors="0" failures="1" skipped="1" tests="3" log="x">
<testcase name="init_per_suite" time="0.0" log="x"/>
<testcase name="ok" time="0.1" log="x"/>
<testcase group="g" name="init_per_group" time="0.0" log="x"/>
<testcase group="g" name="bad" time="0.1" log="x"><failure message="no" type="crash">trace</failure></testcase>
<testcase group="g" name="end_per_group" time="0.0" log="x"/>
<testcase name="later" time="0.0" log="x"><skipped type="skip" message="later">why</skipped></testcase>
<testcase name="end_per_suite" time="0.0" log="x"/>
</testsuite></testsuites>""",
        (7, 5, 1, 0, 1),
        (3, 1, 0, 1),
    ),
    "qt 5": (
        """<?xml version="1.0" encoding="UTF-8" ?>
<testsuite errors="2" failures="1" tests="5" name="T">
  <properties><property value="5.15.8" name="QTestVersion"/></properties>
  <testcase result="pass" name="initTestCase"/>
  <testcase result="fail" name="compares"><failure message="Compared values are not the same" result="fail"/></testcase>
  <testcase name="later">
    <!-- message="later" type="skip" -->
  </testcase>
  <testcase result="xfail" name="known">
    <!-- message="known" type="info" -->
  </testcase>
  <testcase result="pass" name="cleanupTestCase"/>
  <system-err>
<![CDATA[later]]>
<![CDATA[known]]>
  </system-err>
</testsuite>""",
        (5, 3, 1, 0, 1),
        (5, 1, 2, None),
    ),
    "surefire 2 with reruns": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" name="a.BTest" time="0.4" tests="11" errors="4" skipped="1" failures="3"
  xsi:noNamespaceSchemaLocation="https://maven.apache.org/surefire/maven-surefire-plugin/xsd/surefire-test-report.xsd">
  <testcase name="off" classname="a.BTest" time="0"><skipped/></testcase>
  <testcase name="flaky" classname="a.BTest" time="0.1">
    <flakyFailure type="java.lang.AssertionError"><stackTrace>trace</stackTrace></flakyFailure></testcase>
  <testcase name="breaks once" classname="a.BTest" time="0.1">
    <flakyError type="java.lang.RuntimeException"><stackTrace>trace</stackTrace></flakyError></testcase>
  <testcase name="ok" classname="a.BTest" time="0.1"/>
  <testcase name="fails" classname="a.BTest" time="0.1"><failure type="java.lang.AssertionError">trace</failure>
    <rerunFailure type="java.lang.AssertionError"><stackTrace>trace</stackTrace></rerunFailure></testcase>
  <testcase name="breaks" classname="a.BTest" time="0.1"><error type="java.lang.RuntimeException">trace</error>
    <rerunError type="java.lang.RuntimeException"><stackTrace>trace</stackTrace></rerunError>
    <rerunError type="java.lang.RuntimeException"><stackTrace>trace</stackTrace></rerunError></testcase>
</testsuite>""",
        (6, 3, 1, 1, 1),
        (11, 3, 4, 1),
    ),
    "gradle with retries": (
        """<testsuite name="a.BTest" tests="3" skipped="0" failures="1" errors="0" timestamp="2024-03-01T10:00:00" hostname="h" time="0.3">
  <properties/>
  <testcase name="flaky()" classname="a.BTest" time="0.1"><failure message="no" type="java.lang.AssertionError">trace</failure></testcase>
  <testcase name="flaky()" classname="a.BTest" time="0.1"/>
  <testcase name="ok()" classname="a.BTest" time="0.1"/>
  <system-out><![CDATA[]]></system-out><system-err><![CDATA[]]></system-err>
</testsuite>""",
        (3, 2, 1, 0, 0),
        (3, 1, 0, 0),
    ),
    "phpunit": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="CLI Arguments" tests="3" assertions="3" errors="1" failures="1" skipped="0" time="0.01">
    <testsuite name="ATest" file="/t/ATest.php" tests="3" assertions="3" errors="1" failures="1" skipped="0" time="0.01">
      <testcase name="testA" file="/t/ATest.php" line="9" class="ATest" classname="ATest" assertions="1" time="0.001"/>
      <testsuite name="ATest::testB" tests="2" assertions="2" errors="1" failures="1" skipped="0" time="0.005">
        <testcase name="testB with data set #0" class="ATest" classname="ATest" assertions="1" time="0.001">
          <failure type="PHPUnit\\Framework\\ExpectationFailedException">ATest::testB with data set #0
Failed asserting that 1 is 2.</failure>
        </testcase>
        <testcase name="testB with data set #1" class="ATest" classname="ATest" assertions="1" time="0.001">
          <error type="Exception">boom</error>
        </testcase>
      </testsuite>
    </testsuite>
  </testsuite>
</testsuites>""",
        (3, 1, 1, 1, 0),
        (3, 1, 1, 0),
    ),
    "jest": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="jest tests" tests="3" failures="1" errors="0" time="2.1">
  <testsuite name="sum" errors="0" failures="1" skipped="1" timestamp="2024-03-01T10:00:00" time="1.2" tests="3">
    <testcase classname="sum adds" name="sum adds" time="0.002"></testcase>
    <testcase classname="sum fails" name="sum fails" time="0.002"><failure>Error: expect(received).toBe(expected)
    at Object.&lt;anonymous&gt; (sum.test.js:5:5)</failure></testcase>
    <testcase classname="sum skips" name="sum skips" time="0"><skipped/></testcase>
  </testsuite>
</testsuites>""",
        (3, 1, 1, 0, 1),
        (3, 1, 0, None),
    ),
    "jest with tests to be written": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="jest tests" tests="4" failures="1" errors="0" time="0.205">
  <testsuite name="sum" errors="0" failures="0" skipped="1" timestamp="2026-03-01T10:00:00" time="0.18" tests="2">
    <testcase classname="sum adds" name="sum adds" time="0.001"></testcase>
    <testcase classname="sum later" name="sum later" time="0"></testcase>
    <testcase classname="sum skips" name="sum skips" time="0"><skipped/></testcase>
  </testsuite>
  <testsuite name="sum" errors="0" failures="1" skipped="0" timestamp="2026-03-01T10:00:01" time="0.18" tests="2">
    <testcase classname="sum fails" name="sum fails" time="0.001"><failure>Error: no</failure></testcase>
    <testcase classname="sum subtracts" name="sum subtracts" time="0.001"></testcase>
  </testsuite>
  <testsuite name="product" errors="0" failures="0" skipped="0" timestamp="2026-03-01T10:00:01" time="0.18" tests="0">
    <testcase classname="product later" name="product later" time="0"></testcase>
    <testcase classname="product much later" name="product much later" time="0"></testcase>
  </testsuite>
</testsuites>""",
        (7, 2, 1, 0, 4),
        (4, 1, 0, None),
    ),
    "mocha": (
        """<testsuite name="Mocha Tests" tests="3" failures="0" errors="1" skipped="1"
  timestamp="Fri, 01 Mar 2024 10:00:00 GMT" time="0.012">
<testcase classname="sum" name="adds" time="0.001"/>
<testcase classname="sum" name="fails" time="0.002"><failure>expected 1 to equal 2
AssertionError: expected 1 to equal 2
    at Context.&lt;anonymous&gt; (test.js:5:5)</failure></testcase>
<testcase classname="sum" name="later" time="0"><skipped/></testcase>
</testsuite>""",
        (3, 1, 1, 0, 1),
        (3, 0, 1, 1),
    ),
    "cypress": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="Mocha Tests" time="1.2" tests="2" failures="1">
  <testsuite name="Root Suite" timestamp="2024-03-01T10:00:00" tests="0" file="cypress/e2e/a.cy.js" time="0" failures="0"></testsuite>
  <testsuite name="login" timestamp="2024-03-01T10:00:00" tests="2" time="1.2" failures="1">
    <testcase name="login works" time="0.6" classname="works"></testcase>
    <testcase name="login fails" time="0.6" classname="fails">
      <failure message="Timed out" type="AssertionError"><![CDATA[AssertionError: Timed out]]></failure>
    </testcase>
  </testsuite>
</testsuites>""",
        (2, 1, 1, 0, 0),
        (2, 1, None, None),
    ),
    "bazel": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="pkg/a_test" tests="1" failures="0" errors="1">
    <testcase name="pkg/a_test" status="run" duration="1" time="1"><error message="exited with error code 1"></error></testcase>
      <system-out>
Generated test.log (if the file is not UTF-8, then this may be unreadable):
<![CDATA[log]]>
      </system-out>
    </testsuite>
</testsuites>""",
        (1, 0, 0, 1, 0),
        (1, 0, 1, None),
    ),
    "go-junit-report": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1" skipped="1">
	<testsuite name="pkg" tests="3" failures="1" errors="0" id="0" hostname="h" skipped="1" time="0.5" timestamp="2024-03-01T10:00:00Z">
		<properties><property name="go.version" value="go1.22"></property></properties>
		<testcase name="TestA" classname="pkg" time="0.010"></testcase>
		<testcase name="TestB" classname="pkg" time="0.010"><failure message="Failed"><![CDATA[    a_test.go:9: no]]></failure></testcase>
		<testcase name="TestC" classname="pkg" time="0.000"><skipped message="a_test.go:12: later"></skipped></testcase>
	</testsuite>
</testsuites>""",
        (3, 1, 1, 0, 1),
        (3, 1, None, 1),
    ),
    "robot": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="Suites" tests="3" errors="0" failures="1" skipped="1" time="0.050" timestamp="2024-03-01T10:00:00.000000">
<testsuite name="A" tests="3" errors="0" failures="1" skipped="1" time="0.040" timestamp="2024-03-01T10:00:00.000000">
<testcase classname="Suites.A" name="Passes" time="0.001">
</testcase>
<testcase classname="Suites.A" name="Fails" time="0.001">
<failure message="no" type="AssertionError"/>
</testcase>
<testcase classname="Suites.A" name="Skips" time="0.000">
<skipped message="later" type="SkipExecution"/>
</testcase>
</testsuite>
</testsuite>""",
        (3, 1, 1, 0, 1),
        (3, 1, 0, 1),
    ),
    "behave": (
        """<testsuite name="a.Login" tests="4" errors="0" failures="1" skipped="2" time="0.01"
  timestamp="2024-03-01T10:00:00.1" hostname="h">
<testcase classname="a.Login" name="works" status="passed" time="0.001"><system-out><![CDATA[@scenario.begin]]></system-out></testcase>
<testcase classname="a.Login" name="fails" status="failed" time="0.001">
<failure type="AssertionError" message="no"><![CDATA[no]]></failure></testcase>
<testcase classname="a.Login" name="later" status="skipped" time="0"><skipped /></testcase>
<testcase classname="a.Login" name="never" status="untested" time="0" />
</testsuite>""",
        (4, 1, 1, 0, 2),
        (4, 1, 0, 2),
    ),
    "cunit": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testsuites errors="0" failures="1" tests="2" name="">
	<testsuite errors="0" failures="1" tests="2" name="Suite" package="Suite" time="0.1">
		<testcase assertions="1" classname="Suite" name="a" time="0.0"><system-out></system-out></testcase>
		<testcase assertions="1" classname="Suite" name="b" time="0.0">
			<failure message="CU_ASSERT(0)" type="Failure">
				Condition: CU_ASSERT(0)
			</failure>
		</testcase>
	</testsuite>
</testsuites>""",
        (2, 1, 1, 0, 0),
        (2, 1, 0, None),
    ),
    "nose": (
        """<?xml version="1.0" encoding="UTF-8"?><testsuite name="nosetests" tests="2" errors="1" failures="0" skip="1">
<testcase classname="t.T" name="a" time="0.000">
<skipped type="unittest.case.SkipTest" message="later"><![CDATA[SkipTest: later]]></skipped></testcase>
<testcase classname="t.T" name="b" time="0.000"><error type="exceptions.ValueError" message="no"><![CDATA[Traceback]]></error></testcase>
</testsuite>""",
        (2, 0, 0, 1, 1),
        (2, 0, 1, None),
    ),
    "junit 5": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="JUnit Jupiter" tests="2" skipped="1" failures="0" errors="0" time="0.02" hostname="h" timestamp="2024-03-01T10:00:00">
<properties><property name="x" value="&#10;"/></properties>
<testcase name="a()" classname="a.B" time="0.01">
<system-out><![CDATA[unique-id: [engine:junit-jupiter]/[class:a.B]/[method:a()]]]></system-out>
</testcase>
<testcase name="b()" classname="a.B" time="0"><skipped><![CDATA[void a.B.b() is @Disabled]]></skipped></testcase>
<system-out><![CDATA[x]]></system-out>
</testsuite>""",
        (2, 1, 0, 0, 1),
        (2, 0, 0, 1),
    ),
    "documented example of everything": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="Test run" tests="4" failures="1" errors="1" skipped="1" assertions="20" time="16.082687" timestamp="2021-04-02T15:48:23">
  <testsuite name="Tests.Registration" tests="4" failures="1" errors="1" skipped="1" assertions="20" time="16.08" file="tests/r.code">
    <properties>
      <property name="version" value="1.774" />
      <property name="config">Config line #1
Config line #2</property>
    </properties>
    <system-out>Data written to standard out.</system-out>
    <system-err>Data written to standard error.</system-err>
    <testcase name="testCase1" classname="Tests.Registration" assertions="2" time="2.436" file="tests/r.code" line="24" />
    <testcase name="testCase4"><skipped message="Test was skipped." /></testcase>
    <testcase name="testCase5">
      <properties><property name="step" value="open" /></properties>
      <failure message="Expected value did not match." type="AssertionError"><!-- trace --></failure>
    </testcase>
    <testcase name="testCase6">
      <error message="Division by zero." type="ArithmeticError"><!-- trace --></error><system-out>x</system-out></testcase>
  </testsuite>
</testsuites>""",
        (4, 1, 1, 1, 1),
        (4, 1, 1, 1),
    ),
    "node": (
        """<?xml version="1.0" encoding="utf-8"?>
<testsuites>
	<testcase name="ok" time="0.000561" classname="test" file="/t/a.js"/>
	<testcase name="bad" time="0.001" classname="test" file="/t/a.js" failure="Expected values to be strictly equal: 1 !== 2">
		<failure type="testCodeFailure" message="Expected values to be strictly equal: 1 !== 2">
Error: no
		</failure>
	</testcase>
	<testcase name="skip" time="0.0001" classname="test" file="/t/a.js"><skipped type="skipped" message="true"/></testcase>
	<testsuite name="suite" time="0.0006" disabled="0" errors="0" tests="1" failures="0" skipped="0" hostname="h">
		<testcase name="inner" time="0.0001" classname="test" file="/t/a.js"/>
	</testsuite>
	<!-- tests 4 -->
</testsuites>""",
        (4, 2, 1, 0, 1),
        None,
    ),
    "ant's launcher of junit 5": (
        """<?xml version="1.0" encoding="UTF-8"?><testsuite name="a.B" time="0.1" timestamp="2024-03-01T10:00:00" tests="4" failures="1"
skipped="1" aborted="1"><properties><property name="java.version" value="17"></property></properties>
<testcase classname="a.B" name="ok" time="0.01"></testcase>
<testcase classname="a.B" name="off" time="0.0"><skipped message="later"></skipped></testcase>
<testcase classname="a.B" name="assumes" time="0.0"><aborted message="Assumption failed" type="org.opentest4j.TestAbortedException">
<![CDATA[trace]]></aborted></testcase>
<testcase classname="a.B" name="bad" time="0.0"><failure message="no" type="java.lang.AssertionError"><![CDATA[trace]]></failure></testcase>
</testsuite>""",
        (4, 1, 1, 0, 2),
        (4, 1, None, 2),
    ),
    "eclipse": (
        """<?xml version="1.0" encoding="UTF-8"?>
<testrun name="B" project="p" tests="4" started="3" failures="1" errors="0" ignored="1">
  <testsuite name="a.B" time="0.1">
    <testcase name="ok" classname="a.B" time="0.0"/>
    <testcase name="bad" classname="a.B" time="0.0"><failure>java.lang.AssertionError
    at a.B.bad(B.java:9)</failure></testcase>
    <testcase name="off" classname="a.B" time="0.0" ignored="true"/>
    <testcase name="stopped" classname="a.B" incomplete="true"/>
  </testsuite>
</testrun>""",
        (4, 1, 1, 0, 2),
        (4, 1, 0, 1),
    ),
    "words only": (
        """<testsuite name="s"><testcase name="a" status="passed"/><testcase name="b" status="FAILED"/><testcase name="c" result="error"/>
<testcase name="d" result="Skipped"/><testcase name="e" status="unknown"/><testcase name="f" status="error"><failure/></testcase>
<testcase name="g" status="failed"><skipped/></testcase><testcase name="h" status="failed"><flakyFailure/></testcase></testsuite>""",
        (8, 3, 2, 1, 2),
        None,
    ),
    "cases below the root": (
        '<testsuites name="all" tests="2"><testcase name="a"/><testcase name="b"><failure/></testcase></testsuites>',
        (2, 1, 1, 0, 0),
        (2, None, None, None),
    ),
    "latin 1": (
        '<?xml version="1.0" encoding="ISO-8859-1"?><testsuite name="\u00fcber" tests="1"><testcase name="gr\u00f6\u00dfer"/></testsuite>',
        (1, 1, 0, 0, 0),
        (1, None, None, None),
    ),
}


def encoded(text: str) -> bytes:
    return text.encode("iso-8859-1" if "ISO-8859-1" in text else "utf-8")


@pytest.mark.parametrize("name", DIALECTS)
def test_dialect(name: str) -> None:
    text, counts, declared = DIALECTS[name]
    assert recognised(encoded(text)) == ["junit-xml"]
    found = read("test-results", "junit-xml", encoded(text)).payload.summary()
    assert tuple(found[key] for key in ("tests", "passed", "failed", "errors", "skipped")) == counts
    assert (found["declared"] and tuple(found["declared"].values())) == declared


def test_a_case_without_result_is_skipped_in_qt_5_alone() -> None:
    text = DIALECTS["qt 5"][0]
    assert results(text.replace("QTestVersion", "QtVersion")).skipped == 0
    assert results(text.replace('name="T"', 'name="T" skipped="0"')).skipped == 0


def test_a_list_of_tests_is_no_run() -> None:
    suite = '<testsuite name="A" tests="1"><testcase name="Ok" file="a.cpp" line="2" /></testsuite>'
    text = f'<testsuites tests="1" name="AllTests">{suite}</testsuites>'
    with pytest.raises(InputError, match=r"GoogleTest's list of its tests; expected what a run of them said"):
        results(text)
    assert results(text.replace('"AllTests"', '"all"')).passed == 1
    assert results(text.replace('"AllTests"', '"AllTests" time="0.1"')).passed == 1


def test_jest_s_tests_to_be_written_are_no_run() -> None:
    text = DIALECTS["jest with tests to be written"][0]
    alone = "<testsuites>" + text[text.index('<testsuite name="product"') :]
    found = results(alone)
    assert (found.passed, found.skipped, found.incomplete) == (0, 2, "no test was executed")
    suites = {suite.name: suite for suite in results(text).suites}
    assert (suites["sum"].passed, suites["sum"].skipped, suites["product"].passed) == (2, 2, 0)
    other = text.replace('name="product" errors', 'id="1" name="product" errors')
    assert results(other).passed == 4


def test_messages_and_places_of_findings() -> None:
    seen: dict[str, list[Any]] = {}
    for name, (text, counts, _) in DIALECTS.items():
        findings = read("test-results", "junit-xml", encoded(text)).findings
        assert len(findings) == counts[2] + counts[3]
        seen[name] = [(row.path, row.line, row.message) for row in findings]
    assert seen["googletest"] == [("Math::Fails", 9, "m.cc:10\nExpected equality")]
    assert seen["phpunit"][0] == ("ATest::testB with data set #0", None, "ATest::testB with data set #0")
    assert seen["jest"] == [("sum fails::sum fails", None, "Error: expect(received).toBe(expected)")]
    assert seen["boost"][0][2] == "unexpected exception"
    assert seen["surefire with reruns"][1] == ("a.BTest::crashes", None, "java.lang.NullPointerException")
    assert seen["cases below the root"] == [("b", None, None)]


CTEST = """<testsuite name="Linux-c++" tests="4" failures="0" disabled="1" skipped="2" hostname="" time="0">
<testcase name="a" classname="a" time="0.1" status="run"/><testcase name="b" classname="b" time="0" status="disabled"/>
<testcase name="c" classname="c" time="0" status="notrun"><skipped message="SKIP_RETURN_CODE=4"/></testcase>
<testcase name="d" classname="d" time="0" status="notrun"><skipped message="{}"/></testcase></testsuite>"""


@pytest.mark.parametrize("why", ["Unable to find executable", "Required Files Missing", "Fixture dependency failed"])
def test_what_ctest_could_not_run_is_a_skip_that_keeps_the_run_from_being_good_news(why: str) -> None:
    payload = read("test-results", "junit-xml", CTEST.format(why).encode()).payload
    assert payload.summary()["skipped"] == 3
    assert payload.incomplete == "1 test could not be run, which CTest counts as failures"
    assert read("test-results", "junit-xml", CTEST.format("SKIP_REGULAR_EXPRESSION_MATCHED").encode()).payload.incomplete is None


def test_a_warning_of_phpunit_and_a_test_that_did_not_finish_are_no_good_news() -> None:
    warned = '<testsuite tests="2" warnings="1"><testcase name="a"/><testcase name="b"><warning>no</warning></testcase></testsuite>'
    payload = read("test-results", "junit-xml", warned.encode()).payload
    assert (payload.summary()["passed"], payload.incomplete) == (2, "1 test ended with a warning, which is no success in PHPUnit")
    eclipse = read("test-results", "junit-xml", encoded(DIALECTS["eclipse"][0])).payload
    assert eclipse.incomplete == "1 test did not finish"


def test_a_suite_of_ginkgo_that_did_not_succeed_is_no_good_news() -> None:
    properties = '<properties><property name="SuiteSucceeded" value="{}"></property></properties>'
    text = f'<testsuites tests="1"><testsuite name="S">{properties}<testcase name="a" status="passed"/></testsuite></testsuites>'
    found = read("test-results", "junit-xml", text.format("false").encode()).payload
    assert (found.summary()["passed"], found.incomplete) == (1, "suite S says of itself that it did not succeed")
    assert read("test-results", "junit-xml", text.format("true").encode()).payload.incomplete is None


def results(text: str) -> Any:
    return read("test-results", "junit-xml", text.encode()).payload


def comparable(text: str) -> tuple[Any, ...] | None:
    found = results(text).comparable
    return found and (found.tests, found.failures, found.errors, found.skipped)


def test_subtests_that_pytest_counts_without_cases_are_no_contradiction() -> None:
    suite = '<testsuite name="pytest" errors="0" failures="0" skipped="0" tests="9"><testcase name="a"/></testsuite>'
    text = f'<testsuites name="pytest tests">{suite}</testsuites>'
    found = read("test-results", "junit-xml", text.encode()).payload
    assert found.summary()["declared"] == {"tests": 9, "failures": 0, "errors": 0, "skipped": 0}
    assert comparable(text) == (None, 0, 0, 0)
    assert comparable(text.replace("pytest tests", "other")) is None
    assert comparable(text.replace('"9"', '"0"')) is None
    none = read("test-results", "junit-xml", text.replace('<testcase name="a"/>', "").encode()).payload
    assert none.incomplete == "9 tests are declared, but the file holds no case"


def test_totals_compare_with_the_cases_as_their_writers_count() -> None:
    assert comparable(DIALECTS["boost"][0]) == (3, 0, 1, 1)
    assert comparable(DIALECTS["jest with tests to be written"][0]) == (7, 1, 0, None)
    assert comparable(DIALECTS["mocha"][0]) == (3, 1, 0, 1)
    assert comparable(DIALECTS["qt 5"][0]) == (5, 1, None, None)
    assert comparable(DIALECTS["common test"][0]) == (7, 1, 0, 1)
    assert comparable(DIALECTS["common test"][0].replace(' hostname="vm"', "")) is None
    for name in set(DIALECTS) - {"boost", "common test", "qt 5", "jest with tests to be written", "surefire 2 with reruns", "mocha"}:
        text, _, declared = DIALECTS[name]
        totals = comparable(text)
        assert totals is None or [old or new for old, new in zip(declared or (), totals, strict=True)] == list(totals)


@pytest.mark.parametrize(("tests", "found"), [(11, (6, 1, 1, 1)), (10, None), (12, None), (6, None)])
def test_surefire_2_counts_each_attempt(tests: int, found: tuple[int, ...] | None) -> None:
    text = DIALECTS["surefire 2 with reruns"][0]
    assert comparable(text.replace('tests="11"', f'tests="{tests}"')) == found


def test_a_run_is_green_whose_tests_passed_when_they_were_run_again() -> None:
    cases = DIALECTS["surefire 2 with reruns"][0].split("  <testcase")[1:4]
    text = f'<testsuite name="a" tests="5" errors="1" skipped="1" failures="1">{"".join("<testcase" + case for case in cases)}</testsuite>'
    found = results(text)
    assert (found.tests, found.passed, found.failed, found.errors, found.skipped, found.flaky) == (3, 2, 0, 0, 1, 2)
    assert comparable(text) == (3, 0, 0, 1)


def test_errors_that_a_suite_alone_states_count() -> None:
    answered = '<testsuite name="ok" tests="1" failures="0" errors="0"><testcase name="is 200"/></testsuite>'
    refused = '<testsuite name="refused" tests="0" failures="0" errors="1"></testsuite>'
    text = f'<testsuites name="Newman" tests="1" time="0.1">{answered}{refused}</testsuites>'
    assert results(text).summary()["declared"] == {"tests": 1, "failures": None, "errors": None, "skipped": None}
    assert comparable(text) == (1, 0, 1, None)
    assert comparable(text.replace("<testsuite name", '<testcase name="beside"/><testsuite name', 1)) is None


def test_utf_16_is_read_by_its_byte_order_mark() -> None:
    cases = '<testcase name="\u00fc"/><testcase name="b"><failure/></testcase>'
    text = f'<?xml version="1.0" encoding="UTF-16"?><testsuite tests="2">{cases}</testsuite>'
    data = text.encode("utf-16")
    assert recognised(data) == ["junit-xml"]
    found = read("test-results", "junit-xml", data).payload.summary()
    assert (found["tests"], found["failed"]) == (2, 1)


def test_suites_beside_cases_state_no_duration_of_the_whole() -> None:
    payload = read("test-results", "junit-xml", encoded(DIALECTS["node"][0])).payload.model_dump()
    assert payload["duration_s"] is None
    assert [(suite["name"], suite["tests"]) for suite in payload["suites"]] == [("(unnamed)", 3), ("suite", 1)]


def test_flaky_and_retried() -> None:
    surefire = read("test-results", "junit-xml", encoded(DIALECTS["surefire with reruns"][0])).payload.summary()
    assert (surefire["flaky"], surefire["retried"]) == (1, 0)
    gradle = read("test-results", "junit-xml", encoded(DIALECTS["gradle with retries"][0])).payload.summary()
    assert (gradle["flaky"], gradle["retried"]) == (1, 1)


@pytest.mark.parametrize(
    "data",
    [
        '<test-run id="2" testcasecount="1" result="Passed"><test-suite><test-case result="Passed"/></test-suite></test-run>',
        '<test-results name="a.dll" total="1" errors="0" failures="0"><test-suite/></test-results>',
        '<assemblies><assembly total="1" passed="1"><collection><test name="a" result="Pass"/></collection></assembly></assemblies>',
        '<TestRun id="1" xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results/></TestRun>',
        '<testng-results skipped="0" failed="0" total="1" passed="1"><suite/></testng-results>',
        '<testrun name="a" duration="1"><count name="total" value="1"/><suite name="b"><test name="c" status="passed"/></suite></testrun>',
        "<TestLog><TestSuite/></TestLog>",
        '<testcase name="a"/>',
        '<testExecutions version="1"><file path="a"><testCase name="b" duration="1"/></file></testExecutions>',
        "<html><body><testsuite/></body></html>",
    ],
)
def test_results_of_other_forms_are_not_claimed(data: str) -> None:
    assert "junit-xml" not in recognised(data.encode())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<testsuite>\n<testcase name='a'><failure>\x1b[31mred</failure></testcase></testsuite>", "line 2 column 29: not well-formed"),
        (b"<testsuite>\n<testcase name='&#x1b;'/></testsuite>", "line 2 column 17: reference to invalid character number"),
        (b'<?xml version="1.0" encoding="utf-16"?><testsuite/>', "encoding"),
        (b"<testsuite><testcase name='a'/></testsuite><testsuite/>", "junk after document element"),
        (b"<testsuites><testsuite><testcase name='a'/>", "no element found"),
        (b"<testsuite name='a'><testcase name='a'><![CDATA[", "unclosed CDATA section"),
    ],
)
def test_broken_files_are_refused_with_their_place(data: bytes, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        read("test-results", "junit-xml", data)
    assert reason in caught.value.reason
    assert caught.value.where is not None or "encoding" in reason


def test_a_test_that_node_calls_to_be_done_is_skipped_however_it_ended() -> None:
    """Node counts it as neither passed nor failed, and its exit code is 0 (documentation of ``node:test``, "TODO tests")."""
    cases = """<testcase name="todo" time="0.1" classname="test" failure="1"><skipped type="todo" message="true"/>
      <failure type="testCodeFailure" message="1">x</failure></testcase>
    <testcase name="skip" time="0.1" classname="test"><skipped type="skipped" message="true"/></testcase>
    <testcase name="bad" time="0.1" classname="test"><failure type="testCodeFailure" message="1"/></testcase>"""
    parsed = read("test-results", "junit-xml", f"<testsuites>{cases}</testsuites>".encode())
    payload: Any = parsed.payload
    assert (payload.tests, payload.passed, payload.failed, payload.skipped) == (3, 0, 1, 2)
    assert [one.path for one in parsed.findings] == ["test::bad"]


def test_mocha_declares_failures_as_errors() -> None:
    """``lib/reporters/xunit.js``: ``failures`` is always 0, and a case that failed has a ``failure``."""
    text = """<testsuite name="Mocha Tests" tests="2" failures="0" errors="1" skipped="0" time="0.002">
<testcase classname="a" name="p" time="0"/><testcase classname="a" name="f" time="0"><failure>boom</failure></testcase></testsuite>"""
    payload: Any = read("test-results", "junit-xml", text.encode()).payload
    assert (payload.failed, payload.errors, payload.declared.errors) == (1, 0, 1)
    assert payload.comparable.model_dump() == {"tests": 2, "failures": 1, "errors": 0, "skipped": 0}
