"""Security rules of Firestore and Storage: who gets what, by a parser of the language."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import split_private

from .helpers import assert_only_refuses, mutations, read, recognised

RULES = """\
/* The rules of a small service. allow read, write; */
rules_version = "2";

function signedIn() { return request.auth != null; }

service cloud.firestore {
  match /databases/{database}/documents {
    // allow read, write;
    function isAdmin() {
      let user = get(/databases/$(database)/documents/users/$(request.auth.uid)).data;
      return user.role == 'admin' || user.role == "owner // of it";
    }
    function me(id) { return signedIn() && request.auth.uid == id; }

    match /users/{userId} {
      allow get: if me(userId) || isAdmin();
      allow list: if isAdmin()
      allow create, update: if me(userId) && request.resource.data.size() < 20;
      match /posts/{post=**} {
        allow read if signedIn();
      }
    }
    match /config/{id} { allow read: if true; allow write: if false; }
  }
}
"""


def policy(text: str) -> Any:
    return read("access-policy", "firestore-rules", text.encode()).payload


def one(condition: str, *, path: str = "/things/{id}", functions: str = "", version: str = "2") -> Any:
    """The only rule of a file, with a condition."""
    text = f"rules_version = '{version}'; service cloud.firestore {{ match /databases/{{db}}/documents {{ {functions}"
    text += f" match {path} {{ allow read{condition and ': if '}{condition}; }} }} }}"
    (rule,) = policy(text).rules
    return rule


def test_a_file_is_counted_as_it_is_written() -> None:
    found = policy(RULES)
    assert (found.services, found.rules_version, found.default, found.user_data) == (("cloud.firestore",), "2", "deny", "unscoped")
    counts = found.counts
    assert counts.match_paths == ("/databases/{database}/documents", "/users/{userId}", "/posts/{post=**}", "/config/{id}")
    assert (counts.match_blocks, counts.allow_statements, counts.functions) == (4, 6, 3)
    assert counts.function_names == ("signedIn", "isAdmin", "me")
    assert (counts.unconditional, counts.if_true, counts.if_false) == (0, 1, 1)
    assert (counts.missing_semicolon, counts.missing_colon) == (1, 1)
    assert found.roles == ("admin", "owner // of it")
    assert [(rule.line, rule.operations, rule.access) for rule in found.rules] == [
        (16, ("get",), "owner"),
        (17, ("list",), "role"),
        (18, ("create", "update"), "owner"),
        (20, ("read",), "authenticated"),
        (23, ("read",), "open"),
        (23, ("write",), "denied"),
    ]
    assert found.summary()["open_to_anyone"] == ["read"]
    assert found.summary()["allow"][3] == "read if signedIn()"
    assert found.rules[2].condition == "me(userId) && request.resource.data.size() < 20"


def test_paths_and_conditions_are_private() -> None:
    public, private = split_private(policy(RULES))
    assert "userId" not in str(public)
    assert "/databases/{database}/documents/users/{userId}" in private["paths"].values()
    assert "isAdmin()" in private["code"].values()


ACCESS = {
    "open": ["", "true", "(true)", "request.auth == null || true", "!false", "1 < 2 == false ? false : true", "request.auth == null"],
    "authenticated": [
        "request.auth != null",
        "request.auth.uid != null",
        "request.auth.uid is string",
        "request.auth != null && request.resource.data.title is string",
        "request.auth.token.email_verified == true",
        "request.auth.uid != resource.data.author",
        "!(request.auth.uid in resource.data.banned)",
        "request.auth.token.firebase.sign_in_provider != 'anonymous'",
        "debug(request.auth != null)",
    ],
    "owner": [
        "request.auth.uid == id",
        "id == request.auth.uid",
        "request.auth.uid == resource.data.owner",
        "request.auth != null && request.resource.data['owner'] == request.auth.uid",
        "request.auth.uid in resource.data.members",
        "resource.data.members.hasAny([request.auth.uid])",
        "resource.data.roles[request.auth.uid] in ['writer', 'reader']",
        "request.auth.token.email == resource.data.email",
        "request.auth.uid in get(/databases/$(db)/documents/teams/$(id)).data.members",
        "request.auth.uid == id || request.auth.token.admin == true",
        "request.auth.uid == id && request.auth.token.admin == true",
        "id.split('_')[0] == request.auth.uid",
        "get(/databases/$(db)/documents/users/$(request.auth.uid)).data.school == resource.data.school",
        "get(/databases/$(db)/documents/users/$(request.auth.uid)).data.schools[id] == true",
        "request.auth.token.org == resource.data.org",
        "resource.data.tenant in request.auth.token.tenants",
        "request.auth.uid == id ? true : false",
    ],
    "role": [
        "request.auth.token.admin == true",
        "request.auth.token.admin",
        "request.auth.token.admin != null",
        "request.auth.token.get('admin', false)",
        "request.auth.token.role in ['admin', 'editor']",
        "'admin' in request.auth.token.roles",
        "request.auth.token.roles.hasAny(['admin'])",
        "request.auth.token.level >= 3",
        "request.auth.token.roles[id] == 'editor'",
        "'ADMIN'in get(/users/$(request.auth.uid)).data.roles.values()",
        "get(/databases/$(db)/documents/users/$(request.auth.uid)).data.role == 'admin'",
        "get(/databases/$(db)/documents/users/$(request.auth.uid)).data.isAdmin",
        "exists(/databases/$(db)/documents/admins/$(request.auth.uid))",
        "request.auth.uid == 'aLongId'",
        "request.auth.token.email.matches('.*@example[.]org')",
        "firestore.get(/databases/(default)/documents/users/$(request.auth.uid)).data.role == 'x'",
    ],
    "denied": ["false", "request.auth != null && false", "1 == 2", "request.auth.uid == id && request.auth == null", "'text'"],
    "conditional": [
        "resource.data.public == true",
        "resource == null",
        "resource.data.public || request.auth.uid == resource.data.owner",
        "get(/databases/$(db)/documents/flags/open).data.on == true",
        "request.resource.data.keys().hasOnly(['a', \"b\"])",
        "request.query.limit <= 10",
        "resource.data.a / 2 > 3 && [1, 2].hasAny([3])",
        "unheardOf(id)",
    ],
}


@pytest.mark.parametrize(("access", "condition"), [(access, text) for access, many in ACCESS.items() for text in many])
def test_who_gets_past_a_condition(access: str, condition: str) -> None:
    assert one(condition).access == access


@pytest.mark.parametrize(
    ("condition", "roles"),
    [
        ("request.auth.token.admin == true", ("admin",)),
        ("request.auth.token.role == 'editor'", ("editor",)),
        ("request.auth.token.role in ['admin', 'editor']", ("admin", "editor")),
        ("'ops' in request.auth.token.groups", ("ops",)),
        ("get(/users/$(request.auth.uid)).data.role == 'support'", ("support",)),
        ("get(/users/$(request.auth.uid)).data.isAdmin == true", ("isAdmin",)),
        ("request.auth.uid == id", ()),
    ],
)
def test_roles_are_named_as_the_rules_name_them(condition: str, roles: tuple[str, ...]) -> None:
    assert one(condition).roles == roles


def test_functions_are_put_in_their_places_with_what_they_are_given() -> None:
    functions = "function a(x) { return b(x) } function b(y) { let u = request.auth.uid; return u == y; }"
    assert one("a(id)", functions=functions).access == "owner"
    assert one("a(resource.data.who)", functions=functions).access == "owner"
    assert one("a('literal')", functions=functions).access == "role"
    assert one("a(id, id)", functions=functions).access == "conditional"


def test_a_function_that_calls_itself_ends() -> None:
    assert one("a()", functions="function a() { return a(); }").access == "conditional"
    assert one("a()", functions="function a() { return a() && a(); }").access == "conditional"


def test_calls_that_multiply_are_refused() -> None:
    functions = " ".join(f"function f{n}() {{ return f{n + 1}() && f{n + 1}() && f{n + 1}(); }}" for n in range(18))
    allows = " ".join("allow get: if f0();" for _ in range(400))
    text = f"service cloud.firestore {{ match /a/{{b}} {{ {functions} function f18() {{ return resource.data.x; }} {allows} }} }}"
    with pytest.raises(InputError, match="conditions that multiply"):
        policy(text)


TEST_RULE = "request.time < timestamp.date(2026, 3, 1)"


def test_a_test_rule_is_open_until_its_last_day() -> None:
    rule = one(TEST_RULE, path="/{document=**}")
    assert (rule.access, rule.until, rule.catch_all) == ("open", datetime(2026, 3, 1, tzinfo=UTC), True)
    assert one(f"request.auth != null && {TEST_RULE}").access == "authenticated"
    assert one(f"request.auth != null && {TEST_RULE}").until == datetime(2026, 3, 1, tzinfo=UTC)
    assert one(f"{TEST_RULE} || request.auth.uid == id").until == datetime(2026, 3, 1, tzinfo=UTC)
    assert one("timestamp.date(2026, 3, 1) > request.time").until == datetime(2026, 3, 1, tzinfo=UTC)
    assert one("request.time < timestamp.value(1772323200000)").until == datetime(2026, 3, 1, tzinfo=UTC)
    assert one(f"{TEST_RULE} || true").until is None
    assert one("request.time > timestamp.date(2026, 3, 1)").until is None
    assert one("request.time < timestamp.date(2026, 13, 1)").access == "conditional"
    text = f"service cloud.firestore {{ match /databases/{{d}}/documents {{ match /{{a=**}} {{ allow read: if {TEST_RULE}; }} }} }}"
    assert policy(text).summary()["open_to_anyone"] == []
    assert policy(text).summary()["expiring"] == [{"until": "2026-03-01T00:00:00Z", "access": "open"}]


def everywhere(condition: str, path: str, version: str = "2") -> Any:
    text = f"rules_version = '{version}'; service cloud.firestore {{ match /databases/{{database}}/documents {{"
    text += f" match {path} {{ allow read: if {condition}; }} match /users/{{uid}} {{ allow read: if request.auth.uid == uid; }} }} }}"
    return policy(text)


@pytest.mark.parametrize(
    ("path", "condition", "default"),
    [
        ("/{document=**}", "true", "allow"),
        ("/{document=**}", "request.auth != null", "allow"),
        ("/{document=**}", "false", "deny"),
        ("/{document=**}", "request.auth.token.admin == true", "deny"),
        ("/{document=**}", TEST_RULE, "deny"),
        ("/{collection}/{id}", "true", "allow"),
        ("/public/{document=**}", "true", "deny"),
    ],
)
def test_what_nothing_speaks_of_is_denied_unless_something_speaks_of_everything(path: str, condition: str, default: str) -> None:
    assert everywhere(condition, path).default == default


def test_rules_that_cover_a_path_add_up() -> None:
    def users(found: Any) -> Any:
        return next(path.access["get"] for path in found.paths if path.where.endswith("/users/{uid}"))

    assert users(everywhere("true", "/{document=**}")) == "open"
    assert everywhere("true", "/{document=**}").user_data == "unscoped"
    assert users(everywhere(TEST_RULE, "/{document=**}")) == "owner"
    assert users(everywhere("true", "/users/{id}/{rest=**}")) == "open"
    assert users(everywhere("true", "/users/{id}/{rest=**}", version="1")) == "owner"
    assert users(everywhere("true", "/{first=**}/{last}")) == "open"
    assert users(everywhere("true", "/users/somebody")) == "owner"
    assert everywhere("false", "/{document=**}").user_data == "scoped"
    assert everywhere("resource.data.public", "/profiles/{uid}").user_data is None


def test_storage_rules_are_read_as_well() -> None:
    text = "service firebase.storage { match /b/{bucket}/o { match /{all=**} { allow read, write; } } }"
    found = policy(text)
    assert (found.services, found.default, found.rules_version) == (("firebase.storage",), "allow", None)
    limits = "request.auth.uid == userId && request.resource.size < 5 * 1024 * 1024 && request.resource.contentType.matches('image/.*')"
    text = f"service firebase.storage {{ match /b/{{bucket}}/o {{ match /u/{{userId}}/{{file}} {{ allow write: if {limits} }} }} }}"
    assert policy(text).rules[0].access == "owner"


def test_every_form_of_expression_is_read() -> None:
    condition = """
        [1, 2.5, -3, 0x1F, 1e3,][0:1].size() == 2 && {'a': 1, "b": [true, null]}.keys().hasAll(['a']) // why
        && !(request.resource.data.diff(resource.data).affectedKeys().hasOnly(['x']))
        && /* here */ math.abs(resource.data.n % 3) >= 1 && (resource.data.t + duration.value(1, 'h') > request.time)
        && path('/a/' + id) == /databases/$(db)/documents/x-$(id).y/(default) && b'a' != r"\\d"
    """
    rule = one(condition)
    assert rule.access == "conditional"
    assert "why" not in rule.condition
    assert "\n" not in rule.condition


@pytest.mark.parametrize(
    "text",
    [
        "service cloud.firestore { match /a/{b} { allow read; } }",
        "// c\n/* d */\nrules_version='1'\nservice firebase.storage{match /a{allow write:if true}}",
        "function f(a, b) { return a; }\nservice cloud.firestore { }",
        "\ufeffrules_version = '2';\r\nservice cloud.firestore {\r\n}\r\n",
    ],
)
def test_recognises_rules_by_their_service(text: str) -> None:
    assert recognised(text.encode()) == ["firestore-rules"]


@pytest.mark.parametrize(
    "text",
    [
        '{"rules": {".read": true, ".write": "auth != null"}}',
        "-w /etc/passwd -p wa -k identity\n-a always,exit -S all -k service\n",
        "{% for rule in rules %}\nservice {{ rule.name }} {\n{% endfor %}",
        'service Greeter { rpc Hello (Request) returns (Reply); }\nsyntax = "proto3";',
        "The service cloud.firestore { is described here.",
        "",
    ],
)
def test_recognises_no_look_alike(text: str) -> None:
    assert recognised(text.encode()) == []


REFUSED = {
    "a template that is not filled in": ("allow read: if request.time < timestamp.date({{IN_30_DAYS}});", "line 1"),
    "a placeholder for a condition": ("allow read: if <condition>;", "`<condition>"),
    "a method that does not exist": ("allow reed;", "read, write, get, list"),
    "a statement of another sort": ("permit read;", "`allow`, `match`, `function` or `}`"),
    "two statements run together": ("allow read: if true allow_write", "`;`"),
    "a comment that does not end": ("/* allow read;", "a comment that does not end"),
    "a string that does not end": ("allow read: if resource.data.a == 'x;", "a value"),
    "a block that does not end": ("allow read; match /x {", "the end"),
    "a path without a name": ("match /{} { }", "a path such as"),
    "an empty part of a path": ("allow read: if exists(/a/$(id)/ );", "a part of a path"),
    "nested too deeply": (f"allow read: if {'(' * 100}true{')' * 100};", "nested too deeply"),
    "too many operators": (f"allow read: if 1{' + 1' * 300} > 2;", "too long"),
    "a function twice": ("function a() { return true; } function a() { return false; }", "defined once"),
    "a number too long": (f"allow read: if {'9' * 500} > 1;", "a number too long"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_in_the_language_is_refused_with_its_place(name: str) -> None:
    statement, words = REFUSED[name]
    with pytest.raises(InputError) as caught:
        policy(f"service cloud.firestore {{ match /a/{{id}} {{ {statement} }} }}")
    assert words in caught.value.reason
    assert caught.value.where is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rules_version = '3'; service cloud.firestore { }", "a version, '1' or '2'"),
        ("service cloud.firestore { } and more", "`service`"),
        ("service cloud.firestore { allow read; }", "`match`, `function` or `}`"),
        ("rules_version = '2';", "`service`"),
        ("service cloud.firestore { match /a { " + "allow read; " * 5001 + "} }", "statements"),
        (f"service cloud.firestore {{ {' match /a { ' * 80} {'}' * 80} }}", "nested too deeply"),
        (f"service cloud.firestore {{ match {'/a' * 101} {{ }} }}", "parts"),
        ("service cloud.firestore { }" + " " * (1 << 18), "at most"),
        ("service cloud.firestore { " + "match /a { } " * 1001 + "}", "matches"),
    ],
)
def test_a_file_beyond_reason_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        policy(text)
    assert words in caught.value.reason


def test_a_policy_that_allows_nothing_says_too_little() -> None:
    assert policy("service cloud.firestore { match /a { } }").incomplete is not None


def test_a_thousand_matches_that_all_cover_each_other_are_compared_in_seconds() -> None:
    blocks = " ".join(f"match /{{a=**}}/b{n}/{{c=**}} {{ allow read: if resource.data.x == {n}; }}" for n in range(900))
    assert len(policy(f"service cloud.firestore {{ {blocks} }}").paths) == 900


@settings(max_examples=150, deadline=None)
@given(mutations(RULES.encode()))
def test_mutated_rules_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("access-policy", "firestore-rules", data)
