"""Kubernetes RBAC: roles, bindings, and whom they let in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.reading import yamltext
from compliance.record import split_private

from .helpers import assert_only_refuses, mutations, read, recognised

ROLES = """\
# roles of the service
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules:
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects:
- {kind: ServiceAccount, name: robot, namespace: shop}
--- # the last one
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: everything}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
"""


def binding(subject: str, role: str = "reader", kind: str = "ClusterRoleBinding") -> str:
    return f"""---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: b}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: [{subject}]
"""


def policy(text: str) -> Any:
    return read("access-policy", "k8s-rbac", text.encode()).payload


def test_roles_and_bindings_are_listed_with_their_lines() -> None:
    found = policy(ROLES)
    assert (found.roles, found.default, found.services) == (("reader", "everything"), "deny", ("kubernetes",))
    assert found.wildcard_roles == ("everything",)
    (rule,) = found.rules
    assert (rule.where, rule.operations, rule.access, rule.roles) == ("RoleBinding shop/readers", ("get", "list"), "role", ("reader",))
    assert ROLES.splitlines()[rule.line - 1].startswith("apiVersion")
    assert "shop/readers" not in str(split_private(found)[0])


@pytest.mark.parametrize(
    ("subject", "access"),
    [
        ("{kind: User, name: 'system:anonymous'}", "open"),
        ("{kind: Group, name: 'system:unauthenticated'}", "open"),
        ("{kind: Group, name: 'system:authenticated'}", "authenticated"),
        ("{kind: Group, name: 'system:serviceaccounts'}", "authenticated"),
        ("{kind: Group, name: 'system:serviceaccounts:shop'}", "role"),
        ("{kind: Group, name: developers}", "role"),
        ("{kind: ServiceAccount, name: 'system:anonymous', namespace: x}", "role"),
        ("", "denied"),
    ],
)
def test_a_binding_lets_in_whom_it_names(subject: str, access: str) -> None:
    assert policy(binding(subject)).rules[0].access == access


@pytest.mark.parametrize(
    ("role", "kind", "default"),
    [
        ("cluster-admin", "ClusterRoleBinding", "allow"),
        ("everything", "ClusterRoleBinding", "allow"),
        ("cluster-admin", "RoleBinding", "deny"),
        ("reader", "ClusterRoleBinding", "deny"),
    ],
)
def test_a_role_for_everything_that_everyone_has_is_allowed_by_default(role: str, kind: str, default: str) -> None:
    assert policy(ROLES + binding("{kind: Group, name: 'system:authenticated'}", role, kind)).default == default


def test_lists_and_json_are_read_as_well() -> None:
    items = [yamltext.loads(piece) for piece in binding("{kind: User, name: jane}").split("---\n") if piece]
    document = {"apiVersion": "v1", "kind": "List", "items": [*items, {"apiVersion": "v1", "kind": "Pod"}]}
    assert policy(json.dumps(document)).rules[0].line is None
    text = "kind: List\napiVersion: v1\nitems:\n- apiVersion: rbac.authorization.k8s.io/v1\n  kind: ClusterRole\n  metadata: {name: r}\n"
    assert recognised(text.encode()) == ["k8s-rbac"]
    assert policy(text).roles == ("r",)
    assert recognised(json.dumps(document).encode()) == ["k8s-rbac"]


def test_recognises_no_look_alike() -> None:
    quoted = "# Roles\n\n```yaml\napiVersion: rbac.authorization.k8s.io/v1\n```\n"
    workflow = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - run: |\n        apiVersion: rbac.authorization.k8s.io/v1\n"
    for other in (quoted, workflow, "apiVersion: v1\nkind: Pod\n", "see\napiVersion: rbac.authorization.k8s.io/v1\n"):
        assert "k8s-rbac" not in recognised(other.encode())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ROLES.replace("kind: Role\n", "kind: Roles\n", 1), "Role, ClusterRole or a binding"),
        (ROLES.replace("name: reader, ", "", 1), "metadata.name"),
        (binding("").replace("roleRef", "roleref"), "roleRef"),
        (ROLES.replace("verbs: [get, list]", "verbs: get"), "a list of words"),
        (ROLES.replace("rules:", "rules: x\nrulez:", 1), "a list of mappings"),
        (ROLES + "---\n- a\n", "a Kubernetes manifest"),
        (ROLES + "---\nname: {{ .Values.name }}\n", "plain YAML"),
        (ROLES + "---\na: 1\n" * 20_001, "objects"),
        ("#" * (5 << 20), "at most"),
    ],
)
def test_what_is_not_understood_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        policy(text)
    assert words in caught.value.reason


def test_a_refusal_names_the_line_of_the_file() -> None:
    with pytest.raises(InputError) as caught:
        policy(ROLES + "---\na: 1\na: 2\n")
    assert caught.value.where == f"line {len(ROLES.splitlines()) + 3} column 1"


def test_manifests_of_other_kinds_alone_say_too_little() -> None:
    assert policy("apiVersion: v1\nkind: Pod\n").incomplete is not None


@settings(max_examples=80, deadline=None)
@given(mutations((ROLES + binding("{kind: Group, name: g}")).encode()))
def test_mutated_manifests_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("access-policy", "k8s-rbac", data)


@pytest.mark.parametrize(("kind", "roles"), [("RoleList", ("r",)), ("ClusterRoleList", ("r",)), ("RoleBindingList", ("x",))])
def test_items_of_a_list_of_one_kind_need_not_say_theirs(kind: str, roles: tuple[str, ...]) -> None:
    item = {"metadata": {"name": "r", "namespace": "n"}, "rules": [], "roleRef": {"kind": "Role", "name": "x"}}
    data = json.dumps({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "items": [item]}).encode()
    assert recognised(data) == ["k8s-rbac"]
    payload: Any = read("access-policy", "k8s-rbac", data).payload
    assert payload.roles == roles
