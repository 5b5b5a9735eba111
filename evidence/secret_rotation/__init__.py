"""Kind of evidence: secret-rotation. Which secrets there are, who answers for each, and since when its value is the same.

No list tells everything. What is kept of a secret is what is certain: it was set at ``set_at`` or later, and not after ``set_by``. Values
are never read: a file that holds one is refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from compliance.kind import Kind
from compliance.record import Json, Model, Payload, Private
from compliance.subject import Binding

Origin = Literal["record", "aws", "gcloud", "azure"]


class Secret(Model):
    """A secret, without its value."""

    name: Annotated[str, Private("paths")]
    """Full name, as the list writes it."""
    owned: bool | None
    """Whether it has an owner; None where the list cannot say."""
    owner: Annotated[str | None, Private("people")]
    set_at: datetime | None
    """A time at which the present value, or an earlier one, was certainly set; None when the list does not say."""
    set_by: datetime | None
    """A time after which the value was certainly not set again; None when that is not known."""
    expires_at: datetime | None


class SecretRotation(Payload):
    """One inventory or list."""

    origin: Origin
    secrets: tuple[Secret, ...]
    left_out: int
    """Secrets that are deleted or disabled."""

    def summary(self) -> dict[str, Json]:
        """Returns counts, and the oldest time that a value may be from."""
        times = [secret.set_at for secret in self.secrets if secret.set_at is not None]
        oldest = min(times, default=None)
        return {
            "origin": self.origin,
            "secrets": len(self.secrets),
            "left_out": self.left_out,
            "without_owner": sum(secret.owned is False for secret in self.secrets),
            "dated": len(times),
            "oldest_set_at": None if oldest is None else oldest.isoformat().replace("+00:00", "Z"),
        }


kind = Kind(id="secret-rotation", title="Rotation of secrets", binds_to=Binding.PROJECT, payload=SecretRotation)
