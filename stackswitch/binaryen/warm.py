"""npm's ``wasm-opt`` kept loaded in Node processes: a run costs milliseconds instead of a start of its own.

A server (``node_shim/bin/binaryen.mjs``) does one run at a time; a second is started when the first is
busy. One that dies, hangs or is interrupted is thrown away, with the request it was at; the next request gets
a new one. Frames: see the top of that file.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import socket
import struct
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stackswitch.errors import ToolError
from stackswitch.tools import watchdog
from stackswitch.tools.failures import without_dump
from stackswitch.tools.paths import node_shim_dir, wheel_node

from .tool import ToolRun

_PREFIX = struct.Struct("<II")
_STDERR_SHOWN = 4000
READY_TIMEOUT_S = 60.0
_STACK_KB = 3900
"""Binaryen recurses with the nesting of the code; V8's own bound (984 KB) is an eighth of the usual stack."""
_MOST_SERVERS = 2


class _Server:
    """One Node process with the tool in it."""

    def __init__(self, argv: Sequence[str]) -> None:
        self.argv = tuple(argv)
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the server)
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._requests = 0

    @property
    def started(self) -> bool:
        return self._process is not None

    async def start(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                watchdog.ready()
                self._process = await asyncio.create_subprocess_exec(
                    *self.argv,
                    str(theirs.fileno()),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=self._stderr,
                    pass_fds=[theirs.fileno()],
                    env={key: value for key, value in os.environ.items() if key != "NODE_OPTIONS"},
                    start_new_session=True,
                )
            watchdog.watch(self._process.pid)
            self._reader, self._writer = await asyncio.open_connection(sock=ours)
        except OSError as error:
            raise ToolError(f"Node cannot be started: {error}", argv=self.argv, status=None) from None
        finally:
            if self._writer is None:
                ours.close()
        hello, _ = await self._receive(READY_TIMEOUT_S)
        if not hello.get("ready"):
            raise ToolError(
                "the tool does not load", argv=self.argv, status=None, stderr=str(hello.get("failed"))
            )

    async def run(
        self, args: Sequence[str], files: Mapping[str, bytes], outputs: Sequence[str], *, timeout_s: float
    ) -> tuple[dict[str, Any], bytes]:
        assert self._writer is not None
        self._requests += 1
        header = {
            "id": self._requests,
            "args": list(args),
            "files": [[name, len(data)] for name, data in files.items()],
            "outputs": list(outputs),
        }
        text = json.dumps(header).encode()
        body = b"".join(files.values())
        try:
            self._writer.write(_PREFIX.pack(len(text), len(body)) + text)
            self._writer.write(body)
            await asyncio.wait_for(self._writer.drain(), timeout_s)
        except asyncio.TimeoutError:
            raise await self._gone(f"it took no request for {timeout_s:g} s", ends_by_itself=False) from None
        except OSError as error:
            raise await self._gone(f"it takes no request: {error}", ends_by_itself=True) from None
        answer, parts = await self._receive(timeout_s)
        if answer.get("id") != self._requests:
            raise await self._gone("it answered something that was not asked", ends_by_itself=False)
        return answer, parts

    async def _receive(self, timeout_s: float) -> tuple[dict[str, Any], bytes]:
        assert self._reader is not None
        try:
            return await asyncio.wait_for(self._frame(self._reader), timeout_s)
        except asyncio.TimeoutError:
            raise await self._gone(f"it was not done after {timeout_s:g} s", ends_by_itself=False) from None
        except (OSError, asyncio.IncompleteReadError):
            raise await self._gone("it died", ends_by_itself=True) from None

    @staticmethod
    async def _frame(reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes]:
        header_size, body_size = _PREFIX.unpack(await reader.readexactly(_PREFIX.size))
        header: dict[str, Any] = json.loads(await reader.readexactly(header_size))
        return header, await reader.readexactly(body_size)

    async def _gone(self, message: str, *, ends_by_itself: bool) -> ToolError:
        status = None
        if self._process is not None and ends_by_itself:
            with contextlib.suppress(asyncio.TimeoutError):  # so that a death of its own shows its status
                status = await asyncio.wait_for(self._process.wait(), 1.0)
        said = self._said()
        await self.aclose()
        return ToolError(f"Binaryen in Node: {message}", argv=self.argv, status=status, stderr=said)

    def _said(self) -> str:
        self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(0, self._stderr.tell() - _STDERR_SHOWN))
        return without_dump(self._stderr.read().decode("utf-8", "replace"))

    async def aclose(self) -> None:
        if self._writer is not None:
            self._writer.close()
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            watchdog.unwatch(self._process.pid)
        self._stderr.close()


def _stack_flags() -> list[str]:
    soft, _ = resource.getrlimit(resource.RLIMIT_STACK)
    roomy = soft == resource.RLIM_INFINITY or soft >= 2 * _STACK_KB * 1024
    return [f"--stack-size={_STACK_KB}"] if roomy else []


class WarmTool:
    """A ``wasm-opt`` that is an Emscripten program for Node, kept loaded."""

    def __init__(self, wasm_opt: Path, *, node: Path | None = None) -> None:
        shim = node_shim_dir() / "bin" / "binaryen.mjs"
        self._argv = (str(node or wheel_node()), *_stack_flags(), str(shim), str(wasm_opt))
        self._command = str(wasm_opt)
        self._idle: list[_Server] = []
        self._busy: set[_Server] = set()
        self._room = asyncio.Semaphore(min(_MOST_SERVERS, os.cpu_count() or 1))

    async def run(
        self, args: Sequence[str], files: Mapping[str, bytes], outputs: Sequence[str], *, timeout_s: float
    ) -> ToolRun:
        """Run it once (see ``Tool.run``)."""
        async with self._room:
            server = self._idle.pop() if self._idle else _Server(self._argv)
            self._busy.add(server)
            try:
                if not server.started:
                    await server.start()
                answer, body = await server.run(args, files, outputs, timeout_s=timeout_s)
            except BaseException:
                # Whatever it was, a cancelled caller too: what the server would send next is not known.
                await server.aclose()
                raise
            finally:
                self._busy.discard(server)
            self._idle.append(server)
        return self._read(args, answer, body)

    def _read(self, args: Sequence[str], answer: dict[str, Any], body: bytes) -> ToolRun:
        at = 0

        def take(size: int) -> bytes:
            nonlocal at
            at += size
            return body[at - size : at]

        stdout, stderr = take(answer["stdout"]), take(answer["stderr"])
        files = {name: take(size) for name, size in answer["files"]}
        argv = (self._command, *args)
        return ToolRun(argv=argv, status=answer["status"], stdout=stdout, stderr=stderr, files=files)

    async def aclose(self) -> None:
        """End the servers."""
        servers = [*self._idle, *self._busy]
        self._idle.clear()
        for server in servers:
            await server.aclose()
