"""Licences of SPDX 3: elements that stand for an expression, a listed or custom licence, or a set of other licences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from compliance.record import shorten

_SETS: Final = {"expandedlicensing_ConjunctiveLicenseSet": " AND ", "expandedlicensing_DisjunctiveLicenseSet": " OR "}
_DEPTH: Final = 10
"""Licences inside each other; deeper ones are named by their id."""
_LISTED: Final = "://spdx.org/licenses/"
_MEMBERS: Final = 100
_WORDS: Final = {
    "NoAssertionLicense": "NOASSERTION",
    "NoAssertionElement": "NOASSERTION",
    "SPDXRef-NoAssertion": "NOASSERTION",
    "NoneLicense": "NONE",
    "NoneElement": "NONE",
    "SPDXRef-None": "NONE",
}
"""Ends of the names of individuals that stand for no licence; those with a hyphen are of Microsoft's sbom-tool."""


class Licences:
    """The licences of one graph."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, Mapping[str, Any]]] = {}

    def take(self, id_: str, kind: str, members: Mapping[str, Any]) -> None:
        """Notes an element."""
        self._found[id_] = kind, members

    def text(self, id_: str, depth: int = 0) -> str:
        """Returns a licence as an expression; one that the graph does not hold is called by its id."""
        if word := _word(id_):
            return word
        kind, members = self._found.get(id_, ("", {}))
        if not kind or depth > _DEPTH:
            return shorten(id_.rpartition("/")[2] if _LISTED in id_ else id_, 300)
        if word := _word(kind):
            return word
        if kind == "simplelicensing_LicenseExpression":
            return _plain(members.get("simplelicensing_licenseExpression"))
        if kind in _SETS:
            parts = [self.text(one, depth + 1) for one in _ids(members.get("expandedlicensing_member"))]
            return "(" + _SETS[kind].join(parts) + ")" if len(parts) > 1 else "".join(parts)
        if kind == "expandedlicensing_OrLaterOperator":
            return "".join(self.text(one, depth + 1) for one in _ids(members.get("expandedlicensing_subjectLicense"))) + "+"
        if kind == "expandedlicensing_WithAdditionOperator":
            names = ("expandedlicensing_subjectExtendableLicense", "expandedlicensing_subjectAddition")
            return " WITH ".join(self.text(one, depth + 1) for name in names for one in _ids(members.get(name)))
        return id_.rpartition("/")[2] if _LISTED in id_ else _plain(members.get("name")) or shorten(id_, 300)


def _word(text: str) -> str | None:
    """Returns SPDX 2's word for the two individuals that stand for no licence (of the profile Licensing before version 3.0)."""
    if "spdx.org/rdf/" in text and "/Licensing/" in text:
        text += "License"
    return _WORDS.get(text.rpartition("/")[2].rpartition("_")[2])


def _plain(value: Any) -> str:
    return shorten(value.strip(), 2000) if isinstance(value, str) else ""


def _ids(value: Any) -> list[str]:
    many = value if isinstance(value, list) else [value]
    return [one for one in many if isinstance(one, str)][:_MEMBERS]
