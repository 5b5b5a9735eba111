"""The way of bytes into the store."""

from .binding import CITATION_TOLERANCE
from .intake import Intake
from .outcome import Outcome, Overrides, Status
from .reread import Reread, reread

__all__ = ["CITATION_TOLERANCE", "Intake", "Outcome", "Overrides", "Reread", "Status", "reread"]
