"""The backend ``jspi``: cases run by the engine's own stack switching, in child processes.

One case at a time in a child, so that a hang or a crash has one cause; several children for several at a
time. A child that dies or hangs is replaced, and its case has its result.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from stackswitch.backends.base import Build, LoadedCase
from stackswitch.engines.locate import Engine, find_engine
from stackswitch.errors import BackendUnavailableError, EngineError, WasmFormatError
from stackswitch.models.backend import BackendInfo
from stackswitch.models.case import MAIN
from stackswitch.models.result import Observation, Unsupported
from stackswitch.toolcache import node_shim_dir
from stackswitch.wasm.features import Place, used_features
from stackswitch.wasm.module import Module, parse_module

from .child import Child, ChildDiedError
from .plan import case_plan
from .seen import observation
from .wire import Answer, Failed, ModulePlace, Run, Seen

Progress = Callable[[str], None]

_PING_S = 0.5
_TRIES = 3


async def open_jspi(
    *, engine: str | None = None, children: int = 1, progress: Progress | None = None
) -> JspiBackend:
    """Find an engine and start a first child.

    :param engine: as ``engines.locate.find_engine`` takes it
    :param children: processes among which cases are distributed; the further ones start when needed
    :raises ConfigError: ``engine`` is none that we know
    :raises BackendUnavailableError: the engine that was asked for cannot switch stacks
    :raises ToolNotFoundError: none was asked for, and none here can
    :raises DownloadError: it had to be fetched and could not be
    :raises EngineError: it can, and the child does not start all the same
    """
    found = await asyncio.to_thread(find_engine, engine, progress)
    backend = JspiBackend(found, children)
    await backend.start()
    return backend


class JspiBackend:
    """See ``backends.base.Backend``. Made by ``open_jspi``.

    :ivar engine: what was found
    :ivar argv: the command that starts a child
    :ivar idle: children with nothing to do
    :ivar busy: children that run a case
    """

    def __init__(self, engine: Engine, children: int) -> None:
        self.engine = engine
        self.argv: list[str | Path] = [engine.path, *engine.flags, node_shim_dir() / "main.mjs"]
        self._slots = asyncio.Semaphore(children)
        self.idle: list[Child] = []
        self.busy: list[Child] = []
        self._closed = False
        self._modules: dict[bytes, Module] = {}
        self._used: dict[bytes, dict[str, Place]] = {}
        details = {"path": f"{engine.path} ({engine.source})"}
        if engine.passed_over:
            details["passed over"] = "; ".join(engine.passed_over)
        self._info = BackendInfo(
            name="jspi",
            engine=engine.kind,
            engine_version=engine.version,
            features=engine.features,
            flags=engine.flags,
            details=details,
        )

    @property
    def info(self) -> BackendInfo:
        """Name, engine, version, features."""
        return self._info

    async def start(self) -> None:
        """Start the first child: an engine that does not work says so before any case.

        :raises EngineError: it does not start
        """
        self.idle.append(await self._new_child())

    async def prepare(self, loaded: LoadedCase) -> Build:
        """Look whether the modules need what the engine lacks; they are run as they are."""
        try:
            for name, binary in loaded.modules.items():
                lacking = self._lacking(self._module(binary), name)
                if lacking is not None:
                    return Build(modules={}, unsupported=lacking)
        except WasmFormatError as error:
            return Build(modules={}, error=str(error))
        return Build(modules=loaded.modules)

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

    async def run(self, loaded: LoadedCase, build: Build, *, timeout_s: float) -> Observation:
        """Run the case in a child that has nothing else to do.

        :raises EngineError: a child does not start, or does not keep to the protocol
        """
        modules = {name: self._module(binary) for name, binary in build.modules.items()}
        plan = case_plan(loaded.case, modules, loaded.case.expectations(self.info)[1])
        binaries = list(dict.fromkeys(build.modules.values()))
        places = tuple(
            ModulePlace(name=name, attachment=binaries.index(binary))
            for name, binary in build.modules.items()
        )

        def message(number: int) -> Run:
            return Run(id=number, plan=plan, modules=places)

        async with self._slots:
            for _ in range(_TRIES):
                started = time.perf_counter()
                seen = await self._run_in_child(message, binaries, timeout_s)
                if seen is None:
                    continue
                if not isinstance(seen, Observation):
                    seen = self._read(seen, modules)
                return seen.model_copy(update={"duration_ms": (time.perf_counter() - started) * 1000})
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

    @staticmethod
    def _read(answer: Answer, modules: dict[str, Module]) -> Observation:
        if isinstance(answer, Seen):
            return observation(answer.seen, modules)
        said = answer.message if isinstance(answer, Failed) else "an answer to something else"
        raise EngineError(f"the interpreter of cases failed: {said}")

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
        if not hello.jspi:
            await child.aclose(at_once=True)
            raise EngineError(f"{self.engine.path} has no WebAssembly.Suspending; it had when it was probed")
        return child

    async def aclose(self) -> None:
        """End the children; a second call does nothing."""
        self._closed = True
        children, self.idle, self.busy = [*self.idle, *self.busy], [], []
        await asyncio.gather(*(child.aclose(at_once=True) for child in children))
