"""What the kind says."""

from __future__ import annotations

from typing import Annotated

from compliance.record import Json, Model, Payload, Private


class Neutralised(Model):
    """A gate step that cannot fail the pipeline."""

    file: Annotated[str, Private("paths")]
    """Path of the workflow in the repository; empty when it was read from elsewhere."""
    line: int
    """Line of what neutralises the gate (the ``|| true``, the ``continue-on-error``, the comment), counted from 1."""
    what: str
    job: str
    step: str | None
    """Name of the step, else its id, else ``uses``; None for a whole job."""
    pattern: str
    """Which way of neutralising, such as ``|| true`` or ``continue-on-error``."""


class Deploy(Model):
    """A job or step that publishes or deploys."""

    file: Annotated[str, Private("paths")]
    line: int
    job: str
    what: str
    environment: str | None
    """Environment that the job names, an expression as it is written."""
    triggers: tuple[str, ...]
    """Events that reach it, conditions considered; a condition that cannot be evaluated from the file counts as met."""
    on_push_to_main: bool
    """Whether a push to the main branch reaches it without anything else happening; a ``workflow_run`` counts as such a push."""
    gate: str | None
    """What demands a decision before it; None: nothing in the file does."""


class Pipeline(Payload):
    """One workflow file."""

    jobs: int
    edges: int
    """Dependencies between jobs that exist (``needs``), each pair once."""
    triggers: tuple[str, ...]
    job_ids: tuple[str, ...]
    edge_list: tuple[tuple[str, str], ...]
    """(needed job, job that needs it), in the order of the file."""
    neutralised: tuple[Neutralised, ...]
    deploys: tuple[Deploy, ...]
    """Paths to production: everything but what goes to an environment whose name says that it is another one."""
    elsewhere: tuple[Deploy, ...] = ()
    """Deployments to environments whose names say that they are not production (staging, preview, test ...)."""
    unknown_needs: int
    """``needs`` entries that name no job of the file."""
    cycle: bool
    includes: Annotated[tuple[str, ...], Private("paths")] = ()
    """Files of a GitLab pipeline that are included and not read."""

    def summary(self) -> dict[str, Json]:
        """Returns the summary of CONTRACT.md, and how many deployments need no decision."""
        return {
            "jobs": self.jobs,
            "edges": self.edges,
            "neutralised": [{"file": item.file, "line": item.line, "what": item.what} for item in self.neutralised],
            "deploys": len(self.deploys),
            "deploys_on_push_to_main": sum(item.on_push_to_main and item.gate is None for item in self.deploys),
        }
