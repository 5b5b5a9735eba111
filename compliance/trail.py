"""Ledger entries in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .store.ledger import Entry


def describe(entry: Entry, private: Mapping[str, Any]) -> str:
    """Says in one line what an entry records.

    Args:
        entry: The entry.
        private: Its private values by class, as far as they are known.
    """
    body = entry.body
    match entry.type:
        case "store":
            return f"log {body['origin']}"
        case "evidence":
            name = private.get("paths", {}).get("name", "")
            commit = (body["subject"]["commit"] or "no commit")[:12]
            where = body["subject"]["environment"]
            return f"{body['kind']} {body['format']} {name}  {body['assurance']}, {commit}" + (f", {where}" if where else "")
        case "collection":
            failed = [f"{one['kind']}/{one['collector']}" for one in body["runs"] if one["outcome"] != "ran"]
            return f"{len(body['runs'])} collectors" + (f"; could not run: {', '.join(failed)}" if failed else "")
        case "reparse":
            return ", ".join(f"evidence {one['entry']} superseded by {', '.join(map(str, one['by']))}" for one in body["superseded"])
        case "tombstone":
            return f"purged {', '.join(str(one['entry']) for one in body['erased'])}"
        case "merge":
            counted = ", ".join(f"{number} {word}" for word, number in body["entries"].items() if word != "apart" and number)
            return f"{body['log']}, {body['size']} entries: {counted}"
        case "assessment":
            return f"{body['point']}: {body['outcome']} (evidence: {body['evidence_outcome']}), policy {body['policy_digest'][:12]}"
        case "waiver":
            what = body.get("gate") or "a finding" if body["action"] == "request" else f"W{body['waiver']}"
            end = f", until {body['expires_at'][:10]}" if body["expires_at"] else ""
            return f"{body['action']} {what}{end}{_by(private)}"
        case "sign-off":
            override = " (override)" if body["override"] else ""
            return (
                f"{body['decision']}{override} for {body['role']} at {body['point']}, decision {body['decision_digest'][:12]}{_by(private)}"
            )
        case "condition":
            return f"opened for {body['role']}" if body["action"] == "opened" else f"C{body['condition']} met by #{body['by']}"
        case "packet.rendered" | "packet.issued":
            return f"{body['packet']} at {body['point']}, decision {body['decision_digest'][:12]}, sha256 {body['sha256'][:16]}…"
        case "final.rendered" | "final.signed":
            return f"{body['record']}, decision {body['decision_digest'][:12]}, sha256 {body['sha256'][:16]}…"
        case "packet.received":
            return f"{body['packet']}, signed in {', '.join(body['fields'])}, sha256 {body['sha256'][:16]}…"
        case "report.rendered" | "report.signed":
            return f"sha256 {body['sha256'][:16]}…"
    return ", ".join(f"{name} {value}" for name, value in body.items() if isinstance(value, str) and name not in ("at", "type"))


def _by(private: Mapping[str, Any]) -> str:
    name = private.get("people", {}).get("by")
    return f", by {name}" if name else ""
