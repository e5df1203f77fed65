"""Runs the program: errors, usage errors, crashes and closed pipes become a message and an exit status."""

from __future__ import annotations

import errno
import sys

from stackswitch.errors import OutputError, StackswitchError

from . import signals, streams
from .console import Console
from .crash import EXIT_BUG, CrashReporter

EXIT_INTERRUPTED = 130
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""Errors of a disk that cannot be written: trouble of the machine, wherever it occurs."""


def run() -> int:
    """Run the command line, and return what it exits with."""
    streams.prepare()
    with CrashReporter() as reporter:
        try:
            signals.begin()
            status = _run()
        except BaseException as error:  # noqa: BLE001 (nothing passes but an exit status)
            status = _status(error, reporter)
        signals.leave_if_requested()
        failed = streams.settle()
        if isinstance(failed, BrokenPipeError):
            status = streams.EXIT_BROKEN_PIPE
        elif failed is not None and status == 0:
            status = _show(OutputError(f"standard output could not be written: {failed.strerror}"))
        return EXIT_BUG if reporter.crashed else status


def _run() -> int:
    import typer.main

    from .app import COMMANDS, make_app
    from .help import ClickException, show_usage_error, use_formatter

    first = sys.argv[1] if len(sys.argv) > 1 else None
    command = typer.main.get_command(make_app(first if first in COMMANDS else None))
    use_formatter(command)
    try:
        with command.make_context("stackswitch", sys.argv[1:]) as context:
            command.invoke(context)
    except typer.Exit as ended:
        return ended.exit_code
    except ClickException as error:
        show_usage_error(error)
        return int(error.exit_code)
    return 0


def _status(error: BaseException, reporter: CrashReporter) -> int:
    if signals.requested():
        return EXIT_INTERRUPTED  # the interruption caused whatever was raised
    ours = _ours(error)
    if ours is not None:
        return _show(ours)
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":
        Console(stderr=True).print("stackswitch: interrupted")
        return EXIT_INTERRUPTED
    if isinstance(error, BrokenPipeError) and streams.stdout_is_broken():
        return streams.EXIT_BROKEN_PIPE
    if isinstance(error, OSError) and error.errno in _FULL:
        return _show(OutputError(f"{error.filename or 'output'}: could not be written: {error.strerror}"))
    reporter.report(error)
    return EXIT_BUG


def _ours(error: BaseException) -> StackswitchError | None:
    """Return an error of our classes, also from a group that has no other; the base class alone is a bug."""
    while isinstance(parts := getattr(error, "exceptions", None), tuple) and len(parts) == 1:
        error = parts[0]
    return error if isinstance(error, StackswitchError) and type(error) is not StackswitchError else None


def _show(error: StackswitchError) -> int:
    """Print an error; return its exit status."""
    console = Console(stderr=True)
    console.message(f"stackswitch: {error}")
    console.print(f"  more: {error.help_url}")
    return error.exit_code
