"""The typer application with all commands."""

from __future__ import annotations

from typing import Annotated

import typer

from stackswitch import __version__

from .analyze import AnalyzeOptions, analyze
from .bench import BenchOptions, bench
from .command import command
from .console import Console
from .detect import DetectOptions, detect
from .doctor import DoctorOptions, doctor
from .explore import ExploreOptions, explore
from .fix import FixOptions, fix
from .init import InitOptions, init
from .instrument import InstrumentOptions, instrument
from .matrix import MatrixOptions, matrix
from .report import ReportOptions, report
from .run import RunOptions, run
from .test import TestOptions, run_test
from .trace import TraceOptions, trace

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
app.command("test")(command(TestOptions, run_test))
app.command("detect")(command(DetectOptions, detect))
app.command("matrix")(command(MatrixOptions, matrix))
app.command("analyze")(command(AnalyzeOptions, analyze))
app.command("fix")(command(FixOptions, fix))
app.command("instrument")(command(InstrumentOptions, instrument))
app.command("report")(command(ReportOptions, report))
app.command("explore")(command(ExploreOptions, explore))
app.command("bench")(command(BenchOptions, bench))
app.command("init")(command(InitOptions, init))
app.command("doctor")(command(DoctorOptions, doctor))
app.command("run", context_settings={"ignore_unknown_options": True})(command(RunOptions, run))
app.command("trace", context_settings={"allow_interspersed_args": False})(command(TraceOptions, trace))


def _show_version(requested: bool) -> None:
    if requested:
        Console().print(f"stackswitch {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    pass
