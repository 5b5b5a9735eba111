"""The append-only store of evidence."""
