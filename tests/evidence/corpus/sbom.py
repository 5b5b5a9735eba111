"""Bills of materials: components at all depths, and the vulnerabilities that CycloneDX lists, which are a scan of their own."""

from __future__ import annotations

from compliance.record import Json

from . import Answer, Expected, Reading, Rule

_CLOSED = ("not_affected", "false_positive", "resolved", "resolved_with_pedigree")


def _bill(form: str, expected: Expected, without_licence: int) -> Reading:
    summary: dict[str, Json] = {
        "format_version": expected["specVersion"],
        "components": expected["components_all"],
        "without_licence": without_licence,
    }
    return Reading("sbom", form, summary, incomplete=expected["components_all"] == 0)


def _vulnerabilities(form: str, expected: Expected, suppressed: int) -> Reading:
    summary: dict[str, Json] = {"category": "sca", "total": expected["count"] - suppressed, "suppressed": suppressed}
    return Reading("scan", form, summary, incomplete=expected["components_all"] == 0)


def _cyclonedx(expected: Expected) -> Answer:
    form = "cyclonedx-json" if "bomFormat" in expected else "cyclonedx-xml"
    bill = _bill(form, expected, expected["components_all"] - expected["with_license"])
    suppressed = sum(count for state, count in expected.get("analysis_states", {}).items() if state in _CLOSED)
    return (bill, _vulnerabilities(form, expected, suppressed)) if expected["count"] else (bill,)


_SPDX = {"SPDX 2 JSON": "spdx-json", "tag-value": "spdx-tag", "SPDX 3 JSON-LD": "spdx3-jsonld"}


def _spdx(expected: Expected) -> Answer:
    summary: dict[str, Json] = {"format_version": expected["spdxVersion"], "components": expected["packages"]}
    named = sum(count for text, count in expected.get("license_concluded", {}).items() if text not in ("MISSING", "NOASSERTION", "NONE"))
    if named == expected["packages"]:
        summary["without_licence"] = 0
    return (Reading("sbom", _SPDX[expected["layout"]], summary, incomplete=False),)


FORMATS = {
    "cyclonedx": Rule(
        ("cyclonedx-json", "cyclonedx-xml"),
        _cyclonedx,
        {
            "cyclonedx-012": (
                Reading(
                    "sbom",
                    "cyclonedx-xml",
                    {"format_version": "1.0", "components": 6, "without_version": 0, "without_licence": 6},
                    why="<licenses><license></license></licenses> names no licence, though the element is there",
                ),
            ),
            "cyclonedx-016": (
                Reading("sbom", "cyclonedx-xml", {"components": 1, "without_licence": 1}, why="see below"),
                Reading(
                    "scan",
                    "cyclonedx-xml",
                    {"category": "sca", "total": 0, "suppressed": 1},
                    why="its analysis is not_affected, which the answers give for JSON only",
                ),
            ),
        },
    ),
    "spdx": Rule(("spdx-json", "spdx-tag", "spdx3-jsonld"), _spdx),
}
