"""How a child process failed, in words: its exit status, and what Node wrote without its dump of source."""

from __future__ import annotations

import re
import signal

_SOURCE = re.compile(r"^(?:file://|node:|/)\S*:\d+\n(?:.*\n)?[ \t]*\^+\n+", re.MULTILINE)
"""The place of an uncaught exception: a line of the source, and a mark under it."""
_STACK = re.compile(r"^\s+at .*\n?|^Node\.js v\S+\n?|^\s*\(Use `node --trace-.*\n?", re.MULTILINE)


def without_dump(text: str) -> str:
    """Return the text of errors without source lines, stacks and Node's own version."""
    return re.sub(r"\n{2,}", "\n", _STACK.sub("", _SOURCE.sub("", f"{text}\n"))).strip()


def describe_status(status: int) -> str:
    """Return how a process ended, in words: ``exit status 9``, ``SIGSEGV``."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
