"""Format ``openapi``: the endpoints of an interface and whether each asks who is calling, from its OpenAPI description.

Read are OpenAPI 3.0 to 3.2 and Swagger 2.0, in JSON or YAML. An operation's ``security`` replaces that of the document; an empty list asks
for nothing, and an empty requirement ``{}`` among several lets anonymous callers in as well. The reason why an endpoint is public stands
in ``x-public-reason``, an extension of this project, in the operation or in the path around it. Callbacks and webhooks are calls that the
service makes itself; they are no endpoints.

Source: OpenAPI Specification 3.2.0, sections Operation Object, Security Requirement Object and Path Item Object; Swagger 2.0 likewise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading import yamltext
from compliance.record import Json, Parsed, shorten
from compliance.source import YAML_LIMIT, Source

from . import AccessPolicy, Endpoint
from .yaml_start import begins_as_yaml

ENDPOINT_LIMIT: Final = 50_000
REASON: Final = "x-public-reason"
REASON_LIMIT: Final = 500
"""Characters of a reason that are kept."""

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_METHODS_32: Final = (*_METHODS, "query")
_VERSION = re.compile(r"3\.[0-2](?:\.\d+)?(?:-[\w.]+)?|2\.0")
_YAML = re.compile(rb"(?m)^(?:openapi:[ \t]+[\"']?3\.|swagger:[ \t]+[\"']?2\.0)")


def _recognise(source: Source) -> bool:
    if source.head.lstrip()[:1] == b"{":
        members = source.json_members
        return ("openapi" in members or "swagger" in members) and ("paths" in members or "info" in members)
    return _YAML.search(source.head) is not None and begins_as_yaml(source.head)


def _parse(source: Source) -> Parsed:
    document = source.json if source.head.lstrip()[:1] == b"{" else _yaml(source)
    if not isinstance(document, dict):
        raise InputError("no mapping", expected="an OpenAPI document")
    version = _version(document)
    schemes = _schemes(document, version)
    paths = document.get("paths", {})
    if not isinstance(paths, dict):
        raise InputError(type(paths).__name__, expected="a mapping of paths", where="/paths")
    whole = _security(document.get("security"), "/security")
    endpoints: list[Endpoint] = []
    for path, item in paths.items():
        if str(path).startswith("x-"):
            continue
        item = {} if item is None else item  # what a key with nothing behind it holds in YAML
        endpoints += _endpoints(str(path), _resolved(document, item, f"/paths/{_pointer(str(path))}"), whole, schemes, version)
        if len(endpoints) > ENDPOINT_LIMIT:
            raise InputError(f"more than {ENDPOINT_LIMIT} endpoints", expected="an OpenAPI document", where="/paths")
    return Parsed(payload=AccessPolicy(incomplete=_incomplete(endpoints), default=None, roles=(), endpoints=tuple(endpoints)))


def _yaml(source: Source) -> Any:
    """Reads YAML with its merge keys (``<<``): what reads OpenAPI follows them, though YAML 1.2 has none."""
    if source.size > YAML_LIMIT:
        raise InputError(f"{source.size} bytes", expected=f"YAML of at most {YAML_LIMIT} bytes")
    return yamltext.loads(source.text, merge=True)


def _incomplete(endpoints: list[Endpoint]) -> str | None:
    if not endpoints:
        return "it describes no endpoint"
    unknown = sum(endpoint.access == "unknown" for endpoint in endpoints)
    return f"{unknown} endpoints ask for a security scheme that it declares nowhere" if unknown else None


def _version(document: Mapping[str, Json]) -> str:
    version = str(document.get("openapi", document.get("swagger")))
    if not _VERSION.fullmatch(version):
        raise InputError(f"version {shorten(version, 40)}", expected="OpenAPI 3.0 to 3.2 or Swagger 2.0", where="/openapi")
    return version


def _schemes(document: Mapping[str, Json], version: str) -> frozenset[str]:
    """Returns the names of the declared security schemes."""
    holder, name = (document, "securityDefinitions") if version == "2.0" else (document.get("components"), "securitySchemes")
    holder = {} if holder is None else holder  # what a key with nothing behind it holds in YAML
    declared = holder.get(name) if isinstance(holder, dict) else holder
    declared = {} if declared is None else declared
    if not isinstance(declared, dict):
        raise InputError("no mapping", expected="security schemes by name", where="/components/securitySchemes")
    return frozenset(map(str, declared))


def _security(value: Json, where: str) -> list[frozenset[str]] | None:
    """Returns the alternatives, each with the schemes that it asks for together; None when nothing is said."""
    if value is None:
        return None
    if not isinstance(value, list):
        raise InputError(type(value).__name__, expected="a list of security requirements", where=where)
    for number, one in enumerate(value):
        if not isinstance(one, dict):
            raise InputError(type(one).__name__, expected="schemes by name", where=f"{where}/{number}")
    return [frozenset(map(str, one)) for one in value]


def _endpoints(
    path: str, item: Mapping[str, Json], whole: list[frozenset[str]] | None, schemes: frozenset[str], version: str
) -> Iterator[Endpoint]:
    where = f"/paths/{_pointer(path)}"
    operations: dict[str, Any] = {name.upper(): item[name] for name in (_METHODS_32 if version >= "3.2" else _METHODS) if name in item}
    further = item.get("additionalOperations", {})
    if isinstance(further, dict):
        operations |= {str(name): value for name, value in further.items()}
    for method, operation in operations.items():
        if not isinstance(operation, dict):
            raise InputError(type(operation).__name__, expected="an operation", where=f"{where}/{method.lower()}")
        own = _security(operation.get("security"), f"{where}/{method.lower()}/security")
        access = _access(whole if own is None else own, schemes)
        reason = operation.get(REASON, item.get(REASON)) if access == "public" else None
        yield Endpoint(where=f"{method} {path}", access=access, reason=_reason(reason))


def _access(alternatives: list[frozenset[str]] | None, schemes: frozenset[str]) -> Literal["public", "authenticated", "unknown"]:
    if not alternatives or not all(alternatives):
        return "public"
    return "authenticated" if all(asked <= schemes for asked in alternatives) else "unknown"


def _reason(value: Json) -> str | None:
    return shorten(value.strip(), REASON_LIMIT) or None if isinstance(value, str) else None


def _resolved(document: Mapping[str, Json], item: Json, where: str) -> Mapping[str, Json]:
    """Follows a reference to a path item inside the document."""
    target, beside = item, {}
    if isinstance(item, dict) and "$ref" in item:
        reference = str(item["$ref"])
        beside = {key: value for key, value in item.items() if key != "$ref"}
        if not reference.startswith("#/"):
            raise InputError(f"reference {shorten(reference, 80)}", expected="one document that holds all paths", where=where)
        target = document
        for part in reference[2:].split("/"):
            target = target.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(target, dict) else None
        if isinstance(target, dict) and "$ref" in target:
            raise InputError("a reference to a reference", expected="a path item", where=where)
    if not isinstance(target, dict):
        raise InputError("nothing" if target is None else type(target).__name__, expected="a path item", where=where)
    return {**target, **beside}


def _pointer(path: str) -> str:
    return path.replace("~", "~0").replace("/", "~1")


OPENAPI = Format(
    name="openapi",
    title="OpenAPI 3.0 to 3.2 or Swagger 2.0 description of an interface",
    parser=2,
    recognise=_recognise,
    parse=_parse,
    of_tree=True,
    marks=("openapi", "info", "paths"),
)
