"""A packet that several tests look at; it takes seconds to render."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.packet import packets
from tests.packet.packets import Desk


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A packet on a release that the evidence refuses; tests only read it."""
    with packets.desk(tmp_path_factory.mktemp("desk")) as made:
        yield made
