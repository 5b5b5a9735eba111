"""Format ``gcloud-secrets-json``: what ``gcloud secrets list`` and ``gcloud secrets versions list`` print with ``--format=json``.

Source: Secret Manager API, resources ``projects.secrets`` and ``projects.secrets.versions``. A list of secrets tells when each was created,
and no more about its value; a list of the versions of one tells when its newest enabled version was, which is its value. Labels or
annotations may name the owner; a list of versions has none.
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

_NAME: Final = re.compile(r"(projects/[^/]+(?:/locations/[^/]+)?/secrets/[^/]+)(/versions/[^/]+)?")


def _recognise(source: Source) -> bool:
    entry = first(source)
    name = entry.get("name")
    return isinstance(name, str) and _NAME.fullmatch(name) is not None and "createTime" in entry


def _parse(source: Source) -> Parsed:
    found = entries(source.json, "")
    names = [_NAME.fullmatch(text(one, "name", f"/{number}")) for number, one in enumerate(found)]
    odd = next((number for number, match in enumerate(names) if match is None), None)
    if odd is not None:
        raise InputError(f"name {str(found[odd]['name'])[:60]!r}", expected="projects/…/secrets/…", where=f"/{odd}")
    versions = [bool(match and match[2]) for match in names]
    if any(versions) and not all(versions):
        raise InputError("secrets and versions in one list", expected="either of them", where=f"/{versions.index(not versions[0])}")
    if any(versions):
        return _versions(found)
    return parsed("gcloud", [_secret(one, f"/{number}") for number, one in enumerate(found)], 0)


def _secret(entry: dict[str, Json], where: str) -> Secret:
    who = owner(entry.get("labels"), where) or owner(entry.get("annotations"), where)
    return Secret(
        name=text(entry, "name", where),
        owned=who is not None,
        owner=who,
        set_at=time(entry, "createTime", where),
        set_by=None,
        expires_at=time(entry, "expireTime", where),
    )


def _versions(found: list[dict[str, Json]]) -> Parsed:
    """The newest enabled version of each secret; a secret without one is not in use."""
    newest: dict[str, Secret] = {}
    for number, entry in enumerate(found):
        where = f"/{number}"
        name = text(entry, "name", where).rpartition("/versions/")[0]
        created = time(entry, "createTime", where)
        if str(entry.get("state", "")).upper() != "ENABLED" or created is None:
            continue
        known = newest.get(name)
        if known is None or known.set_at is None or known.set_at < created:
            newest[name] = Secret(name=name, owned=None, owner=None, set_at=created, set_by=created, expires_at=None)
    all_names = {text(entry, "name", "").rpartition("/versions/")[0] for entry in found}
    return parsed("gcloud", list(newest.values()), len(all_names) - len(newest))


GCLOUD_SECRETS_JSON = Format(
    name="gcloud-secrets-json",
    title="`gcloud secrets list`, or `versions list`, as JSON",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=('"name"', "projects/", "createTime"),
)
