"""The library's two backends on wasmtime: modules made ready, and instances of them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from stackswitch.backends.guest_protocol import CallState, OpenRequest
from stackswitch.binaryen.ownmemory import EXPORT_NAME
from stackswitch.errors import GuestError
from stackswitch.wasm.memorybudget import with_memory_budget
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.stackpointer import with_stack_pointer

from ..asyncify.adapter import Shape, shape_of
from ..engine import Engine, without_custom_sections
from ..fiber.build import kept_references
from ..fiber.engine import FiberEngine
from .asyncify import AsyncifyInstance, instrumented_of
from .build import asyncified, translated
from .engines import asyncify_engine, fiber_engine
from .failure import Explainer
from .fiber import FiberInstance
from .instance import WasmtimeInstance

__all__ = ["open_asyncify", "open_fiber"]
_CODE = 10


class Compiled:
    """A module as it runs: read, compiled, its failures explained in the user's names.

    :param wasm: as it runs
    """

    def __init__(self, engine: Engine, wasm: bytes, plan: OpenRequest) -> None:
        shown = plan.module
        self.module = parse_module(wasm)
        try:
            self.code = engine.compile(wasm)
        except Exception as error:
            raise GuestError(f"wasmtime refuses the module: {error}") from error
        self.imports: tuple[Any, ...] = tuple(self.code.imports)
        self.explainer = Explainer(shown, _shift(self.module, shown), plan.limits.deadline_s)


def _shift(running: Module, shown: Module) -> int | None:
    """Return how much further the code stands in the user's module than in what wasmtime compiles."""
    start, end = _CODE in shown.section_offsets, _CODE in running.section_offsets
    if not (start and end) or (running.bodies and shown.bodies and not _same_code(running, shown)):
        return None
    compiled = parse_module(without_custom_sections(running.data))
    return shown.section_offsets[_CODE] - compiled.section_offsets[_CODE]


def _same_code(one: Module, other: Module) -> bool:
    if len(one.bodies) != len(other.bodies):
        return False
    (start, end), (first, last) = one.bodies[0], other.bodies[0]
    return (
        one.bodies[-1][1] - start == other.bodies[-1][1] - first
        and one.data[start:end] == other.data[first:last]
    )


class WasmtimeModule:
    """See ``backends.guest_protocol.GuestModule``."""

    def __init__(self, backend: str, plan: OpenRequest, engine: Engine, compiled: Compiled) -> None:
        self.backend = backend
        self.engine = f"wasmtime {engine.version}"
        self._plan = plan
        self._on = engine
        self._compiled = compiled
        self._shape: Shape | None = None
        self._kept = (
            kept_references(compiled.module.data, rooted_externs=True) if backend == "fiber" else None
        )
        if self._kept is not None:
            _refuse_collecting(plan, self._kept)
        if backend == "asyncify":
            waiting = [
                each.index
                for each in compiled.module.function_imports()
                if (host := plan.functions.get((each.module, each.name))) is not None and host.waits
            ]
            self._shape = shape_of(compiled.module, waiting)
            if plan.stacks:
                instrumented_of(compiled.module)  # here, on no event loop, for the instances to come

    async def instantiate(self, state: CallState) -> WasmtimeInstance:
        """Make an instance and run its start function (see ``GuestModule``)."""
        compiled = self._compiled
        plan, module, explainer, code = self._plan, compiled.module, compiled.explainer, compiled.code
        instance: AsyncifyInstance | FiberInstance
        if isinstance(self._on, FiberEngine):
            instance = FiberInstance(plan, self._on, module, explainer, code, self._kept, compiled.imports)
        else:
            instance = AsyncifyInstance(
                plan, self._on, module, explainer, code, self._shape, compiled.imports
            )
        try:
            if isinstance(instance, FiberInstance):
                await instance.make(state)
            else:
                instance.make(state)
        except BaseException as error:
            found = compiled.explainer.refused(error) or instance.explained(error, state)
            await instance.aclose()
            if found is error and type(error).__module__.startswith("wasmtime"):
                raise GuestError(f"wasmtime cannot make the instance: {error}") from error
            if found is error:
                raise
            raise found from error.__cause__
        return instance

    async def aclose(self) -> None:
        """Nothing is held that others do not share."""


def _refuse_collecting(plan: OpenRequest, kept: str) -> None:
    """Refuse what may have wasmtime's collector run while a call is set aside: it does not look there.

    :param kept: what the frames may hold
    :raises GuestError: that may happen
    """
    lies = f"{kept} may lie in a frame that is set aside, where wasmtime's collector does not look"
    if plan.concurrent:
        raise GuestError(f"concurrent=True on fibers: {lies}; use jspi, or one call at a time")
    for host in plan.functions.values():
        if any("extern" in each for each in host.type.results):
            start = f"to make the externref that {host.full_name} returns may start it"
            raise GuestError(f"fibers: {lies}, and {start}; use jspi")


async def open_asyncify(plan: OpenRequest) -> WasmtimeModule:
    """Make a module ready for Asyncify (see ``GuestOpener``)."""
    _refuse_engine(plan, "asyncify")
    engine = asyncify_engine(plan.limits.stack_bytes, fuel=plan.limits.fuel is not None)
    wasm = await asyncified(plan)
    return await _opened("asyncify", plan, engine, wasm)


async def open_fiber(plan: OpenRequest) -> WasmtimeModule:
    """Make a module ready for fibers (see ``GuestOpener``)."""
    _refuse_engine(plan, "fiber")
    engine = fiber_engine(plan.limits.stack_bytes, fuel=plan.limits.fuel is not None)
    return await _opened("fiber", plan, engine, await translated(plan))


async def _opened(backend: str, plan: OpenRequest, engine: Engine, wasm: bytes) -> WasmtimeModule:
    make = partial(_make, backend, plan, engine, wasm)
    return await asyncio.to_thread(make)


def _make(backend: str, plan: OpenRequest, engine: Any, wasm: bytes) -> WasmtimeModule:
    ready = with_stack_pointer(parse_module(wasm))
    if plan.limits.max_memory is not None:
        # A memory for saved stacks that we have added is apart; the user's own counts, whatever its name.
        ours = plan.module.export_named(EXPORT_NAME) is None
        ready = with_memory_budget(ready, plan.limits.max_memory, apart=EXPORT_NAME if ours else None)
    return WasmtimeModule(backend, plan, engine, Compiled(engine, ready, plan))


def _refuse_engine(plan: OpenRequest, backend: str) -> None:
    if plan.engine is not None and plan.engine != "wasmtime":
        raise GuestError(f"the backend {backend} runs on wasmtime, not on {plan.engine}")
