"""Fields of a document that its reader fills in before signing: boxes to tick, texts, texts to choose from.

They are prepared and tagged together with the signature fields, before the document is certified; what is filled in then is what the
next signature is about. A signature field may lock them: nothing in them changes once it is signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import InputError

if TYPE_CHECKING:
    from ..report.pdf import Box

__all__ = ["MAX_TEXT", "TICKED", "TextField", "TickField", "filled_in"]

TICKED: Final = "Yes"
"""Value of a box that is ticked."""
MAX_TEXT: Final = 4000
"""Characters of the longest text that is read from a field."""


@dataclass(frozen=True)
class TickField:
    """A box to tick.

    Boxes of one question are fields of their own: pyHanko takes a change of the buttons of a group for a forbidden one.

    Args:
        name: Name of the field.
        description: What a screen reader says.
        box: Where it is shown.
    """

    name: str
    description: str
    box: Box


@dataclass(frozen=True)
class TextField:
    """A text.

    Args:
        name: Name of the field.
        description: What a screen reader says.
        box: Where it is shown.
        multiline: Whether it may have several lines.
        choices: Texts that are offered.
        free: Whether another text than those offered may be written.
    """

    name: str
    description: str
    box: Box
    multiline: bool = False
    choices: Sequence[str] = ()
    free: bool = True


def filled_in(pdf: bytes) -> dict[str, str]:
    """Returns what is filled in, by name of the field; fields that are empty are left out.

    Args:
        pdf: The file as a signature covers it: its first bytes up to the end of that revision.

    Raises:
        InputError: A field is not of the kinds above, or shows something else than it holds.
    """
    from . import _form

    try:
        return _form.values(pdf)
    except InputError:
        raise
    except Exception as error:
        # pyHanko raises a dozen unrelated types on broken input.
        raise InputError(f"the form cannot be read: {type(error).__name__}: {error}") from error
