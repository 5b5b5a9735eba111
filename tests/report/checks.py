"""Checks in memory, for the forms in which they are shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compliance.assessment import Assessment, Spot
from compliance.gate import Inputs, Params, Place, Reason, Verdict, failed, not_assessed, passed
from compliance.report.checked import Checked
from tests.world import DOC, item, judged, make_gate, make_project

HOSTILE = (
    "a|b <img src=x onerror=alert(1)> [x](javascript:y) @octocat #12 `code` **bold** http://evil.example www.evil.example \x1b[31m\nnew"
)


def _fails(_: Inputs, __: Params) -> Verdict:
    places = [Place("src/app.py:7", "eval"), Place("src/other.py:9", "exec"), Place("/api/health", "503"), Place("tests::b", "failed")]
    return failed("2 findings are open", observed={"high": 2}, threshold={"high": 0}, places=places)


def _unknown(_: Inputs, __: Params) -> Verdict:
    return not_assessed(Reason.MISSING, "no scan of this commit")


def _holds(_: Inputs, __: Params) -> Verdict:
    return passed("none", observed=0, threshold=0)


def assessment() -> Assessment:
    for judge in (_fails, _unknown, _holds):
        judge.__doc__, judge.__module__ = DOC, "policies.alpha.test"
    gates = [
        make_gate(_fails, "T-1"),
        make_gate(_unknown, "T-2"),
        make_gate(_holds, "T-3"),
        make_gate(_fails, "T-4", required=False),
        make_gate(_holds, "T-5", service_only=True),
        make_gate(_fails, "T-6"),
    ]
    settings: dict[str, dict[str, Any]] = {"T-6": {"applicable": False, "reason": "not built", "by": "Ada"}}
    found = judged(make_project(*gates, settings=settings), item(1))
    return found.model_copy(update={"because": "Two gates are red."})


def checked(root: Path, found: Assessment | None = None) -> Checked:
    (root / "src").mkdir(exist_ok=True)
    for name in ("src/app.py", "src/other.py", "compliance.toml"):
        (root / name).touch()
    return Checked(assessment=found or assessment(), root=root, top=root, configuration=root / "compliance.toml")


def hostile(found: Assessment, amount: int = 1) -> Assessment:
    """The same with untrusted text wherever some can stand, and many gates."""
    red = found.gates[0].model_copy(
        update={
            "title": HOSTILE,
            "message": HOSTILE,
            "fix": HOSTILE,
            "observed": {HOSTILE: HOSTILE},
            "places": (Spot(where=HOSTILE, what=HOSTILE),) * 30,
        }
    )
    gates = tuple(red.model_copy(update={"id": f"H-{number}"}) for number in range(amount))
    subject = found.subject.model_copy(update={"project": HOSTILE, "version": HOSTILE})
    return found.model_copy(update={"gates": gates, "subject": subject, "because": HOSTILE})
