"""Format ``record-yaml``: an access policy that somebody wrote down.

::

    schema: compliance/access-policy/v1
    environment: production
    reviewed-at: 2025-09-20T09:00:00Z
    artifact: sha256:...                # of the kept route list or settings that it was checked against
    default: deny
    roles:
      - {name: admin, permissions: [users.read, users.write]}
    endpoints:
      - {method: GET, path: /api/health, auth: public, reason: probed by the load balancer}
      - {method: GET, path: /api/users, auth: role, roles: [admin]}
    user-data: scoped

Each endpoint stands once, and the roles that endpoints ask for are declared. Somebody wrote it down, so it is worth ``stated`` until the
review cites the artifact that it was checked against.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from compliance.kind import Format
from compliance.reading.recordfile import FORMAT, Digest, Many, Record, RecordPart, Text, Time, read, recogniser, refuse
from compliance.record import Assurance, Citation, Parsed
from compliance.source import Source

from . import AccessPolicy, Endpoint, Rule


class Role(RecordPart):
    """A role and what it may do."""

    name: Annotated[Text, Field(max_length=100)]
    permissions: Annotated[Many[Text], Field(min_length=1)]
    """In the project's own words."""


class RecordedEndpoint(RecordPart):
    """One method of one path."""

    method: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,20}$")]
    path: Annotated[Text, StringConstraints(pattern=r"^/")]
    auth: Literal["public", "authenticated", "owner", "role"]
    """``public``: nobody is asked; ``authenticated``: whoever is signed in; ``owner``: whom the data belongs to; ``role``: the roles."""
    roles: Many[Text] = ()
    reason: Text | None = None
    """Why it is public; private."""

    @model_validator(mode="after")
    def _roles_and_reason_where_they_belong(self) -> Self:
        if bool(self.roles) != (self.auth == "role"):
            raise refuse(f"auth {self.auth} with {len(self.roles)} roles", "roles exactly where auth is role")
        if self.reason is not None and self.auth != "public":
            raise refuse(f"a reason beside auth {self.auth}", "a reason only where auth is public")
        return self


class AccessPolicyRecord(Record):
    """The document, as it is written."""

    schema_id: Literal["compliance/access-policy/v1"] = Field(alias="schema")
    reviewed_at: Time
    """When it was last compared with what is in force."""
    artifact: Digest | None = None
    """Digest of the kept artifact that it was compared with: a route list, an export of the settings."""
    default: Literal["deny", "allow"]
    """What happens to a request that nothing below speaks of."""
    roles: Many[Role] = ()
    endpoints: Many[RecordedEndpoint] | None = None
    """The whole inventory; absent when this record is about roles alone."""
    user_data: Literal["scoped", "unscoped", "none"] | None = None
    """``scoped``: data of persons is given to its owner or a role only; ``none``: there is none."""

    @model_validator(mode="after")
    def _names_what_it_declares(self) -> Self:
        names = [role.name for role in self.roles]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise refuse(f"role {twice!r} twice", "each role once")
        seen: set[tuple[str, str]] = set()
        for endpoint in self.endpoints or ():
            if unknown := next((role for role in endpoint.roles if role not in names), None):
                raise refuse(f"role {unknown!r} of {endpoint.method} {endpoint.path}", "a role that is declared under roles")
            if (endpoint.method, endpoint.path) in seen:
                raise refuse(f"{endpoint.method} {endpoint.path} twice", "each endpoint once")
            seen.add((endpoint.method, endpoint.path))
        return self


def _parse(source: Source) -> Parsed:
    record = read(source, AccessPolicyRecord)
    endpoints = record.endpoints
    payload = AccessPolicy(
        incomplete=None if record.roles or endpoints or record.user_data else "it names no role and no endpoint",
        default=record.default,
        roles=tuple(role.name for role in record.roles),
        rules=tuple(_rule(endpoint) for endpoint in endpoints or () if endpoint.auth in ("owner", "role")),
        endpoints=None if endpoints is None else tuple(map(_endpoint, endpoints)),
        user_data=record.user_data,
    )
    return Parsed(
        payload=payload,
        observed_at=record.reviewed_at,
        commit=record.commit,
        version=record.version,
        environment=record.environment,
        assurance=Assurance.STATED,
        citations=(Citation("review", record.reviewed_at, record.artifact),),
    )


def _endpoint(one: RecordedEndpoint) -> Endpoint:
    return Endpoint(where=f"{one.method} {one.path}", access="public" if one.auth == "public" else "authenticated", reason=one.reason)


def _rule(one: RecordedEndpoint) -> Rule:
    return Rule(where=one.path, line=None, operations=(one.method,), access="role" if one.roles else "owner", roles=one.roles)


record_yaml = Format(
    name=FORMAT,
    title="Hand-written access policy",
    parser=1,
    recognise=recogniser("access-policy"),
    parse=_parse,
    marks=("schema: compliance/access-policy/v", "reviewed-at", "default"),
)
