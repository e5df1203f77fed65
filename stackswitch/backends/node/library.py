"""The backend ``jspi`` of the library: a module in a child of Node, host functions in Python.

All instances of a module live in one child; one that dies is replaced for the next instance.
"""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

from stackswitch.backends.library import CallState, HostFunction, Plan
from stackswitch.engines.locate import Engine, find_engine
from stackswitch.errors import EngineError, GuestError
from stackswitch.toolcache import node_shim_dir
from stackswitch.wasm.checked import checked_module
from stackswitch.wasm.features import used_features
from stackswitch.wasm.growthcounter import LEFT_EXPORT, has_growth_counter
from stackswitch.wasm.memorybudget import with_memory_budget
from stackswitch.wasm.module import FuncType, Module, parse_module
from stackswitch.wasm.stackpointer import hidden_stack, with_stack_pointer

from . import guestwire as wire
from .guestcall import RemoteCall, guest_error, guest_frames
from .guestchild import GuestChild
from .guestinstance import JspiInstance
from .guestvalues import Host, References

WASI_MODULE = "wasi_snapshot_preview1"
_CHECKED, _GUEST = 0, 1
"""Numbers of the child's modules."""
_HEAP_FLAGS = ("--max-semi-space-size=2",)
"""Of what each call leaves behind nothing lives on; left alone, V8 makes room for ever more of it (MiB)."""
_STACK_FLAGS = ("--stack-size", "--wasm-stack-switching-stack-size")


async def open_library(plan: Plan) -> JspiModule:
    """Make a module ready (``backends.library.LibraryOpener``).

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
    """See ``backends.library.LibraryModule``."""

    backend = "jspi"

    def __init__(self, plan: Plan, engine: Engine) -> None:
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
        self._argv: list[str | Path] = [engine.path, *flags, node_shim_dir() / "guest.mjs"]
        self._imports = self._planned_imports()
        waiting = [each.type for each in self.functions if each.waits]
        self._checked = checked_module(waiting)
        self._child: GuestChild | None = None
        self._starting = asyncio.Lock()
        self._count = 0
        self._instances: set[JspiInstance] = set()

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

    async def start(self) -> GuestChild:
        """Return the child, which is started, and given the module, if there is none that lives.

        :raises EngineError: it does not start
        :raises GuestError: the engine refuses the module
        """
        async with self._starting:
            if self._child is not None and self._child.broken is None:
                return self._child
            if self._child is not None:
                await self._child.aclose()
            self._child = child = await GuestChild.start(self._argv)
            try:
                await child.request(
                    {"type": "compile", "module": _CHECKED, "concurrent": False}, self._checked
                )
                guest = {"type": "compile", "module": _GUEST, "concurrent": self._plan.concurrent}
                await child.request(guest, self._wasm)
            except EngineError as error:
                if child.broken is not None:
                    raise
                raise GuestError(f"{self.engine} refuses the module: {error}") from None
            return child

    async def instantiate(self, state: CallState) -> JspiInstance:
        """See ``LibraryModule.instantiate``."""
        child = await self.start()
        self._count += 1
        instance = JspiInstance(self, child, self._count)
        call = RemoteCall(instance, next(child.numbers), state)
        child.calls[call.number] = call
        state.own = call
        request = asyncio.ensure_future(child.request(self._instance_plan(instance, call)))
        try:
            return await self._made(instance, call, request)
        finally:
            child.calls.pop(call.number, None)
            request.cancel()

    async def _made(
        self, instance: JspiInstance, call: RemoteCall, request: asyncio.Future[dict[str, object]]
    ) -> JspiInstance:
        await call.serve_until(request)
        answer = await request
        failure = answer["failure"]
        if isinstance(failure, dict):
            if call.has_failed:
                raise call.failure(failure)
            frames = guest_frames(failure.get("frames", ()), self.module, self.offset)
            raise guest_error(failure, frames, instance)
        size = answer["size"]
        assert isinstance(size, int)
        instance.memory_size = size
        self._instances.add(instance)
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

    def closed(self, instance: JspiInstance) -> None:
        """Forget an instance."""
        self._instances.discard(instance)
        child = instance.child
        if child.broken is None:
            message = {"type": "drop", "instance": instance.number}
            child.send(wire.request(next(child.numbers), message))

    async def aclose(self) -> None:
        """See ``LibraryModule.aclose``."""
        if self._child is not None:
            await self._child.aclose()
