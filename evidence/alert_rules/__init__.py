"""Kind of evidence: alert-rules. Which failures raise an alert, after how long, and with which labels for its route.

An alert belongs to a failure mode by the words of its name, of the metrics and matchers in its expression, and of its labels (see
``modes``). Routes are configured in Alertmanager, by the labels of alerts; a rule file shows the labels and no more, so that the label
names are kept and the gate says which of them count as a route.
"""

from __future__ import annotations

from collections import Counter
from typing import Literal

from compliance.kind import Kind
from compliance.record import Json, Model, Payload
from compliance.subject import Binding

Mode = Literal["health", "errors", "latency", "security"]
"""Failure modes that alerts should cover."""


class Alert(Model):
    """One alert rule."""

    group: str
    name: str
    for_s: float | None
    """Seconds for which the expression must hold before the alert fires; None when the rule does not say."""
    keep_firing_for_s: float | None
    severity: str | None
    """Value of the label ``severity``, where the rule or its group sets one."""
    labels: tuple[str, ...]
    """Names of the labels that the rule and its group set."""
    annotated: bool
    """Whether it has any annotation with text."""
    runbook_url: bool
    """Whether it has an annotation ``runbook_url`` with text."""
    modes: tuple[Mode, ...]
    """Failure modes that its words speak of."""


class AlertRules(Payload):
    """One rule file."""

    groups: int
    recording: int
    """Recording rules."""
    alerts: tuple[Alert, ...]

    def summary(self) -> dict[str, Json]:
        """Returns the summary of CONTRACT.md, and how many alerts speak of each failure mode."""
        modes = Counter(mode for alert in self.alerts for mode in alert.modes)
        return {"groups": self.groups, "alerts": len(self.alerts), "recording": self.recording, "modes": dict(sorted(modes.items()))}


kind = Kind(id="alert-rules", title="Alert rules", binds_to=Binding.PROJECT, payload=AlertRules)
