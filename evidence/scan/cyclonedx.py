"""Vulnerabilities inside CycloneDX: what an analyser, or a vendor (VEX), says of the listed components.

- One entry of the file's list is one finding, whatever number of components it affects.
- Its severity is the highest of its ratings (see `ratings`).
- An analysis (VEX) whose state is ``not_affected``, ``false_positive``, ``resolved`` or ``resolved_with_pedigree`` makes it suppressed:
  counted, shown, and not open. ``exploitable``, ``in_triage`` and no state at all leave it open.
- A file without a list of vulnerabilities claims no scan. An empty list does not say that anybody looked (Trivy writes one into bills for
  which it did not), and a list without components speaks of the listed vulnerabilities alone: both are incomplete.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from compliance.kind import Format
from compliance.record import Finding, Parsed, shorten
from compliance.source import Source

from .. import _cyclonedx_json, _cyclonedx_xml
from .._bom import Bom, Component, Vulnerability
from .ratings import highest
from .rows import Rows, reasons, statement

_CLOSED: Final = ("not_affected", "false_positive", "resolved", "resolved_with_pedigree")
_SHOWN: Final = 3
"""Affected components that a finding names."""


def _is_json(source: Source) -> bool:
    return _cyclonedx_json.recognises(source) and _cyclonedx_json.lists_vulnerabilities(source)


def _is_xml(source: Source) -> bool:
    return _cyclonedx_xml.recognises(source) and _cyclonedx_xml.lists_vulnerabilities(source)


def _parse_json(source: Source) -> Parsed:
    return _stated(_cyclonedx_json.read(source))


def _parse_xml(source: Source) -> Parsed:
    return _stated(_cyclonedx_xml.read(source))


def _stated(bom: Bom) -> Parsed:
    rows = Rows()
    found = bom.vulnerabilities or ()
    for finding in _findings(found, bom, rows):
        rows.add(finding)
    return statement(
        rows,
        bom.tool,
        "sca",
        scanned=len(bom.components) or None,
        scanned_what="packages",
        observed_at=bom.made_at,
        incomplete=reasons(
            None if found else "the list of vulnerabilities is empty, which does not say that anybody looked for some",
            None if bom.components else "no component is listed: it speaks of the listed vulnerabilities only",
        ),
    )


def _findings(vulnerabilities: Sequence[Vulnerability], bom: Bom, rows: Rows) -> Iterator[Finding]:
    known = {item.ref: item for item in (*bom.components, bom.described) if item is not None and item.ref}
    for item in vulnerabilities:
        affected = [known.get(ref) or Component(_within(ref), None) for ref in dict.fromkeys(item.affects)]
        names = list(dict.fromkeys(one.name or one.ref or "" for one in affected))
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        package = shorten(", ".join(names[:_SHOWN]), 400) + more
        rule = shorten(item.id or item.ref or "vulnerability without id", 200)
        yield Finding(
            rule=rule,
            severity=highest(item.ratings).value,
            state="suppressed" if item.state in _CLOSED else "open",
            fingerprint=rows.unique(rule, package),
            package=package or None,
            package_version=affected[0].version if len(affected) == 1 else None,
            message=shorten(item.text) if item.text else None,
        )


def _within(ref: str) -> str:
    """Returns what a link into another bill (``urn:cdx:serial/version#ref``) points at there; any other id as it is."""
    return ref.partition("#")[2] or ref if ref.startswith("urn:cdx:") else ref


CYCLONEDX_JSON = Format(
    name="cyclonedx-json",
    title="CycloneDX JSON: its vulnerabilities",
    parser=2,
    recognise=_is_json,
    parse=_parse_json,
    marks=("bomFormat", "specVersion", "vulnerabilities"),
)
CYCLONEDX_XML = Format(
    name="cyclonedx-xml",
    title="CycloneDX XML: its vulnerabilities",
    parser=2,
    recognise=_is_xml,
    parse=_parse_xml,
    marks=("<bom", "cyclonedx.org/schema/bom/", "vulnerability"),
)
