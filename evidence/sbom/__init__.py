"""Software bill of materials: what is shipped, with versions and licences.

Components are what the file lists: CycloneDX components at all depths, SPDX packages. A component is without licence when the file names
none for it: nothing there, an empty entry, ``NOASSERTION`` (nobody looked, or could tell) or ``NONE`` (there is none). How many of these
the file answers with such a word is counted apart (``no_assertion``, ``none``). A licence that is named, as an SPDX expression or in any
other words, counts. Where SPDX gives a concluded and a declared licence, the concluded one counts if it names one, else the declared.
"""

from __future__ import annotations

from typing import Annotated, Literal

from compliance.kind import Kind
from compliance.record import Json, Model, Payload, Private
from compliance.subject import Binding


class Licence(Model):
    """One licence statement, as it is written, and how many components it is for."""

    expression: str
    components: int
    first: Annotated[str | None, Private("paths")]
    """The first of these components."""
    alternatives: tuple[tuple[str, ...], ...]
    """Ways to comply with it, each a set of licences: ``MIT OR (ISC AND Zlib)`` has two. One with all licences when there are too many."""


class Lacking(Model):
    """A component that lacks something."""

    name: Annotated[str | None, Private("paths")]
    version: str | None
    lacks: tuple[Literal["name", "version", "licence"], ...]


class Sbom(Payload):
    """What one bill of materials says."""

    format_version: str
    """Version of the format as the file writes it, such as ``1.6`` or ``SPDX-2.3``."""
    tool: str
    """What wrote it; ``unknown`` when the file does not say."""
    tool_version: str | None
    components: int
    """At all depths."""
    without_name: int
    without_version: int
    without_licence: int
    no_assertion: int
    """Components without licence of which the file says NOASSERTION."""
    none: int
    """Components without licence of which the file says NONE."""
    licences: tuple[Licence, ...]
    """Most frequent first, at most 1,000."""
    licences_not_listed: int
    """Further licence statements."""
    lacking: tuple[Lacking, ...]
    """The first 20 components without name, version or licence."""
    describes: Annotated[str | None, Private("paths")]
    """Name of what the bill is about."""
    describes_version: str | None

    def summary(self) -> dict[str, Json]:
        """Returns the summary of CONTRACT.md, and how the components without licence came about."""
        names = ("format_version", "components", "without_version", "without_licence", "without_name", "no_assertion", "none")
        return {name: getattr(self, name) for name in names}


KIND = Kind(id="sbom", title="Software bill of materials", binds_to=Binding.COMMIT, payload=Sbom)
