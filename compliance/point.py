"""Decision points and profiles: which gates are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .gate import Gate
from .kind import Kind
from .subject import Binding

Profile = Literal["service", "library", "cli"]

BUILT_IN = ("change", "staging", "production", "rollback")
DEFAULT = "production"


@dataclass(frozen=True)
class Point:
    """A moment at which a decision is due.

    Args:
        name: ``change``, ``staging``, ``production``, ``rollback`` or one of the project's own.
        like: Built-in point whose gates it asks.
        gates: Asks exactly these gates instead, if any are named.
        environment: Environment whose evidence counts.
    """

    name: str
    like: str
    gates: tuple[str, ...] = ()
    environment: str | None = None

    def asks(self, gate: Gate, kinds: Mapping[str, Kind]) -> bool:
        """Tells whether a gate is asked at this point."""
        if self.gates:
            return gate.id in self.gates
        if self.like == "change":
            return self.like in gate.points or (bool(gate.reads) and all(_bound_to_commit(kind_id, kinds) for kind_id in gate.reads))
        return self.like in gate.points


def _bound_to_commit(kind_id: str, kinds: Mapping[str, Kind]) -> bool:
    kind = kinds.get(kind_id)
    return kind is not None and kind.binds_to is Binding.COMMIT
