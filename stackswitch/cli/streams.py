"""The standard streams: opened where they are closed, able to write any text, and flushed before the end."""

from __future__ import annotations

import codecs
import os
import select
import sys
from contextlib import suppress
from typing import TextIO

EXIT_BROKEN_PIPE = 141
"""What a shell reports of a program that SIGPIPE ended (128 + 13)."""
_HANDLER = "stackswitch"
_SIGNS = '✓+ ✗x ⚑! ·- µu ²2 ³3 “" ”" \u2013- \u2014- \u00d7x \u2019\''
_IN_ASCII = {"→": "->", "…": "...", "≤": "<=", "≥": ">=", **{each[0]: each[1] for each in _SIGNS.split(" ")}}
"""Signs of ours, for a locale that has not got them."""


def prepare() -> None:
    """Make the streams usable whatever the locale is, and whichever of them is closed."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # Else the next file that is opened would get the number, and a child would write into it.
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)
    codecs.register_error(_HANDLER, _replaced)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)


def stdout_is_broken() -> bool:
    """Whether nobody reads standard output any more."""
    watch = select.poll()
    try:
        watch.register(sys.stdout.fileno(), select.POLLOUT)
        return any(happened & select.POLLERR for _, happened in watch.poll(0))
    except (OSError, ValueError, AttributeError):
        return False


def settle() -> OSError | None:
    """Write what is still buffered; return what went wrong with standard output.

    After that nothing more is written, so that the interpreter has nothing to complain about at its end.
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
