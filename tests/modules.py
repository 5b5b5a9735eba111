"""Imports the whole package."""

from __future__ import annotations

import importlib
import pkgutil

import compliance


def import_all() -> None:
    """Imports every module, but for those of an extra that is not installed."""
    for module in pkgutil.walk_packages(compliance.__path__, "compliance."):
        if not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
            except ModuleNotFoundError as error:
                if error.name != "psycopg":
                    raise
