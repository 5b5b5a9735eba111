"""A real PostgreSQL server of this test run: a cluster of its own in a temporary folder, reached by a socket there."""

from __future__ import annotations

import atexit
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg

from compliance.location import Address

OWNER = "owner"
PASSWORD = "a secret/with:all@of?it#%"
"""Of every role: what an address must write as %40 and the like, and what no message may show."""
_SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}


class Cluster:
    """A running server.

    Args:
        settings: Of postgresql.conf, where they are not those of `_SETTINGS`.
    """

    def __init__(self, **settings: str) -> None:
        self._settings = _SETTINGS | settings
        self.folder = Path(tempfile.mkdtemp(prefix="compliance-pg-"))
        self._user = "postgres" if os.geteuid() == 0 else None  # initdb refuses root
        if self._user is not None:
            os.chown(self.folder, pwd.getpwnam(self._user).pw_uid, -1)
        self.folder.chmod(0o755)
        self._data = self.folder / "data"
        self._numbers = itertools.count()
        self._run("initdb", "-D", self._data, "-U", "super", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync")
        (self._data / "pg_hba.conf").write_text("local all super trust\nlocal all all scram-sha-256\n")
        self.start()
        atexit.register(self._end)
        with self.superuser() as connection:
            connection.execute(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}'")

    def start(self) -> None:
        settings = {**self._settings, "unix_socket_directories": str(self.folder)}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._run("pg_ctl", "-D", self._data, "-w", "-l", self.folder / "log", "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self._data, "-w", "-m", "immediate", "stop")

    def _end(self) -> None:
        if (self._data / "postmaster.pid").exists():
            self.stop()
        # A process of its own: thousands of files take longer than a worker of pytest-xdist is given to end.
        subprocess.Popen(["rm", "-rf", str(self.folder)], start_new_session=True)

    def _run(self, program: str, *words: str | Path) -> None:
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        groups: dict[str, Any] = {} if self._user is None else {"user": self._user, "group": self._user, "extra_groups": []}
        command = [str(_binaries() / program), *map(str, words)]
        done = subprocess.run(
            command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=120, **groups,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout

    def superuser(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Connects as one to whom no right is refused."""
        return psycopg.connect(host=str(self.folder), user="super", dbname=database, autocommit=True)

    def database(self, template: str = "template0") -> str:
        """Makes a database, empty or a copy of another one, and returns its name."""
        name = f"db{next(self._numbers)}"
        with self.superuser() as connection:
            connection.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template} STRATEGY file_copy")
        return name

    def address(self, database: str, user: str = OWNER, password: str = PASSWORD, **options: str) -> Address:
        """Returns the address of a store in a database."""
        query = f"?{urlencode(options, quote_via=quote)}" if options else ""
        return Address(f"postgresql://{user}:{quote(password, safe='')}@{quote(str(self.folder), safe='')}/{database}{query}")


@cache
def cluster() -> Cluster:
    """The server of this process; each worker of pytest-xdist has one."""
    return Cluster()


def _binaries() -> Path:
    """Debian keeps the programs of each version in a folder that is not on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    program = str(found[-1]) if found else shutil.which("initdb")
    assert program, "no PostgreSQL: scripts/setup dev installs it"
    return Path(program).parent
