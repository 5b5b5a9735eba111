"""Runs the project's own coverage measurement: ``[collect.coverage.command]``."""

from __future__ import annotations

from collections.abc import Iterator

from compliance.collecting.produced import CommandOptions, collect
from compliance.kind import Collected, Collector, Context


def _collect(context: Context) -> Iterator[Collected]:
    return collect(context, "coverage")


command = Collector(
    name="command",
    title="Runs the project's coverage measurement and reads what it writes",
    options=CommandOptions,
    collect=_collect,
    alone=True,
)
