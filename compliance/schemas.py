"""JSON Schemas of every JSON document that the toolkit writes or reads in a form of its own; shipped as files in ``schemas/``.

``python -m compliance.schemas`` writes the files anew; a test keeps them current.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from .catalog import shipped
from .documents import Printed, judging, proving, recording  # noqa: F401 (what derives from Printed)
from .reading.jsonmodel import Document
from .reading.recordfile import ProjectRecord, Record
from .record import Json

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
FOLDER: Final = "schemas"


def all_schemas() -> dict[str, dict[str, Json]]:
    """Returns the schemas by name: ``check-v1``, ``ingest-v1``, ``payload-scan``, ``rollback-drill-v1``."""
    from .judgement.rules import RulesDocument
    from .packet.final_model import DecisionRecord, DecisionsFile
    from .packet.model import PacketModel
    from .report.bundle_model import EvidenceBundle, FindingsDocument, LedgerDocument, ProofsDocument
    from .report.json import CheckDocument
    from .report.model import ReportModel

    kinds = shipped().kinds  # imports the modules that define the documents that are read
    attached: list[type[BaseModel]] = [
        CheckDocument,
        ReportModel,
        PacketModel,
        DecisionRecord,
        DecisionsFile,
        EvidenceBundle,
        FindingsDocument,
        LedgerDocument,
        ProofsDocument,
        RulesDocument,
    ]
    models: list[type[BaseModel]] = [*attached, *_leaves(Printed), *_leaves(Document), *_leaves(Record), *_leaves(ProjectRecord)]
    schemas = {}
    for model in models:
        schema = model.model_json_schema(by_alias=True, mode="serialization" if issubclass(model, Printed) else "validation")
        name = str(schema["properties"]["schema"]["const"]).removeprefix("compliance/").replace("/", "-")
        schemas[name] = _headed(name, schema)
    for kind in kinds.values():
        name = f"payload-{kind.id}"
        schemas[name] = _headed(name, kind.payload.model_json_schema())
    return dict(sorted(schemas.items()))


def read(name: str) -> dict[str, Json]:
    """Returns a shipped schema by name."""
    return dict(json.loads(files("compliance").joinpath(FOLDER, f"{name}.json").read_text("utf-8")))


def _leaves(model: type[BaseModel]) -> list[type[BaseModel]]:
    below = model.__subclasses__()
    return [leaf for one in below for leaf in _leaves(one)] if below else [model]


def _headed(name: str, schema: dict[str, Json]) -> dict[str, Json]:
    return {"$schema": DRAFT, "$id": f"urn:compliance:{name}", **schema}


def write(folder: Path) -> None:
    """Writes every schema into a folder, and removes others."""
    folder.mkdir(exist_ok=True)
    wanted = {f"{name}.json": schema for name, schema in all_schemas().items()}
    for path in folder.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, schema in wanted.items():
        (folder / name).write_text(json.dumps(schema, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent / FOLDER)
