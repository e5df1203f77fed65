"""The program: its commands."""

from __future__ import annotations

from typing import Annotated

import typer

from stackswitch import __version__

from .analyze import analyze
from .bench import bench
from .console import Console
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

app = typer.Typer(
    name="stackswitch",
    help="WebAssembly stack switching: one suite on Asyncify and on JSPI, and the names that are missing.",
    epilog="Exit status: 0 all as expected, 1 a case failed or a list needs fixing, 2 usage, 4 to 22 errors, "
    "70 a bug, 128 and more: ended by a signal (docs/errors.md).",
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
        Console().print(f"stackswitch {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and exit.")
    ] = False,
) -> None:
    pass
