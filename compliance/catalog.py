"""Finds kinds, gates and reports: shipped, from entry points, or in folders of the user's project.

Nothing is registered by hand: every `Kind`, `Format`, `Unread`, `Collector`, `Framework` and `Gate` that a module defines counts. A
folder of ``evidence/`` is one kind; the formats and collectors in its modules are that kind's.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from .errors import CatalogError
from .gate import Framework, Gate, broken_gate
from .kind import Collector, Format, Kind, Unread
from .reading.mapping import mapped

KINDS_GROUP = "compliance.evidence"
"""Entry point group of packages that add kinds."""
POLICIES_GROUP = "compliance.policies"
"""Entry point group of packages that add frameworks."""

T = TypeVar("T")


@dataclass(frozen=True)
class Catalog:
    """What is installed."""

    kinds: Mapping[str, Kind]
    frameworks: Mapping[str, Framework]
    gates: Mapping[str, Gate]

    @property
    def formats(self) -> dict[str, tuple[Kind, Format]]:
        """Formats by name, each with its kind; a format of several kinds stands under ``name`` for the first of them."""
        found: dict[str, tuple[Kind, Format]] = {}
        for kind in self.kinds.values():
            for format_ in kind.formats:
                found.setdefault(format_.name, (kind, format_))
        return found

    @property
    def service_kinds(self) -> frozenset[str]:
        """Kinds that only gates of services read."""
        read = {only: {kind for gate in self.gates.values() if gate.service_only is only for kind in gate.reads} for only in (True, False)}
        return frozenset(read[True] - read[False])


@cache
def shipped() -> Catalog:
    """Returns the catalog of what this installation carries: its own content and that of entry points."""
    kinds = _kinds([importlib.import_module("compliance.evidence"), *_plugins(KINDS_GROUP)])
    frameworks, gates = _policies([importlib.import_module("compliance.policies"), *_plugins(POLICIES_GROUP)])
    return Catalog(kinds, frameworks, gates)


def load(evidence: Sequence[Path] = (), policies: Sequence[Path] = ()) -> Catalog:
    """Returns the shipped catalog plus folders of the user's project.

    Args:
        evidence: Folders whose modules and sub-folders are kinds.
        policies: Folders, each of which is a framework.

    Raises:
        CatalogError: A module cannot be imported, or an id is used twice.
    """
    catalog = shipped()
    if not evidence and not policies:
        return catalog
    kinds = _merge("kind", catalog.kinds, _kinds([_import_folder(folder) for folder in evidence]))
    frameworks, gates = _policies([_import_folder(folder) for folder in policies], own=True)
    return Catalog(kinds, _merge("framework", catalog.frameworks, frameworks), _merge("gate", catalog.gates, gates))


def _kinds(packages: Iterable[ModuleType]) -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for package in packages:
        for top in _submodules(package):
            modules = [top, *_submodules(top)]
            own = [kind for module in modules for kind in _defined(module, Kind)]
            if len(own) > 1:
                raise CatalogError(f"{top.__name__} defines {len(own)} kinds; expected one")
            if own:
                formats = tuple(item for module in modules for item in _defined(module, Format))
                collectors = tuple(item for module in modules for item in _defined(module, Collector))
                unread = tuple(item for module in modules for item in _defined(module, Unread))
                doc = own[0].doc or top.__doc__ or ""
                kind = replace(own[0], formats=(*formats, mapped(own[0])), collectors=collectors, unread=unread, doc=doc)
                found = _merge("kind", found, {kind.id: kind})
    return found


def _policies(packages: Iterable[ModuleType], *, own: bool = False) -> tuple[dict[str, Framework], dict[str, Gate]]:
    """Finds frameworks and their gates.

    Args:
        packages: Packages of frameworks, or frameworks themselves.
        own: They are the user's: a module of them that cannot be imported becomes a gate that says so, and the others are judged.
    """
    frameworks: dict[str, Framework] = {}
    gates: dict[str, Gate] = {}
    for package in packages:
        for top in [package] if _defined(package, Framework) else _submodules(package):
            for framework in _defined(top, Framework):
                frameworks = _merge("framework", frameworks, {framework.id: replace(framework, doc=top.__doc__ or "")})
                modules, broken = _modules(top, framework) if own else ([top, *_submodules(top)], [])
                found = [*broken, *(gate for module in modules for gate in _defined(module, Gate))]
                for gate in sorted(found, key=lambda gate: _place(framework, gate)):
                    gates = _merge("gate", gates, {gate.id: replace(gate, framework=framework.id, package=package.__name__)})
    ordered = dict(sorted(frameworks.items(), key=lambda one: (one[1].order, one[0])))
    rank = {name: number for number, name in enumerate(ordered)}
    return ordered, dict(sorted(gates.items(), key=lambda one: rank[one[1].framework]))


def _modules(top: ModuleType, framework: Framework) -> tuple[list[ModuleType], list[Gate]]:
    """Imports the modules of a user's framework; for each that cannot be imported, a gate stands."""
    modules, broken = [top], []
    for info in pkgutil.iter_modules(getattr(top, "__path__", [])):
        try:
            modules.append(_import(lambda name=f"{top.__name__}.{info.name}": importlib.import_module(name), info.name))
        except CatalogError as error:
            broken.append(broken_gate(f"{framework.id}/{info.name}", str(error)))
    return modules, broken


def _place(framework: Framework, gate: Gate) -> tuple[int, list[tuple[int, str]]]:
    """Orders gates by principle, then by id, numbers within ids counting as numbers."""
    order = framework.principles
    place = order.index(gate.principle) if gate.principle in order else len(order)
    return place, [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", gate.id)]


def _defined(module: ModuleType, type_: type[T]) -> list[T]:
    """Returns the values of a type that the module itself defines, in the order of their definition; imported ones do not count."""
    values = [value for value in vars(module).values() if isinstance(value, type_)]
    if issubclass(type_, Gate):
        return [value for value in values if getattr(value, "module", None) == module.__name__]
    return values


def _submodules(package: ModuleType) -> Iterator[ModuleType]:
    for info in pkgutil.iter_modules(getattr(package, "__path__", [])):
        yield _import(lambda name=f"{package.__name__}.{info.name}": importlib.import_module(name), info.name)


def _plugins(group: str) -> Iterator[ModuleType]:
    for point in entry_points(group=group):
        yield _import(point.load, point.value)


def _import_folder(folder: Path) -> ModuleType:
    name = f"_compliance_{folder.name}_{abs(hash(folder.resolve())):x}"
    if name in sys.modules:
        return sys.modules[name]
    init = folder / "__init__.py"
    if not init.is_file():
        raise CatalogError(f"{folder}: no __init__.py", hint="a folder of kinds or gates is a Python package")
    spec = importlib.util.spec_from_file_location(name, init, submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None:
        raise CatalogError(f"{folder}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader = spec.loader
    _import(lambda: loader.exec_module(module), str(folder))
    return module


def _import(load: Callable[..., T], name: str) -> T:
    try:
        return load()
    except CatalogError:
        raise
    except Exception as error:
        raise CatalogError(f"{name}: {type(error).__name__}: {error}", hint="correct or remove this module") from error


def _merge(what: str, known: Mapping[str, T], new: Mapping[str, T]) -> dict[str, T]:
    twice = sorted(known.keys() & new.keys())
    if twice:
        raise CatalogError(f"{what} {twice[0]} is defined twice", hint="ids are unique across all that is installed")
    return {**known, **new}
