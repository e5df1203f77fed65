"""The backend ``jspi``: cases run by the engine's own stack switching, in child processes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from stackswitch.backends.base import Build, LoadedCase
from stackswitch.engines.locate import Engine, find_engine
from stackswitch.errors import WasmFormatError
from stackswitch.models.result import Observation
from stackswitch.wasm.stack_pointer import with_stack_pointer

from .children import Children
from .observation import observation
from .plan import case_plan

NAME = "jspi"
Progress = Callable[[str], None]


async def open_jspi(
    *,
    engine: str | None = None,
    children: int = 1,
    separate_stacks: bool = True,
    progress: Progress | None = None,
) -> JspiBackend:
    """Find an engine and start a first child.

    :param engine: as ``engines.locate.find_engine`` takes it
    :param children: processes among which cases are distributed; the further ones start when needed
    :param separate_stacks: give calls that overlap on one instance a C stack each; without, they write over
        each other's, as they do in any host that knows nothing of it
    :raises ConfigError: ``engine`` is none that we know
    :raises BackendUnavailableError: the named engine cannot switch stacks
    :raises ToolNotFoundError: no engine is named, and none on this machine can switch stacks
    :raises DownloadError: it had to be fetched and could not be
    :raises EngineError: it can, and the child does not start all the same
    """
    found = await asyncio.to_thread(find_engine, engine, progress)
    backend = JspiBackend(found, children, separate_stacks=separate_stacks)
    await backend.start()
    return backend


class JspiBackend(Children):
    """See ``backends.base.Backend``. Made by ``open_jspi``."""

    needs_jspi = True

    def __init__(self, engine: Engine, children: int, *, separate_stacks: bool = True) -> None:
        super().__init__(NAME, engine, children)
        self._separate_stacks = separate_stacks

    async def prepare(self, loaded: LoadedCase) -> Build:
        """Look whether the modules need what the engine lacks; their C stack pointers are made reachable."""
        try:
            for name, binary in loaded.modules.items():
                lacking = self._lacking(self._module(binary), name)
                if lacking is not None:
                    return Build(modules={}, unsupported=lacking)
            modules = {name: self._module(binary) for name, binary in loaded.modules.items()}
            return Build(modules={name: with_stack_pointer(module) for name, module in modules.items()})
        except WasmFormatError as error:
            return Build(modules={}, error=str(error))

    async def run(self, loaded: LoadedCase, build: Build, *, timeout_s: float) -> Observation:
        """Run the case in a child that has nothing else to do.

        :raises EngineError: a child does not start, or does not keep to the protocol
        """
        modules = {name: self._module(binary) for name, binary in build.modules.items()}
        looked_at = loaded.case.expectations(self.info)[1]
        plan = case_plan(loaded.case, modules, looked_at, separate_stacks=self._separate_stacks)
        started = time.perf_counter()
        seen = await self._run_plan(plan, build.modules, timeout_s)
        if not isinstance(seen, Observation):
            given = {name: self._module(binary) for name, binary in loaded.modules.items()}
            seen = observation(seen, modules, given)
        return seen.model_copy(update={"duration_ms": (time.perf_counter() - started) * 1000})
