"""Parallelised execution: the work was planned as a task graph, and done as planned."""

from __future__ import annotations

from typing import Final

from compliance.gate import Area, declared
from compliance.record import Assurance

PRINCIPLE: Final = "Parallelised execution"

SOUND_PLAN = declared(
    """
    Asks: The release plan has no cycle and no unknown dependency, and every task has an owner and an estimate. The report shows critical
    path, makespan, total work and the parallelism that was achieved.

    Why: A plan with a cycle cannot be carried out, and a task without owner is not.

    Evidence: The release plan (kind `plan`). A stated plan is accepted, and printed as such.

    Fix: Break the named cycle, name owners and estimates, and shorten the critical path before adding people.

    Maps to: NIST SSDF PO.2.1; ISO/IEC 27001:2022 A.5.8.
    """,
    module=__name__,
    id="ALPHA-PE-1",
    statement="The release plan is a sound task graph",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["plan"],
    required=False,
    min_assurance=Assurance.STATED,
)

PLAN_EXECUTED = declared(
    """
    Asks: Every task of the plan is finished, in the order of the dependencies, within 1.5 times its estimate.

    Why: A step that was skipped, or done before what it rests on, proves nothing about the release.

    Evidence: The release plan with the times at which tasks began and ended (kind `plan`). A stated plan is accepted, and printed as such.

    Fix: Finish or strike out the open tasks, repeat those that were done too early, and correct the estimates of the next plan.

    Maps to: SOC 2 CC8.1; ISO/IEC 27001:2022 A.5.8.
    """,
    module=__name__,
    id="ALPHA-PE-2",
    statement="The plan was executed as planned",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["plan"],
    required=False,
    min_assurance=Assurance.STATED,
)
