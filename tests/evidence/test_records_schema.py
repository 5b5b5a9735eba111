"""The JSON Schemas of hand-written records: what `read` accepts they accept, and they refuse what a schema can refuse."""

from __future__ import annotations

import importlib
from typing import Any

import jsonschema
import pytest

from compliance.errors import InputError
from compliance.reading import yamltext

from .helpers import read
from .test_plan_plan_yaml import PLAN
from .test_records_access_policy import ACCESS_POLICY
from .test_records_checkpoint import CHECKPOINT
from .test_records_deployment import ATTEMPT, DEPLOYMENT
from .test_records_drill import DRILL
from .test_records_privacy import PRIVACY
from .test_records_risk_register import REGISTER
from .test_secret_rotation import RECORD as SECRETS

MODELS = {
    "rollback-drill": ("rollback_drill", "RollbackDrillRecord"),
    "checkpoint": ("checkpoint", "CheckpointRecord"),
    "deployment": ("deployment", "DeploymentRecord"),
    "access-policy": ("access_policy.record", "AccessPolicyRecord"),
    "plan": ("plan.plan_yaml", "PlanDocument"),
    "risk-register": ("risk_register", "RiskRegisterRecord"),
    "privacy": ("privacy", "PrivacyRecord"),
    "secret-rotation": ("secret_rotation.record", "SecretRotationRecord"),
}
FORMATS = {"plan": "plan-yaml"}
"""Names of the formats that are not ``record-yaml``."""
EXAMPLES = [
    ("rollback-drill", DRILL),
    ("checkpoint", CHECKPOINT),
    ("deployment", DEPLOYMENT),
    ("deployment", ATTEMPT),
    ("access-policy", ACCESS_POLICY),
    ("plan", PLAN),
    ("risk-register", REGISTER),
    ("privacy", PRIVACY),
    ("secret-rotation", SECRETS),
]
UNFIT = [
    ("rollback-drill", DRILL, b"environment: staging\n", b""),
    ("rollback-drill", DRILL, b"drill/v1", b"drill/v2"),
    ("rollback-drill", DRILL, b"mode: executed", b"mode: done"),
    ("rollback-drill", DRILL, b"kind: detect", b"kind: notice"),
    ("rollback-drill", DRILL, b"10:00:40Z", b"10:00:40"),
    ("checkpoint", CHECKPOINT, b"digest: sha256:", b"digest: md5:"),
    ("checkpoint", CHECKPOINT, b"restore-test:", b"restored:"),
    ("deployment", DEPLOYMENT, b"critical-errors: 0", b"critical-errors: -1"),
    ("deployment", DEPLOYMENT, b"probes: 12", b"probes: 0"),
    ("deployment", DEPLOYMENT, b"termination: true", b"termination: yes"),
    ("deployment", DEPLOYMENT, b"cpu:", b"cpus:"),
    ("access-policy", ACCESS_POLICY, b"default: deny", b"default: no"),
    ("access-policy", ACCESS_POLICY, b"path: /api/me", b"path: api/me"),
    ("access-policy", ACCESS_POLICY, b"method: POST", b"method: post"),
    ("plan", PLAN, b"estimate: 2h", b"estimate: 2 hours"),
    ("plan", PLAN, b"id: docs", b"id: the docs"),
    ("plan", PLAN, b"recorded-at", b"written-at"),
    ("risk-register", REGISTER, b"likelihood: high", b"likelihood: certain"),
    ("risk-register", REGISTER, b"id: R4", b"id: R 4"),
    ("privacy", PRIVACY, b"right: erasure", b"right: deletion"),
    ("privacy", PRIVACY, b"retention-days: 730", b"retention-days: long"),
    ("secret-rotation", SECRETS, b"rotated-at", b"changed-at"),
    ("secret-rotation", SECRETS, b"name: lonely", b"name: two words"),
]


def schema_of(kind: str) -> dict[str, Any]:
    module, name = MODELS[kind]
    schema: dict[str, Any] = getattr(importlib.import_module(f"compliance.evidence.{module}"), name).json_schema()
    return schema


def validator(kind: str) -> jsonschema.Draft202012Validator:
    schema = schema_of(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize(("kind", "data"), EXAMPLES)
def test_examples_fit_their_schema(kind: str, data: bytes) -> None:
    validator(kind).validate(yamltext.loads(data.decode()))
    read(kind, FORMATS.get(kind, "record-yaml"), data)


@pytest.mark.parametrize(("kind", "data", "old", "new"), UNFIT)
def test_schema_and_reader_refuse_the_same(kind: str, data: bytes, old: bytes, new: bytes) -> None:
    assert old in data
    unfit = data.replace(old, new)
    assert not validator(kind).is_valid(yamltext.loads(unfit.decode()))
    with pytest.raises(InputError):
        read(kind, FORMATS.get(kind, "record-yaml"), unfit)


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_every_field_of_the_schema_names_itself_with_hyphens(kind: str) -> None:
    schema = schema_of(kind)
    assert schema["$id"] == f"urn:compliance:{kind}:v1"
    parts = [schema, *schema["$defs"].values()]
    assert not [key for part in parts for key in part["properties"] if "_" in key]


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_the_example_in_the_kind_s_documentation_is_read(kind: str) -> None:
    text = importlib.import_module(f"compliance.evidence.{MODELS[kind][0]}").__doc__ or ""
    lines = text.split("::\n\n")[1].splitlines()
    example = "\n".join(line[4:] for line in lines[: next(i for i, line in enumerate(lines) if line and not line.startswith(" "))])
    read(kind, FORMATS.get(kind, "record-yaml"), example.replace("sha256:...", "sha256:" + "0" * 64).encode())
