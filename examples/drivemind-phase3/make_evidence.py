"""Writes the long files of this example again: ``python make_evidence.py``. The other files are written by hand.

Counts and times are those of the founding document and of the same project's published test records; the names of suites, tests and
files are made up. The same bytes come out each time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

HERE = Path(__file__).parent
COMMIT = "e000000000000000000000000000000020250920"
"""Made up, as in compliance.toml."""
NOTE = "Reconstructed example (see README.md)"

LIB = (("reads", "writes", "rejects", "retries"), ("a complete record", "an empty record", "a record twice", "a record of another user"))
API = (("answers", "keeps its shape for", "logs", "limits"), ("a signed-in user", "an anonymous visitor", "an expired session"))
VIEW = (("renders", "updates", "stays accessible"), ("with data", "without data", "while loading"))
Words = tuple[tuple[str, ...], tuple[str, ...]]

SUITES: dict[str, tuple[int, int, int, Words, str]] = {
    # file: tests, failed, skipped, words of the tests' names, message of the failures
    "src/lib/auth/session.test.ts": (14, 0, 0, LIB, ""),
    "src/lib/auth/token.test.ts": (12, 0, 0, LIB, ""),
    "src/lib/firebase/admin.test.ts": (11, 0, 0, LIB, ""),
    "src/lib/firestore/users.test.ts": (13, 0, 0, LIB, ""),
    "src/lib/drive/client.test.ts": (15, 0, 0, LIB, ""),
    "src/lib/drive/duplicates.test.ts": (16, 0, 0, LIB, ""),
    "src/lib/scan/queue.test.ts": (12, 3, 0, LIB, "expected 'failed' to be 'finished'"),
    "src/lib/metrics/histogram.test.ts": (9, 0, 0, LIB, ""),
    "src/app/api/health/route.test.ts": (8, 0, 0, API, ""),
    "src/app/api/metrics/route.test.ts": (8, 0, 0, API, ""),
    "src/app/api/about/route.test.ts": (5, 0, 0, API, ""),
    "src/app/api/auth/status/route.test.ts": (10, 5, 0, API, "expected 500 to be 200"),
    "src/app/api/scan/route.test.ts": (9, 4, 0, API, "expected 500 to be 202"),
    "src/components/dashboard.test.tsx": (9, 0, 1, VIEW, ""),
    "src/components/file-list.test.tsx": (8, 0, 0, VIEW, ""),
    "src/components/sign-in.test.tsx": (6, 0, 0, VIEW, ""),
}
"""165 tests: 152 pass, 12 fail, 1 is skipped."""

ACTIONS = (
    ("10:00:00", "phase.opened"),
    ("10:05:00", "project.examined"),
    ("10:10:00", "deployment.reported"),
    ("10:21:00", "build.tested"),
    ("10:26:00", "staging.attempted"),
    ("10:30:00", "load.tested"),
    ("10:35:00", "package.built"),
    ("10:40:00", "safety.checked"),
    ("10:45:00", "phase.closed"),
)
"""The action log of the document: times of 2025-09-20, UTC."""


def junit() -> str:
    """Returns the test results as Vitest writes them, without durations: none are known."""
    rows = SUITES.values()
    tests, failed = sum(row[0] for row in rows), sum(row[1] for row in rows)
    lines = [
        '<?xml version="1.0" encoding="UTF-8" ?>',
        f"<!-- {NOTE}: counts are known, names are made up, durations are left out. -->",
        f'<testsuites name="vitest tests" tests="{tests}" failures="{failed}" errors="0">',
    ]
    for file, row in SUITES.items():
        counts = f'tests="{row[0]}" failures="{row[1]}" errors="0" skipped="{row[2]}"'
        lines.append(f'    <testsuite name="{file}" timestamp="2025-09-20T10:21:00.000Z" {counts}>')
        lines += _cases(file, row)
        lines.append("    </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _cases(file: str, row: tuple[int, int, int, Words, str]) -> Iterator[str]:
    tests, failed, skipped, (verbs, objects), message = row
    names = [f"{file.split('/')[-2]} > {verb} {object_}" for object_ in objects for verb in verbs]
    for number, name in enumerate(names[:tests]):
        start = f'        <testcase classname="{file}" name={quoteattr(name)}'
        if number < failed:
            text = quoteattr(f"AssertionError: {message}")
            yield f'{start}><failure message={text} type="AssertionError"></failure></testcase>'
        elif number >= tests - skipped:
            yield f"{start}><skipped/></testcase>"
        else:
            yield f"{start}/>"


def audit_trail() -> str:
    """Returns a trail that calls itself immutable: each record names a hash, and no hash can be computed from its record."""
    lines = []
    previous = "0" * 64
    for number, (time, event) in enumerate(ACTIONS, start=1):
        digest = hashlib.sha256(f"{NOTE}: not the hash of record {number}".encode()).hexdigest()
        record = {
            "seq": number,
            "timestamp": f"2025-09-20T{time}Z",
            "event": event,
            "actor": "CX-Orchestrator",
            "immutable": True,
            "prev_hash": previous,
            "hash": digest,
            "note": NOTE,
        }
        lines.append(json.dumps(record))
        previous = digest
    return "\n".join([*lines, ""])


def main() -> None:
    """Writes the files."""
    for name, text in (("junit.xml", junit()), ("audit-trail.jsonl", audit_trail())):
        (HERE / "evidence" / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
