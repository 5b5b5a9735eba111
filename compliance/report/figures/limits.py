"""The thresholds that are drawn into figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ...project import Project


class Limits:
    """Thresholds of the gates as this project asks them, by the kind that they read."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def find(self, kind: str, names: Sequence[str], strictest: Callable[[Iterable[float]], float] = min) -> float | None:
        """Returns the strictest parameter of one of these names among the gates that read a kind."""
        found = []
        for setting in self.project.gates.values():
            if kind not in setting.gate.reads or setting.declared:
                continue
            values = setting.params.model_dump(mode="python")
            found += [_limit(name, values[name]) for name in names if values.get(name) is not None]
        return strictest(found) if found else None


def _limit(name: str, value: Any) -> float:
    """Returns a parameter as a number: spans in seconds, percentages as shares of 0 to 1."""
    amount = float(value.total_seconds() if hasattr(value, "total_seconds") else value)
    if name.endswith(("_percent", "_rate")):
        return min(1.0, amount / 100 if name.endswith("_percent") else amount)
    return amount
