"""People: risks have owners, conditions were met, and those who must decide have decided."""

from __future__ import annotations

from typing import Final

from compliance.gate import Area, declared
from compliance.record import Assurance

PRINCIPLE: Final = "People"

RISKS_TREATED = declared(
    """
    Asks: Every risk has likelihood, impact, owner, mitigation and status, and no residual risk is HIGH without a valid waiver.

    Why: A risk without an owner is accepted by nobody and carried by the users.

    Evidence: The risk register (kind `risk-register`). A stated register is accepted, and printed as such.

    Fix: Complete the named risk, carry out its mitigation, or have somebody who may accept it do so in a waiver with an expiry.

    Maps to: NIST SSDF PW.1.2, RV.2.2; SOC 2 CC3.2, CC9.1; ISO/IEC 27001:2022 A.5.8.
    """,
    module=__name__,
    id="REL-5",
    statement="Risks are owned and treated",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["risk-register"],
    min_assurance=Assurance.STATED,
)

ROLES_APPROVED = declared(
    """
    Asks: A quorum of the roles that must approve has approved (by default technical lead, security, product owner and safety coordinator);
    no approval has expired, and each is bound to the decision that is judged.

    Why: An approval of something else, or of an earlier state, is no approval.

    Evidence: The sign-offs in the ledger (view `sign-off`), never a document that says so. The evidence outcome is decided without this
    gate, and approvers see it before they sign.

    Fix: Give each missing role the packet of this decision and have it signed; a changed decision needs new approvals. This gate cannot
    be waived.

    Maps to: SOC 2 CC8.1; ISO/IEC 27001:2022 A.5.2, A.8.32.
    """,
    module=__name__,
    id="REL-6",
    statement="The roles that must approve have approved",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["sign-off"],
    waivable=False,
    after_all=True,
)

CONDITIONS_MET = declared(
    """
    Asks: No condition of an earlier approval is past its due date without the evidence that closes it.

    Why: A condition that nobody follows up turns every conditional approval into an unconditional one.

    Evidence: The conditions in the ledger (view `condition`): owner, due date, and the evidence that was to close them.

    Fix: Deliver the evidence that the named condition waits for, and record it. This gate cannot be waived.

    Maps to: NIST SSDF RV.2.2; SOC 2 CC8.1; ISO/IEC 27001:2022 A.8.32.
    """,
    module=__name__,
    id="REL-7",
    statement="Earlier conditions were met",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["condition"],
    waivable=False,
)
