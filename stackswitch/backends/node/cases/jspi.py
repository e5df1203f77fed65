"""The backend ``jspi``: cases run by the engine's own stack switching, in child processes."""

from __future__ import annotations

import asyncio

from stackswitch.backends.base import Build, LoadedCase
from stackswitch.backends.node.c_stacks import CStacks, with_c_stacks
from stackswitch.backends.registry import BackendOptions
from stackswitch.engines.locate import Engine, find_engine
from stackswitch.models.result import Observation
from stackswitch.tools.progress import Progress

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
        self._made: dict[tuple[bytes, frozenset[str], frozenset[str], bool], CStacks] = {}
        self._separate_stacks = separate_stacks

    async def prepare(self, loaded: LoadedCase) -> Build:
        """Check that the engine has what the modules need, and give each call that may overlap a C stack."""
        if (unfit := self._unfit(loaded)) is not None:
            return unfit
        made = await asyncio.to_thread(self._with_c_stacks, loaded)
        return Build(modules={name: each.wasm for name, each in made.items()})

    def _with_c_stacks(self, loaded: LoadedCase) -> dict[str, CStacks]:
        """Return the modules as they run, by instance name."""
        case = loaded.case
        suspend = frozenset((*case.waiting_imports, *(case.jspi.imports or ())))
        promise = frozenset((*case.called_exports, *(case.jspi.exports or ())))
        may_overlap = any(step.start is not None for step in case.script)
        if not (self._separate_stacks and may_overlap):
            suspend = promise = frozenset()
        is_alone = len(loaded.modules) == 1
        made = {}
        for name, binary in loaded.modules.items():
            key = (binary, suspend, promise, is_alone)
            if key not in self._made:
                self._made[key] = with_c_stacks(
                    self._module(binary), suspend, promise, self.info.features, is_alone=is_alone
                )
            made[name] = self._made[key]
        return made

    async def _observe(self, loaded: LoadedCase, build: Build, timeout_s: float) -> Observation:
        given = {name: self._module(binary) for name, binary in loaded.modules.items()}
        running = {name: self._module(binary) for name, binary in build.modules.items()}
        calls = {
            name: {"serial": each.serial, "separate": each.separate}
            for name, each in self._with_c_stacks(loaded).items()
        }
        expected = loaded.case.expectations(self.info)[1]
        plan = case_plan(loaded.case, given, expected, calls=calls)
        seen = await self._run_plan(plan, build.modules, timeout_s)
        return seen if isinstance(seen, Observation) else observation(seen, given, running)
