"""What the backends in a JavaScript engine have in common: children, of which each runs one case at a time.

One case at a time in a child, so that a hang or a crash has one cause; several children for several at a
time. A child that dies or hangs is replaced, and its case has its result.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stackswitch.engines.locate import Engine
from stackswitch.errors import BackendUnavailableError, EngineError
from stackswitch.models.backend import BackendInfo
from stackswitch.models.case import MAIN
from stackswitch.models.result import Observation, Unsupported
from stackswitch.tools.paths import node_shim_dir
from stackswitch.wasm.features import Place, used_features
from stackswitch.wasm.module import Module, parse_module

from ..process import Child, ChildDiedError
from ..wire import Answer, Failed, Hello, ModulePlace, Run, Seen

_PING_S = 0.5
_TRIES = 3


def engine_info(name: str, engine: Engine) -> BackendInfo:
    """Say what a backend on an engine is."""
    details = {"path": f"{engine.path} ({engine.source})"}
    if engine.passed_over:
        details["passed over"] = "; ".join(engine.passed_over)
    return BackendInfo(
        name=name,
        engine=engine.kind,
        engine_version=engine.version,
        features=engine.features,
        flags=engine.flags,
        details=details,
    )


class Children:
    """Child processes of one engine.

    :param name: the backend's
    :param children: how many processes at most
    :ivar engine: what was found
    :ivar argv: the command that starts a child
    :ivar idle: children with nothing to do
    :ivar busy: children that run a case
    """

    def __init__(self, name: str, engine: Engine, children: int) -> None:
        self.engine = engine
        self.argv: list[str | Path] = [engine.path, *engine.flags, node_shim_dir() / "bin" / "cases.mjs"]
        self._slots = asyncio.Semaphore(children)
        self.idle: list[Child] = []
        self.busy: list[Child] = []
        self._closed = False
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
        self.idle.append(await self._new_child())

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

    async def _seen(
        self, plan: dict[str, Any], modules: Mapping[str, bytes], timeout_s: float
    ) -> dict[str, Any] | Observation:
        """Run a plan in a child that has nothing else to do: what the interpreter saw, or why it saw nothing.

        :param modules: as they are to be run, by instance name
        :raises EngineError: a child does not start, or does not keep to the protocol
        """
        binaries = list(dict.fromkeys(modules.values()))
        places = tuple(
            ModulePlace(name=name, attachment=binaries.index(binary)) for name, binary in modules.items()
        )

        def message(number: int) -> Run:
            return Run(id=number, plan=plan, modules=places)

        async with self._slots:
            for _ in range(_TRIES):
                seen = await self._run_in_child(message, binaries, timeout_s)
                if seen is None:
                    continue
                if isinstance(seen, Observation):
                    return seen
                if isinstance(seen, Seen):
                    return seen.seen
                said = seen.message if isinstance(seen, Failed) else "an answer to something else"
                raise EngineError(f"the interpreter of cases failed: {said}")
        raise EngineError(f"{self.engine.path}: {_TRIES} children in turn died before they began a case")

    async def _run_in_child(
        self, message: Callable[[int], Run], binaries: list[bytes], timeout_s: float
    ) -> Answer | Observation | None:
        """Give a child the case. None: the child was dead before it began, which is not the case's doing."""
        child = await self._take_child()
        begun_before = child.begun
        self.busy.append(child)
        keep = False
        try:
            answer = await asyncio.wait_for(child.request(message, binaries), timeout_s)
            keep = True
        except asyncio.TimeoutError:
            alive = await child.is_responsive(_PING_S)
            state = "all that is left waits" if alive else "the guest computes without giving way"
            return Observation(status="hung", detail=f"not done after {timeout_s:g} s: {state}")
        except ChildDiedError as error:
            if child.begun == begun_before:
                return None
            detail = f"the engine died: {error.ending}" + (f": {error.output}" if error.output else "")
            return Observation(status="crashed", detail=detail, stderr=error.output)
        else:
            return answer
        finally:
            if child in self.busy:  # else the backend was closed meanwhile
                self.busy.remove(child)
            if keep and not self._closed:
                self.idle.append(child)
            else:
                await child.aclose(at_once=True)

    def _module(self, binary: bytes) -> Module:
        if binary not in self._modules:
            self._modules[binary] = parse_module(binary)
        return self._modules[binary]

    async def _take_child(self) -> Child:
        if self._closed:
            raise BackendUnavailableError("the backend is closed")
        while self.idle:
            child = self.idle.pop()
            if child.is_alive:
                return child
            await child.aclose(at_once=True)
        return await self._new_child()

    async def _new_child(self) -> Child:
        child, hello = await Child.start(self.argv)
        if why := self._useless(hello):
            await child.aclose(at_once=True)
            raise EngineError(f"{self.engine.path} {why}")
        return child

    def _useless(self, hello: Hello) -> str | None:
        """Why a child is of no use, by what it says of itself."""
        return None

    async def aclose(self) -> None:
        """End the children; a second call does nothing."""
        self._closed = True
        children, self.idle, self.busy = [*self.idle, *self.busy], [], []
        await asyncio.gather(*(child.aclose(at_once=True) for child in children))
