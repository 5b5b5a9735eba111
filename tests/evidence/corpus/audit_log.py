"""Audit logs: events, and lines that are none."""

from __future__ import annotations

from . import Answer, Expected, Reading, Rule


def _jsonl(expected: Expected) -> Answer:
    summary = {"events": expected["count"], "unparsed": expected["nonblank_lines"] - expected["valid_json_lines"]}
    return (Reading("audit-log", "jsonl-log", summary),)


FORMATS = {"jsonl": Rule(("jsonl-log",), _jsonl)}
