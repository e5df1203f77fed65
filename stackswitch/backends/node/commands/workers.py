"""Commands as Workers of a few Node processes: Node starts once, what it has compiled serves the next case.

A Worker is not a process: it cannot change its folder, its output passes through another thread, a dead
engine takes the process along. So what comes of one counts only where it is as expected; all else runs
again in a process of its own (``suite.runner.observe_command``). What its stacks lack counts anywhere.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stackswitch.errors import EngineError
from stackswitch.models.command import CommandCase
from stackswitch.tools.paths import node_shim_dir
from stackswitch.tools.processes import MOST_STDERR, MOST_STDOUT, Ended
from stackswitch.transport.connection import Connection
from stackswitch.transport.frames import Message
from stackswitch.transport.pool import ChildPool
from stackswitch.transport.process import EngineProcess

NODE = "node"
_MOST_RUNS = 200
"""Runs of a process before another takes its place."""
_OF_PROCESSES = ("NODE_", "UV_", "TZ", "LANG", "LC_", "SSL_", "OPENSSL_")
"""How variables begin that are looked at when a process starts: a Worker's do nothing."""


def fits_a_worker(case: CommandCase, env: Mapping[str, str], folder: Path) -> bool:
    """Whether a command is a script for Node, without flags or input, and its variables work in a Worker.

    :param env: the case's own variables and the suite's
    """
    program, script, *_ = (*case.command, "-")
    # A Worker does not end while its input is unread.
    if program != NODE or case.stdin or script.startswith("-"):
        return False
    return not any(name.startswith(_OF_PROCESSES) for name in env) and (folder / script).is_file()


class Workers:
    """Node processes that run scripts as Workers, each one at a time; more are started as they are needed.

    :param node: the engine, with its flags
    """

    def __init__(self, node: Sequence[str]) -> None:
        self._home = Path.cwd()
        self._argv: list[str | Path] = [*node, node_shim_dir() / "bin" / "commands.mjs"]
        self._pool = ChildPool(self._start, requests=_MOST_RUNS)

    async def _start(self) -> Connection:
        child = Connection(EngineProcess(self._argv, env=os.environ))
        await child.greet()
        return child

    async def run(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        folder: Path,
        timeout_s: float,
        *,
        modules: Sequence[Path] = (),
        reuse: bool = False,
        stack_mb: int,
        more: Callable[[], Awaitable[float]] | None = None,
    ) -> Ended | None:
        """Run a script to its end; None: it has to run by itself, for its process died or time was up.

        :param command: the script and its arguments
        :param modules: files of modules whose code is to stay
        :param reuse: the Worker may have run scripts before, and may take others after
        :param stack_mb: the Worker's stack (MiB)
        :param more: asked when the time is up how much it gets on top (seconds)
        """
        request = {
            "script": command[0],
            "args": list(command[1:]),
            "cwd": str(self._home / folder),
            "env": dict(env),
            "modules": [str(path) for path in modules],
            "reuse": reuse,
            "stack_mb": stack_mb,
            "most_stdout": MOST_STDOUT,
        }
        try:
            async with self._pool.child() as child:
                answer = await _answer(child, request, timeout_s, more)
                if answer is None or child.stream.printed():  # past its Worker's own output
                    child.close()
                    return None
        except EngineError:
            return None
        if answer.content["status"] is None:
            return None
        stdout, stderr = answer.parts
        return Ended(int(answer.content["status"]), stdout, stderr[-MOST_STDERR:])

    async def aclose(self) -> None:
        """End all of them; a second call does nothing."""
        self._pool.close()


async def _answer(
    child: Connection,
    request: Mapping[str, Any],
    timeout_s: float,
    more: Callable[[], Awaitable[float]] | None,
) -> Message | None:
    """Return the answer to a request; None: there was none in time."""
    answer = asyncio.ensure_future(child.request(request))
    try:
        while timeout_s > 0:
            await asyncio.wait([answer], timeout=timeout_s)
            timeout_s = 0 if answer.done() or more is None else await more()
        return answer.result() if answer.done() else None
    finally:
        answer.cancel()
        await asyncio.gather(answer, return_exceptions=True)
