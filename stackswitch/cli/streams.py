"""The standard streams: opens closed ones, makes them write any text, flushes them before the end."""

from __future__ import annotations

import codecs
import os
import select
import sys
from contextlib import suppress
from typing import TextIO

EXIT_BROKEN_PIPE = 141
"""The status that a shell reports for a program that SIGPIPE ended (128 + 13)."""
_HANDLER = "stackswitch"
_SIGNS = '✓+ ✗x ⚑! ·- µu ²2 ³3 “" ”" \u2013- \u2014- \u00d7x \u2019\''
_IN_ASCII = {"→": "->", "…": "...", "≤": "<=", "≥": ">=", **{each[0]: each[1] for each in _SIGNS.split(" ")}}
"""Our signs in ASCII, for a locale that cannot encode them."""


def prepare() -> None:
    """Make the streams usable in any locale, also those that are closed."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # Otherwise the next opened file would get the number, and a child would write into it.
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)
    codecs.register_error(_HANDLER, _replaced)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)


def stdout_is_broken() -> bool:
    """Whether the reader of standard output has gone."""
    watch = select.poll()
    try:
        watch.register(sys.stdout.fileno(), select.POLLOUT)
        return any(happened & select.POLLERR for _, happened in watch.poll(0))
    except (OSError, ValueError, AttributeError):
        return False


def settle() -> OSError | None:
    """Flush the streams; return the error of standard output.

    Nothing is written after that, so the interpreter has nothing to report when it ends.
    """
    failed = _flushed(sys.stdout)
    _flushed(sys.stderr)
    return failed


def _flushed(stream: TextIO | None) -> OSError | None:
    if stream is None:
        return None
    try:
        stream.flush()
    except OSError as error:
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
        return error
    except ValueError:
        return None  # it is closed
    return None


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_IN_ASCII.get(each, f"\\u{{{ord(each):x}}}") for each in text), error.end
