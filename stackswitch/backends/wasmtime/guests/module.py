"""The library's two backends on wasmtime: modules made ready, and instances of them."""

from __future__ import annotations

import asyncio
from functools import partial

from stackswitch.backends.guest_protocol import CallState, OpenRequest
from stackswitch.binaryen.stack_memory import EXPORT_NAME
from stackswitch.errors import GuestError, ModuleRefusedError
from stackswitch.transform.reentrant.added_pages import refuse_pages
from stackswitch.wasm.instructions import MEMORY_SIZE
from stackswitch.wasm.memory_budget import with_memory_budget
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.scan import find_instructions
from stackswitch.wasm.stack_pointer import is_reachable, unreachable_stack_pointer, with_stack_pointer

from ..asyncify.switcher import AsyncifyStore
from ..engine import WasmtimeEngine
from ..fiber.switcher import FiberStore
from ..switcher import OpenStore
from .build import asyncified, translated
from .code import GuestCode
from .engines import asyncify_engine, fiber_engine
from .instance import WasmtimeInstance


class WasmtimeModule:
    """See ``backends.guest_protocol.GuestModule``.

    :param open_store: opens the store of each instance
    """

    def __init__(
        self,
        backend: str,
        request: OpenRequest,
        engine: WasmtimeEngine,
        compiled: GuestCode,
        open_store: OpenStore,
    ) -> None:
        self.backend = backend
        self.serial: str | None = None
        self.engine = f"wasmtime {engine.version}"
        self._request = request
        self._compiled = compiled
        self._open_store = open_store

    async def instantiate(self, state: CallState) -> WasmtimeInstance:
        """Make an instance and run its start function (see ``GuestModule``)."""
        instance = WasmtimeInstance(self._request, self._open_store, self._compiled)
        try:
            await instance.make(state)
        except BaseException as error:
            found = self._compiled.explainer.refused(error) or instance.explained(error, state)
            await instance.aclose()
            if found is error and type(error).__module__.startswith("wasmtime"):
                raise GuestError(f"wasmtime cannot make the instance: {error}") from error
            if found is error:
                raise
            raise found from error.__cause__
        return instance

    async def aclose(self) -> None:
        """There is nothing to free that other modules do not share."""


def _looks_at_size(module: Module) -> bool:
    """Whether code asks how large the memory is, as allocators do that take all of it."""
    wanted = frozenset({MEMORY_SIZE})
    return any(
        next(iter(find_instructions(module.data, *module.code_range(each), wanted)), None) is not None
        for each in module.defined_functions
    )


def _refuse_overlapping(module: Module) -> None:
    """Refuse a module whose calls would share a C stack, or lose theirs.

    :raises GuestError: its pointer cannot be reached, or pages that are added to the memory are not safe
    """
    why = unreachable_stack_pointer(module, functions=False)
    if why is None and is_reachable(module, functions=False):
        first = next((each.index for each in module.exports if each.kind == "memory"), 0)
        if first != 0:
            why = "the first exported memory is not the module's first, where the C stack is"
        elif module.memories:
            try:
                refuse_pages(module)
            except ModuleRefusedError as error:
                if error.reason != "no-room" and _looks_at_size(module):  # without room, calls may be alone
                    why = (
                        "the module may take pages that are added to its memory for its own, as Emscripten's "
                        "sbrk does: use jspi"
                    )
    if why is not None:
        raise GuestError(f"concurrent=True: each call needs a C stack of its own, and {why}")


def _refuse_collecting(request: OpenRequest, collected: str) -> None:
    """Refuse what may have wasmtime's collector run while a call is suspended: it does not look there."""
    lies = f"{collected} may lie in a suspended frame, where wasmtime's collector does not look"
    if request.concurrent:
        raise GuestError(f"concurrent=True on fibers: {lies}; use jspi, or one call at a time")
    for host in request.functions.values():
        if any("extern" in each for each in host.type.results):
            start = f"to make the externref that {host.full_name} returns may start it"
            raise GuestError(f"fibers: {lies}, and {start}; use jspi")


async def open_asyncify(request: OpenRequest) -> WasmtimeModule:
    """Make a module ready for Asyncify (see ``GuestOpener``)."""
    if request.concurrent:
        await asyncio.to_thread(_refuse_overlapping, request.module)
    engine = asyncify_engine(request.limits.stack_bytes, fuel=request.limits.fuel is not None)
    code = await asyncio.to_thread(_compile, request, engine, await asyncified(request), asyncify=True)
    return WasmtimeModule("asyncify", request, engine, code, partial(AsyncifyStore, engine))


async def open_fiber(request: OpenRequest) -> WasmtimeModule:
    """Make a module ready for fibers (see ``GuestOpener``)."""
    if request.concurrent:
        await asyncio.to_thread(_refuse_overlapping, request.module)
    engine = fiber_engine(request.limits.stack_bytes, fuel=request.limits.fuel is not None)
    code = await asyncio.to_thread(_compile, request, engine, await translated(request), asyncify=False)
    if code.collected is not None:
        _refuse_collecting(request, code.collected)
    return WasmtimeModule("fiber", request, engine, code, partial(FiberStore, engine, yields=True))


def _compile(request: OpenRequest, engine: WasmtimeEngine, wasm: bytes, *, asyncify: bool) -> GuestCode:
    ready = with_stack_pointer(parse_module(wasm))
    if request.limits.max_memory is not None:
        # A memory for saved stacks that we have added is apart; the user's own counts, whatever its name.
        ours = request.module.export_named(EXPORT_NAME) is None
        ready = with_memory_budget(ready, request.limits.max_memory, apart=EXPORT_NAME if ours else None)
    return GuestCode(engine, ready, request, asyncify=asyncify)
