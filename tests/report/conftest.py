"""Reports that several tests look at; each takes seconds to render."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.report import hostile, scenario
from tests.report.scenario import Release


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """A release with evidence of every kind; tests only read it."""
    with scenario.release(tmp_path_factory.mktemp("release"), [scenario.scan(100), *scenario.others()]) as made:
        yield made


@pytest.fixture
def own_release(tmp_path: Path) -> Iterator[Release]:
    """A release of the test's own."""
    with scenario.release(tmp_path, [scenario.scan(12), *scenario.others()]) as made:
        yield made


@pytest.fixture(scope="session")
def hostile_release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """A release whose every text is hostile."""
    with scenario.release(tmp_path_factory.mktemp("hostile"), hostile.drafts(), **hostile.tables("Letter")) as made:
        yield made
