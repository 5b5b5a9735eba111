"""Security foundation: secrets are replaced in time, and somebody answers for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import Field

from compliance.gate import Area, AtMost, Inputs, Params, Place, Reason, Verdict, failed, gate, not_assessed, passed
from compliance.record import Assurance
from compliance.times import rfc3339

from .._say import LIMIT, count, days, number
from .security_foundation import PRINCIPLE

_SKEW: Final = timedelta(minutes=5)


class Rotation(Params):
    """Thresholds of ALPHA-SF-4."""

    rotated_within_days: Annotated[float, AtMost(), Field(gt=0)] = 90.0
    """Age of a secret's value, at most (days)."""


@gate(
    id="ALPHA-SF-4",
    statement="Secrets are rotated",
    principle=PRINCIPLE,
    area=Area.SECURITY,
    reads=["secret-rotation"],
    service_only=True,
    min_assurance=Assurance.STATED,
    params=Rotation,
)
def secrets_are_rotated(inputs: Inputs, params: Rotation) -> Verdict:
    """Joins the inventory with the lists of the cloud, and looks at the age, the owner and the end of each secret.

    Asks: Every secret of the inventory was rotated within 90 days; none is without an owner, and none has expired.

    Why: A secret that is never changed is known by everybody who ever worked here, and by whoever took it then.

    Evidence: An inventory of the secrets, or the list that a cloud's secret manager prints (`compliance ingest`). An entry of the
    inventory with the name of a secret in such a list tells its owner; the list tells the age. A stated inventory is accepted, and
    printed as such.

    Fix: Rotate the named secret and record when; give the secret without owner one; remove what nobody uses.

    Maps to: NIST SSDF PO.5.2; SOC 2 CC6.1; ISO/IEC 27001:2022 A.5.17, A.8.24.
    """
    secrets = joined([item.payload for item in inputs.of("secret-rotation")])
    limits = {**params.model_dump(), "without_owner": 0, "expired": 0}
    found = _secrets(secrets, inputs.as_of, timedelta(days=params.rotated_within_days))
    observed = {"secrets": len(secrets), **{name: len(places) for name, places in found.items()}}
    broken = [f"{len(found[name])} {words}" for name, words in _SECRET_DEFECTS.items() if found[name]]
    if broken:
        places = [place for name in _SECRET_DEFECTS for place in found[name]]
        message = f"of {count(len(secrets), 'secret')} {', '.join(broken)} ({places[0].where}: {places[0].what})"
        return failed(message, observed=observed, threshold=limits, places=places[:LIMIT])
    if not secrets:
        return not_assessed(Reason.INCOMPLETE, "no secret in the inventory", observed=observed, threshold=limits)
    if found["undated"]:
        place = found["undated"][0]
        message = f"{count(len(found['undated']), 'secret')} of which the rotation is not told ({place.where}: {place.what})"
        return not_assessed(Reason.INCOMPLETE, message, observed=observed, threshold=limits, places=found["undated"][:LIMIT])
    message = f"{count(len(secrets), 'secret')}, each with an owner and set within {number(params.rotated_within_days)} d"
    return passed(message, observed=observed, threshold=limits)


_SECRET_DEFECTS: Final = {"expired": "expired", "old": "not rotated in time", "without_owner": "without owner"}


def joined(lists: Sequence[Any]) -> list[Any]:
    """Joins lists of secrets: what several say of one name is one secret, and an inventory adds the owners of a cloud's secrets."""
    clouds: dict[str, Any] = {}
    for secret in (one for payload in lists if payload.origin != "record" for one in payload.secrets):
        known = clouds.get(secret.name)
        clouds[secret.name] = secret if known is None else _both(known, secret)
    short = Counter(name.rpartition("/")[2] for name in clouds)
    own: list[Any] = []
    for entry in (one for payload in lists if payload.origin == "record" for one in payload.secrets):
        matching = [name for name in clouds if entry.name in (name, name.rpartition("/")[2])]
        if len(matching) == 1 and (entry.name in clouds or short[entry.name] == 1):
            clouds[matching[0]] = clouds[matching[0]].model_copy(update={"owned": clouds[matching[0]].owned or entry.owned})
        else:
            own.append(entry)
    return [*clouds.values(), *own]


def _both(one: Any, other: Any) -> Any:
    """What two lists say of one secret, the newer one first: the latest that is certain."""
    set_at = max((time for time in (one.set_at, other.set_at) if time is not None), default=None)
    set_by = max((time for time in (one.set_by, other.set_by) if time is not None), default=None)
    ends = other.expires_at if one.expires_at is None else one.expires_at
    owned = next((said for said in (one.owned, other.owned) if said), one.owned if other.owned is None else other.owned)
    return one.model_copy(update={"set_at": set_at, "set_by": set_by, "expires_at": ends, "owned": owned})


def _secrets(secrets: Sequence[Any], as_of: datetime, longest: timedelta) -> dict[str, list[Place]]:
    """Returns the secrets with each defect, worst first."""
    oldest = as_of - longest
    old = [one for one in secrets if one.set_by is not None and one.set_by < oldest]
    undated = [one for one in secrets if one not in old and (one.set_at is None or not oldest <= one.set_at <= as_of + _SKEW)]
    expired = [one for one in secrets if one.expires_at is not None and one.expires_at <= as_of]
    return {
        "expired": [Place(one.name, f"expired {days(as_of - one.expires_at)} ago") for one in expired],
        "old": [Place(one.name, f"not changed for {days(as_of - one.set_by)}") for one in sorted(old, key=lambda one: one.set_by)],
        "without_owner": [Place(one.name, "no owner") for one in secrets if not one.owned],
        "undated": [Place(one.name, "no time" if one.set_at is None else f"set {rfc3339(one.set_at)} or later") for one in undated],
    }
