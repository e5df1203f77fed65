"""Instrumented builds for running programs: made when a program first compiles a module, and handed to it.

A program puts the module's bytes into a folder, writes their hash into a pipe there and waits until the
build, by its own hash, or the word that there is none, lies beside them (see
``node_shim/commands/builds.mjs``).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from stackswitch.binaryen.asyncify import AsyncifyRequest, Binaryen
from stackswitch.errors import ConfigError, StackswitchError, ToolError
from stackswitch.models.expect import ListName
from stackswitch.tools.files import replace_file
from stackswitch.tools.progress import Progress
from stackswitch.transform.instrument import request_by_lists
from stackswitch.wasm.asyncified import is_asyncified
from stackswitch.wasm.module import Module, parse_module

PIPE = "requests"
Lists = Mapping[ListName, tuple[str, ...]]


def build_request(module: Module, lists: Lists, optimize_level: int) -> AsyncifyRequest | None:
    """What to ask of Binaryen for a module of a program; None: it can run as it is.

    Which of its imports wait is not known before it runs: where a list says nothing of them, all may.

    :raises ConfigError: the lists would make it instrument whatever reaches any import
    """
    if not module.import_names or is_asyncified(module):
        return None
    only, imports = lists.get("ASYNCIFY_ONLY"), lists.get("ASYNCIFY_IMPORTS")
    if only is None and imports is None:
        raise ConfigError("a build needs ASYNCIFY_ONLY, or ASYNCIFY_IMPORTS: which imports wait is not known")
    return request_by_lists(module.data, lists, module.import_names, optimize_level=optimize_level)


class Builds:
    """Makes builds by lists, for whoever asks through a folder; each build once.

    :ivar spent_s: how long builds have taken so far (seconds)
    :ivar made_of: the hash of each module that a build was made of, by that of the build
    """

    def __init__(
        self, folder: Path, binaryen: Binaryen, lists: Lists, optimize_level: int, progress: Progress
    ) -> None:
        self._root = folder
        self._binaryen = binaryen
        self._optimize_level = optimize_level
        self._progress = progress
        self._serving: asyncio.Task[None] | None = None
        self._asked: asyncio.Queue[str] = asyncio.Queue()
        self._pending = b""
        self._pipe = -1
        self._round = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.spent_s = 0.0
        self.made_of: dict[str, str] = {}
        self.lists: Lists = lists
        self.use(lists)

    def use(self, lists: Lists) -> None:
        """Make builds by these lists from now on; programs that run have those of before."""
        self._close_pipe()
        self.lists = lists
        self._round += 1
        self.folder = self._root / f"lists-{self._round}"
        self.folder.mkdir()
        os.mkfifo(self.folder / PIPE)
        # Read and write: a pipe that nobody writes to would be at its end.
        self._pipe = os.open(self.folder / PIPE, os.O_RDWR | os.O_NONBLOCK)
        self.warnings: dict[str, tuple[str, ...]] = {}
        self.refused: dict[str, str] = {}

    def start(self) -> None:
        """Serve requests from now on."""
        asyncio.get_running_loop().add_reader(self._pipe, self._hear)
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())

    def _hear(self) -> None:
        *lines, self._pending = (self._pending + os.read(self._pipe, 1 << 16)).split(b"\n")
        for line in lines:
            self._request(line.decode())

    def _request(self, sha256: str) -> None:
        self._asked.put_nowait(sha256)
        self._idle.clear()

    async def _serve(self) -> None:
        while True:
            sha256 = await self._asked.get()
            started = time.perf_counter()
            try:
                await self._make(sha256)
            finally:
                self.spent_s += time.perf_counter() - started
                if self._asked.empty():
                    self._idle.set()

    def prefetch(self, module: bytes) -> None:
        """Make the build of a module before a program asks for it."""
        self.start()
        sha256 = hashlib.sha256(module).hexdigest()
        replace_file(self.folder / f"{sha256}.wasm", module)
        self._request(sha256)

    async def idle(self) -> None:
        """Wait until nothing is being made."""
        await self._idle.wait()

    async def _make(self, sha256: str) -> None:
        """Answer a request; a module that cannot be instrumented runs as it is; the reason is recorded."""
        build, none = (self.folder / f"{sha256}.{ending}" for ending in ("build", "none"))
        if build.exists() or none.exists():
            return
        wasm: bytes | None = None
        try:
            data = (self.folder / f"{sha256}.wasm").read_bytes()
            wasm = await self.make(data, sha256)
        except (StackswitchError, OSError) as error:
            self.refused[sha256] = str(error)
        if wasm is None:
            replace_file(none, b"")
            return
        own = hashlib.sha256(wasm).hexdigest()
        self.made_of[own] = sha256
        replace_file(self.folder / f"{own}.wasm", wasm)
        replace_file(build, own.encode())

    async def make(self, data: bytes, sha256: str) -> bytes | None:
        """Return the build of a module; None: it can run as it is.

        :raises WasmFormatError: it is no module
        :raises ConfigError: the lists are not sufficient
        :raises ToolError: Binaryen cannot take it
        """
        request = build_request(parse_module(data), self.lists, self._optimize_level)
        if request is None:
            return None
        self._progress(f"instrumenting a module of {len(data) / 1e6:.1f} MB")
        try:
            result = await self._binaryen.asyncify(request)
        except ToolError as error:
            said = [line for line in error.stderr.splitlines() if line.strip()]
            raise ConfigError(
                f"Binaryen cannot instrument the module: {said[-1] if said else error}"
            ) from None
        self.warnings[sha256] = result.warnings
        return result.wasm

    def take_warnings(self) -> tuple[str, ...]:
        """Return the warnings about the lists since the last call."""
        found = [line for lines in self.warnings.values() for line in lines]
        self.warnings.clear()
        return tuple(dict.fromkeys(found))

    def _close_pipe(self) -> None:
        if self._pipe >= 0:
            asyncio.get_running_loop().remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = -1

    async def aclose(self) -> None:
        """Serve no more; a second call does nothing."""
        self._close_pipe()
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)
        await self._binaryen.aclose()


def observed_lists(names: Iterable[str]) -> Lists:
    """Return the lists of what was observed on stacks, no more."""
    return {"ASYNCIFY_ONLY": tuple(sorted(set(names)))}
