"""Every error that this package raises on purpose.

::

    ComplianceError                 exit code 2
    ├── UsageError                  a command or function was used in a way that it does not offer
    ├── ConfigError                 compliance.toml: a key, a value or a file that it names
    ├── CatalogError                a kind, gate or template that cannot be loaded, or an id used twice
    ├── InputError                  an input file that is refused: what was found, what was expected, where
    │   └── UnrecognisedError       no known format claims the file
    ├── NothingToJudgeError         exit code 3: no evidence, or no gates
    ├── CollectorError              exit code 5: a configured collector could not run
    ├── StoreError                  the store cannot be opened, read or written
    │   ├── StoreUnavailableError   it is missing, locked or from a newer version: nothing is known about what it holds
    │   └── TamperedError           exit code 4: the store contradicts its own ledger
    ├── SigningKeyError             a key or certificate that cannot be used
    │   └── UnknownSignerError      a signature by a key that is not trusted (in `compliance.sign.ssh`)
    └── RenderError                 a document that cannot be rendered

Whatever a user can cause leaves the library as one of these; a foreign exception that escapes is a defect.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "CatalogError",
    "CollectorError",
    "ComplianceError",
    "ConfigError",
    "InputError",
    "NothingToJudgeError",
    "RenderError",
    "SigningKeyError",
    "StoreError",
    "StoreUnavailableError",
    "TamperedError",
    "UnrecognisedError",
    "UsageError",
]


class ComplianceError(Exception):
    """Root of the tree.

    Args:
        message: One line: what was found and what was expected.
        hint: One line: what to do next.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class UsageError(ComplianceError):
    """A command or function was used in a way that it does not offer."""


class ConfigError(ComplianceError):
    """``compliance.toml`` cannot be used as it stands."""


class CatalogError(ComplianceError):
    """A kind, gate or template cannot be loaded, or two of them share an id."""


class InputError(ComplianceError):
    """An input file is refused.

    Args:
        found: What the file holds.
        expected: What it should hold, if that can be said.
        where: Position inside the file, such as ``line 3 column 7`` or ``/runs/0/results/2``.
        source: Name of the file; the reader of the file fills it in when the parser did not.
        hint: What to do next.
    """

    def __init__(
        self,
        found: str,
        *,
        expected: str | None = None,
        where: str | None = None,
        source: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(found, hint=hint)
        self.found = found
        self.expected = expected
        self.where = where
        self.source = source

    @property
    def reason(self) -> str:
        """The refusal without the file's name: position, found and expected."""
        reason = f"{self.where}: {self.found}" if self.where else self.found
        return f"{reason}; expected {self.expected}" if self.expected else reason

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}" if self.source else self.reason


class UnrecognisedError(InputError):
    """No known format claims the file."""


class NothingToJudgeError(ComplianceError):
    """There is no evidence or no gate: an empty judgement would pass by absence."""

    exit_code = 3


class CollectorError(ComplianceError):
    """A collector could not run, so its evidence does not exist."""

    exit_code = 5


class StoreError(ComplianceError):
    """The store cannot be opened, read or written."""


class StoreUnavailableError(StoreError):
    """The store is missing, locked, or from a newer version: nothing is known about what it holds."""


class TamperedError(StoreError):
    """The store contradicts its own ledger."""

    exit_code = 4


class SigningKeyError(ComplianceError):
    """A key or certificate cannot be used."""


class RenderError(ComplianceError):
    """A document cannot be rendered on this machine or from this model."""
