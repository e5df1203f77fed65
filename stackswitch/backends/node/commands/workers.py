"""Commands as Workers of a few Node processes: Node starts once, what it has compiled serves the next case.

A Worker is not a process: it cannot change its folder, its output passes through another thread, a dead
engine takes the process along. So what comes of one counts only where it is as expected; all else runs
again in a process of its own (``suite.runner.observe_command``). What its stacks lack counts anywhere.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import socket
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stackswitch.backends.processes import MOST_STDERR, MOST_STDOUT, Ended, kill_group
from stackswitch.tools import watchdog
from stackswitch.tools.paths import node_shim_dir

_PREFIX_BYTES = 4
_MOST_RUNS = 200
"""Runs of a process before another takes its place."""
_OF_PROCESSES = ("NODE_", "UV_", "TZ", "LANG", "LC_", "SSL_", "OPENSSL_")
"""How variables begin that are looked at when a process starts: a Worker's do nothing."""


def fits_a_worker(command: Sequence[str], env: Mapping[str, str], folder: Path) -> bool:
    """Whether a command is a script for Node, without flags, and its variables work in a Worker too.

    :param command: as the case gives it, its program ``node``
    :param env: the case's own variables and the suite's
    """
    script = command[1] if len(command) > 1 else "-"
    if script.startswith("-") or any(name.startswith(_OF_PROCESSES) for name in env):
        return False
    return (folder / script).is_file()


class Workers:
    """Node processes that run scripts as Workers, each one at a time; more are started as they are needed.

    :param node: the engine, with its flags
    """

    def __init__(self, node: Sequence[str]) -> None:
        self._home = Path.cwd()
        self._node = list(node)
        self._idle: list[_Process] = []

    async def run(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        folder: Path,
        timeout_s: float,
        *,
        hold: Sequence[Path] = (),
        kept: bool = False,
        stack_mb: int,
        more: Callable[[], Awaitable[float]] | None = None,
    ) -> Ended | None:
        """Run a script to its end; None: it has to run by itself, for its process died or time was up.

        :param command: the script and its arguments
        :param hold: modules whose code is to stay, in files
        :param kept: the Worker may have run scripts before, and may take others after
        :param stack_mb: the Worker's stack (MiB)
        :param more: asked when the time is up how much it gets on top (seconds)
        """
        request = {
            "script": command[0],
            "args": list(command[1:]),
            "cwd": str(self._home / folder),
            "env": dict(env),
            "hold": [str(path) for path in hold],
            "kept": kept,
            "stack_mb": stack_mb,
            "most_stdout": MOST_STDOUT,
        }
        process = self._idle.pop() if self._idle else await _Process.start(self._node)
        try:
            answer = await process.ask(request, timeout_s, more)
        except BaseException:
            await process.aclose()
            raise
        if answer is None or process.has_printed():
            await process.aclose()
            return None
        if process.runs < _MOST_RUNS:
            self._idle.append(process)
        else:
            await process.aclose()
        if answer["status"] is None:
            return None
        stdout, stderr = (base64.b64decode(answer[name]) for name in ("stdout", "stderr"))
        return Ended(int(answer["status"]), stdout, stderr[-MOST_STDERR:])

    async def aclose(self) -> None:
        """End all of them; a second call does nothing."""
        while self._idle:
            await self._idle.pop().aclose()


class _Process:
    """One Node process that runs Workers.

    :param printed: a file that takes what goes past the Workers' own output
    """

    def __init__(
        self,
        child: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        printed: Any,
    ) -> None:
        self._child, self._reader, self._writer, self._printed = child, reader, writer, printed
        self.runs = 0

    @classmethod
    async def start(cls, node: Sequence[str]) -> _Process:
        ours, theirs = socket.socketpair()
        printed = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        try:
            with theirs:
                watchdog.ready()
                child = await asyncio.create_subprocess_exec(
                    *node,
                    str(node_shim_dir() / "bin" / "commands.mjs"),
                    str(theirs.fileno()),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=printed,
                    stderr=printed,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            watchdog.watch(child.pid)
            reader, writer = await asyncio.open_unix_connection(sock=ours)
        except BaseException:
            ours.close()
            printed.close()
            raise
        return cls(child, reader, writer, printed)

    async def ask(
        self,
        request: Mapping[str, Any],
        timeout_s: float,
        more: Callable[[], Awaitable[float]] | None,
    ) -> dict[str, Any] | None:
        self.runs += 1
        body = json.dumps(request).encode()
        answer = asyncio.ensure_future(self._exchange(len(body).to_bytes(_PREFIX_BYTES, "little") + body))
        try:
            while timeout_s > 0:
                await asyncio.wait([answer], timeout=timeout_s)
                timeout_s = 0 if answer.done() or more is None else await more()
            return answer.result() if answer.done() else None
        except (OSError, asyncio.IncompleteReadError):
            return None
        finally:
            answer.cancel()
            await asyncio.gather(answer, return_exceptions=True)

    async def _exchange(self, frame: bytes) -> dict[str, Any]:
        self._writer.write(frame)
        await self._writer.drain()
        size = int.from_bytes(await self._reader.readexactly(_PREFIX_BYTES), "little")
        answer: dict[str, Any] = json.loads(await self._reader.readexactly(size))
        return answer

    def has_printed(self) -> bool:
        """Whether something has written to the process's own output, past its Worker's."""
        return os.fstat(self._printed.fileno()).st_size > 0

    async def aclose(self) -> None:
        self._writer.close()
        kill_group(self._child.pid)
        await self._child.wait()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
        self._printed.close()
