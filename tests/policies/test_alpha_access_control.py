from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from compliance.gate import Place, Reason

from .helpers import AS_OF, about, assert_fails, assert_open, assert_passes, gate, item, judge

PATH = "/users/{uid}"


def sf2(changes: dict[str, Any] | None = None, **params: Any) -> Any:
    return about("ALPHA-SF-2", "access-policy", changes, **params)


def test_sf2_roles_a_denial_by_default_and_scoped_user_data_pass() -> None:
    verdict = sf2()
    assert_passes(verdict)
    assert verdict.message == "1 role, denied by default, no rule open to everyone, user data scoped"


def test_sf2_a_rule_for_everyone_fails_with_its_place() -> None:
    verdict = sf2({"rules.0.access": "open"})
    assert_fails(verdict, "1 rule open to everyone")
    assert verdict.places == (Place(PATH, "read, write for everyone, line 7"),)
    assert PATH not in verdict.message


def test_sf2_a_rule_may_be_public_by_name_and_reason() -> None:
    changes = {"rules.0.access": "open", "user_data": "scoped"}
    assert_passes(sf2(changes, public={PATH: "a directory of members"}))
    assert_fails(sf2(changes, public={"/other": "another"}), "open to everyone")
    with pytest.raises(ValidationError):
        gate("ALPHA-SF-2").params.model_validate({"public": {PATH: " "}})


@pytest.mark.parametrize(("days", "passes"), [(1, False), (0, True), (-1, True)])
def test_sf2_a_test_rule_is_open_until_its_day(days: int, passes: bool) -> None:
    verdict = sf2({"rules.0.access": "open", "rules.0.until": AS_OF + timedelta(days=days)})
    assert_passes(verdict) if passes else assert_fails(verdict, "1 rule open to everyone")
    if not passes:
        assert "until 2026-02-01" in verdict.places[0].what


@pytest.mark.parametrize("access", ["open", "authenticated"])
def test_sf2_a_rule_for_everything_is_allowed_by_default(access: str) -> None:
    assert_fails(sf2({"rules.1.access": access}), "access is allowed by default")
    assert_passes(sf2({"rules.1.access": access}, public={"/{document=**}": "an open archive"}))


def test_sf2_a_policy_that_states_its_default_is_believed() -> None:
    assert_fails(sf2({"default": "allow", "rules": ()}), "access is allowed by default")
    assert_open(sf2({"default": None}), Reason.MISSING, "no file says what happens by default")


def test_sf2_user_data_for_others_fails() -> None:
    verdict = sf2({"user_data": "unscoped", "rules.0.access": "authenticated"})
    assert_fails(verdict, "user data is given to others than its owner")
    assert verdict.places[0].what.startswith("read, write for whoever is signed in")
    assert_open(sf2({"user_data": None}), Reason.MISSING, "to whom user data is given")
    assert_passes(sf2({"user_data": "none"}))


def test_sf2_without_roles_it_is_open() -> None:
    assert_open(sf2({"roles": ()}), Reason.MISSING, "no file names a role")


def test_sf2_a_condition_about_the_data_alone_leaves_it_open_until_it_is_listed() -> None:
    assert_open(sf2({"rules.0.access": "conditional"}), Reason.INCOMPLETE, "1 rule whose condition does not look at the caller")
    assert_passes(sf2({"rules.0.access": "conditional"}, public={PATH: "published posts"}))
    assert_open(sf2({"rules.1.access": "conditional"}), Reason.INCOMPLETE)


def test_sf2_policies_are_read_together() -> None:
    rules = item("access-policy", {"roles": (), "endpoints": None})
    roles = item("access-policy", {"rules": (), "user_data": None}, entry=2)
    assert_passes(judge("ALPHA-SF-2", rules, roles))
    worse = item("access-policy", {"rules.0.access": "open"}, entry=3)
    assert_fails(judge("ALPHA-SF-2", rules, roles, worse), "1 rule open to everyone")


def test_sf2_an_interface_description_alone_says_nothing_about_roles() -> None:
    interface = item("access-policy", {"rules": (), "roles": (), "default": None, "user_data": None})
    assert_open(judge("ALPHA-SF-2", interface), Reason.MISSING, "no file names a role", "by default", "user data")


def sf7(changes: dict[str, Any] | None = None, **params: Any) -> Any:
    return about("ALPHA-SF-7", "access-policy", changes, **params)


def test_sf7_endpoints_that_authenticate_or_have_a_reason_pass() -> None:
    verdict = sf7()
    assert_passes(verdict)
    assert verdict.message == "1 of 2 endpoints authenticate, 1 are public with a reason"


def test_sf7_a_public_endpoint_without_a_reason_fails_with_its_name() -> None:
    verdict = sf7({"endpoints.0.reason": None})
    assert_fails(verdict, "1 endpoint of 2 public without a reason")
    assert verdict.places == (Place("GET /api/health", "public, no reason given"),)


@pytest.mark.parametrize("name", ["GET /api/health", "/api/health"])
def test_sf7_the_reason_may_stand_in_the_configuration(name: str) -> None:
    assert_passes(sf7({"endpoints.0.reason": None}, public={name: "probed by the load balancer"}))
    assert_fails(sf7({"endpoints.0.reason": None}, public={"POST /api/health": "another method"}))


def test_sf7_without_an_inventory_it_is_open() -> None:
    assert_open(sf7({"endpoints": None}), Reason.MISSING, "no inventory of endpoints")
    assert_open(sf7({"endpoints": ()}), Reason.MISSING, "no inventory of endpoints")


def test_sf7_an_undeclared_check_leaves_it_open() -> None:
    assert_open(sf7({"endpoints.1.access": "unknown"}), Reason.INCOMPLETE, "1 endpoint whose check is declared nowhere")


def test_sf7_inventories_add_up() -> None:
    bare = item("access-policy", {"endpoints": ({"where": "POST /x", "access": "public"},)}, entry=2)
    assert_fails(judge("ALPHA-SF-7", item("access-policy"), bare), "1 endpoint of 3 public")
