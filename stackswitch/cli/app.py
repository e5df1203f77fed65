"""The typer application. What a command needs is imported when the command runs, or when all are listed."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer

from stackswitch import __version__

from .command import command
from .console import Console

COMMANDS = (
    "test",
    "detect",
    "matrix",
    "analyze",
    "fix",
    "instrument",
    "reentrant",
    "report",
    "explore",
    "bench",
    "init",
    "doctor",
    "run",
    "trace",
)
"""The commands in the order of the help: each is a function in a module of this package, both of its name."""
_SETTINGS: dict[str, dict[str, Any]] = {
    "run": {"ignore_unknown_options": True},
    "trace": {"allow_interspersed_args": False},
}

_HELP = "WebAssembly stack switching: one suite on Asyncify and on JSPI, and the names that are missing."
_EPILOG = (
    "Exit status: 0 all as expected, 1 a case failed or a list needs fixing, 2 usage, 4 to 23 errors, "
    "70 a bug, 128 and more: ended by a signal (docs/errors.md)."
)


def make_app(only: str | None = None) -> typer.Typer:
    """Return the application.

    :param only: leave out the other commands: to import them all takes longer than many commands do
    """
    app = typer.Typer(
        name="stackswitch",
        help=_HELP,
        epilog=_EPILOG,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_main)
    for name in COMMANDS if only is None else (only,):
        work = getattr(import_module(f".{name}", __package__), name)
        app.command(name, context_settings=_SETTINGS.get(name))(command(work))
    return app


def _show_version(requested: bool) -> None:
    if requested:
        Console().print(f"stackswitch {__version__}")
        raise typer.Exit


def _main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    pass
