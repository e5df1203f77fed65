"""Unexpected exceptions: one message, an exit status of its own, and a traceback in a file on request."""

from __future__ import annotations

import logging
import os
import platform
import sys
import threading
import traceback
from pathlib import Path

from stackswitch import __version__
from stackswitch.errors import StackswitchError
from stackswitch.reports.escape import on_one_line, visible

from . import signals
from .console import Console

EXIT_BUG = StackswitchError.exit_code
TRACEBACK_VARIABLE = "STACKSWITCH_TRACEBACK"
"""Names the file that gets the traceback."""
_MOST_TEXT = 300


class CrashReporter:
    """Reports the first unexpected exception; later ones are written to the file only."""

    def __init__(self) -> None:
        self.crashed = False

    def __enter__(self) -> CrashReporter:
        """Receive exceptions that reach no caller: of threads, of tasks not awaited, of callbacks from C."""
        self._before = threading.excepthook, sys.unraisablehook
        threading.excepthook = lambda args: self.report(args.exc_value)
        sys.unraisablehook = self._unraisable
        log = logging.getLogger("asyncio")
        self._log = _Log(self)
        log.addHandler(self._log)
        log.propagate = False
        return self

    def __exit__(self, *_: object) -> None:
        """Restore the hooks."""
        threading.excepthook, sys.unraisablehook = self._before
        log = logging.getLogger("asyncio")
        log.removeHandler(self._log)
        log.propagate = True

    def report(self, error: BaseException | None) -> None:
        """Print the message, unless one was printed already."""
        if error is None or isinstance(error, (SystemExit, KeyboardInterrupt)):
            return
        if signals.requested():  # the interruption is the cause
            _write_traceback(error)
            return
        first = not self.crashed
        self.crashed = True
        place = _write_traceback(error)
        if not first:
            return
        console = Console(stderr=True)
        console.print(f"stackswitch: internal error: {_describe(error)}")
        if isinstance(error, MemoryError):
            console.print("  memory ran out: this is a bug unless the machine, or a limit on it, is small")
        else:
            console.print("  this is a bug in stackswitch: please report it with the command that was run")
        console.print(
            f"  traceback: {place or f'run it again with {TRACEBACK_VARIABLE}=FILE in the environment'}"
        )
        console.print(f"  more: {StackswitchError('').help_url}")

    def _unraisable(self, raised: sys.UnraisableHookArgs) -> None:
        error = raised.exc_value
        # An exception of a destructor during shutdown changes no result.
        if not sys.is_finalizing() and str(error) != "Event loop is closed":
            self.report(error)


class _Log(logging.Handler):
    """Reports what ``asyncio`` logs as an error: exceptions of tasks and callbacks that reach no caller."""

    def __init__(self, reporter: CrashReporter) -> None:
        super().__init__(logging.ERROR)
        self._reporter = reporter

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self._reporter.report(error or RuntimeError(record.getMessage()))


def _describe(error: BaseException) -> str:
    inner = error
    while (parts := getattr(inner, "exceptions", None)) and isinstance(parts, tuple):
        inner = parts[0]
    text = on_one_line(str(inner).strip())
    text = text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"
    frames = traceback.extract_tb(inner.__traceback__)
    ours = [each for each in frames if f"{os.sep}stackswitch{os.sep}" in each.filename] or frames
    where = f" ({Path(ours[-1].filename).name}:{ours[-1].lineno})" if ours else ""
    return f"{type(inner).__name__}{': ' if text else ''}{text}{where}"


def _write_traceback(error: BaseException) -> str | None:
    """Append the traceback to the file that is named; return its name."""
    name = os.environ.get(TRACEBACK_VARIABLE, "")
    if not name:
        return None
    try:
        text = "".join(traceback.format_exception(error))
        head = f"stackswitch {__version__}, Python {platform.python_version()}, {platform.platform()}"
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(visible(f"{head}\n{sys.argv!r}\n{text}\n"))
    except OSError as failed:
        return f"could not be written to {name}: {failed.strerror}"
    return name
