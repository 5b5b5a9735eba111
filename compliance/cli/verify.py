"""``compliance verify``: checks reports and stores, offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .session import Format, Session, print_json, show_path

if TYPE_CHECKING:
    from ..documents.proving import VerifyDocument
    from ..verification.verify import Verification


def run(
    session: Session,
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Reports (PDF), folders of report --bundle, DSSE envelopes, stores.", show_default="the project's store"),
    ] = None,
    trust: Annotated[
        list[Path] | None, typer.Option(help="Certificate, folder of certificates, or list of allowed SSH signers to trust (repeatable).")
    ] = None,
    trust_timestamps: Annotated[
        list[Path] | None, typer.Option(help="Likewise, of authorities that are trusted for timestamps only (repeatable).")
    ] = None,
    since: Annotated[
        list[Path] | None, typer.Option(help="Earlier report or checkpoint since which a store must only have grown (repeatable).")
    ] = None,
    replay: Annotated[bool, typer.Option("--replay", help="Parse every kept artifact of a store again and compare.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Count a check that could not be made as refuted.")] = False,
    format: Format = "text",
) -> int:
    """Verify reports, bundles, envelopes and stores, offline. With --store, also that a report belongs to that store."""
    from .. import home
    from ..location import located
    from ..project import Project
    from ..verification.verify import verify_path

    project = Project.load(session.common.project)
    store = located(session.common.store) if session.common.store else None
    trusted = home.trust_store(project, trust or (), trust_timestamps or ())
    allowed = home.allowed_signers(project, trust or ())
    results = []
    for path in map(located, paths) if paths else [session.store_location]:
        with session.working(f"verifying {path}"):
            results.append(verify_path(path, trusted, allowed, store=store, project=project, replay=replay, since=since or ()))
    if format == "json":
        from ..documents.proving import VerifyList

        documents = [_document(result, strict) for result in results]
        print_json(documents[0] if len(documents) == 1 else VerifyList(results=documents))
    else:
        for result in results:
            for line in _lines(result, strict):
                print(line)
    return max((result.exit_code(strict) for result in results), key=(0, 6, 4).index)


def _document(result: Verification, strict: bool) -> VerifyDocument:
    from ..documents.proving import VerifyCheck, VerifyDocument

    return VerifyDocument(
        path=show_path(result.path),
        ok=result.exit_code(strict) == 0,
        signer=dict(result.signer),
        anchored_by=result.anchored_by,
        checks=[VerifyCheck(name=one.name, status=one.status, detail=one.detail) for one in result.checks],
    )


def _lines(result: Verification, strict: bool) -> list[str]:
    from ..plaintext import safe
    from . import table

    sign = {"proven": "+ proven", "refuted": "x REFUTED", "not-proven": "? not proven"}
    rows = [[sign[one.status], one.name, one.detail] for one in result.checks]
    made = [safe(show_path(result.path)), *table.lines(rows, indent=2)]
    if result.signer.get("detail"):
        made += table.lines([["signer", str(result.signer["detail"])]], indent=2)
    made += table.lines([["anchored by", result.anchored_by]], indent=2)
    unknown = "NOT PROVEN: nobody who is known here signed it" if result.signer.get("status") == "none" else ""
    words = {0: "VERIFIED", 4: "REFUTED: do not rely on it", 6: unknown or "INTACT, but its signer is not trusted here"}
    return [*made, words[result.exit_code(strict)]]
