"""Runs a command and returns its output and its end. Nothing that it started outlives it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from stackswitch.errors import ToolError, ToolNotFoundError

from . import watchdog

MOST_STDOUT = 64 << 20
"""The most standard output of a command (bytes), unless its caller has another limit."""
MOST_STDERR = 64 << 10
"""How much of the end of standard error is recorded (bytes)."""
_POLL_S = 0.02
_DRAIN_S = 2.0
"""How long to wait for more output when the command has ended but left something running (seconds)."""


@dataclass
class Ended:
    """How a command ended.

    :ivar status: its exit status; negative: the signal that ended it; None: it was killed, since it took too
        long or printed too much (``too_much``)
    """

    status: int | None
    stdout: bytes
    stderr: bytes
    too_much: bool = False

    @property
    def late(self) -> bool:
        """Whether it was killed since it took too long."""
        return self.status is None and not self.too_much


class _Listener(asyncio.SubprocessProtocol):
    """Collects what a command prints. asyncio's streams would wait for all that hold the pipes open."""

    def __init__(self, most_stdout: int, most_stderr: int, on_stdout: Callable[[bytes], None] | None) -> None:
        self._most_stdout, self._most_stderr, self._on_stdout = most_stdout, most_stderr, on_stdout
        self.stdout, self.stderr = bytearray(), bytearray()
        self.full = False
        self.exited, self.closed = asyncio.Event(), asyncio.Event()
        self.over = asyncio.Event()
        """It has ended, or printed too much."""
        self._open = {1, 2}

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            if len(self.stdout) <= self._most_stdout:
                self.stdout += data
                if self._on_stdout is not None:
                    self._on_stdout(data)
            else:
                self.full = True
                self.over.set()
            return
        self.stderr += data
        if len(self.stderr) > 2 * self._most_stderr:
            del self.stderr[: -self._most_stderr]

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
    folder: Path | None,
    stdin: bytes,
    timeout_s: float,
    more: Callable[[], Awaitable[float]] | None = None,
    *,
    most_stdout: int = MOST_STDOUT,
    most_stderr: int = MOST_STDERR,
    on_stdout: Callable[[bytes], None] | None = None,
    grace_s: float = 0,
) -> Ended:
    """Run a command in a process group of its own, and kill what is left of the group.

    :param folder: its working directory; None: that of this process
    :param timeout_s: after that it is killed (seconds)
    :param more: called when that time is up; returns how much more it gets (seconds)
    :param most_stdout: a command that prints more is killed (bytes)
    :param most_stderr: how much of the end of standard error is returned at least (bytes)
    :param on_stdout: called with standard output as it comes
    :param grace_s: how long a command that is killed may take after a SIGTERM (seconds)
    :raises OSError: it does not start
    """
    watchdog.ready()
    transport, listener = await asyncio.get_running_loop().subprocess_exec(
        partial(_Listener, most_stdout, most_stderr, on_stdout),
        *argv,
        env=dict(env),
        cwd=folder,
        start_new_session=True,
    )
    watchdog.watch(transport.get_pid())
    try:
        pipe = transport.get_pipe_transport(0)
        assert isinstance(pipe, asyncio.WriteTransport)
        pipe.write(stdin)
        pipe.write_eof()
        while timeout_s > 0:
            await _within(listener.over, timeout_s)
            timeout_s = 0 if listener.over.is_set() or more is None else await more()
        ended = listener.exited.is_set()
        if ended:
            await _within(listener.closed, _DRAIN_S)
        status = transport.get_returncode() if ended else None
        return Ended(status, bytes(listener.stdout), bytes(listener.stderr), listener.full and not ended)
    finally:
        if grace_s and not listener.exited.is_set():
            transport.terminate()
            await _within(listener.exited, grace_s)
        kill_group(transport.get_pid())
        try:
            await _within(listener.exited, None)
        finally:
            transport.close()


def start(argv: Sequence[str], *, group: bool = True, **options: Any) -> subprocess.Popen[bytes]:
    """Start a program of the user; it is killed when this process ends, until ``watchdog.unwatch``.

    :param group: it leads a session and a process group of its own; else it shares those of this process
    :param options: of ``subprocess.Popen``
    :raises ToolNotFoundError: there is no such program
    :raises ToolError: it does not start
    """
    watchdog.ready()
    try:
        child = subprocess.Popen(argv, start_new_session=group, **options)
    except FileNotFoundError:
        raise ToolNotFoundError.of_program(argv[0]) from None
    except (OSError, ValueError) as error:
        what = f"{argv[0]} does not start: {getattr(error, 'strerror', None) or error}"
        raise ToolError(what, argv=argv, status=None) from None
    watchdog.watch(child.pid, group=group)
    return child


async def exited(process: asyncio.subprocess.Process) -> int:
    """Wait until a process has ended. ``Process.wait`` also waits for others that hold its pipes open."""
    while process.returncode is None:  # noqa: ASYNC110 (the event for it is the one that comes late)
        await asyncio.sleep(_POLL_S)
    return process.returncode


async def _within(event: asyncio.Event, timeout_s: float | None) -> None:
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(event.wait(), timeout_s)


def kill_group(pid: int) -> None:
    """Kill a process group.

    :param pid: of the process that leads it
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    watchdog.unwatch(pid)


def text_of(data: bytes) -> str:
    r"""Return bytes as text; what is not UTF-8 as ``\xNN``."""
    return data.decode("utf-8", "backslashreplace")
