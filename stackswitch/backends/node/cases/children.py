"""What the backends in a JavaScript engine have in common: children, of which each runs one case at a time.

One case at a time in a child, so that a hang or a crash has one cause; several children for several at a
time. A child that dies or hangs is replaced, and its case has its result.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stackswitch.engines.locate import Engine
from stackswitch.errors import EngineError
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

from ..info import engine_info

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
    """Child processes of one engine.

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
        self._info = engine_info(name, engine)

    @property
    def info(self) -> BackendInfo:
        """Name, engine, version, features."""
        return self._info

    async def start(self) -> None:
        """Start the first child: an engine that does not work says so before any case.

        :raises EngineError: it does not start
        """
        await self.pool.prepare()

    async def _new_child(self) -> CaseChild:
        child = CaseChild(EngineProcess(self.argv))
        hello = await child.greet()
        if self.needs_jspi and not hello.get("jspi"):
            child.close()
            raise EngineError(f"{self.engine.path} has no WebAssembly.Suspending; it had when it was probed")
        return child

    def _lacking(self, module: Module, name: str) -> Unsupported | None:
        """The first feature that a module uses and the engine lacks, if there is one."""
        if module.data not in self._used:
            self._used[module.data] = used_features(module)
        for feature, place in sorted(self._used[module.data].items(), key=lambda each: each[1].offset):
            if feature not in self.info.features:
                where = place.describe(module)
                return Unsupported(
                    feature=feature, where=where if name == MAIN else f"{where} of the instance {name}"
                )
        return None

    def _module(self, binary: bytes) -> Module:
        if binary not in self._modules:
            self._modules[binary] = parse_module(binary)
        return self._modules[binary]

    async def _run_plan(
        self, plan: dict[str, Any], modules: Mapping[str, bytes], timeout_s: float
    ) -> dict[str, Any] | Observation:
        """Run a plan in a child that has nothing else to do: what the interpreter saw, or why it saw nothing.

        :param modules: as they are to be run, by instance name
        :raises EngineError: a child does not start, or does not keep to the protocol
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
        """Give a child the case. None: the child was dead before it began, which is not the case's doing."""
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
