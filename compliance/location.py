"""Where a store lies: the path of a SQLite file, or the address of a PostgreSQL database."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .errors import UsageError

_SCHEMES: Final = ("postgresql", "postgres")
_HOST: Final = r"(?:\[[^\]@/?#]*\]|[^\[:@/?#,]*)(?::\d*)?"
_BROKEN: Final = re.compile(r"%(?![0-9a-fA-F]{2})|%00|[\s\x00-\x20\x7f]")
"""What libpq refuses with a message that repeats it."""
_FORM: Final = re.compile(
    r"(?P<scheme>\w+)://(?:(?P<user>[^:@/?#]*)(?P<password>:[^:@/?#]*)?@)?"
    rf"(?P<host>{_HOST}(?:,{_HOST})*)(?P<name>/[^:@/?#]*)?(?:\?(?P<options>[^=&@?#]+=[^&@?#]*(?:&[^=&@?#]+=[^&@?#]*)*))?"
)
"""The form that libpq documents (section 34.1.1.2, connection URIs), and nothing that could be read in two ways."""
_SECRET: Final = re.compile("pass(?!file)|secret|token|key$", re.IGNORECASE)
"""Names of options whose values are not shown."""
_HIDDEN: Final = "***"


@dataclass(frozen=True)
class Address:
    """The address of a store in PostgreSQL. As text it names the server and the database, never a password.

    Raises:
        UsageError: It has another form.
    """

    url: str = field(repr=False)
    """As it was given, with all that it holds."""

    def __post_init__(self) -> None:
        self._parts()

    def __str__(self) -> str:
        found = self._parts()
        user = "" if found["user"] is None else f"{found['user']}{f':{_HIDDEN}' if found['password'] else ''}@"
        options = "" if found["options"] is None else f"?{'&'.join(map(_shown, found['options'].split('&')))}"
        return f"{found['scheme']}://{user}{found['host']}{found['name'] or ''}{options}"

    @property
    def is_secret(self) -> bool:
        """Whether it holds a password, or another value that is not shown."""
        return str(self) != self.url

    def exists(self) -> bool:
        """Tells whether a store lies there.

        Raises:
            StoreUnavailableError: The server cannot be asked.
        """
        from .store.database import database_of

        return database_of(self).exists(self)

    def resolve(self) -> Address:
        """Returns the address itself, as a path returns the one that it stands for."""
        return self

    def _parts(self) -> re.Match[str]:
        found = _FORM.fullmatch(self.url)
        if found is None or found["scheme"] not in _SCHEMES or _BROKEN.search(self.url):
            raise UsageError(
                f"{found['scheme'] if found else 'an address'}: not the address of a store; expected postgresql://USER@HOST/DATABASE",
                hint="write @ : / ? # % and spaces in a name or a password as %40 %3A %2F %3F %23 %25 %20",
            )
        return found


Location = Path | Address
"""Where a store lies."""


def located(text: str) -> Location:
    """Returns what is meant by a word: an address if it has a scheme, else a path.

    Raises:
        UsageError: An address of another form than PostgreSQL's.
    """
    return Address(text) if "://" in text else Path(text)


def _shown(option: str) -> str:
    name, separator, _ = option.partition("=")
    return f"{name}={_HIDDEN}" if separator and (_SECRET.search(name) or "%" in name) else option
