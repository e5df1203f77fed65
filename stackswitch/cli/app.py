"""The typer application. What a command needs is imported when the command runs, or when all are listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from stackswitch import __version__

from .command import command
from .console import Console


def _test() -> Callable[..., None]:
    from .test import TestOptions, run_test

    return command(TestOptions, run_test)


def _detect() -> Callable[..., None]:
    from .detect import DetectOptions, detect

    return command(DetectOptions, detect)


def _matrix() -> Callable[..., None]:
    from .matrix import MatrixOptions, matrix

    return command(MatrixOptions, matrix)


def _analyze() -> Callable[..., None]:
    from .analyze import AnalyzeOptions, analyze

    return command(AnalyzeOptions, analyze)


def _fix() -> Callable[..., None]:
    from .fix import FixOptions, fix

    return command(FixOptions, fix)


def _instrument() -> Callable[..., None]:
    from .instrument import InstrumentOptions, instrument

    return command(InstrumentOptions, instrument)


def _report() -> Callable[..., None]:
    from .report import ReportOptions, report

    return command(ReportOptions, report)


def _explore() -> Callable[..., None]:
    from .explore import ExploreOptions, explore

    return command(ExploreOptions, explore)


def _bench() -> Callable[..., None]:
    from .bench import BenchOptions, bench

    return command(BenchOptions, bench)


def _init() -> Callable[..., None]:
    from .init import InitOptions, init

    return command(InitOptions, init)


def _doctor() -> Callable[..., None]:
    from .doctor import DoctorOptions, doctor

    return command(DoctorOptions, doctor)


def _run() -> Callable[..., None]:
    from .run import RunOptions, run

    return command(RunOptions, run)


def _trace() -> Callable[..., None]:
    from .trace import TraceOptions, trace

    return command(TraceOptions, trace)


COMMANDS: dict[str, Callable[[], Callable[..., None]]] = {
    "test": _test,
    "detect": _detect,
    "matrix": _matrix,
    "analyze": _analyze,
    "fix": _fix,
    "instrument": _instrument,
    "report": _report,
    "explore": _explore,
    "bench": _bench,
    "init": _init,
    "doctor": _doctor,
    "run": _run,
    "trace": _trace,
}
"""The commands by name, in the order of the help; each imports what it needs when it is called."""
_SETTINGS: dict[str, dict[str, Any]] = {
    "run": {"ignore_unknown_options": True},
    "trace": {"allow_interspersed_args": False},
}

_HELP = "WebAssembly stack switching: one suite on Asyncify and on JSPI, and the names that are missing."
_EPILOG = (
    "Exit status: 0 all as expected, 1 a case failed or a list needs fixing, 2 usage, 4 to 22 errors, "
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
        app.command(name, context_settings=_SETTINGS.get(name))(COMMANDS[name]())
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
