"""Runs the project's own tests: ``[collect.test-results.command]``."""

from __future__ import annotations

from collections.abc import Iterator

from compliance.collecting.produced import CommandOptions, collect
from compliance.kind import Collected, Collector, Context


def _collect(context: Context) -> Iterator[Collected]:
    return collect(context, "test-results")


command = Collector(
    name="command", title="Runs the project's tests and reads what they write", options=CommandOptions, collect=_collect, alone=True
)
