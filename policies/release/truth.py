"""Truth: what the release documents say is what the evidence says."""

from __future__ import annotations

from typing import Final

from compliance.gate import Area, declared

PRINCIPLE: Final = "Truth"

DOCUMENTS_TELL_THE_TRUTH = declared(
    """
    Asks: Every number and every tick in the release documents that the store can check agrees with the evidence. Sign-offs and conditions
    are not checkable.

    Why: People decide on what the document says. A document that is greener than its evidence makes them decide wrongly.

    Evidence: The release documents of this commit (kind `document`) and the verdicts of all other gates but REL-6 and REL-7; it runs last.

    Fix: Correct the named number or tick in the document, or supply the evidence that makes it true. This gate cannot be waived.

    Maps to: SOC 2 CC2.1, CC2.2; ISO/IEC 27001:2022 A.5.28, A.5.33.
    """,
    module=__name__,
    id="REL-8",
    statement="The release documents tell the truth",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["document", "verdict"],
    waivable=False,
)
