"""Runs the command line in a process that need not start Python and read the toolkit first, which takes a second each time.

A process that has read it all waits for what to run, and forks a copy of itself for each; the copy has the environment, the folder
and the streams that were asked for, runs ``compliance.cli.main`` and ends. ``python -m tests.cli.warm NUMBER`` is that process.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NoReturn

from tests.modules import import_all

_LIMIT = 1 << 20


class Warm:
    """A process that waits for commands, as long as this one runs."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        root = Path(__file__).parents[2]
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.cli.warm", str(theirs.fileno())], cwd=root, pass_fds=[theirs.fileno()]
            )
        atexit.register(self._end)

    def run(self, words: Sequence[str], cwd: Path, env: Mapping[str, str], streams: Sequence[int], timeout: float) -> int:
        """Runs a command.

        Args:
            words: What follows ``compliance``.
            cwd: The folder it runs in.
            env: All of its environment.
            streams: Its input, output and error output.
            timeout: Seconds after which it is killed.

        Returns:
            Its exit code; as with `subprocess`, less than 0 if a signal ended it.
        """
        asked = json.dumps({"words": list(words), "cwd": str(cwd), "env": dict(env)}).encode()
        assert len(asked) < _LIMIT
        mine, its = socket.socketpair()
        with mine:
            mine.settimeout(timeout)
            with its, self._lock:
                socket.send_fds(self._ours, [asked], [*streams, its.fileno()])
            with mine.makefile() as told:
                number = int(told.readline())
                try:
                    code = told.readline()
                except TimeoutError:
                    os.kill(number, signal.SIGKILL)
                    raise subprocess.TimeoutExpired(list(words), timeout) from None
        return int(code) if code else -signal.SIGKILL

    def _end(self) -> None:
        self._ours.close()
        self._process.wait()


@cache
def warm() -> Warm:
    """The process of this test run; each worker of pytest-xdist has one."""
    return Warm()


def _serve(channel: socket.socket) -> None:
    import_all()
    importlib.import_module("compliance.catalog").shipped()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the copies
    while True:
        asked, streams, _, _ = socket.recv_fds(channel, _LIMIT, 4)
        if not asked:
            return
        if os.fork() == 0:
            channel.close()
            _become(json.loads(asked), streams)
        for one in streams:
            os.close(one)


def _become(asked: dict[str, object], streams: Sequence[int]) -> NoReturn:
    """Makes this process one that was started for a command, and runs it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    told = socket.socket(fileno=streams[3])
    told.sendall(f"{os.getpid()}\n".encode())
    for number, one in enumerate(streams[:3]):
        os.dup2(one, number)
        os.close(one)
    os.chdir(str(asked["cwd"]))
    os.environ.clear()
    os.environ.update(asked["env"])  # type: ignore[call-overload]
    time.tzset()
    random.seed()
    told.sendall(f"{_run([str(word) for word in asked['words']])}\n".encode())  # type: ignore[attr-defined]
    os._exit(0)


def _run(words: list[str]) -> int:
    from compliance.cli import main

    sys.argv = ["compliance", *words]
    code = 1
    try:
        main(words)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        traceback.print_exc()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return code


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
