"""``compliance.toml``: what it says is used, what it cannot say is refused with the nearest known name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from compliance.configuration import ProjectTable
from compliance.errors import ConfigError
from compliance.project import Project

MINIMAL = '[project]\nname = "p"\n'


def load(tmp_path: Path, text: str | bytes) -> Project:
    (tmp_path / "compliance.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return Project.load(tmp_path)


def test_a_folder_without_configuration_has_defaults(tmp_path: Path) -> None:
    project = Project.load(tmp_path)
    assert project.document.project.name == tmp_path.name
    assert project.document.project.profile == "service"
    assert project.document.project.profile_by is None
    assert project.collections == []


def test_the_nearest_parent_with_a_configuration_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "compliance.toml").write_text(MINIMAL)
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert Project.load().root == tmp_path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no [project] table"),
        ("[project", "expected TOML"),
        (b"\xff\xfe", "expected UTF-8"),
        ("[project]\n", "[project] name: field required"),
        ('[project]\nname = "p"\nverison = "1"', "verison: unknown key; did you mean 'version'?"),
        ('[project]\nname = "p"\nprofile = "web"', "[project] profile"),
        ('[project]\nname = "p"\ncommit = "abc"', "[project] commit"),
        ('[project]\nname = "p"\nenvironments = []', "[project] environments"),
        (MINIMAL + "[porject]\nx = 1", "unknown table [porject]; did you mean 'project'?"),
        (MINIMAL + "[sign]\npassword = 'x'", "[sign] password: unknown key"),
        (MINIMAL + "[report]\npage = 'A5'", "[report] page"),
        (MINIMAL + "[points.x]\nlike = 'prod'", "expected one of change, staging, production, rollback"),
        ('[project]\nname = "p"\nprofile-by = " "', "[project] profile-by"),
        (MINIMAL + "[gates]\nx = 1", "expected a table [gates.x]"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[gates."ALPHA-PF-66"]\nrequired = false', "no such gate; did you mean 'ALPHA-PF-6'?"),
        ('[gates."ALPHA-PF-6"]\nlines-pecent = 1', "lines-pecent: unknown key; did you mean"),
        ('[gates."ALPHA-PF-6"]\nrequired = "no"', "expected true or false"),
        ('[gates."ALPHA-PF-6"]\nmax-age = "soon"', "expected a span"),
        ('[gates."ALPHA-PF-6"]\napplicable = false', "without reason and by"),
        ("[frameworks]\nalhpa = true", "no such framework; did you mean 'alpha'?"),
    ],
)
def test_gate_settings_are_checked(tmp_path: Path, text: str, message: str) -> None:
    project = load(tmp_path, MINIMAL + text)
    with pytest.raises(ConfigError) as caught:
        _ = project.gates
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[collect.scna]\nfiles = []", "no such kind; did you mean 'scan'?"),
        ("[collect.scan]\nfile = []", "file: unknown key; did you mean 'files'?"),
        ("[collect.scan.bandti]\n", "bandti: unknown key; did you mean 'bandit'?"),
        ("[collect.scan.bandit]\ntarget = 1", "target: unknown key; did you mean 'targets'?"),
        ("[collect.scan]\nbandit = 3", "expected a table"),
    ],
)
def test_collections_are_checked(tmp_path: Path, text: str, message: str) -> None:
    project = load(tmp_path, MINIMAL + text)
    with pytest.raises(ConfigError) as caught:
        _ = project.collections
    assert message in str(caught.value)


def test_a_collector_is_switched_on_by_its_table_or_by_true(tmp_path: Path) -> None:
    project = load(tmp_path, MINIMAL + "[collect.scan]\nbandit = true\npip-audit = false\n")
    assert [collector.name for collector, _ in project.collections[0].collectors] == ["bandit"]


def test_changed_thresholds_are_told_apart_by_direction(tmp_path: Path) -> None:
    text = MINIMAL + '[gates."ALPHA-PF-6"]\nlines-percent = 90\nbranches-percent = 10\nmax-age = "2d"\n'
    setting = load(tmp_path, text).gates["ALPHA-PF-6"]
    changes = {str(change["what"]): change["loosened"] for change in setting.changes}
    assert changes == {"lines-percent": False, "branches-percent": True, "max-age": False}
    assert setting.max_age == timedelta(days=2)


def test_a_framework_can_be_switched_off(tmp_path: Path) -> None:
    project = load(tmp_path, MINIMAL + "[frameworks]\naei21 = false\n")
    assert {setting.gate.framework for setting in project.gates.values()} == {"alpha", "release"}


@pytest.mark.parametrize(("profile", "places"), [("service", ["staging", "production"]), ("library", [None, None]), ("cli", [None, None])])
def test_what_is_not_deployed_is_in_no_environment(tmp_path: Path, profile: str, places: list[str | None]) -> None:
    project = load(tmp_path, MINIMAL + f'profile = "{profile}"\n')
    again = ProjectTable.model_validate(project.document.project.model_dump(by_alias=True))  # as the rules in a report are read
    assert again == project.document.project
    assert [project.point(name).environment for name in ("production", "rollback")] == places
    named = load(tmp_path, MINIMAL + f'profile = "{profile}"\nenvironments = ["lab"]\n')
    assert named.point().environment == "lab"


def test_points_of_the_projects_own(tmp_path: Path) -> None:
    text = MINIMAL + '[points.hotfix]\ngates = ["ALPHA-PF-5"]\nenvironment = "canary"\n'
    point = load(tmp_path, text).point("hotfix")
    assert (point.gates, point.environment) == (("ALPHA-PF-5",), "canary")
    with pytest.raises(ConfigError, match="no decision point 'hotfxi'; did you mean 'hotfix'"):
        load(tmp_path, text).point("hotfxi")
    with pytest.raises(ConfigError, match="no gate ALPHA-PF-55"):
        load(tmp_path, text.replace("PF-5", "PF-55")).point("hotfix")


@pytest.mark.parametrize("name", ["change", "staging", "production", "rollback"])
def test_a_built_in_point_cannot_be_redefined(tmp_path: Path, name: str) -> None:
    project = load(tmp_path, MINIMAL + f'[points.{name}]\ngates = ["ALPHA-PF-5"]\n')
    with pytest.raises(ConfigError, match="built in"):
        project.point()


def test_the_environment_that_counts_follows_the_point(tmp_path: Path) -> None:
    project = load(tmp_path, '[project]\nname = "p"\nenvironments = ["test", "pre", "live"]\n')
    assert project.point("production").environment == "test"
    assert project.point("rollback").environment == "live"


OWN_GATE = '''"""Own gates."""
from compliance.gate import Area, Framework, Inputs, Params, Verdict, gate, passed

FRAMEWORK = Framework("own", "Our own")


@gate(id="OWN-1", statement="Ours", principle="Ours", area=Area.OPERATIONS, reads=("scan",))
def ours(inputs: Inputs, params: Params) -> Verdict:
    """Ours.

    Asks: something.
    Why: because.
    Evidence: a scan.
    Fix: this.
    Maps to: nothing.
    """
    return passed("fine")
'''


def test_a_folder_of_the_users_own_gates(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "__init__.py").write_text(OWN_GATE)
    project = load(tmp_path, MINIMAL + '[frameworks]\nown = "own"\n')
    assert project.gates["OWN-1"].gate.statement == "Ours"
    with pytest.raises(ConfigError, match="no such folder"):
        load(tmp_path, MINIMAL + '[frameworks]\nown = "missing"\n')
