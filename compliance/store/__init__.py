"""The append-only store of evidence."""

from .drafts import Draft, EvidenceDraft, Recorded
from .evidence import StoredEvidence
from .store import Store

__all__ = ["Draft", "EvidenceDraft", "Recorded", "Store", "StoredEvidence"]
