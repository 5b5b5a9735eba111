"""Verifies again the signatures under which evidence was recorded, where the kept bytes are those that were signed."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import ComplianceError, InputError, StoreUnavailableError
from ..home import input_signers
from ..intake.signed import again
from ..location import Location
from ..project import Project
from ..sign.checks import Check
from ..store import Store
from ..store.ledger import Entry

NAME = "signatures"


def verify_inputs(path: Location, project: Project) -> Iterator[Check]:
    """Verifies signed evidence of a store by the keys that a project trusts now, with the clock of when it was recorded.

    Args:
        path: The store.
        project: Says whom it trusts.

    Raises:
        StoreUnavailableError: The store cannot be looked at.
    """
    try:
        with Store.open(path) as store:
            yield from _verified(store, project)
    except StoreUnavailableError:
        raise
    except ComplianceError as error:
        yield Check(NAME, "refuted", str(error))


def _verified(store: Store, project: Project) -> Iterator[Check]:
    signed = [entry for entry in store.entries(types=["evidence"]) if "signature" in entry.body]
    erased, done = store.erased(), 0
    for entry in signed:
        if entry.number in erased:
            continue
        if not entry.body["signature"].get("repeatable"):
            yield Check(NAME, "not-proven", f"evidence {entry.number}: what is kept is not what was signed (unpacked, or secrets masked)")
            continue
        try:
            _again(store, entry, project)
        except InputError as error:
            yield Check(NAME, "refuted", f"evidence {entry.number}: {error}")
            return
        except ComplianceError as error:
            yield Check(NAME, "not-proven", f"evidence {entry.number}: {error}")
        else:
            done += 1
    if done:
        yield Check(NAME, "proven", f"{done} signatures over evidence verified again, by keys that are trusted")


def _again(store: Store, entry: Entry, project: Project) -> None:
    said = entry.body["signature"]
    signature = str(store.private(entry.number)["people"]["signature"]).encode()
    data = b"".join(store.artifact(entry.body["artifact"]["sha256"]))
    again(input_signers(project), said["method"], signature, data, entry.first_at)
