"""The append-only store of evidence."""

from .store import Draft, EvidenceDraft, Recorded, Store, StoredEvidence

__all__ = ["Draft", "EvidenceDraft", "Recorded", "Store", "StoredEvidence"]
