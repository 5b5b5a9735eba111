"""Addresses of stores: what they name is shown, what they keep secret is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.errors import ConfigError, UsageError
from compliance.location import Address, located
from compliance.project import Project, store_location


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://host/db", "postgresql://host/db"),
        ("postgres://user@host:5433/db", "postgres://user@host:5433/db"),
        ("postgresql://user:geheim@host/db", "postgresql://user:***@host/db"),
        ("postgresql://:geheim@host/db", "postgresql://:***@host/db"),
        ("postgresql://user:@host/db", "postgresql://user:***@host/db"),
        ("postgresql://u:geh%40eim@[2001:db8::1]:5432/db", "postgresql://u:***@[2001:db8::1]:5432/db"),
        ("postgresql:///db?host=/run/postgresql&password=geheim", "postgresql:///db?host=/run/postgresql&password=***"),
        ("postgresql://h/d?sslmode=verify-full&sslpassword=geheim", "postgresql://h/d?sslmode=verify-full&sslpassword=***"),
        ("postgresql://h/d?p%61ssword=geheim", "postgresql://h/d?p%61ssword=***"),
        ("postgresql://h/d?passfile=/x&options=-csearch_path%3Dteam_a", "postgresql://h/d?passfile=/x&options=-csearch_path%3Dteam_a"),
        ("postgresql://a,b:5433/d?target_session_attrs=read-write", "postgresql://a,b:5433/d?target_session_attrs=read-write"),
        ("postgresql://?service=evidence", "postgresql://?service=evidence"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    address = located(url)
    assert isinstance(address, Address)
    assert str(address) == shown
    assert "geh" not in repr(address)
    assert address.is_secret == (shown != url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:geh/eim@host/db",
        "postgresql://user:geh@eim@host/db",
        "postgresql://user:geh:eim@host/db",
        "postgresql://user:geh?eim@host/db",
        "postgresql://user:geh#eim@host/db",
        "postgresql://user:geh%zzeim@host/db",
        "postgresql://user:geh%00eim@host/db",
        "postgresql://user:geh eim@host/db",
        "mysql://user:geheim@host/db",
        "postgresql+psycopg://user:geheim@host/db",
        "sqlite:///geheim.db",
        "ci:geheim@host://db",
    ],
)
def test_an_address_that_could_be_read_in_two_ways_is_refused_unseen(url: str) -> None:
    with pytest.raises(UsageError, match="not the address of a store") as caught:
        located(url)
    assert "geh" not in f"{caught.value} {caught.value.hint}"


@given(st.text(min_size=6, max_size=12), st.text(max_size=6), st.text(max_size=6))
def test_no_password_is_shown_however_it_is_written(password: str, before: str, after: str) -> None:
    """Said or refused: of what stands between the colon and the at sign, nothing is seen."""
    secret = f"#{password}#"
    for url in (f"postgresql://{before}:{secret}@{after}", f"postgresql://u:{before}{secret}{after}@host/db"):
        try:
            said = str(Address(url))
        except UsageError as error:
            said = f"{error} {error.hint}"
        assert secret not in said


def test_a_path_is_a_path() -> None:
    assert located("a/evidence.db") == Path("a/evidence.db")
    assert located("postgresql") == Path("postgresql")


def project(root: Path, line: str) -> Project:
    (root / "compliance.toml").write_text(f'[project]\nname = "p"\n{line}\n')
    return Project.load(root)


def test_the_option_comes_before_the_environment_and_that_before_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COMPLIANCE_STORE", raising=False)
    assert store_location(project(tmp_path, ""), None) == tmp_path / ".compliance" / "evidence.db"
    own = project(tmp_path, 'store = "kept/e.db"')
    assert store_location(own, None) == tmp_path / "kept" / "e.db"
    team = project(tmp_path, 'store = "postgresql://ci@db.example/evidence"')
    assert store_location(team, None) == Address("postgresql://ci@db.example/evidence")
    monkeypatch.setenv("COMPLIANCE_STORE", "postgresql://other/evidence")
    assert store_location(team, None) == Address("postgresql://other/evidence")
    assert store_location(team, "here.db") == Path("here.db")


@pytest.mark.parametrize(
    ("store", "said"),
    [
        ("postgresql://ci:geheim@db.example/evidence", "an address with a password"),
        ("postgresql://db.example/evidence?password=geheim", "an address with a password"),
        ("mysql://ci:geheim@db.example/evidence", "not the address of a store"),
    ],
)
def test_a_password_in_the_configuration_is_refused_and_not_repeated(tmp_path: Path, store: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        project(tmp_path, f'store = "{store}"')
    assert "geheim" not in f"{caught.value} {caught.value.hint}"


def test_where_the_store_lies_is_in_no_report(tmp_path: Path) -> None:
    table = project(tmp_path, 'store = "postgresql://ci@db.example/evidence"').document.project
    assert "db.example" not in table.model_dump_json()
