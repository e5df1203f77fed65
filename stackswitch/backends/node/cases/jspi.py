"""The backend ``jspi``: cases run by the engine's own stack switching, in child processes."""

from __future__ import annotations

import asyncio

from stackswitch.backends.base import Build, LoadedCase
from stackswitch.backends.registry import BackendOptions
from stackswitch.engines.locate import Engine, find_engine
from stackswitch.models.result import Observation
from stackswitch.tools.progress import Progress
from stackswitch.wasm.stack_pointer import with_stack_pointer

from .children import Children
from .observation import observation
from .plan import case_plan

DEFAULTS = BackendOptions()


async def open_jspi(
    options: BackendOptions = DEFAULTS, progress: Progress | None = None, *, separate_stacks: bool = True
) -> JspiBackend:
    """Find an engine and start a first child.

    :param separate_stacks: give calls that overlap on one instance a C stack each; without, they overwrite
        each other's frames, as in a host without this measure
    :raises StackswitchError: see ``find_engine``
    :raises EngineError: the child does not start
    """
    found = await asyncio.to_thread(find_engine, options.engine, progress)
    backend = JspiBackend(found, options.jobs, separate_stacks=separate_stacks)
    await backend.start()
    return backend


class JspiBackend(Children):
    """See ``backends.base.Backend``. Made by ``open_jspi``."""

    needs_jspi = True

    def __init__(self, engine: Engine, children: int, *, separate_stacks: bool = True) -> None:
        super().__init__("jspi", engine, children)
        self._separate_stacks = separate_stacks

    async def prepare(self, loaded: LoadedCase) -> Build:
        """Check that the engine has what the modules need, and export their C stack pointers."""
        if (unfit := self._unfit(loaded)) is not None:
            return unfit
        modules = {name: self._module(binary) for name, binary in loaded.modules.items()}
        return Build(modules={name: with_stack_pointer(module) for name, module in modules.items()})

    async def _observe(self, loaded: LoadedCase, build: Build, timeout_s: float) -> Observation:
        modules = {name: self._module(binary) for name, binary in build.modules.items()}
        expected = loaded.case.expectations(self.info)[1]
        plan = case_plan(loaded.case, modules, expected, separate_stacks=self._separate_stacks)
        seen = await self._run_plan(plan, build.modules, timeout_s)
        if isinstance(seen, Observation):
            return seen
        given = {name: self._module(binary) for name, binary in loaded.modules.items()}
        return observation(seen, modules, given)
