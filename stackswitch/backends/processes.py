"""A command run to its end: what it printed, how it ended; with all that it started, nothing outlives it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stackswitch.tools import watchdog

MOST_STDOUT = 64 << 20
"""Bytes of standard output that are taken; a command that prints more is ended."""
MOST_STDERR = 64 << 10
"""Bytes of standard error, its end, that are kept."""
_POLL_S = 0.02
_DRAIN_S = 2.0
"""How long output is waited for that something which the command left running may still hold back."""


@dataclass
class Ended:
    """How a command ended.

    :ivar status: its exit status; negative, the signal that ended it; None: it was ended for taking too
    long, or
        for printing without end (``too_much``)
    """

    status: int | None
    stdout: bytes
    stderr: bytes
    too_much: bool = False


class _Listener(asyncio.SubprocessProtocol):
    """Takes what a command prints; asyncio's streams would wait for whatever else holds the pipes open."""

    def __init__(self) -> None:
        self.stdout, self.stderr = bytearray(), bytearray()
        self.full = False
        self.exited, self.closed = asyncio.Event(), asyncio.Event()
        self.over = asyncio.Event()
        """It has ended, or printed too much."""
        self._open = {1, 2}

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            if len(self.stdout) <= MOST_STDOUT:
                self.stdout += data
            else:
                self.full = True
                self.over.set()
            return
        self.stderr += data
        if len(self.stderr) > 2 * MOST_STDERR:
            del self.stderr[:-MOST_STDERR]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._open.discard(fd)
        if not self._open:
            self.closed.set()

    def process_exited(self) -> None:
        self.exited.set()
        self.over.set()


async def run_command(
    argv: Sequence[str],
    env: Mapping[str, str],
    folder: Path,
    stdin: bytes,
    timeout_s: float,
    more: Callable[[], Awaitable[float]] | None = None,
) -> Ended:
    """Run a command in a process group of its own, and end whatever is left of that group.

    :param timeout_s: after that long it is killed (seconds)
    :param more: asked when that time is up how much it gets on top (seconds)
    :raises OSError: it does not start
    """
    watchdog.ready()
    transport, heard = await asyncio.get_running_loop().subprocess_exec(
        _Listener, *argv, env=dict(env), cwd=folder, start_new_session=True
    )
    watchdog.watch(transport.get_pid())
    try:
        pipe = transport.get_pipe_transport(0)
        assert isinstance(pipe, asyncio.WriteTransport)
        pipe.write(stdin)
        pipe.write_eof()
        while timeout_s > 0:
            await _within(heard.over, timeout_s)
            timeout_s = 0 if heard.over.is_set() or more is None else await more()
        ended = heard.exited.is_set()
        if ended:
            await _within(heard.closed, _DRAIN_S)
        status = transport.get_returncode() if ended else None
        return Ended(status, bytes(heard.stdout), bytes(heard.stderr), heard.full and not ended)
    finally:
        kill_group(transport.get_pid())
        try:
            await _within(heard.exited, None)
        finally:
            transport.close()


async def exited(process: asyncio.subprocess.Process) -> int:
    """Wait until a process has ended; ``Process.wait`` may wait for what else holds its pipes open, too."""
    while process.returncode is None:  # noqa: ASYNC110 (the event for it is the one that comes late)
        await asyncio.sleep(_POLL_S)
    return process.returncode


async def _within(event: asyncio.Event, timeout_s: float | None) -> None:
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(event.wait(), timeout_s)


def kill_group(pid: int) -> None:
    """Kill a process that leads a group, and all the group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    watchdog.unwatch(pid)


def text_of(data: bytes) -> str:
    r"""Bytes as text, what is no UTF-8 as ``\xNN``."""
    return data.decode("utf-8", "backslashreplace")
