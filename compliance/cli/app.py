"""The root command and its sub-commands; each is the function ``run`` of the module of its name, which imports nothing heavy."""

from __future__ import annotations

import importlib
from typing import Annotated, Final

import typer

from .. import __version__
from .session import Common, NoColor, ProjectDir, Quiet, StorePath, Verbose, command

COMMANDS: Final = (
    "init",
    "release",
    "collect",
    "ingest",
    "check",
    "report",
    "explain",
    "gates",
    "packet",
    "sign",
    "status",
    "waive",
    "verify",
    "timestamp",
    "log",
    "show",
    "diff",
    "merge",
    "reparse",
    "purge",
    "keys",
)
"""In the order in which a new user meets them."""
_EPILOG: Final = (
    "Exit codes: 0 go, 1 no-go, 2 wrong use or refused input, 3 nothing to judge, 4 refuted, 5 a collector could not run, "
    "6 intact but the signer is not trusted."
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"compliance-toolkit {__version__}")
        raise typer.Exit


def _root(
    context: typer.Context,
    project: ProjectDir = None,
    store: StorePath = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    no_color: NoColor = False,
    format: Annotated[str | None, typer.Option("--format", help="Form of the result; each command says which it offers.")] = None,
    version: Annotated[  # noqa: ARG001 (its callback acts)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Compliance evidence in, a decision out, proof attached."""
    context.obj = Common(project, store, quiet, verbose, debug, no_color, format)


def build() -> typer.Typer:
    """Returns the root command."""
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    app.callback(epilog=_EPILOG)(_root)
    for name in COMMANDS:
        module = importlib.import_module(f"compliance.cli.{name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(command(module.run))
    return app
