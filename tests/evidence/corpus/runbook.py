"""Runbooks: the sections that are there; shell blocks that parse."""

from __future__ import annotations

from . import Answer, Expected, Reading, Refused, Rule


def _runbook(expected: Expected) -> Answer:
    if not expected["headings"]:
        return Refused("not recognised", "an index without headings")
    return (Reading("runbook", "markdown-runbook", {"invalid_commands": []}),)


FORMATS = {"runbook-md": Rule(("markdown-runbook",), _runbook)}
