"""The ways in which release documents write their figures.

A word that is not known keeps a piece of text from fitting, and so the figure from being taken for something that it is not.
"""

from __future__ import annotations

import re
from typing import Final

from .figures import NONE, NUMBER, SEVERITY, WHOLE, Make, Pattern, all_of, coverage, latency, part, recovery, simple, vulnerabilities

_BELOW = r"<=?|below|under|less than|at most|no more than|not more than|up to|max(?:imum)?(?: of)?|within"
_ABOVE = r">=?|above|over|more than|at least|not less than|min(?:imum)?(?: of)?"
_VERBS = r"is|was|were|are|of|at|stays|stayed|remains|remained|has been|reached|averaged|came in at|kept|measured"
_LINK = rf"(?:\s*[:=]|\s+(?:{_VERBS})\b)?"
_APPROX = r"(?P<approx>~|about|approx(?:\.|imately)?|around|nearly|almost|roughly|circa|ca\.)"
_VALUE = rf"{_LINK}\s*(?:(?P<below>{_BELOW})|(?P<above>{_ABOVE})|{_APPROX})?\s*{NUMBER}"
_MS = r"\s*(?P<unit>ms|msecs?|milliseconds?|s|secs?|seconds?)"
_SPAN = r"\s*(?P<unit>min(?:utes?)?|s|secs?|seconds?)"
_PERCENT = r"\s*(?:%|percent|per cent)"
_ARE = r"(?:are |were |is |have )?"
_FOUND = r"(?: found| detected| remain(?:ing)?| left)?"

_TIME = r"(?:latency|latencies|response times?|response|durations?|request times?|request duration|times?)"
_KIND = r"(?:(?:api|http|request|response|latency|overall|total) )*"
_QUANTILE = r"(?P<what>p ?\d{2}(?:\.\d)?|\d{2}th percentile|median)"
_EXTREME = r"(?P<what>mean|average|avg|max(?:imum)?|peak|median)"
_COVERAGE = r"(?P<what>(?:(?:overall|total|unit|test|code|line|branch|statement|automated|average|suite|project) )*coverage)"

_SORTS = r"unit|integration|e2e|end-to-end|smoke|functional|regression|api|ui|backend|frontend|performance|security"
_SORT = rf"(?P<sort>(?:{_SORTS}) )?"
_TEST = r"(?:tests?|test cases|checks)"
_GREEN = r"(?:pass|passed|passing|green|succeeded|succeed|ok|successful)"
_FAIL = r"(?:failed|failing|failures?|fail|broken)"
_OF = r" ?(?:/|of|out of) ?(?:all )?(?:the )?"

_SEVERITIES = rf"(?P<severities>{SEVERITY}(?:\s*(?:/|,|\bor\b|\band\b|&|\+)\s*{SEVERITY})*)(?:[- ]severity| risk)?"
_OPEN = r"(?:(?:known|open|new|remaining|outstanding|unresolved|reported|identified) )*"
_HOLES = r"(?:(?:security|code|dependency) )*(?:vulnerabilit(?:y|ies)|cves?|findings?|issues?|problems?|alerts?)"
_ONLY_HOLES = r"(?:security )?(?:vulnerabilit(?:y|ies)|cves?)"

_USERS = r"(?:(?:virtual|concurrent|simultaneous|parallel|test) )+(?:users?|clients?)|vus?"
_RATE = r" ?(?:rps|reqs?/s(?:ec)?|requests/s(?:ec)?|requests per second|/s)"
_UNTRACKED = r"(?: (?:are )?not (?:in|under) version control| are uncommitted| uncommitted)?"
_IN_CODE = r"(?: in (?:the )?(?:production )?(?:code|source|repository|repo|tree))?"

_TESTS = re.compile(r"\btests?\b|\btesting\b")
_LOAD = re.compile(r"load|performance|stress|traffic|speed|latenc")
_SECURITY = re.compile(r"secur|vulnerab|scan|audit|sast|dependenc")
_GIT = re.compile(r"commit|git|code|change|working tree|version control|branch|repositor")


def _ways(make: Make, *regexes: str, context: re.Pattern[str] | None = None) -> list[Pattern]:
    return [Pattern(re.compile(regex), make, context) for regex in regexes]


PATTERNS: Final[tuple[Pattern, ...]] = (
    *_ways(
        latency,
        rf"{_KIND}{_QUANTILE}(?: {_TIME})?{_VALUE}{_MS}",
        rf"{_TIME} \(?{_QUANTILE}\)?{_VALUE}{_MS}",
        rf"{NUMBER}{_MS} (?:at )?(?:the )?{_QUANTILE}(?: {_TIME})?",
        rf"{_KIND}{_EXTREME} {_TIME}{_VALUE}{_MS}",
    ),
    *_ways(
        simple("error_rate", 0.01),
        rf"{_KIND}(?:error|failure) rate{_VALUE}{_PERCENT}",
        rf"{NUMBER}{_PERCENT} (?:error rate|failure rate|errors|failed requests|of (?:all )?(?:the )?requests (?:failed|fail))",
    ),
    *_ways(
        coverage,
        rf"{_COVERAGE}(?: of (?:the )?(?P<of>lines|branches|code|statements))?{_VALUE}{_PERCENT}",
        rf"{NUMBER}{_PERCENT} {_COVERAGE}",
    ),
    *_ways(
        simple("pass_rate", 0.01),
        rf"(?:test )?pass rate{_VALUE}{_PERCENT}",
        rf"{NUMBER}{_PERCENT} (?:of (?:all )?(?:the )?)?{_SORT}tests? {_ARE}{_GREEN}",
    ),
    *_ways(all_of("tests_passed"), rf"all (?:of )?(?:the )?{NUMBER} {_TEST} {_ARE}{_GREEN}"),
    *_ways(
        part("tests_passed"),
        rf"{NUMBER}{_OF}{WHOLE} {_SORT}{_TEST} {_ARE}{_GREEN}",
        rf"{_SORT}tests?(?: {_GREEN})?{_LINK} ?{NUMBER}{_OF}{WHOLE}(?: {_ARE}{_GREEN})?",
    ),
    *_ways(part("tests_passed"), rf"{NUMBER}{_OF}{WHOLE} {_GREEN}", context=_TESTS),
    *_ways(part("failed_requests"), rf"{NUMBER}{_OF}{WHOLE} requests (?:failed|fail)"),
    *_ways(
        simple("tests"),
        rf"{NONE} {_SORT}tests?(?: cases)?(?: in total| run| executed| were run| in all)?",
        rf"(?:total )?(?:number of )?{_SORT}tests?(?: run| executed)?{_LINK} ?{NUMBER}",
    ),
    *_ways(simple("tests"), rf"(?:tests? )?total(?: tests)?{_LINK} ?{NUMBER}", context=_TESTS),
    *_ways(simple("tests_passed"), rf"{NONE} {_SORT}(?:tests? )?{_ARE}{_GREEN}", rf"(?:tests? )?passed{_LINK} ?{NUMBER}", context=_TESTS),
    *_ways(
        simple("tests_failed"),
        rf"{NONE} {_SORT}(?:tests? )?{_ARE}{_FAIL}(?: tests?)?",
        rf"(?:tests? )?(?:failed|failures?){_LINK} ?{NUMBER}",
        context=_TESTS,
    ),
    *_ways(
        simple("tests_skipped"),
        rf"{NONE} {_SORT}(?:tests? )?{_ARE}skipped(?: tests?)?",
        rf"(?:tests? )?skipped{_LINK} ?{NUMBER}",
        context=_TESTS,
    ),
    *_ways(
        vulnerabilities,
        rf"{NONE} {_OPEN}{_SEVERITIES} {_HOLES}{_FOUND}",
        rf"{_SEVERITIES} {_HOLES}{_LINK} ?{NONE}",
        rf"{NONE} {_OPEN}{_ONLY_HOLES}{_FOUND}",
        rf"{_OPEN}{_ONLY_HOLES}{_LINK} ?{NONE}",
    ),
    *_ways(vulnerabilities, rf"{NONE} {_OPEN}{_SEVERITIES}", context=_SECURITY),
    *_ways(simple("secrets"), rf"{NONE} (?:(?:hard-?coded|leaked|exposed|plain ?text) )*secrets?{_FOUND}{_IN_CODE}"),
    *_ways(simple("critical_errors"), rf"{NONE} critical errors?(?: in (?:the )?logs?)?"),
    *_ways(simple("markers"), rf"{NONE} (?:open )?(?:todos?|fixmes?|todos?/fixmes?|todo markers?){_FOUND}{_IN_CODE}"),
    *_ways(
        simple("availability", 0.01),
        rf"(?:service )?(?:availability|uptime){_VALUE}{_PERCENT}",
        rf"{NUMBER}{_PERCENT} (?:availability|uptime)",
    ),
    *_ways(simple("users"), rf"{NUMBER} (?:{_USERS})"),
    *_ways(simple("users"), rf"{NUMBER} users?", rf"(?:{_USERS}|users?){_LINK} ?{NUMBER}", context=_LOAD),
    *_ways(
        simple("requests"),
        rf"{NUMBER} (?:total )?requests?(?: in total| were (?:sent|made))?",
        rf"(?:total )?requests{_LINK} ?{NUMBER}",
        context=_LOAD,
    ),
    *_ways(simple("failed_requests"), rf"{NONE} (?:failed requests?|requests? failed)", rf"failed requests{_LINK} ?{NUMBER}"),
    *_ways(simple("rps"), rf"(?:throughput|rps|requests per second){_VALUE}(?:{_RATE})?", rf"{NUMBER}{_RATE}"),
    *_ways(
        simple("modified"), rf"{NONE} (?:(?:locally|uncommitted) )?(?:modified|changed|dirty|uncommitted) files?{_UNTRACKED}", context=_GIT
    ),
    *_ways(simple("untracked"), rf"{NONE} (?:new|untracked)(?: files?| ones)?{_UNTRACKED}", context=_GIT),
    *_ways(
        recovery,
        rf"(?:rollback|roll-back|recovery)(?: recovery)?(?: time| took| in)?{_VALUE}{_SPAN}",
        rf"(?:(?P<below>{_BELOW}) ?)?{NUMBER}[ -](?P<unit>minutes?|min) recovery(?: time)?",
    ),
    *_ways(
        simple("readiness", 0.01),
        rf"(?:(?:deployment|production|release|go-live|overall) )*readiness(?: to (?:deploy|release|ship))?(?: score)?{_VALUE}{_PERCENT}",
    ),
    *_ways(
        simple("score"),
        rf"(?:(?:overall|security|quality|compliance|performance|health|risk|confidence) )*score{_VALUE}(?:{_PERCENT}| ?/ ?100| points)?",
    ),
    *_ways(
        simple("progress", 0.01),
        rf"(?:progress|completion|completeness){_VALUE}{_PERCENT}(?: complete(?:d)?| done)?",
        rf"{NUMBER}{_PERCENT} (?:complete(?:d)?|done|finished)",
    ),
)
"""From special to general; the first that fits the whole text counts."""
