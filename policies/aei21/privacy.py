"""Privacy: personal data is processed on record, people can exercise their rights, and logs hold none of it."""

from __future__ import annotations

from collections import Counter
from typing import Final

from compliance.gate import Area, Inputs, Params, Place, Reason, Verdict, declared, failed, gate, not_assessed, passed
from compliance.record import Assurance

from .._say import LIMIT, count

PRINCIPLE: Final = "Privacy"


class PersonalData(Params):
    """Thresholds of AEI21-PR-3."""

    declared_fields: tuple[str, ...] = ()
    """Log fields that may hold personal data, because the record of processing says so; names joined by dots: ``actor.email``."""


@gate(
    id="AEI21-PR-3",
    statement="No personal data in logs",
    principle=PRINCIPLE,
    area=Area.DATA,
    reads=["audit-log"],
    service_only=True,
    params=PersonalData,
)
def no_personal_data_in_logs(inputs: Inputs, params: PersonalData) -> Verdict:
    """Reads what looks like personal data in log records.

    Asks: No record of a log holds an e-mail address, a token, a card number or a national id outside the fields that are declared for it.

    Why: Logs are copied, kept and read more widely than any database, and nobody deletes a person from them.

    Evidence: Logs of the judged environment (`compliance ingest`). What is found is kept as rule, line and field, never as
    text. The fields in which a format says who acted (`principalEmail`, `userIdentity`, `user.username`, `acct`) are declared by the
    format itself; their number is shown.

    Fix: Log an internal id instead of the named field, mask it in the logger, and delete the records that hold it. A field that must hold
    personal data is named in `declared-fields` of this gate.

    Maps to: GDPR art. 5(1)(c), art. 5(1)(f), art. 32; SOC 2 CC6.1; ISO/IEC 27001:2022 A.5.34, A.8.11, A.8.12.
    """
    logs = [item.payload for item in inputs.of("audit-log")]
    limits = {"undeclared": 0, "declared_fields": list(params.declared_fields)}
    found: Counter[str] = Counter()
    for log in logs:
        found.update(log.personal_fields)
    outside = Counter({field: places for field, places in found.items() if field not in params.declared_fields})
    total, events = sum(log.personal_data for log in logs), sum(log.events for log in logs)
    unlisted = max(0, total - found.total())
    actors = sum(log.personal_data_of_actors for log in logs)
    observed = {"personal_data": total, "undeclared": outside.total() + unlisted, "of_actors": actors, "events": events}
    if outside or unlisted:
        worst = ", ".join(f"{field} ({places})" for field, places in outside.most_common(3)) or "fields that are not named"
        message = f"{count(outside.total() + unlisted, 'place')} with personal data outside the declared fields: {worst}"
        samples = [sample for log in logs for sample in log.personal_samples if sample.field not in params.declared_fields]
        where = [Place(f"line {sample.line}", f"{sample.rule} in {sample.field}") for sample in samples[:LIMIT]]
        return failed(message, observed=observed, threshold=limits, places=where)
    if not events or not all(log.events for log in logs):
        return not_assessed(Reason.INCOMPLETE, "a log without events says nothing", observed=observed, threshold=limits)
    within = f" outside {', '.join([*found, *(['the fields for who acted'] if actors else [])])}" if found or actors else ""
    return passed(f"no personal data{within} in {count(events, 'record')}", observed=observed, threshold=limits)


PROCESSING_RECORDED = declared(
    """
    Asks: Every processing activity has purpose, lawful basis, data categories, recipients, retention, transfer safeguard and security
    measures; none keeps data without limit; the record was reviewed within 180 days.

    Why: Who does not know what is processed, and why, can neither inform people nor delete their data.

    Evidence: The record of processing activities (kind `privacy`). A stated record is accepted, and printed as such.

    Fix: Complete the named activity, set a retention period, and have the record reviewed by whoever answers for it.

    Maps to: GDPR art. 5(1)(e), art. 5(2), art. 30; CCPA Cal. Civ. Code 1798.100; ISO/IEC 27001:2022 A.5.34.
    """,
    module=__name__,
    id="AEI21-PR-1",
    statement="Processing is recorded (GDPR art. 30, CCPA notice)",
    principle=PRINCIPLE,
    area=Area.DATA,
    reads=["privacy"],
    service_only=True,
    min_assurance=Assurance.STATED,
)

RIGHTS_EXERCISABLE = declared(
    """
    Asks: There is a tested procedure each for access, rectification, erasure, portability, and objection or opt-out, and each ends within
    30 days (45 under the CCPA).

    Why: A right that nobody ever tried to exercise usually cannot be exercised.

    Evidence: The procedures with the dates of their tests (kind `privacy`). A stated record is accepted, and printed as such.

    Fix: Write the named procedure, try it with a test person, and record when and how long it took.

    Maps to: GDPR art. 12(3), art. 15, art. 16, art. 17, art. 20, art. 21; CCPA Cal. Civ. Code 1798.130; ISO/IEC 27001:2022 A.5.34.
    """,
    module=__name__,
    id="AEI21-PR-2",
    statement="People's rights can be exercised",
    principle=PRINCIPLE,
    area=Area.DATA,
    reads=["privacy"],
    service_only=True,
    min_assurance=Assurance.STATED,
)
