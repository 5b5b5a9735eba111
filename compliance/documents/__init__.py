"""The JSON documents that commands print, as models: what programs may rely on. ``schemas/`` holds the JSON Schema of each.

Keys are only ever added. ``check`` and ``report`` have theirs in `compliance.report`.
"""

from ..record import JsonDocument


class Printed(JsonDocument):
    """Base of a printed document: whatever derives from it has its schema among the shipped ones."""
