"""Runs a scanner of the project's choice: ``[collect.scan.command]``.

Many scanners write neither when they ran nor on which commit (npm audit, for one); of a run of this collector both are known.
"""

from __future__ import annotations

from collections.abc import Iterator

from compliance.collecting.produced import CommandOptions, collect
from compliance.kind import Collected, Collector, Context


def _collect(context: Context) -> Iterator[Collected]:
    return collect(context, "scan")


command = Collector(
    name="command",
    title="Runs a scanner of the project's choice and reads what it writes",
    options=CommandOptions,
    collect=_collect,
    alone=True,
)
