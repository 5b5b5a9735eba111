"""Compliance evidence in, a decision out, proof attached.

::

    from compliance import Project, Store, assess, ingest, render
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import Project as Project
    from .api import Store as Store
    from .api import assess as assess
    from .api import ingest as ingest
    from .api import make_report as make_report
    from .api import render as render

__version__ = "0.1.0"
__all__ = ["Project", "Store", "assess", "ingest", "make_report", "render"]


def __getattr__(name: str) -> Any:
    """Loads the interface when it is first used: a command that needs none of it starts without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import api

    return getattr(api, name)
