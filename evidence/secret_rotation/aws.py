"""Format ``aws-secrets-json``: what ``aws secretsmanager list-secrets`` prints.

Source: AWS CLI reference, ``secretsmanager list-secrets`` (times are numbers in version 1 of the client, ISO 8601 in version 2). A value
was set when it was last rotated, else when the secret was created, and not after the last change of the secret in any way. Secrets that
are scheduled for deletion are left out. The owner is a tag, or the AWS service that manages the secret.
"""

from __future__ import annotations

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Json, Parsed
from compliance.source import Source

from . import Secret
from .lists import entries, owner, parsed, text, time


def _recognise(source: Source) -> bool:
    return "SecretList" in source.json_members


def _parse(source: Source) -> Parsed:
    document = source.json
    if not isinstance(document, dict):
        raise InputError("no object", expected="an object with SecretList")
    found = entries(document.get("SecretList"), "/SecretList")
    kept = [(number, one) for number, one in enumerate(found) if one.get("DeletedDate") is None]
    more = document.get("NextToken") is not None
    return parsed(
        "aws",
        [_secret(one, f"/SecretList/{number}") for number, one in kept],
        len(found) - len(kept),
        "the list goes on (NextToken)" if more else None,
    )


def _secret(entry: dict[str, Json], where: str) -> Secret:
    created, rotated = time(entry, "CreatedDate", where), time(entry, "LastRotatedDate", where)
    known = [one for one in (created, rotated) if one is not None]
    service = entry.get("OwningService")
    who = owner(entry.get("Tags"), where) or (service if isinstance(service, str) and service else None)
    return Secret(
        name=text(entry, "ARN" if entry.get("ARN") else "Name", where),
        owned=who is not None,
        owner=who,
        set_at=max(known, default=None),
        set_by=max((one for one in (time(entry, "LastChangedDate", where), *known) if one is not None), default=None),
        expires_at=None,
    )


AWS_SECRETS_JSON = Format(
    name="aws-secrets-json",
    title="`aws secretsmanager list-secrets`",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=("SecretList", '"CreatedDate"'),
)
