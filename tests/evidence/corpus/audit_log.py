"""Audit logs: events, and lines that are none."""

from __future__ import annotations

from . import Answer, Expected, Reading, Refused, Rule


def _jsonl(expected: Expected) -> Answer:
    summary = {"events": expected["count"], "unparsed": expected["nonblank_lines"] - expected["valid_json_lines"]}
    return (Reading("audit-log", "jsonl-log", summary),)


def _gcp(expected: Expected) -> Answer:
    if not expected["audit_entries"]:
        return Refused("not recognised", "entries without protoPayload are no audit entries")
    return (Reading("audit-log", "gcp-audit-json", {"events": expected["audit_entries"], "unparsed": 0, "gaps": 0}),)


def _cloudtrail(expected: Expected) -> Answer:
    summary = {"events": expected["count"], "unparsed": 0, "chain": "absent"}
    for end in ("first", "last"):
        time = expected[end]
        summary[end] = time if time.endswith("Z") else None  # the toolkit guesses no zone
    return (Reading("audit-log", "cloudtrail-json", summary, incomplete=summary["first"] is None),)


def _k8s(expected: Expected) -> Answer:
    if expected["count"] == expected.get("verbs", {}).get("MISSING"):
        return Refused("not recognised", "an object that says nothing of a request")
    events = expected.get("categories", {}).get("kube-audit", expected["count"])
    return (Reading("audit-log", "k8s-audit-json", {"events": events, "unparsed": 0}),)


def _auditd(expected: Expected) -> Answer:
    summary = {"events": expected["events"], "unparsed": expected["lines"] - expected["records"]}
    if "dropped" in expected["upstream"]:
        summary["gaps"] = expected["upstream"]["dropped"]
    return (Reading("audit-log", "auditd-log", summary, incomplete=False),)


FORMATS = {
    "jsonl": Rule(("jsonl-log",), _jsonl),
    "gcp-audit": Rule(("gcp-audit-json",), _gcp),
    "cloudtrail": Rule(("cloudtrail-json",), _cloudtrail),
    "k8s-audit": Rule(("k8s-audit-json",), _k8s),
    "auditd": Rule(("auditd-log",), _auditd),
}
