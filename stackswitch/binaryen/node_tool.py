"""npm's ``wasm-opt`` loaded in Node processes: a run costs milliseconds instead of a start of its own.

A server (``node_shim/bin/binaryen.mjs``) does one run at a time; a second is started when the first is busy.
One that dies, hangs or is interrupted is closed with its request, and the next request gets a new one.
"""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Mapping, Sequence
from pathlib import Path

from stackswitch.errors import EngineError, ToolError
from stackswitch.tools.paths import node_shim_dir, wheel_node
from stackswitch.transport.connection import ChildDiedError, Connection
from stackswitch.transport.pool import ChildPool
from stackswitch.transport.process import EngineProcess

from .tool import ToolRun

READY_TIMEOUT_S = 60.0
_STACK_KB = 3900
"""Binaryen recurses with the nesting of the code; V8's own bound (984 KB) is an eighth of the usual stack."""
_MOST_SERVERS = 2


def _stack_flags() -> list[str]:
    soft, _ = resource.getrlimit(resource.RLIMIT_STACK)
    roomy = soft == resource.RLIM_INFINITY or soft >= 2 * _STACK_KB * 1024
    return [f"--stack-size={_STACK_KB}"] if roomy else []


class NodeTool:
    """A ``wasm-opt`` that is an Emscripten program for Node, which stays loaded."""

    def __init__(self, wasm_opt: Path, *, node: Path | None = None) -> None:
        shim = node_shim_dir() / "bin" / "binaryen.mjs"
        self._argv = (str(node or wheel_node()), *_stack_flags(), str(shim), str(wasm_opt))
        self._command = str(wasm_opt)
        self._pool = ChildPool(self._start, most=min(_MOST_SERVERS, os.cpu_count() or 1))

    async def _start(self) -> Connection:
        try:
            server = Connection(EngineProcess(self._argv))
            await server.greet(READY_TIMEOUT_S)
        except EngineError as error:
            raise self._failed("it does not start", error) from None
        return server

    async def run(
        self, args: Sequence[str], files: Mapping[str, bytes], outputs: Sequence[str], *, timeout_s: float
    ) -> ToolRun:
        """Run it once (see ``Tool.run``)."""
        request = {"args": list(args), "files": list(files), "outputs": list(outputs)}
        async with self._pool.child() as server:
            try:
                answer = await asyncio.wait_for(server.request(request, tuple(files.values())), timeout_s)
            except asyncio.TimeoutError:
                raise self._failed(
                    f"it was not done after {timeout_s:g} s", EngineError(server.stream.printed())
                ) from None
            except EngineError as error:
                raise self._failed("it died", error) from None
        stdout, stderr, *written = answer.parts
        return ToolRun(
            argv=(self._command, *args),
            status=answer.content["status"],
            stdout=stdout,
            stderr=stderr,
            files=dict(zip(answer.content["files"], written, strict=True)),
        )

    def _failed(self, what: str, error: EngineError) -> ToolError:
        return ToolError(
            f"Binaryen in Node: {what}",
            argv=self._argv,
            status=error.status if isinstance(error, ChildDiedError) else None,
            stderr=error.output if isinstance(error, ChildDiedError) else str(error),
        )

    async def aclose(self) -> None:
        """End the servers."""
        self._pool.close()
