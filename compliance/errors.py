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
    │   ├── StoreUnavailableError   it is missing, locked, not reached or of a newer version: nothing is known of it
    │   └── TamperedError           exit code 4: the store contradicts its own ledger
    ├── SigningKeyError             a key or certificate that cannot be used
    │   └── UnknownSignerError      a signature by a key that is not trusted (in `compliance.sign.ssh`)
    └── RenderError                 a document that cannot be rendered

Whatever a user can cause leaves the library as one of these; a foreign exception that escapes is a defect. Each public class has a
``code``, which the command line prints and ``docs/errors.md`` explains, and an ``advice`` for where the raiser knows nothing better.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "CHECK_PATH",
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
    "first_line",
]


class ComplianceError(Exception):
    """Root of the tree.

    Args:
        message: One line: what was found and what was expected.
        hint: One line: what to do next, where the raiser knows better than the class's ``advice``.
    """

    code: ClassVar[str] = "refused"
    """Stable name of the class in output and documentation."""
    exit_code: ClassVar[int] = 2
    advice: ClassVar[str] = "read what the message names, correct it, and run the command again"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def next_step(self) -> str:
        """What to do next."""
        return self.hint or self.advice

    def __str__(self) -> str:
        return self.message


class UsageError(ComplianceError):
    """A command or function was used in a way that it does not offer.

    Causes: an option's value that is none of those offered, two options that exclude each other, an id that does not exist, a time
    without a zone.
    """

    code = "usage"
    advice = "add --help to the command to see what it offers"


class ConfigError(ComplianceError):
    """``compliance.toml`` cannot be used as it stands.

    Causes: an unknown key (the nearest known one is named), a value of the wrong type, a file that is named but missing, a
    threshold out of its range.
    """

    code = "config"
    advice = "docs/configuration.md lists every key of compliance.toml with its values"


class CatalogError(ComplianceError):
    """A kind, gate or template cannot be loaded, or two of them share an id.

    Causes: a policy of the project's own that cannot be imported, an id used twice, a gate without one of the five headings of
    its docstring.
    """

    code = "catalog"
    advice = "correct or take away the policy or kind that the message names; `compliance gates` lists what is loaded"


CHECK_PATH = "check the path, which is taken from the current folder, and the right to read it"
"""What to do next about a file that cannot be opened."""


class InputError(ComplianceError):
    """An input file is refused.

    Causes: a file cut short or edited by hand, a duplicate key, a version whose layout is not known, a number that contradicts
    another one of the same file, nesting or size beyond the limits.

    Args:
        found: What the file holds.
        expected: What it should hold, if that can be said.
        where: Position inside the file, such as ``line 3 column 7`` or ``/runs/0/results/2``.
        source: Name of the file; the reader of the file fills it in when the parser did not.
        hint: What to do next.
    """

    code = "input"
    advice = "let the tool write the file anew and give it as the tool wrote it; docs/formats.md says what is read"

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
    """No known format claims the file.

    Causes: a format that is not read yet, a file cut short, an error page saved under the name of a result.
    """

    code = "unrecognised"
    advice = "docs/formats.md lists the formats; [mapping.NAME] in compliance.toml teaches a new one"


class NothingToJudgeError(ComplianceError):
    """There is no evidence or no gate: an empty judgement would pass by absence.

    Causes: nothing was collected or ingested for this project, every framework is switched off, the decision point asks no gate.
    """

    code = "nothing-to-judge"
    exit_code = 3
    advice = "record evidence first: `compliance collect`, or `compliance ingest FILE`"


class CollectorError(ComplianceError):
    """A collector could not run, so its evidence does not exist.

    Causes: the tool is not installed or ended with an error, a time limit passed, a service could not be reached, the files that
    are named do not exist.
    """

    code = "collector"
    exit_code = 5
    advice = "run the tool by hand as the message shows it, then `compliance collect` again"


class StoreError(ComplianceError):
    """The store cannot be opened, read or written.

    Causes: no right to write, a full disk, a file that is no store.
    """

    code = "store"
    advice = "look at the path and the rights of the store; --store names another one"


class StoreUnavailableError(StoreError):
    """The store is missing, locked, not to be reached, or from a newer version: nothing is known about what it holds.

    Causes: a wrong path, another process that writes for longer than the waiting time, a store written by a newer version, a database
    server that is down, lets nobody in, or grants too little.
    """

    code = "store-unavailable"
    advice = "make the store reachable: its path, its rights, who else holds it, the version of this program"


class TamperedError(StoreError):
    """The store contradicts its own ledger.

    Causes: a row, an artifact or a projection that was edited, entries cut off or reordered, an older copy of the file put back.
    """

    code = "tampered"
    exit_code = 4
    advice = "do not write to it: keep a copy, and let `compliance verify` name the first bad entry"


class SigningKeyError(ComplianceError):
    """A key or certificate cannot be used.

    Causes: a wrong passphrase, a file that holds no key, a key too short or of a kind that PDF readers reject, a certificate
    that has expired.
    """

    code = "key"
    advice = "`compliance keys list` shows the keys and what they may be used for; docs/verify.md says what is trusted"


class RenderError(ComplianceError):
    """A document cannot be rendered on this machine or from this model.

    Causes: a system library or font that is missing, a template of the project's own that fails, a model that no template fits.
    """

    code = "render"
    advice = "install the system libraries and fonts that the README names, or ask for `--format json`"


def first_line(error: BaseException) -> str:
    """What an error of another library says in its first line, at most 200 characters; its name, where it says nothing."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
