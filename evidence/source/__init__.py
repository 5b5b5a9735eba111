"""Source tree: what git says about it, and which work in it is unfinished.

Collected by the collector ``git`` from the checkout, through dulwich (nothing is started). Unfinished work is a marker in a comment of
production code, or a Python function whose body only raises NotImplementedError.
"""

from __future__ import annotations

from collections.abc import Sequence

from compliance.kind import Kind
from compliance.record import Finding
from compliance.subject import Binding

from .payload import SourceState


def _without(state: SourceState, findings: Sequence[Finding]) -> SourceState:
    bodies = sum(one.rule == "not-implemented" for one in findings)
    counts = {"markers": state.markers - len(findings) + bodies, "unimplemented": state.unimplemented - bodies}
    return state.model_copy(update={**counts, "baselined": state.baselined + len(findings)})


KIND = Kind(id="source", title="Source tree", binds_to=Binding.COMMIT, payload=SourceState, without=_without, judges_tree=True)
