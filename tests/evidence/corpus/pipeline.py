"""Pipelines: jobs and the edges between them."""

from __future__ import annotations

from . import Answer, Expected, Reading, Refused, Rule


def _github_workflow(expected: Expected) -> Answer:
    if "jobs" not in expected:
        return Refused("not recognised", "YAML of another sort")
    return (Reading("pipeline", "github-workflow", {"jobs": expected["jobs"], "edges": expected["edges"]}),)


FORMATS = {"github-workflow": Rule(("github-workflow",), _github_workflow)}
