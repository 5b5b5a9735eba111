"""Takes away what stands before the command that matters: ``sudo``, ``npx``, ``poetry run``, ``docker run IMAGE`` and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_WITH_VALUE: Final = {
    "sudo": "-u -g -h -p -C",
    "env": "-u -C",
    "timeout": "-k -s --signal --kill-after",
    "time": "-f -o",
    "nice": "-n",
    "stdbuf": "-o -e -i",
    "xvfb-run": "-n -s -e -f -p --server-args",
    "xargs": "-I -n -P -L -d -a -E -s",
    "npx": "-p --package -c",
    "pnpx": "-p --package",
    "bunx": "-p --package",
    "uvx": "--from --with --python -p --index-url --extra-index-url",
    "pipx": "--spec --python --pip-args",
    "flox": "",
}
"""Prefixes and those of their options that take the next word."""
_SIMPLE: Final = frozenset(_WITH_VALUE) | {
    "nohup",
    "exec",
    "builtin",
    "catchsegv",
    "setsid",
    "unbuffer",
    "chronic",
    "retry",
    "ionice",
    "caffeinate",
}
_WITH_RUN: Final = {
    "poetry": ("run",),
    "pipenv": ("run",),
    "pdm": ("run",),
    "rye": ("run",),
    "hatch": ("run",),
    "uv": ("run",),
    "pixi": ("run",),
    "conda": ("run",),
    "mamba": ("run",),
    "micromamba": ("run",),
    "bundle": ("exec",),
    "mise": ("exec", "x"),
    "rbenv": ("exec",),
    "pyenv": ("exec",),
    "coverage": ("run",),
    "dotenv": ("run",),
    "doppler": ("run",),
    "nix": ("develop", "shell"),
    "cross-env": (),
    "dotenvx": ("run",),
}
_RUN_OPTIONS: Final = (
    "-n --name -p --prefix --with --group --extra --python --project --directory --package --source --rcfile "
    "--with-requirements -c --env-file --omit --include --data-file --only-group --no-group -f --index -e --environment"
)
_DOCKER_OPTIONS: Final = (
    "-v --volume -e --env -w --workdir -u --user --name --network --net -p --publish --entrypoint --env-file --platform "
    "--mount -h --hostname --add-host --label -l -m --memory --cpus --shm-size --ipc --pid --link --cap-add --security-opt "
    "--volumes-from --restart --tmpfs --index --profile -f --file --project-name --project-directory --index"
)
_DEPTH: Final = 12


def unwrap(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the words of the command that is really run; empty when there is none (``command -v pytest``)."""
    for _ in range(_DEPTH):
        inner = _inner(argv)
        if inner is None:
            return argv
        argv = inner
    return argv


def _inner(argv: tuple[str, ...]) -> tuple[str, ...] | None:
    if not argv:
        return None
    name, rest = re.split(r"[/\\]", argv[0])[-1], argv[1:]
    if name in ("command", "type", "which", "hash", "where"):
        return rest if name == "command" and rest and not rest[0].startswith("-") else ()
    if name in _SIMPLE:
        rest = _past_options(rest, _WITH_VALUE.get(name, ""))
        while rest and re.match(r"\w+=", rest[0]):
            rest = rest[1:]
        if name == "timeout":
            rest = rest[1:]
        return _past_options(rest[1:], "") if name == "pipx" and rest[:1] == ("run",) else rest
    if name in _WITH_RUN:
        return _after_run(name, rest)
    if re.fullmatch(r"(python|pypy)[\d.]*|py", name) and "-m" in rest:
        place = rest.index("-m")
        return rest[place + 1 :] if all(word.startswith("-") for word in rest[:place]) else None
    if name in ("docker", "podman", "nerdctl", "docker-compose", "kubectl"):
        return _in_container(name, rest)
    return None


def _after_run(name: str, rest: tuple[str, ...]) -> tuple[str, ...] | None:
    verbs = _WITH_RUN[name]
    rest = _past_options(rest, _RUN_OPTIONS)
    if not verbs:
        while rest and "=" in rest[0]:
            rest = rest[1:]
        return rest
    if not rest or rest[0] not in verbs:
        return None
    rest = rest[1:]
    if name == "coverage" and "-m" in rest:
        return rest[rest.index("-m") + 1 :]
    rest = _past_options(rest, _RUN_OPTIONS)
    if name == "hatch" and rest:
        return (rest[0].rsplit(":", 1)[-1], *rest[1:])
    return rest


def _in_container(name: str, rest: tuple[str, ...]) -> tuple[str, ...] | None:
    """``docker run [options] IMAGE [command]``: the command, or the image itself when it is named after a tool."""
    rest = _past_options(rest, _DOCKER_OPTIONS)
    if name != "docker-compose" and rest[:1] == ("compose",):
        rest = _past_options(rest[1:], _DOCKER_OPTIONS)
    if rest[:1] == ("container",):
        rest = rest[1:]
    if rest[:1] not in (("run",), ("exec",)) or (name == "kubectl" and rest[0] == "run"):
        return None
    rest = _past_options(rest[1:], _DOCKER_OPTIONS)
    if not rest:
        return None
    image = re.sub(r"(:[^/]*|@.*)$", "", rest[0]).rsplit("/", 1)[-1]
    from .tools import SUBCOMMANDS, TOOLS

    if image in TOOLS or image in SUBCOMMANDS:
        return (image, *rest[1:]) if rest[1:2] != (image,) else rest[1:]
    return rest[1:] if rest[1:2] != ("--",) else rest[2:]


def _past_options(argv: tuple[str, ...], with_value: str) -> tuple[str, ...]:
    """Drops leading options, and the values of those that take one."""
    takes = with_value.split()
    while argv and argv[0].startswith("-"):
        if argv[0] == "--":
            return argv[1:]
        argv = argv[2:] if argv[0] in takes else argv[1:]
    return argv


def options_dropped(argv: tuple[str, ...], with_value: str = "") -> tuple[str, ...]:
    """Returns the words that are no options, wherever these stand."""
    takes = with_value.split()
    found: list[str] = []
    skip = False
    for word in argv:
        if not skip and not word.startswith("-"):
            found.append(word)
        skip = not skip and word in takes
    return tuple(found)


def positional(argv: tuple[str, ...]) -> Iterator[str]:
    """Yields the words that are no options."""
    return (word for word in argv if not word.startswith("-"))
