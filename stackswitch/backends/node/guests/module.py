"""The backend ``jspi`` of the library: a module in a child of Node, host functions in Python.

Each instance has a thread to itself (``guestpool``), which the next one may have when it is closed.
"""

from __future__ import annotations

import asyncio
import base64
from functools import cached_property
from pathlib import Path

from stackswitch.backends.guest_protocol import CallState, HostFunction, OpenRequest
from stackswitch.engines.locate import Engine, find_engine
from stackswitch.errors import EngineError, GuestError
from stackswitch.wasm.checked import checked_module
from stackswitch.wasm.features import used_features
from stackswitch.wasm.growthcounter import LEFT_EXPORT, has_growth_counter
from stackswitch.wasm.memorybudget import with_memory_budget
from stackswitch.wasm.module import FuncType, Module, parse_module
from stackswitch.wasm.stackpointer import hidden_stack, with_stack_pointer

from . import wire as wire
from .call import RemoteCall, guest_error, guest_frames
from .child import GuestChild
from .instance import JspiInstance
from .pool import EngineCommand, pool_of_loop
from .stop import note_stopped
from .values import Host, References

WASI_MODULE = "wasi_snapshot_preview1"
_CHECKED, _GUEST = 0, 1
"""Numbers of the child's modules."""
_HEAP_FLAGS = ("--max-semi-space-size=2",)
"""Of what each call leaves behind nothing lives on; left alone, V8 makes room for ever more of it (MiB)."""
_OWN_HEAP_BYTES = 64 << 20
"""What V8's heap may have beside a guest's objects: Node and our own code take 6 MiB of it."""
_STACK_FLAGS = ("--stack-size", "--wasm-stack-switching-stack-size")


async def open_jspi(plan: OpenRequest) -> JspiModule:
    """Make a module ready (``backends.guest_protocol.GuestOpener``).

    :raises BackendUnavailableError: the engine that was asked for cannot switch stacks
    :raises ToolNotFoundError: none was asked for, and none here can
    :raises GuestError: the module uses what the engine lacks, or the plan asks for what this backend has not
    """
    if plan.limits.fuel is not None:
        raise GuestError(
            "the backend jspi has no fuel: Node does not count instructions (deadline_s ends a call)"
        )
    if plan.wasi is not None and plan.wasi.readonly:
        raise GuestError(
            "the backend jspi cannot keep a guest from writing into its folders (uvwasi has no such right)"
        )
    engine = await asyncio.to_thread(find_engine, plan.engine)
    for feature, place in used_features(plan.module).items():
        if feature not in engine.features:
            where = place.describe(plan.module)
            raise GuestError(
                f"{engine.kind} {engine.version} lacks {feature}, which the module uses: {where}"
            )
    opened = JspiModule(plan, engine)
    try:
        await opened.start()
    except BaseException:
        await opened.aclose()
        raise
    return opened


class JspiModule:
    """See ``backends.guest_protocol.GuestModule``."""

    backend = "jspi"

    def __init__(self, plan: OpenRequest, engine: Engine) -> None:
        self.engine = f"{engine.kind} {engine.version}"
        self.module: Module = plan.module
        self.stacks = plan.stacks
        self.has_wasi = plan.wasi is not None
        self._wasm = with_stack_pointer(plan.module)
        self._is_counted = False
        if plan.limits.max_memory is not None:
            self._wasm = with_memory_budget(self._wasm, plan.limits.max_memory)
            self._is_counted = has_growth_counter(parse_module(self._wasm), plan.module)
        self.offset = None if self._is_counted else len(self._wasm) - len(plan.wasm)
        self._hidden = hidden_stack(plan.module)
        self.gives_stack_back = self._hidden is None
        self.exports: dict[str, FuncType] = {
            each.name: self.module.function_type(each.index)
            for each in self.module.exports
            if each.kind == "func"
        }
        self.functions: list[HostFunction] = []
        self._plan = plan
        flags = [*engine.flags, *_HEAP_FLAGS]
        if plan.limits.stack_bytes is not None:
            flags += [f"{flag}={max(64, plan.limits.stack_bytes >> 10)}" for flag in _STACK_FLAGS]
        heap = None if plan.limits.max_memory is None else plan.limits.max_memory + _OWN_HEAP_BYTES
        self._command = EngineCommand((engine.path, *flags), plan.limits.stack_bytes, heap)
        self._imports = self._planned_imports()
        waiting = [each.type for each in self.functions if each.waits]
        self._checked = checked_module(waiting)
        self._pool = pool_of_loop()
        # Objects of the GC proposal are not in the budget, and V8 cannot end a loop that makes large arrays.
        self._may_share = "gc" not in used_features(plan.module)
        self._idle: list[GuestChild] = []
        self._used: set[GuestChild] = set()
        self._count = 0

    def _planned_imports(self) -> list[dict[str, object]]:
        """Say what the child provides for each import, and number the host functions as they come there."""
        references = References()
        imports: list[dict[str, object]] = []
        for each in self.module.function_imports():
            function = self._plan.functions.get((each.module, each.name))
            entry: dict[str, object] = {"module": each.module, "name": each.name}
            if function is None:
                imports.append(entry | {"wasi": True})
                continue
            host = Host(function, references)  # raises for what cannot cross
            script = None
            if host.javascript is not None:
                script = {"path": str(Path(host.javascript[0]).absolute()), "name": host.javascript[1]}
            imports.append(
                entry
                | {
                    "index": len(self.functions),
                    "waits": host.waits,
                    "params": host.type.params,
                    "results": host.type.results,
                    "reads": host.reads,
                    "script": script,
                }
            )
            self.functions.append(function)
        return imports

    async def start(self) -> None:
        """Have a thread ready for the first instance.

        :raises EngineError: the engine does not start
        :raises GuestError: the engine refuses the module
        """
        self._idle.append(await self._new_child())

    async def _new_child(self) -> GuestChild:
        child = await self._pool.take(self._command, needs_stacks=self.stacks, may_share=self._may_share)
        try:
            await child.request({"type": "compile", "module": _CHECKED, "concurrent": False}, self._checked)
            guest = {"type": "compile", "module": _GUEST, "concurrent": self._plan.concurrent}
            await child.request(guest, self._wasm)
        except BaseException as error:
            broken = child.broken
            self._pool.give_back(child)
            if isinstance(error, EngineError) and broken is None:
                raise GuestError(f"{self.engine} refuses the module: {error}") from None
            raise
        return child

    async def _take_child(self) -> GuestChild:
        while self._idle:
            child = self._idle.pop()
            if child.broken is None:
                return child
            self._pool.give_back(child)
        return await self._new_child()

    async def instantiate(self, state: CallState) -> JspiInstance:
        """See ``GuestModule.instantiate``."""
        child = await self._take_child()
        self._used.add(child)
        try:
            return await self._instantiate(child, state)
        except BaseException as error:
            self._used.discard(child)
            if isinstance(error, asyncio.CancelledError):
                await note_stopped(child, state, self)
            if isinstance(error, Exception) and child.broken is None and not child.calls:
                self._idle.append(child)
            else:
                self._pool.give_back(child)
            raise

    async def _instantiate(self, child: GuestChild, state: CallState) -> JspiInstance:
        self._count += 1
        instance = JspiInstance(self, child, self._count)
        call = RemoteCall(instance, next(child.numbers), state)
        child.calls[call.number] = call
        state.backend_call = call
        request = asyncio.ensure_future(child.request(self._instance_plan(instance, call)))
        try:
            await call.serve_until(request)
            answer = await request
        finally:
            child.calls.pop(call.number, None)
            request.cancel()
        failure = answer["failure"]
        if isinstance(failure, dict):
            if call.has_failed:
                raise call.failure(failure)
            frames = guest_frames(failure.get("frames", ()), self.module, self.offset)
            raise guest_error(failure, frames, instance)
        instance.memory_size = int(answer["size"])
        return instance

    def _instance_plan(self, instance: JspiInstance, call: RemoteCall) -> dict[str, object]:
        wasi = self._plan.wasi
        return {
            "type": "instantiate",
            "module": _GUEST,
            "instance": instance.number,
            "call": call.number,
            "concurrent": self._plan.concurrent,
            "hidden": self._hidden,
            "stacks": self.stacks,
            "imports": self._imports,
            "exports": [
                {"name": name, "params": type_.params, "results": type_.results}
                for name, type_ in self.exports.items()
            ],
            "counter": LEFT_EXPORT if self._is_counted else None,
            "memories": [each.name for each in self.module.exports if each.kind == "memory"],
            "wasi": None
            if wasi is None
            else {
                "args": list(wasi.args),
                "env": dict(wasi.env),
                "stdin": base64.b64encode(wasi.stdin).decode(),
                "dirs": {guest: str(Path(host).absolute()) for guest, host in wasi.dirs.items()},
                "maxOutputBytes": wasi.max_output_bytes,
            },
        }

    @cached_property
    def running(self) -> Module:
        """The module that runs: the one given, with what was added to it."""
        return parse_module(self._wasm)

    def closed(self, instance: JspiInstance) -> None:
        """Forget an instance; its thread is there for the next one, unless something of it still runs."""
        child = instance.child
        if child not in self._used:
            return
        self._used.discard(child)
        if child.broken is not None or child.calls:
            self._pool.give_back(child)
            return
        child.send(wire.request(next(child.numbers), {"type": "drop", "instance": instance.number}))
        self._idle.append(child)

    async def aclose(self) -> None:
        """See ``GuestModule.aclose``."""
        for child in [*self._idle, *self._used]:
            self._pool.give_back(child)
        self._idle.clear()
        self._used.clear()
