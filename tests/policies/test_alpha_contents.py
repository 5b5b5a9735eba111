from __future__ import annotations

from typing import Any

import pytest

from compliance.gate import Place, Reason
from compliance.project import Project

from .helpers import about, assert_fails, assert_open, assert_passes, item, judge


def lacking(name: str | None, version: str | None, *lacks: str) -> dict[str, Any]:
    return {"lacking": ({"name": name, "version": version, "lacks": lacks},)}


def test_sf6_a_bill_that_names_everything_passes() -> None:
    verdict = about("ALPHA-SF-6", "sbom")
    assert_passes(verdict)
    assert verdict.message == "of 3 components: 0 without name, 0 without version, 0 without licence, 0 under denied licences"


@pytest.mark.parametrize("what", ["name", "version", "licence"])
def test_sf6_one_component_without_something_fails_and_is_named(what: str) -> None:
    verdict = about("ALPHA-SF-6", "sbom", {f"without_{what}": 1, **lacking("left-pad", None, what)})
    assert_fails(verdict, f"of 3 components: 1 without {what}")
    assert verdict.places == (Place("left-pad", f"no {what}"),)


@pytest.mark.parametrize("what", ["name", "version", "licence"])
def test_sf6_limits_hold_at_their_boundary(what: str) -> None:
    two: dict[str, Any] = {f"without_{what}": 2}
    one: dict[str, Any] = {f"without_{what}": 1}
    verdict = about("ALPHA-SF-6", "sbom", two, **two)
    assert_passes(verdict)
    assert f"2 without {what}" in verdict.message
    assert_fails(about("ALPHA-SF-6", "sbom", two, **one))


def test_sf6_no_licence_is_denied_by_default_and_one_that_is_fails() -> None:
    gpl = {"licences": ({"expression": "GPL-3.0-only", "components": 2, "first": "copyleft", "alternatives": (("GPL-3.0-only",),)},)}
    assert_passes(about("ALPHA-SF-6", "sbom", gpl))
    verdict = about("ALPHA-SF-6", "sbom", gpl, denied_licences=("gpl-*",))
    assert_fails(verdict, "2 under denied licences (GPL-3.0-only)")
    assert verdict.places == (Place("copyleft", "GPL-3.0-only is denied"),)
    assert_passes(about("ALPHA-SF-6", "sbom", gpl, denied_licences=("LGPL-*", "GPL")))


def test_sf6_of_a_choice_one_licence_that_is_not_denied_is_enough() -> None:
    assert_passes(about("ALPHA-SF-6", "sbom", denied_licences=("GPL-3.0-only",)))
    assert_fails(about("ALPHA-SF-6", "sbom", denied_licences=("GPL-3.0-only", "MIT")), "MIT OR GPL-3.0-only")


def test_sf6_a_denied_licence_among_several_that_apply_together_fails() -> None:
    both = {"licences.0.alternatives": (("MIT", "SSPL-1.0"),)}
    assert_fails(about("ALPHA-SF-6", "sbom", both, denied_licences=("SSPL-1.0",)))


def test_sf6_licences_that_were_not_kept_cannot_be_called_allowed() -> None:
    cut: dict[str, Any] = {"licences_not_listed": 1}
    assert_passes(about("ALPHA-SF-6", "sbom", cut))
    assert_open(about("ALPHA-SF-6", "sbom", cut, denied_licences=("SSPL-1.0",)), Reason.INCOMPLETE, "not all were compared")


def test_sf6_a_bill_without_components_says_nothing() -> None:
    assert_open(about("ALPHA-SF-6", "sbom", {"components": 0, "licences": ()}), Reason.INCOMPLETE, "lists no component")
    assert_open(judge("ALPHA-SF-6"), Reason.MISSING, "no SBOM")


@pytest.mark.parametrize("described", ["1.7.0", "v1.8.0-rc1", "2"])
def test_sf6_a_bill_of_another_version_is_foreign(described: str) -> None:
    verdict = about("ALPHA-SF-6", "sbom", {"describes_version": described, "without_licence": 3})
    assert_open(verdict, Reason.FOREIGN, f"is for version {described}, not 1.8.0")


@pytest.mark.parametrize("described", ["1.8.0", "v1.8.0", None, "sha256:" + "ab" * 32, "main"])
def test_sf6_a_version_that_cannot_be_compared_is_bound_by_the_commit_alone(described: str | None) -> None:
    assert_passes(about("ALPHA-SF-6", "sbom", {"describes_version": described}))
    assert_passes(about("ALPHA-SF-6", "sbom", {"describes_version": "1.7.0"}, version=None))


def test_sf6_several_bills_are_added_up_and_foreign_ones_left_out() -> None:
    other = item("sbom", {"describes_version": "1.7.0", "without_version": 9}, entry=2)
    assert_passes(judge("ALPHA-SF-6", item("sbom"), other))
    second = item("sbom", {"without_version": 1}, entry=3)
    assert_fails(judge("ALPHA-SF-6", item("sbom"), second), "of 6 components: 1 without version")


def test_sf6_denying_a_licence_tightens_the_gate(tmp_path: Any) -> None:
    (tmp_path / "compliance.toml").write_text('[project]\nname = "p"\n[gates."ALPHA-SF-6"]\ndenied-licences = ["AGPL-*"]\n')
    (change,) = Project.load(tmp_path).gates["ALPHA-SF-6"].changes
    assert (change["what"], change["loosened"]) == ("denied-licences", False)
