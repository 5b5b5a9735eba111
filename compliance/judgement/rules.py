"""The rules of a judgement as a report carries them, so that whoever has the report can judge its evidence again.

They are what ``compliance.toml`` said to the judgement, and the policy that came of it, whole: the ledger's assessment names that policy
by its digest, so rules that were changed since are found out. Code never comes with a report: the gates are those that are installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from pydantic import Field

from ..configuration import Document, PointTable, ProjectTable
from ..errors import ConfigError
from ..project import Project
from ..record import Json, JsonDocument
from ..role import RoleTable
from ..waiver import WaiversTable
from .assessing import policy_of

SCHEMA: Final = "compliance/rules/v1"


class RulesDocument(JsonDocument):
    """``rules.json``."""

    schema_id: Literal["compliance/rules/v1"] = Field(default=SCHEMA, alias="schema")
    policy: dict[str, Any]
    """What judged: version, digests of the code, and each gate's parameters. SHA-256 of its canonical JSON is the policy digest."""
    project: ProjectTable
    frameworks: dict[str, bool]
    """Every framework that was installed, and whether it was switched on."""
    gates: dict[str, dict[str, Any]]
    """Settings of gates that are not the defaults."""
    points: dict[str, PointTable]
    roles: dict[str, RoleTable]
    """Who may decide; whose signatures are theirs is for the reader to know."""
    waivers: WaiversTable


def rules_of(project: Project, point: str) -> RulesDocument:
    """Returns the rules by which a project is judged at a decision point.

    Raises:
        ConfigError: There is no such point.
        NothingToJudgeError: It asks no gate.
    """
    document = project.document
    return RulesDocument(
        policy=policy_of(project, project.point(point)),
        project=document.project,
        frameworks={name: bool(document.frameworks.get(name, True)) for name in project.catalog.frameworks},
        gates=document.gates,
        points=document.points,
        roles=document.roles,
        waivers=document.waivers,
    )


def under(rules: RulesDocument, reader: Project) -> Project:
    """Returns the project as the rules of a report describe it, with the code and the trust of whoever reads it.

    Args:
        rules: The rules.
        reader: Gives the catalog, and whose signatures count.

    Raises:
        ConfigError: A framework that judged is not installed here.
    """
    known = reader.catalog
    missing = next((name for name, on in rules.frameworks.items() if on and name not in known.frameworks), None)
    if missing is not None:
        raise ConfigError(f"framework {missing}, which judged, is not installed here", hint="verify in a checkout of the project")
    named = rules.frameworks.keys() & known.frameworks.keys()
    catalog = replace(
        known,
        frameworks={name: one for name, one in known.frameworks.items() if name in named},
        gates={name: one for name, one in known.gates.items() if one.framework in named},
    )
    document = Document(
        project=rules.project,
        frameworks={name: on for name, on in rules.frameworks.items() if name in named},
        gates=rules.gates,
        points=rules.points,
        roles=rules.roles,
        waivers=rules.waivers,
        sign=reader.document.sign,
    )
    return replace(reader, document=document, catalog=catalog)


def difference(theirs: Mapping[str, Json], ours: Mapping[str, Json]) -> str | None:
    """Says what of two policies differs first, None where nothing does.

    Args:
        theirs: The policy that judged.
        ours: The one that would judge here, under the same rules.
    """
    version = theirs.get("version")
    if version != ours["version"]:
        return f"compliance-toolkit {version} judged, {ours['version']} is installed"
    parts = [f"{what} {name}" for what in ("engine", "gates", "kinds") for name in _changed(theirs.get(what), ours[what])]
    rest = [name for name in sorted(theirs.keys() | ours.keys()) if theirs.get(name) != ours.get(name)]
    first = next(iter([*parts, *rest]), None)
    return None if first is None else f"compliance-toolkit {version} judged and is installed, but with another {first}"


def _changed(theirs: Any, ours: Any) -> list[str]:
    if not isinstance(theirs, Mapping):
        return []
    return sorted(name for name in theirs.keys() | ours.keys() if theirs.get(name) != ours.get(name))
