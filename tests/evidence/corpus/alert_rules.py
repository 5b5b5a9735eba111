"""Alert rules: groups, alerts and recording rules; promtool counted them."""

from __future__ import annotations

from . import Answer, Expected, Reading, Refused, Rule


def _prometheus_rules(expected: Expected) -> Answer:
    if "yaml_error" in expected:
        return Refused("found character '%'", "a template that is not YAML yet")
    summary = {key: expected[key] for key in ("groups", "alerts", "recording")}
    return (Reading("alert-rules", "prometheus-rules", summary, incomplete=not expected["count"]),)


FORMATS = {"prometheus-rules": Rule(("prometheus-rules",), _prometheus_rules)}
