"""Format ``k8s-rbac``: Kubernetes manifests of roles and their bindings (``rbac.authorization.k8s.io``), as YAML or as JSON.

RBAC only ever gives: what no binding gives is denied. Manifests of other kinds in the same file are left alone. A binding lets everyone
in when it names ``system:anonymous`` or ``system:unauthenticated``, and everyone with an account when it names
``system:authenticated``, or ``system:serviceaccounts``, to which every pod of the cluster belongs. A role with ``*`` for verbs, resources
and groups may do everything; so may the built-in ``cluster-admin``. Whether the roles named are built in or defined elsewhere is not
looked up.

Source: Kubernetes documentation, "Using RBAC Authorization"; API reference rbac.authorization.k8s.io/v1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading import yamltext
from compliance.record import Json, Parsed, shorten
from compliance.source import YAML_LIMIT, Source

from . import Access, AccessPolicy, Rule
from .yaml_start import begins_as_yaml

GROUP: Final = "rbac.authorization.k8s.io/"
OBJECT_LIMIT: Final = 20_000
EVERYTHING: Final = "cluster-admin"

_ROLES: Final = ("Role", "ClusterRole")
_BINDINGS: Final = ("RoleBinding", "ClusterRoleBinding")
_ANYBODY: Final = frozenset({"system:anonymous", "system:unauthenticated"})
_SIGNED_IN: Final = frozenset({"system:authenticated", "system:serviceaccounts"})
_YAML = re.compile(rb"(?m)^[\"']?apiVersion[\"']?:[ \t]*[\"']?rbac\.authorization\.k8s\.io/")
_IN_LIST = re.compile(rb"(?m)^[ \t]*(?:-[ \t]+)?[\"']?apiVersion[\"']?:[ \t]*[\"']?rbac\.authorization\.k8s\.io/")
_LIST = re.compile(rb"(?m)^kind:[ \t]*[A-Za-z]*List[ \t\r]*$")
_JSON = re.compile(rb"\"apiVersion\"\s*:\s*\"rbac\.authorization\.k8s\.io/")


def _recognise(source: Source) -> bool:
    if source.head.lstrip()[:1] == b"{":
        return _JSON.search(source.head) is not None and _is_manifest(source.json_members)
    named = _YAML.search(source.head) or (_LIST.search(source.head) and _IN_LIST.search(source.head))
    return named is not None and begins_as_yaml(source.head)


def _is_manifest(members: Mapping[str, msgspec.Raw]) -> bool:
    """Tells a manifest, or a list of some, from a document that quotes one, such as an event of the audit log."""
    version, kind = (bytes(members.get(name, b"")) for name in ("apiVersion", "kind"))
    return version.startswith(b'"rbac.authorization.k8s.io/') or (version, kind) == (b'"v1"', b'"List"')


def _parse(source: Source) -> Parsed:
    objects = list(_objects(source))
    roles = {(one.kind, one.namespace, one.name): one.verbs for one in objects if one.kind in _ROLES}
    rules = tuple(_rule(one, roles) for one in objects if one.kind in _BINDINGS)
    names = dict.fromkeys([*(name for _, _, name in roles), *(role for rule in rules for role in rule.roles)])
    given = any(rule.catch_all and rule.access in ("open", "authenticated") for rule in rules)
    return Parsed(
        payload=AccessPolicy(
            incomplete=None if objects else "it holds no role and no binding",
            services=("kubernetes",),
            default="allow" if given else "deny",
            roles=tuple(names),
            rules=rules,
            wildcard_roles=tuple(dict.fromkeys(one.name for one in objects if one.everything)),
        )
    )


class _Object:
    """A role or a binding."""

    def __init__(self, value: Mapping[str, Json], where: str) -> None:
        self.kind = str(value.get("kind"))
        metadata = value.get("metadata")
        name = metadata.get("name", metadata.get("generateName")) if isinstance(metadata, dict) else None
        if self.kind not in (*_ROLES, *_BINDINGS):
            raise InputError(shorten(f"kind {self.kind}", 60), expected="Role, ClusterRole or a binding of one", where=where)
        if not isinstance(name, str) or not name:
            raise InputError("no name", expected="metadata.name", where=where)
        self.name = name
        self.namespace = str(metadata.get("namespace", "")) if isinstance(metadata, dict) and not self.kind.startswith("Cluster") else ""
        line = value.get(yamltext.LINE)
        self.line = line if isinstance(line, int) else None
        rules = _list(value.get("rules"), f"{where}: rules") if self.kind in _ROLES else []
        self.verbs = tuple(dict.fromkeys(verb for rule in rules for verb in _words(rule, "verbs", where)))
        self.everything = any(all("*" in _words(rule, key, where) for key in ("verbs", "resources", "apiGroups")) for rule in rules)
        self.subjects = _list(value.get("subjects"), f"{where}: subjects") if self.kind in _BINDINGS else []
        self.role = _role(value, where) if self.kind in _BINDINGS else ("", "")


def _rule(binding: _Object, roles: Mapping[tuple[str, str, str], Sequence[str]]) -> Rule:
    kind, name = binding.role
    verbs = roles.get((kind, "" if kind == "ClusterRole" else binding.namespace, name), ())
    everywhere = binding.kind == "ClusterRoleBinding" and (name == EVERYTHING or "*" in verbs)
    full = f"{binding.namespace}/{binding.name}" if binding.namespace else binding.name
    return Rule(
        where=f"{binding.kind} {full}",
        line=binding.line,
        operations=tuple(verbs),
        access=_access(binding.subjects),
        roles=(name,),
        catch_all=everywhere,
    )


def _access(subjects: Sequence[Mapping[str, Json]]) -> Access:
    names = {str(one.get("name")) for one in subjects if one.get("kind") in ("User", "Group")}
    if names & _ANYBODY:
        return "open"
    return "authenticated" if names & _SIGNED_IN else "role" if subjects else "denied"


def _role(value: Mapping[str, Json], where: str) -> tuple[str, str]:
    reference = value.get("roleRef")
    if not isinstance(reference, dict) or reference.get("kind") not in _ROLES or not isinstance(reference.get("name"), str):
        raise InputError("no role", expected="roleRef with kind and name", where=where)
    return reference["kind"], reference["name"]


def _list(value: Json, where: str) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise InputError("no list of mappings", expected="a list of mappings", where=where)
    return value


def _words(rule: Mapping[str, Json], key: str, where: str) -> list[str]:
    words = rule.get(key) or []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InputError(f"{key} that is no list of words", expected="a list of words", where=where)
    return words


def _objects(source: Source) -> Iterator[_Object]:
    for number, (value, where) in enumerate(_manifests(source)):
        if number >= OBJECT_LIMIT:
            raise InputError(f"more than {OBJECT_LIMIT} objects", expected="Kubernetes manifests")
        if str(value.get("apiVersion", "")).startswith(GROUP):
            yield _Object(value, where)


def _manifests(source: Source) -> Iterator[tuple[Mapping[str, Json], str]]:
    """Yields every manifest, those of lists one by one, with its place."""
    for number, whole in enumerate(_documents(source), 1):
        if whole is None:
            continue
        if not isinstance(whole, dict):
            raise InputError(type(whole).__name__, expected="a Kubernetes manifest", where=f"document {number}")
        place = f"the document at line {whole.get(yamltext.LINE, 1)}"
        kind = str(whole.get("kind", ""))
        if kind.endswith("List") and "items" in whole:
            # In a list of one kind, as the interface of the cluster answers, the items need not say theirs.
            given = {} if kind == "List" else {"kind": kind.removesuffix("List"), "apiVersion": whole.get("apiVersion")}
            yield from (({**given, **one}, f"{place}, item {item}") for item, one in enumerate(_list(whole["items"], place), 1))
        else:
            yield whole, place


def _documents(source: Source) -> Iterator[Json]:
    if source.head.lstrip()[:1] == b"{":
        return iter((source.json,))
    if source.size > YAML_LIMIT:
        raise InputError(f"{source.size} bytes", expected=f"YAML of at most {YAML_LIMIT} bytes")
    return yamltext.documents(source.text, lines=True)


K8S_RBAC = Format(
    name="k8s-rbac",
    title="Kubernetes roles and bindings (RBAC manifests)",
    parser=2,
    recognise=_recognise,
    parse=_parse,
    marks=("rbac.authorization.k8s.io/", "apiVersion", "kind"),
    of_tree=True,
)
