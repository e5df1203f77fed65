"""The common base of the backends for cases: children, each of which runs one case at a time.

One case at a time in a child, so that a hang or a crash has one cause; several children for several at a
time. A child that dies or hangs is replaced; its case has a result.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stackswitch.backends.base import Build, LoadedCase
from stackswitch.engines.locate import Engine
from stackswitch.errors import EngineError, WasmFormatError
from stackswitch.models.backend import BackendInfo
from stackswitch.models.case import MAIN
from stackswitch.models.result import Observation, Unsupported
from stackswitch.tools.paths import node_shim_dir
from stackswitch.transport.connection import ChildDiedError, Connection
from stackswitch.transport.frames import Message
from stackswitch.transport.pool import ChildPool
from stackswitch.transport.process import EngineProcess
from stackswitch.wasm.features import Place, used_features
from stackswitch.wasm.module import Module, parse_module

_PING_S = 0.5
_TRIES = 3


class CaseChild(Connection):
    """A child that runs cases.

    :ivar begun: how many runs it has begun
    """

    begun = 0

    def event(self, message: Message) -> None:
        """See ``Connection.event``: a run has arrived and begins."""
        self.begun += 1

    async def is_responsive(self, timeout_s: float) -> bool:
        """Whether its event loop turns; a guest that computes without end keeps it from doing so."""
        try:
            await asyncio.wait_for(self.request({"type": "ping"}), timeout_s)
        except (asyncio.TimeoutError, EngineError):
            return False
        return True


class Children:
    """A backend on one engine (``backends.base.Backend``), apart from builds and plans.

    :param name: the backend's
    :param children: how many processes at most
    :ivar engine: what was found
    :ivar argv: the command that starts a child
    :ivar pool: the children
    """

    needs_jspi = False

    def __init__(self, name: str, engine: Engine, children: int) -> None:
        self.engine = engine
        self.argv: list[str | Path] = [engine.path, *engine.flags, node_shim_dir() / "bin" / "cases.mjs"]
        self.pool = ChildPool(self._new_child, most=children)
        self._modules: dict[bytes, Module] = {}
        self._used: dict[bytes, dict[str, Place]] = {}
        self._info = engine.backend_info(name)

    @property
    def info(self) -> BackendInfo:
        """Name, engine, version, features."""
        return self._info

    async def start(self) -> None:
        """Start the first child: an engine that does not work fails before any case.

        :raises EngineError: it does not start; then all is closed
        """
        try:
            await self.pool.prepare()
        except BaseException:
            await self.aclose()
            raise

    async def _new_child(self) -> CaseChild:
        child = CaseChild(EngineProcess(self.argv))
        await child.greet(needs_jspi=self.needs_jspi)
        return child

    def _unfit(self, loaded: LoadedCase) -> Build | None:
        """Return why the engine cannot run the modules: malformed, or with a feature that it lacks."""
        try:
            for name, binary in loaded.modules.items():
                module = self._module(binary)
                if binary not in self._used:
                    self._used[binary] = used_features(module)
                for feature, place in sorted(self._used[binary].items(), key=lambda each: each[1].offset):
                    if feature not in self.info.features:
                        where = place.describe(module) + ("" if name == MAIN else f" of the instance {name}")
                        return Build(modules={}, unsupported=Unsupported(feature=feature, where=where))
        except WasmFormatError as error:
            return Build(modules={}, error=str(error))
        return None

    def _module(self, binary: bytes) -> Module:
        if binary not in self._modules:
            self._modules[binary] = parse_module(binary)
        return self._modules[binary]

    async def run(self, loaded: LoadedCase, build: Build, *, timeout_s: float) -> Observation:
        """Run the case in a child that runs nothing else meanwhile.

        :raises EngineError: a child does not start, or violates the protocol
        :raises ToolError: Binaryen failed
        """
        started = time.perf_counter()
        seen = await self._observe(loaded, build, timeout_s)
        return seen.model_copy(update={"duration_ms": (time.perf_counter() - started) * 1000})

    async def _observe(self, loaded: LoadedCase, build: Build, timeout_s: float) -> Observation:
        raise NotImplementedError

    async def _run_plan(
        self, plan: dict[str, Any], modules: Mapping[str, bytes], timeout_s: float
    ) -> dict[str, Any] | Observation:
        """Run a plan in a child. Return the interpreter's answer, or why there is none.

        :param modules: by instance name
        """
        binaries = list(dict.fromkeys(modules.values()))
        places = {name: binaries.index(binary) for name, binary in modules.items()}
        message = {"type": "run", "plan": plan, "modules": places}
        for _ in range(_TRIES):
            async with self.pool.child() as child:
                found = await self._run_in_child(child, message, binaries, timeout_s)
            if found is not None:
                return found
        raise EngineError(f"{self.engine.path}: {_TRIES} children in turn died before they began a case")

    async def _run_in_child(
        self, child: CaseChild, message: Mapping[str, object], binaries: list[bytes], timeout_s: float
    ) -> dict[str, Any] | Observation | None:
        """Run a plan in this child. None: it had died before the run began, not because of the case."""
        begun_before = child.begun
        try:
            answer = await asyncio.wait_for(child.request(message, binaries), timeout_s)
        except asyncio.TimeoutError:
            alive = await child.is_responsive(_PING_S)
            child.close()
            state = "all that is left waits" if alive else "the guest computes without giving way"
            return Observation(status="hung", detail=f"not done after {timeout_s:g} s: {state}")
        except ChildDiedError as error:
            if child.begun == begun_before:
                return None
            detail = f"the engine died: {error.ending}" + (f": {error.output}" if error.output else "")
            return Observation(status="crashed", detail=detail, stderr=error.output)
        observed: dict[str, Any] = answer.content
        return observed

    async def aclose(self) -> None:
        """End the children; a second call does nothing."""
        self.pool.close()
