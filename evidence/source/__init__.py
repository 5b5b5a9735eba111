"""Source tree: what git says about it, and which work in it is unfinished.

Collected by the collector ``git`` from the checkout, through dulwich (nothing is started). Unfinished work is a marker in a comment of
production code, or a Python function whose body only raises NotImplementedError.
"""

from __future__ import annotations

from compliance.kind import Kind
from compliance.subject import Binding

from .payload import SourceState

KIND = Kind(id="source", title="Source tree", binds_to=Binding.COMMIT, payload=SourceState, judges_tree=True)
