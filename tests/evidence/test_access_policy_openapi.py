"""OpenAPI descriptions: which endpoints ask who is calling."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import split_private

from .helpers import assert_only_refuses, json_mutations, mutations, read, recognised

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Orders", "version": "7"},
    "security": [{"bearer": []}],
    "components": {
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}, "key": {"type": "apiKey", "in": "header", "name": "k"}},
        "pathItems": {"shared": {"get": {"responses": {}}, "x-public-reason": "a list of countries", "head": {"security": []}}},
    },
    "paths": {
        "/orders": {
            "get": {"responses": {"200": {"description": "ok"}}},
            "post": {"security": [{"bearer": ["write"], "key": []}]},
            "parameters": [],
        },
        "/health": {"get": {"security": [], "x-public-reason": " probed by the load balancer "}},
        "/search": {"get": {"security": [{"bearer": []}, {}]}},
        "/countries": {"$ref": "#/components/pathItems/shared"},
        "x-note": "no path",
    },
    "webhooks": {"paid": {"post": {"security": []}}},
}

YAML = """\
# an interface
swagger: "2.0"
info: {title: Old, version: "1"}
host: example.org
securityDefinitions:
  basic: {type: basic}
paths:
  /a:
    get:
      description: |
        ```
        openapi: 3.0.0
        ```
      security: [{basic: []}]
    delete: {}
"""


def policy(document: Any) -> Any:
    data = document if isinstance(document, str) else json.dumps(document)
    return read("access-policy", "openapi", data.encode()).payload


def endpoints(document: Any) -> dict[str, str]:
    return {endpoint.where: endpoint.access for endpoint in policy(document).endpoints}


def test_each_operation_asks_for_what_it_or_the_document_says() -> None:
    found = policy(DOCUMENT)
    assert {one.where: (one.access, one.reason) for one in found.endpoints} == {
        "GET /orders": ("authenticated", None),
        "POST /orders": ("authenticated", None),
        "GET /health": ("public", "probed by the load balancer"),
        "GET /search": ("public", None),
        "GET /countries": ("authenticated", None),
        "HEAD /countries": ("public", "a list of countries"),
    }
    summary = found.summary()
    assert (summary["endpoints"], summary["public"], summary["public_without_reason"]) == (6, 3, 1)
    assert found.incomplete is None
    assert (found.default, found.roles, found.user_data) == (None, (), None)


def test_swagger_and_yaml_are_read_as_well() -> None:
    assert endpoints(YAML) == {"GET /a": "authenticated", "DELETE /a": "public"}


def test_a_document_without_security_has_only_public_endpoints() -> None:
    document = {**DOCUMENT, "security": []}
    assert endpoints(document)["GET /orders"] == "public"
    del document["security"]
    assert endpoints(document)["GET /orders"] == "public"


def test_a_scheme_that_is_declared_nowhere_is_not_taken_for_a_check() -> None:
    document = json.loads(json.dumps(DOCUMENT))
    del document["components"]["securitySchemes"]["bearer"]
    found = policy(document)
    assert {one.where for one in found.endpoints if one.access == "unknown"} == {"GET /orders", "POST /orders", "GET /countries"}
    assert "3 endpoints ask for a security scheme" in (found.incomplete or "")


def test_methods_of_the_newest_version_count_from_that_version_on() -> None:
    item = {"query": {"security": []}, "additionalOperations": {"COPY": {}}}
    newest = {**DOCUMENT, "openapi": "3.2.0", "paths": {"/x": item}}
    assert endpoints(newest) == {"QUERY /x": "public", "COPY /x": "authenticated"}
    assert endpoints({**newest, "openapi": "3.0.3"}) == {"COPY /x": "authenticated"}


def test_paths_and_reasons_are_private() -> None:
    public, private = split_private(policy(DOCUMENT))
    assert "/orders" not in str(public)
    assert "GET /orders" in private["paths"].values()
    assert "a list of countries" in private["code"].values()


def test_no_endpoint_is_no_good_news() -> None:
    assert policy({**DOCUMENT, "paths": {}}).incomplete == "it describes no endpoint"


@pytest.mark.parametrize("components", ["components:\n", "components:\n  securitySchemes:\n", "components: {}\n"])
def test_keys_with_nothing_behind_them_declare_no_scheme(components: str) -> None:
    found = policy(f"openapi: 3.0.3\ninfo: {{}}\n{components}paths:\n  /a:\n    get: {{security: [{{k: []}}]}}\n  /b:\n    get: {{}}\n")
    assert [(one.where, one.access) for one in found.endpoints or ()] == [("GET /a", "unknown"), ("GET /b", "public")]


def test_recognises_its_own_and_no_look_alike() -> None:
    assert recognised(json.dumps(DOCUMENT).encode()) == ["openapi"]
    assert recognised(YAML.encode()) == ["openapi"]
    assert recognised(b"openapi: 3.0.1\ninfo: {}\npaths: {}\n") == ["openapi"]
    for other in (
        "# Interface\n\n```yaml\nopenapi: 3.0.0\npaths: {}\n```\n",
        "the file begins with\nopenapi: 3.0.0\n",
        '{"openapi": "3.0.0"}',
        '{"swagger": 2}',
        "asyncapi: 3.0.0\n",
        "openapi: 4.0.0\n",
    ):
        assert recognised(other.encode()) == []


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a later version": ({"openapi": "4.0.0"}, "OpenAPI 3.0 to 3.2"),
    "paths in a list": ({"paths": []}, "a mapping of paths"),
    "security that is no list": ({"security": {"bearer": []}}, "a list of security requirements"),
    "a requirement that is a word": ({"security": ["bearer"]}, "schemes by name"),
    "schemes in a list": ({"components": {"securitySchemes": []}}, "security schemes by name"),
    "an operation that is a word": ({"paths": {"/a": {"get": "x"}}}, "an operation"),
    "a path that is a list": ({"paths": {"/a": []}}, "a path item"),
    "a path elsewhere": ({"paths": {"/a": {"$ref": "other.yaml"}}}, "one document that holds all paths"),
    "a reference to nothing": ({"paths": {"/a": {"$ref": "#/components/pathItems/none"}}}, "a path item"),
    "a reference to itself": ({"paths": {"/a": {"$ref": "#/paths/~1a"}}}, "a path item"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_understood_is_refused_with_its_place(name: str) -> None:
    change, words = REFUSED[name]
    with pytest.raises(InputError) as caught:
        policy({**DOCUMENT, **change})
    assert words in caught.value.reason
    assert (caught.value.where or "").startswith("/")


def test_a_key_twice_and_an_alias_that_multiplies_are_refused() -> None:
    with pytest.raises(InputError, match="duplicate"):
        policy(YAML + "paths: {}\n")
    levels = "\n".join(f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9) if n else '1'}]" for n in range(9))
    with pytest.raises(InputError):
        policy(f"openapi: 3.0.0\nx-l:\n{levels}\npaths: {{}}\n")


@settings(max_examples=80, deadline=None)
@given(json_mutations(json.dumps(DOCUMENT).encode()) | mutations(YAML.encode()))
def test_mutated_documents_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("access-policy", "openapi", data)


def test_merge_keys_and_paths_with_nothing_behind_them_are_read_in_yaml() -> None:
    data = b"""\
openapi: 3.0.0
info: {title: t, version: '1'}
x-common: &common {security: [{bearer: []}]}
components: {securitySchemes: {bearer: {type: http}}}
paths:
  /later:
  /items:
    get:
      <<: *common
      summary: all
"""
    assert recognised(data) == ["openapi"]
    payload: Any = read("access-policy", "openapi", data).payload
    (one,) = payload.endpoints
    assert (one.where, one.access) == ("GET /items", "authenticated")
