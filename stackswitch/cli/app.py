"""The program: its commands, and what it exits with."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from stackswitch import __version__
from stackswitch.errors import StackswitchError

from .analyze import analyze
from .bench import bench
from .detect import detect
from .doctor import doctor
from .explore import explore
from .fix import fix
from .init import init
from .instrument import instrument
from .matrix import matrix
from .report import report
from .run import run
from .test import run_test
from .trace import trace

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="stackswitch",
    help="WebAssembly stack switching: one suite on Asyncify and on JSPI, and the names that are missing.",
    epilog="Exit status: 0 all as expected, 1 a case failed or a list needs fixing, 2 usage, 3 and up errors "
    "(docs/errors.md).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("test")(run_test)
app.command()(detect)
app.command()(matrix)
app.command()(analyze)
app.command()(fix)
app.command()(instrument)
app.command()(report)
app.command()(explore)
app.command()(bench)
app.command()(init)
app.command()(doctor)
app.command(context_settings={"ignore_unknown_options": True})(run)
app.command(context_settings={"allow_interspersed_args": False})(trace)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"stackswitch {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> NoReturn:
    """Run the command line; errors of ours become one message and their exit code."""
    try:
        app()
    except StackswitchError as error:
        print(f"stackswitch: {error}\n  more: {error.help_url}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("stackswitch: interrupted", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
    sys.exit(0)
