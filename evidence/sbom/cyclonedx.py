"""CycloneDX, JSON and XML (see `_cyclonedx_json` and `_cyclonedx_xml`).

A bill that lists vulnerabilities as well is evidence of a scan, too; one that lists nothing else (VEX) is an incomplete bill.
"""

from __future__ import annotations

from compliance.kind import Format
from compliance.record import Parsed
from compliance.source import Source

from .. import _cyclonedx_json, _cyclonedx_xml
from .inventory import stated


def _parse_json(source: Source) -> Parsed:
    return stated(_cyclonedx_json.read(source))


def _parse_xml(source: Source) -> Parsed:
    return stated(_cyclonedx_xml.read(source))


CYCLONEDX_JSON = Format(
    name="cyclonedx-json",
    title="CycloneDX JSON, 1.2 to 1.7",
    parser=2,
    marks=("bomFormat", "specVersion", "components"),
    recognise=_cyclonedx_json.recognises,
    parse=_parse_json,
)
CYCLONEDX_XML = Format(
    name="cyclonedx-xml",
    title="CycloneDX XML, 1.0 to 1.7",
    parser=2,
    recognise=_cyclonedx_xml.recognises,
    parse=_parse_xml,
    marks=("<bom", "cyclonedx.org/schema/bom/", "<component"),
)
