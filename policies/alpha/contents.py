"""Security foundation: what is shipped is known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any, Final

from pydantic import Field

from compliance.gate import (
    Area,
    AtLeast,
    AtMost,
    Inputs,
    Item,
    Params,
    Place,
    Reason,
    Verdict,
    failed,
    gate,
    not_assessed,
    passed,
)
from compliance.record import Json

from .._say import LIMIT, count
from .security_foundation import PRINCIPLE


class Contents(Params):
    """Thresholds of ALPHA-SF-6."""

    without_name: Annotated[int, AtMost(), Field(ge=0)] = 0
    """Components without name, at most (count)."""
    without_version: Annotated[int, AtMost(), Field(ge=0)] = 0
    """Components without version, at most (count)."""
    without_licence: Annotated[int, AtMost(), Field(ge=0)] = 0
    """Components without licence, at most (count)."""
    denied_licences: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], AtLeast()] = ()
    """Licences that nothing shipped may need: SPDX ids or patterns such as ``AGPL-*``, in any case. None is denied unless it is named here;
    which ones to deny is each project's own decision."""


_LACKS: Final = {"without_name": "name", "without_version": "version", "without_licence": "licence"}


@gate(
    id="ALPHA-SF-6",
    statement="What is shipped is known",
    principle=PRINCIPLE,
    area=Area.SECURITY,
    reads=["sbom"],
    required=False,
    params=Contents,
)
def contents_are_known(inputs: Inputs, params: Contents) -> Verdict:
    """Looks through the bills of materials of this version.

    Asks: There is a software bill of materials for this version; every component has a name, a version and a licence, and none of the
    licences is denied. Of a choice of licences (`MIT OR GPL-3.0-only`) one that is not denied is enough; NOASSERTION and NONE are no
    licences.

    Why: When the next hole in a library becomes known, the question is within the hour whether it was shipped.

    Evidence: An SBOM of this commit (kind `sbom`) in CycloneDX or SPDX. One that names another version as its subject is foreign.

    Fix: Let the build write the SBOM from its lock file, add what the tool could not resolve, and replace components under denied licences.

    Maps to: NIST SSDF PS.3.2, PW.4.4; SOC 2 CC7.1; ISO/IEC 27001:2022 A.5.21, A.8.8.
    """
    bills = [item for item in inputs.of("sbom") if not _is_for_another(item.payload.describes_version, inputs.subject.version)]
    limits = params.model_dump(mode="json")
    if not bills:
        return _no_bill(inputs, limits)
    denied = [one for item in bills for one in item.payload.licences if _is_denied(one.alternatives, params.denied_licences)]
    observed: dict[str, int] = {name: sum(getattr(item.payload, name) for item in bills) for name in _LACKS}
    observed |= {"components": sum(item.payload.components for item in bills), "denied": sum(one.components for one in denied)}
    broken = [f"{observed[name]} without {word}" for name, word in _LACKS.items() if observed[name] > limits[name]]
    if denied:
        names = sorted({one.expression for one in denied})
        broken.append(f"{observed['denied']} under denied licences ({', '.join(names[:3])}{', …' if len(names) > 3 else ''})")
    of = f"of {count(observed['components'], 'component')}"
    if broken:
        return failed(f"{of}: {', '.join(broken)}", observed=observed, threshold=limits, places=_places(denied, bills))
    if not observed["components"]:
        return not_assessed(Reason.INCOMPLETE, "the SBOM lists no component", observed=observed, threshold=limits)
    if params.denied_licences and any(item.payload.licences_not_listed for item in bills):
        return not_assessed(Reason.INCOMPLETE, "more licences than are kept: not all were compared", observed=observed, threshold=limits)
    words = ", ".join(f"{observed[name]} without {word}" for name, word in _LACKS.items())
    return passed(f"{of}: {words}, {observed['denied']} under denied licences", observed=observed, threshold=limits)


def _no_bill(inputs: Inputs, limits: Mapping[str, Json]) -> Verdict:
    others = sorted({str(item.payload.describes_version) for item in inputs.of("sbom")})
    if not others:
        return not_assessed(Reason.MISSING, "no SBOM", threshold=limits)
    return not_assessed(Reason.FOREIGN, f"the SBOM is for version {', '.join(others[:3])}, not {inputs.subject.version}", threshold=limits)


_NUMBERED: Final = re.compile(r"v?(\d.*)")
"""Versions that can be compared; a bill may name a digest or a branch instead."""


def _is_for_another(described: str | None, version: str | None) -> bool:
    ours, theirs = (_NUMBERED.fullmatch(text or "") for text in (version, described))
    return ours is not None and theirs is not None and ours[1] != theirs[1]


def _is_denied(alternatives: Sequence[Sequence[str]], denied: Sequence[str]) -> bool:
    """Whether each way to comply needs a denied licence."""
    patterns = [pattern.lower() for pattern in denied]
    return all(any(fnmatchcase(name.lower(), pattern) for name in way for pattern in patterns) for way in alternatives)


def _places(denied: Sequence[Any], bills: Sequence[Item]) -> list[Place]:
    """Names a component under each denied licence, then components that lack something."""
    found = [Place(one.first or "a component", f"{one.expression} is denied") for one in denied]
    lacking = [one for item in bills for one in item.payload.lacking]
    found += [Place(f"{one.name or 'a component'} {one.version or ''}".rstrip(), f"no {', no '.join(one.lacks)}") for one in lacking]
    return found[:LIMIT]
