from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from compliance.gate import Place, Reason

from .helpers import about, ago, assert_fails, assert_open, assert_passes, item, judge

CLOUD = "projects/demo/secrets/oauth"


def secret(name: str, *, owned: bool | None = True, set_at: datetime | None = None, set_by: datetime | None = None) -> dict[str, Any]:
    return {"name": name, "owned": owned, "owner": None, "set_at": set_at, "set_by": set_by, "expires_at": None}


def listed(origin: str, *secrets: dict[str, Any], entry: int = 1) -> Any:
    return item("secret-rotation", {"origin": origin, "secrets": secrets}, entry=entry)


def test_sf4_secrets_with_owners_that_were_set_in_time_pass() -> None:
    verdict = about("ALPHA-SF-4", "secret-rotation")
    assert_passes(verdict)
    assert verdict.message == "2 secrets, each with an owner and set within 90 d"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"secrets.0.set_at": ago(days=91), "secrets.0.set_by": ago(days=91)}, "1 not rotated in time (admin-key: not changed for 91 d)"),
        ({"secrets.0.owned": False}, "1 without owner (admin-key: no owner)"),
        ({"secrets.1.expires_at": ago(days=2)}, "1 expired (oauth: expired 2 d ago)"),
        ({"secrets.1.expires_at": ago()}, "1 expired"),
    ],
)
def test_sf4_a_defect_of_a_secret_fails_and_is_placed(changes: dict[str, Any], words: str) -> None:
    assert_fails(about("ALPHA-SF-4", "secret-rotation", changes), "of 2 secrets", words)


def test_sf4_ninety_days_are_in_time_and_the_limit_is_the_projects() -> None:
    assert_passes(about("ALPHA-SF-4", "secret-rotation", {"secrets.0.set_at": ago(days=90), "secrets.0.set_by": ago(days=90)}))
    assert_fails(about("ALPHA-SF-4", "secret-rotation", rotated_within_days=29))


def test_sf4_what_no_list_tells_is_open() -> None:
    assert_open(judge("ALPHA-SF-4", listed("gcloud", secret(CLOUD, set_at=ago(days=400)))), Reason.INCOMPLETE, "of which the rotation")
    assert_open(judge("ALPHA-SF-4", listed("aws", secret("a"))), Reason.INCOMPLETE, "(a: no time)")
    assert_open(judge("ALPHA-SF-4", listed("record")), Reason.INCOMPLETE, "no secret in the inventory")
    ahead = {"secrets.0.set_at": ago(days=-1), "secrets.0.set_by": ago(days=-1)}
    assert_open(about("ALPHA-SF-4", "secret-rotation", ahead), Reason.INCOMPLETE)


def test_sf4_what_was_not_changed_for_too_long_fails_without_its_rotation() -> None:
    assert_fails(judge("ALPHA-SF-4", listed("aws", secret("a", set_at=ago(days=400), set_by=ago(days=200)))), "not changed for 200 d")
    assert_open(judge("ALPHA-SF-4", listed("aws", secret("a", set_at=ago(days=400), set_by=ago(days=2)))), Reason.INCOMPLETE)


def test_sf4_a_list_of_versions_dates_the_secrets_of_another_list() -> None:
    secrets = listed("gcloud", secret(CLOUD, set_at=ago(days=400)))
    versions = listed("gcloud", secret(CLOUD, owned=None, set_at=ago(days=3), set_by=ago(days=3)), entry=2)
    assert_passes(judge("ALPHA-SF-4", secrets, versions))
    assert_fails(judge("ALPHA-SF-4", versions), "without owner")


def test_sf4_the_inventory_adds_the_owners_of_a_clouds_secrets_and_nothing_else() -> None:
    cloud = listed("gcloud", secret(CLOUD, owned=False, set_at=ago(days=3), set_by=ago(days=3)))
    for name in ("oauth", CLOUD):
        verdict = judge("ALPHA-SF-4", cloud, listed("record", secret(name, set_at=ago(days=400), set_by=ago(days=400)), entry=2))
        assert_passes(verdict)
        assert verdict.observed["secrets"] == 1
    assert_fails(judge("ALPHA-SF-4", cloud, listed("record", secret("other"), entry=2)), "of 2 secrets 1 without owner")


def test_sf4_one_short_name_of_two_secrets_is_neither() -> None:
    fresh: dict[str, Any] = {"set_at": ago(days=3), "set_by": ago(days=3)}
    cloud = listed("gcloud", secret(CLOUD, owned=False, **fresh), secret("projects/other/secrets/oauth", owned=True, **fresh))
    verdict = judge("ALPHA-SF-4", cloud, listed("record", secret("oauth", **fresh), entry=2))
    assert_fails(verdict, "of 3 secrets 1 without owner")
    assert verdict.places == (Place(CLOUD, "no owner"),)
