"""The backend ``asyncify`` on a JavaScript engine: Binaryen's builds, switched by the polyfill, in children.

The interpreter compares the stack at each wait with the functions that the build has instrumented, before
anything unwinds. If one is missing it ends the run there, for a guest that unwound now would trap, loop or be
silently wrong. The case then runs a second time, on a build in which everything that can wait is
instrumented: its stacks, compared with the first build, give all the other names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from stackswitch.backends.asyncify_build import BuildFor, make_build
from stackswitch.backends.asyncify_missing import Missing, missing_names
from stackswitch.backends.base import Build, LoadedCase
from stackswitch.backends.registry import BackendOptions
from stackswitch.binaryen.asyncify import Binaryen, open_binaryen
from stackswitch.binaryen.listfile import matches
from stackswitch.engines.locate import Engine, find_engine
from stackswitch.models.case import MAIN, AsyncifyOptions, Case
from stackswitch.models.result import Observation
from stackswitch.models.trace import Suspension
from stackswitch.tools.progress import Progress
from stackswitch.wasm.asyncified import instrumented_functions
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.stack_pointer import serialization_reason

from .children import Children
from .observation import observation
from .plan import case_plan

NAME = "asyncify"


async def open_asyncify(options: BackendOptions, progress: Progress | None = None) -> NodeAsyncifyBackend:
    """Find an engine, which need not have JSPI, and Binaryen, and start a first child.

    :raises StackswitchError: see ``find_engine`` and ``open_binaryen``
    :raises EngineError: the child does not start
    """
    found = await asyncio.to_thread(find_engine, options.engine, progress, "asyncify")
    binaryen = await open_binaryen(wasm_opt=options.wasm_opt, progress=progress)
    backend = NodeAsyncifyBackend(found, options.jobs, binaryen)
    await backend.start()
    return backend


class CaseModule(NamedTuple):
    """The names of a module's functions, which of them its build has instrumented, and by which lists."""

    names: Sequence[str]
    instrumented: frozenset[int]
    options: AsyncifyOptions


class NodeAsyncifyBackend(Children):
    """See ``backends.base.Backend``. Made by ``open_asyncify``."""

    def __init__(self, engine: Engine, children: int, binaryen: Binaryen) -> None:
        super().__init__(NAME, engine, children)
        self._binaryen = binaryen
        self._build_for = BuildFor(
            legacy_exceptions="legacy-exceptions" in engine.features,
            multi_memory="multi-memory" in engine.features,
        )
        self._instrumented: dict[bytes, frozenset[int]] = {}

    async def prepare(self, loaded: LoadedCase) -> Build:
        """Instrument the modules, and check that the engine has what they need.

        :raises ToolError: the pass broke down
        """
        build = await make_build(loaded, self._binaryen, self._build_for)
        if build.unsupported is not None:
            return build  # whatever the engine
        return self._unfit(loaded) or build

    async def _observe(self, loaded: LoadedCase, build: Build, timeout_s: float) -> Observation:
        """Run the case in a child; a second time if names are missing."""
        watched = self._watched(loaded, build)
        seen = await self._run(loaded, build, watched, timeout_s, guarded=True)
        missing = seen.missing
        if missing and not loaded.case.asyncify.prebuilt:
            whole = await make_build(_without_lists(loaded), self._binaryen, self._build_for)
            if whole.modules:
                again = await self._run(loaded, whole, watched, timeout_s, guarded=False)
                if again.status == "finished":
                    seen = again.model_copy(update={"missing": _union([missing, again.missing])})
        return seen

    def _watched(self, loaded: LoadedCase, build: Build) -> dict[str, CaseModule]:
        return {
            name: CaseModule(
                binaryen_names(self._module(binary)),
                self._instrumented_in(build.modules[name]),
                loaded.case.asyncify if name == MAIN else AsyncifyOptions(prebuilt=False),
            )
            for name, binary in loaded.modules.items()
        }

    def _instrumented_in(self, wasm: bytes) -> frozenset[int]:
        if wasm not in self._instrumented:
            self._instrumented[wasm] = instrumented_functions(self._module(wasm))
        return self._instrumented[wasm]

    async def _run(
        self,
        loaded: LoadedCase,
        build: Build,
        watched: Mapping[str, CaseModule],
        timeout_s: float,
        *,
        guarded: bool,
    ) -> Observation:
        """Run a build once.

        :param guarded: end the run where a stack cannot be suspended
        """
        case = loaded.case
        plain = {name: self._module(binary) for name, binary in loaded.modules.items()}
        built = {name: self._module(binary) for name, binary in build.modules.items()}
        guard = {
            "instrumented": {name: sorted(each.instrumented) for name, each in watched.items()},
            "imports": [each for each in case.waiting_imports if _is_listed(case, each)],
        }
        asyncify = {"buffer_bytes": case.asyncify.buffer_bytes, "guard": guard if guarded else None}
        calls = {name: {"serial": serialization_reason(module)} for name, module in plain.items()}
        plan = case_plan(case, plain, case.expectations(self.info)[1], asyncify, calls)
        seen = await self._run_plan(plan, build.modules, timeout_s)
        if isinstance(seen, Observation):
            return seen
        read = observation(seen, built)
        if read.status == "error":
            return read
        instances = [each["instance"] for each in seen["suspensions"]]
        found = [
            _looked_at(each, plain[name].sha256, watched[name])
            for name, each in zip(instances, read.suspensions, strict=True)
        ]
        return read.model_copy(
            update={
                "suspensions": tuple(each for each, _ in found),
                "missing": _union([lacking for _, lacking in found]),
            }
        )

    async def aclose(self) -> None:
        """End the children and Binaryen; a second call does nothing."""
        await self._binaryen.aclose()
        await super().aclose()


def _looked_at(each: Suspension, module: str, watched: CaseModule) -> tuple[Suspension, Missing]:
    """A suspension by the names of the module as it was before the pass, and the names that were wanting."""
    frames = [index for index, _, _ in each.frames]
    missing = missing_names(watched.options, each.import_, frames, watched.names, watched.instrumented)
    update = {
        "module": module,
        "backend": NAME,
        "frames": tuple((index, -1, watched.names[index]) for index in frames),
        "missing": tuple(sorted({name for names in missing.values() for name in names})),
    }
    return each.model_copy(update=update), missing


def _is_listed(case: Case, name: str) -> bool:
    imports = case.asyncify.imports
    return imports is None or any(matches(each, name) for each in imports)


def _without_lists(loaded: LoadedCase) -> LoadedCase:
    case = loaded.case.model_copy(update={"asyncify": AsyncifyOptions()})
    return loaded.model_copy(update={"case": case})


def _union(found: Sequence[Mapping[Any, Collection[str]]]) -> dict[Any, tuple[str, ...]]:
    """Return the names of all, by list, sorted."""
    lists = sorted({which for each in found for which in each})
    return {which: tuple(sorted({name for each in found for name in each.get(which, ())})) for which in lists}
