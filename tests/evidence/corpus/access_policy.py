"""Access policies: statements of rules files, counted."""

from __future__ import annotations

from . import Answer, Expected, Reading, Refused, Rule

_COUNTED = (
    *("rules_version", "match_blocks", "match_paths", "allow_statements", "functions", "function_names"),
    *("unconditional", "if_true", "if_false", "missing_semicolon", "missing_colon", "open_to_anyone", "allow"),
)


def _firestore_rules(expected: Expected) -> Answer:
    if expected["service"] is None:
        return Refused("not recognised", "rules of another language")
    summary = {name: expected[name] for name in _COUNTED}
    return (Reading("access-policy", "firestore-rules", {**summary, "services": [expected["service"]]}, incomplete=False),)


FORMATS = {"firestore-rules": Rule(("firestore-rules",), _firestore_rules)}
