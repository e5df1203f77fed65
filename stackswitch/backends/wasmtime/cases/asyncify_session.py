"""The instances of a case on wasmtime: each with its switch, its host functions, a watch over its waits."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Literal

from stackswitch.binaryen.ownmemory import EXPORT_NAME, LOAD_EXPORT_NAME
from stackswitch.models.case import MAIN, Case
from stackswitch.models.result import Trap
from stackswitch.wasm.module import Module

from ..asyncify.adapter import CONTROLS, Adapter, Shape, host_function, shape_of
from ..asyncify.data_block import DataBlock, guest_memory, own_memory
from ..asyncify.fast_path import adapted_import, finish
from ..asyncify.imports import plain_import, waiting_import
from ..asyncify.runtime import AsyncifyRuntime
from ..call import Function, GuestCall, ShadowStack
from ..call import Note as CallNote
from ..capi import Extern, Handle
from ..engine import Engine
from ..errors import NoRoomError, is_over
from ..instance import ModuleInstance, ScriptError
from ..stacks import StackReader
from ..store import Store
from ..values import Value
from ..wasi import WASI_MODULE, Wasi
from .call_queue import CallQueue
from .host import Host
from .outcome import trap_of
from .recorder import Stack, SuspensionRecorder, Watched
from .script import TimeUpError

Detect = Literal["stack", "state"]
STACK_POINTER = "__stack_pointer"
REGION_PAGES = 1
"""What a call gets for a C stack of its own when another is set aside on the instance."""


class Prepared:
    """A module ready to be instantiated: compiled, read, and what is known of it."""

    def __init__(self, watched: Watched, module: Module, compiled: Any, *, catches: bool) -> None:
        self.watched = watched
        self.module = module
        self.compiled = compiled
        self.catches = catches
        self._shapes: dict[tuple[int, ...], Shape | None] = {}

    def shape(self, waiting: tuple[int, ...]) -> Shape | None:
        """Return what adapter it takes when these imports may wait (see ``adapter.shape_of``)."""
        if waiting not in self._shapes:
            self._shapes[waiting] = shape_of(self.module, waiting)
        return self._shapes[waiting]


class Note(CallNote):
    """Noted on a call: the frames below it, the stack it waits with, whether it may only wait in place."""

    __slots__ = ("below", "in_place", "stack", "waits_in_place")

    def __init__(self, below: int, *, in_place: bool = False) -> None:
        super().__init__()
        self.below = below
        self.in_place = in_place
        self.stack: Stack | None = None
        self.waits_in_place = 0


class InstanceHandle:
    """An instance and its switch."""

    def __init__(self, guest: ModuleInstance, switch: AsyncifyRuntime, prepared: Prepared) -> None:
        self.guest = guest
        self.switch = switch
        self.prepared = prepared
        self.turns = CallQueue(prepared.module)


class AsyncifySession:
    """The instances of one case, in one store.

    :param prepared: by instance name, in the order of their making
    :param is_over: whether the guest is to be stopped
    """

    def __init__(
        self,
        engine: Engine,
        case: Case,
        prepared: Mapping[str, Prepared],
        *,
        detect: Detect,
        is_over: Callable[[], bool],
    ) -> None:
        self.host = Host(case)
        self.watch = SuspensionRecorder(case.asyncify)
        self.store: Store = engine.store(lambda: is_over() or self._is_stuck())
        self._case = case
        self._prepared = prepared
        self._api = engine.api
        self._engine = engine
        self._live: dict[str, InstanceHandle] = {}
        self._by_guest: dict[int, InstanceHandle] = {}
        self.wasi = Wasi(self.store, case.wasi) if case.wasi is not None else None
        distinct = {id(each.compiled): each for each in prepared.values()}
        self._numbers = {key: number for number, key in enumerate(distinct)}
        self._reader = (
            StackReader(
                self._api,
                self.store,
                [each.compiled for each in distinct.values()],
                [each.module.imported_function_count for each in distinct.values()],
            )
            if detect == "stack"
            else None
        )

    def make_all(self) -> None:
        """Make the case's instances.

        :raises BaseException: whatever the start function ended with
        """
        for name in self._prepared:
            self._live[name] = self._make(name)

    def guest(self, name: str) -> ModuleInstance:
        """Return an instance by name."""
        return self._live[name].guest

    def fresh(self, name: str) -> ModuleInstance:
        """Make one more instance of that module."""
        return self._make(name).guest

    def calling(self, guest: ModuleInstance, export: str, args: tuple[str, ...]) -> AsyncifyRunning:
        """Return a call, not yet begun."""
        return AsyncifyRunning(self, self._by_guest[id(guest)], export, args)

    def explain(self, guest: ModuleInstance, error: BaseException) -> Trap:
        """Say why a call failed (see ``script.CaseSession``)."""
        if is_over(error):
            raise TimeUpError(str(error)) from error
        return trap_of(error, self._by_guest[id(guest)].prepared.watched.function_name)

    def _is_stuck(self) -> bool:
        now = time.monotonic()
        return any(each.switch.look_for_livelock(now) for each in self._by_guest.values())

    # --- making instances

    def _make(self, name: str) -> InstanceHandle:
        prepared = self._prepared[name]
        store, api = self.store, self._api
        handle = Handle()
        guest = ModuleInstance(name, store, prepared.module, handle, frozenset((EXPORT_NAME,)))
        switch = AsyncifyRuntime(store, lambda: self._area(live), catches=prepared.catches)
        live = InstanceHandle(guest, switch, prepared)
        adapter = self._adapter(live)
        imports = self._imports(live, adapter)
        externs = (Extern * max(1, len(imports)))(*imports)
        error = api.wasmtime_instance_new(
            store.context,
            ctypes.cast(prepared.compiled.ptr(), ctypes.c_void_p),
            ctypes.addressof(externs),
            len(imports),
            ctypes.addressof(handle),
            store.trap_at,
        )
        if error or store.trap.value:
            raise store.taken(error)
        guest.find_memory()
        self._by_guest[id(guest)] = live
        if guest.has("asyncify_start_unwind", "func"):
            controls = {each: guest.function(f"asyncify_{each}") for each in CONTROLS}
            load = guest.function(LOAD_EXPORT_NAME) if guest.has(LOAD_EXPORT_NAME, "func") else None
            switch.connect(controls, self._shadow_stack(guest), adapter, load)
        switch.on_suspend = self._suspended
        return live

    def _adapter(self, live: InstanceHandle) -> Adapter | None:
        """Make an instance's adapter, with all the waiting imports that it serves."""
        module, host = live.prepared.module, self.host
        waiting = {
            each.index: f"{each.module}.{each.name}"
            for each in module.function_imports()
            if host.waits(f"{each.module}.{each.name}") and each.module not in self._live
        }
        shape = live.prepared.shape(tuple(waiting))
        if shape is None:
            return None
        adapter = Adapter(self._engine, self.store, shape)
        for index in shape.imports:
            adapter.add_host(self._waiting(live, waiting[index], index, adapter))
        adapter.instantiate()
        return adapter

    def _imports(self, live: InstanceHandle, adapter: Adapter | None) -> list[Extern]:
        found = []
        module = live.prepared.module
        for each, theirs in zip(module.imports, live.prepared.compiled.imports, strict=True):
            if each.module in self._live and each.module != MAIN:
                found.append(self._live[each.module].guest.extern(each.name, each.kind))
            elif each.module == WASI_MODULE and self.wasi is not None:
                extern = self.wasi.function(each.name)
                if extern is None:
                    raise ScriptError(f"{each.module}.{each.name} is no function of WASI preview 1")
                found.append(extern)
            elif adapter is not None and each.kind == "func" and each.index in adapter.shape.imports:
                found.append(adapter.extern(f"i{adapter.shape.imports[each.index]}"))
            elif each.kind == "func":
                found.append(self._host_function(live, f"{each.module}.{each.name}", each.index, theirs))
            else:
                raise ScriptError(f"nothing provides the {each.kind} {each.module}.{each.name}")
        return found

    def _host_function(self, live: InstanceHandle, name: str, index: int, theirs: Any) -> Extern:
        host = self.host
        if host.waits(name):
            callback = self._waiting(live, name, index, None)
        else:
            type_ = live.prepared.module.function_type(index)
            params, results = live.guest.codec(type_.params), live.guest.codec(type_.results)
            caller = AsyncifyCaller(self, live, None)

            def serve(args: tuple[Value, ...]) -> Any:
                return host.begin(name, caller, params, results, args, sync=True)

            callback = plain_import(live.switch, params, results, serve, name)
        functype = theirs.type
        self.store.keep(callback, functype)
        return host_function(self.store, callback, functype)

    def _waiting(self, live: InstanceHandle, name: str, index: int, adapter: Adapter | None) -> Any:
        """Make the C callback of an import that may wait."""
        type_, host = live.prepared.module.function_type(index), self.host
        params, results = live.guest.codec(type_.params), live.guest.codec(type_.results)
        running = live.switch.machine.running

        def begin(_note: Note, *args: Value) -> Any:
            caller = AsyncifyCaller(self, live, running[-1])
            return host.begin(name, caller, params, results, args, sync=False)

        if adapter is None:
            return waiting_import(live.switch, params, results, begin, name)
        number = adapter.shape.imports[index]
        return adapted_import(live.switch, adapter, number, params, results, begin, name)

    def _area(self, live: InstanceHandle) -> DataBlock:
        guest, room = live.guest, self._case.asyncify.buffer_bytes
        if guest.has(EXPORT_NAME, "memory"):
            memory = guest.extern(EXPORT_NAME, "memory")
            self.store.keep(memory)
            return own_memory(self._api, self.store.context, ctypes.addressof(memory) + 8, room)
        if guest.memory is None:
            raise NoRoomError("the build exports no memory, and a saved stack has to lie somewhere")
        wide = guest.function("asyncify_start_unwind").params.kinds == ("i64",)
        memory_at = ctypes.addressof(guest.memory) + 8
        return guest_memory(self._api, self.store.context, memory_at, room, wide=wide)

    def _shadow_stack(self, guest: ModuleInstance) -> ShadowStack | None:
        export = guest.module.export_named(STACK_POINTER)
        if export is None or export.kind != "global":
            return None
        type_ = guest.module.global_type(export.index)
        if not type_.mutable or type_.type not in ("i32", "i64"):
            return None

        def region() -> int | None:
            try:
                pages = guest.grow_memory(REGION_PAGES)
            except ScriptError:
                return None
            return (pages + REGION_PAGES) * guest.memory_page

        return ShadowStack(*guest.global_access(STACK_POINTER), region)

    # --- calls

    def note_below(self) -> int:
        """Return how many frames lie below a call that begins now."""
        if self._reader is None or not any(each.switch.machine.running for each in self._by_guest.values()):
            return 0
        return len(self._reader.read())

    def look(self, live: InstanceHandle, call: GuestCall, import_: str) -> Stack | None:
        """Look at the stack of a call that is about to wait."""
        if self._reader is None:
            return None
        frames = self._reader.read()
        number = self._numbers[id(live.prepared.compiled)]
        own = frames[: len(frames) - call.note.below]
        indexes = tuple([index for module, index in own if module == number])
        return self.watch.look(live.prepared.watched, import_, call.function.name, indexes)

    def warnings(self) -> tuple[str, ...]:
        """What a result has to say of how calls were kept apart."""
        return tuple(each for live in self._live.values() for each in live.turns.warnings)

    def _suspended(self, call: GuestCall, _import: str) -> None:
        self.watch.waited(call.note.stack)

    def close(self) -> None:
        """Free everything; a second call does nothing."""
        if self.wasi is not None:
            self.wasi.close()
        self._live.clear()
        self._by_guest.clear()
        self.store.close()


class AsyncifyRunning:
    """A call from a step."""

    def __init__(
        self, world: AsyncifySession, live: InstanceHandle, export: str, args: tuple[str, ...]
    ) -> None:
        self._live = live
        guest = live.guest
        self._function: Function = guest.function(export)
        self._call = GuestCall(self._function, guest.values(args), Note(0), may_wait=True)

    @property
    def suspensions(self) -> int:
        """How often it was set aside, or waited in place."""
        note: Note = self._call.note
        return self._call.suspensions + note.waits_in_place

    async def run(self) -> tuple[str, ...]:
        """Take the call to its end."""
        async with self._live.turns:
            results = await finish(self._live.switch, self._call)
        return self._live.guest.texts(self._function.results, results)


class AsyncifyCaller:
    """Who called a host function (see ``host.Caller``); ``call`` None: nobody who could wait."""

    def __init__(self, world: AsyncifySession, live: InstanceHandle, call: GuestCall | None) -> None:
        self._world = world
        self._live = live
        self._call = call
        self.instance = live.guest

    def may_suspend(self, import_: str) -> bool:
        """Whether the guest can be set aside now; notes its stack."""
        call = self._call
        if call is None:
            return False
        note: Note = call.note
        if not call.may_wait and not note.in_place:
            return True  # the switch says why not
        note.stack = self._world.look(self._live, call, import_)
        if note.in_place or (note.stack is not None and note.stack.missing):
            self._world.watch.waited(note.stack)
            note.waits_in_place += 1
            return False
        return True

    def _find(self, instance: str | None) -> InstanceHandle:
        return self._live if instance is None else self._world._live[instance]

    def _child(
        self,
        live: InstanceHandle,
        function: Function,
        args: tuple[str, ...],
        *,
        may_wait: bool,
        in_place: bool = False,
    ) -> GuestCall:
        parent = self._call if live is self._live else None
        note = Note(self._world.note_below(), in_place=in_place)
        return GuestCall(function, live.guest.values(args), note, may_wait=may_wait, parent=parent)

    def call_now(self, instance: str | None, export: str, args: tuple[str, ...]) -> tuple[str, ...]:
        """Call an export that must not wait."""
        return self._now(instance, export, args, in_place=False)

    def call_in_place(self, instance: str | None, export: str, args: tuple[str, ...]) -> tuple[str, ...]:
        """Call an export that waits in place if it waits."""
        return self._now(instance, export, args, in_place=True)

    def _now(
        self, instance: str | None, export: str, args: tuple[str, ...], *, in_place: bool
    ) -> tuple[str, ...]:
        live = self._find(instance)
        function = live.guest.function(export)
        call = self._child(live, function, args, may_wait=False, in_place=in_place)
        results = live.switch.finish_now(call)
        return live.guest.texts(function.results, results)

    def call(
        self, instance: str | None, export: str, args: tuple[str, ...]
    ) -> Coroutine[Any, Any, tuple[str, ...]]:
        """Call an export that may wait."""
        return self._awaited(self._find(instance), export, args)

    async def _awaited(self, live: InstanceHandle, export: str, args: tuple[str, ...]) -> tuple[str, ...]:
        function = live.guest.function(export)
        call = self._child(live, function, args, may_wait=True)
        results = await finish(live.switch, call)
        return live.guest.texts(function.results, results)
