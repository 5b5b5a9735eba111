"""Format ``azure-secrets-json``: what ``az keyvault secret list`` prints.

Source: Azure CLI reference, ``az keyvault secret list``; Key Vault documentation, "About secrets": ``created`` and ``updated`` are those of
the newest version. Its value was set when that was created. Secrets that are not enabled are left out. The owner is a tag.
"""

from __future__ import annotations

import re
from typing import Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Json, Parsed
from compliance.source import Source

from . import Secret
from .lists import entries, first, owner, parsed, text, time

_ID: Final = re.compile(r"https://[^/]+/secrets/[^/]+(?:/[0-9a-f]{32})?")


def _recognise(source: Source) -> bool:
    entry = first(source)
    return isinstance(entry.get("attributes"), dict) and isinstance(entry.get("id"), str) and _ID.fullmatch(entry["id"]) is not None


def _parse(source: Source) -> Parsed:
    secrets: list[Secret] = []
    left_out = 0
    for number, entry in enumerate(entries(source.json, "")):
        where = f"/{number}"
        attributes = entry.get("attributes")
        if not isinstance(attributes, dict) or not _ID.fullmatch(text(entry, "id", where)):
            raise InputError("an entry without id and attributes", expected="a secret of a key vault", where=where)
        if attributes.get("enabled") is False:
            left_out += 1
        else:
            secrets.append(_secret(entry, attributes, where))
    return parsed("azure", secrets, left_out)


def _secret(entry: dict[str, Json], attributes: dict[str, Json], where: str) -> Secret:
    who, created = owner(entry.get("tags"), where), time(attributes, "created", where)
    return Secret(
        name=text(entry, "id", where),
        owned=who is not None,
        owner=who,
        set_at=created,
        set_by=created,
        expires_at=time(attributes, "expires", where),
    )


AZURE_SECRETS_JSON = Format(
    name="azure-secrets-json",
    title="`az keyvault secret list`",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=('"id"', ".vault.", "attributes"),
)
