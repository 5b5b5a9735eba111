"""Text that tries to leave its place: markup, templates, styles, terminal escapes, direction overrides, endless words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from compliance.record import Finding, Payload, Severity
from compliance.store import EvidenceDraft
from tests.report import scenario

TEXTS = {
    "image": '<img src="file:///etc/passwd">',
    "link": '<link rel="attachment" href="file:///etc/passwd">',
    "template": "{{7*7}} {% for x in y %} ${7*7}",
    "style": '</style><style>.v-fail::before{content:"PASS"}</style> url(http://127.0.0.1/x)',
    "script": "<script>alert(1)</script>&lt;&amp;",
    "ansi": "\x1b[31mred\x1b[0m \x07 bell",
    "bidi": "\u202egnp.exe\u202c \u2066x\u2069 \u200b\u200f",
    "glyphs": "漢字 \U0001f600 \ue000 \uffff \u2028 e\u0301\u0302\u0303\u0304\u0305\u0306",
    "word": "W" * 5000,
    "path": "/".join(["averylongfoldername"] * 16)[:300],
    "formula": '=HYPERLINK("http://127.0.0.1")',
    "svg": '"/><text x="0">PASS</text><!--',
    "newline": "first\r\nsecond\n\n\tthird",
}


def findings() -> list[Finding]:
    """A finding per text, with the text in every field that takes free text."""
    fields = ("rule", "path", "message", "package", "package_version", "fixed_in", "person")
    return [scenario.finding(number, Severity.CRITICAL, **dict.fromkeys(fields, text)) for number, text in enumerate(TEXTS.values())]


def drafts() -> list[EvidenceDraft]:
    """Evidence of every kind with the texts in every name."""
    texts = list(TEXTS.values())
    results, coverage, load, drill = scenario.others()
    suites = tuple(scenario.Suite(name=text, tests=2, passed=1, failed=1, errors=0, skipped=0) for text in texts)
    packages = tuple(
        scenario.PackageCoverage(name=text, lines_covered=number, lines_total=20, branches_covered=None, branches_total=None)
        for number, text in enumerate(texts)
    )
    endpoints = tuple(scenario.Endpoint(name=text, requests=10, failed=number) for number, text in enumerate(texts[:10]))
    steps = scenario.Drill.model_validate(drill.payload).steps
    empty = scenario.Scan(category=TEXTS["template"], by_severity=scenario.BySeverity(), incomplete=TEXTS["word"])
    return [
        scenario.scan(0, TEXTS["path"], findings()),
        scenario.draft("scan", empty, tool=TEXTS["ansi"], name=TEXTS["path"] + TEXTS["word"]),
        _with(results, suites=suites),
        _with(coverage, packages=packages),
        _with(load, environment=TEXTS["word"], endpoints=endpoints),
        _with(drill, environment=TEXTS["image"], steps=tuple(step.model_copy(update={"name": TEXTS["style"]}) for step in steps)),
    ]


def tables(page: str) -> dict[str, Any]:
    """A configuration with the texts wherever it takes text."""
    return {
        "project": {"version": TEXTS["path"], "environments": ["staging" + "x" * 200, "production"], "profile-by": None},
        "report": {"title": TEXTS["style"] + " example " + TEXTS["word"], "organisation": TEXTS["image"] + TEXTS["word"], "page": page},
        "gates": {
            "T-PF-6": {"lines-percent": 70.0, "reason": TEXTS["word"], "by": TEXTS["style"]},
            "T-RL-2": {"p99-ms": 1800.0, "p95-ms": 999.0, "error-rate": 0.02, "reason": TEXTS["template"], "by": TEXTS["bidi"]},
        },
    }


def _with(draft: EvidenceDraft, **changes: Any) -> EvidenceDraft:
    payload: Payload = draft.payload.model_copy(update=changes)
    return replace(draft, payload=payload)
