"""The instances of a case on fibers: each with its host functions, a watch over its waits, WASI."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from stackswitch.models.case import MAIN, AsyncifyOptions, Case
from stackswitch.models.result import Trap
from stackswitch.wasm.module import Module

from ..call import Note as CallNote
from ..call import ShadowStack
from ..capi import Extern, Handle
from ..errors import is_over
from ..fiber.capi import FiberApi
from ..fiber.linker import Linker, array_of, calling, making
from ..fiber.runtime import FiberCall, FiberRuntime, HostFunction, Side
from ..fiber.stacks import Sampler
from ..fiber.wasi import FileWasi
from ..instance import ModuleInstance, ScriptError
from ..store import Store
from ..values import Value
from ..wasi import WASI_MODULE
from .call_queue import CallQueue
from .host import Host
from .outcome import trap_of
from .recorder import Stack, SuspensionRecorder, Watched
from .script import TimeUpError

STACK_POINTER = "__stack_pointer"
START = "(start)"
"""Stands for the export of a wait in a start function."""


class Prepared:
    """A module ready to be instantiated: compiled, read, its names by index."""

    def __init__(self, watched: Watched, module: Module, compiled: Any, *, catches: bool) -> None:
        self.watched = watched
        self.module = module
        self.compiled = compiled
        self.catches = catches


class FiberCaseInstance(ModuleInstance):
    """An instance that may not be there yet: its start function may wait."""

    def extern(self, name: str, kind: str) -> Extern:
        """Look an export up (see ``ModuleInstance``).

        :raises ScriptError: there is none of that name and kind, or the start function is still running
        """
        if not self._handle.of[0]:
            raise ScriptError(f"{self.name} has no exports yet: its start function is running")
        return super().extern(name, kind)


class InstanceHandle:
    """An instance and what its calls share."""

    def __init__(self, guest: FiberCaseInstance, prepared: Prepared) -> None:
        self.guest = guest
        self.prepared = prepared
        self.side = Side()
        self.turns = CallQueue(prepared.module)


class Note(CallNote):
    """Noted on a call: what it is a call of, the stack it waits with."""

    __slots__ = ("call", "export", "stack")

    def __init__(self, export: str, call: FiberCall) -> None:
        super().__init__()
        self.call = call
        self.export = export
        self.stack: Stack | None = None


class FiberSession:
    """The instances of one case, in one store.

    :param prepared: by instance name, in the order of their making
    :param is_over: whether the guest is to be stopped
    """

    def __init__(
        self,
        api: FiberApi,
        store: Store,
        case: Case,
        prepared: Mapping[str, Prepared],
        *,
        is_over: Callable[[], bool],
    ) -> None:
        self.host = Host(case)
        self.watch = SuspensionRecorder(AsyncifyOptions())
        self.store = store
        self._prepared = prepared
        self._live: dict[str, InstanceHandle] = {}
        self._by_guest: dict[int, InstanceHandle] = {}
        self.wasi = FileWasi(store, case.wasi) if case.wasi is not None else None
        distinct = {id(each.compiled): each for each in prepared.values()}
        self._numbers = {key: number for number, key in enumerate(distinct)}
        self._sampler = Sampler(
            store.api,
            store,
            [each.compiled for each in distinct.values()],
            [each.module.imported_function_count for each in distinct.values()],
        )
        self.fibers = FiberRuntime(
            api,
            store,
            catches=any(each.catches for each in prepared.values()),
            is_over=lambda: is_over() or (self.wasi is not None and self.wasi.is_full),
            sampling=True,
            on_suspend=lambda call, _: self.watch.waited(call.note.stack),
        )
        self._sampler.ready(self.fibers)

    async def make_all(self) -> None:
        """Make the case's instances; start functions may wait.

        :raises BaseException: whatever a start function ended with
        """
        for name in self._prepared:
            live, call, linker = self._making(name, may_wait=True)
            try:
                await self.fibers.finish(call)
            finally:
                linker.close()
            self._live[name] = self._made(live)

    def guest(self, name: str) -> ModuleInstance:
        """Return an instance by name."""
        return self._live[name].guest

    def fresh(self, name: str) -> ModuleInstance:
        """Make one more instance of that module; its start function must not wait."""
        live, call, linker = self._making(name, may_wait=False)
        try:
            self.fibers.finish_now(call)
        finally:
            linker.close()
        return self._made(live).guest

    def calling(self, guest: ModuleInstance, export: str, args: tuple[str, ...]) -> FiberRunning:
        """Return a call, not yet begun."""
        live = self._by_guest[id(guest)]
        return FiberRunning(self, live, *self.call_of(live, export, args, may_wait=True))

    def warnings(self) -> tuple[str, ...]:
        """What a result has to say of how calls were kept apart."""
        return tuple(each for live in self._live.values() for each in live.turns.warnings)

    def explain(self, guest: ModuleInstance, error: BaseException) -> Trap:
        """Say why a call failed (see ``script.CaseSession``)."""
        if is_over(error):
            raise TimeUpError(str(error)) from error
        return trap_of(error, self._by_guest[id(guest)].prepared.watched.function_name)

    # --- making instances

    def _making(self, name: str, *, may_wait: bool) -> tuple[InstanceHandle, FiberCall, Linker]:
        prepared, store = self._prepared[name], self.store
        handle = Handle()
        guest = FiberCaseInstance(name, store, prepared.module, handle, frozenset())
        live = InstanceHandle(guest, prepared)
        linker = Linker(self.fibers)
        try:
            self._link(linker, live)
        except BaseException:
            linker.close()
            raise

        call = making(linker, live.side, prepared.compiled, handle, may_wait=may_wait)
        call.note = Note(START, call)
        return live, call, linker

    def _made(self, live: InstanceHandle) -> InstanceHandle:
        live.guest.find_memory()
        live.side.shadow_stack = _shadow_stack(live.guest)
        self._by_guest[id(live.guest)] = live
        return live

    def _link(self, linker: Linker, live: InstanceHandle) -> None:
        module = live.prepared.module
        defined: dict[tuple[str, str], object] = {}
        for each, theirs in zip(module.imports, live.prepared.compiled.imports, strict=True):
            key = (each.module, each.name)
            type_: tuple[str, object] = (each.kind, each.index)
            if each.kind == "func":
                type_ = (each.kind, module.function_type(each.index))
            if key in defined:
                if defined[key] != type_:
                    raise ScriptError(f"{each.module}.{each.name} is imported with two types")
                continue
            defined[key] = type_
            if each.module in self._live and each.module != MAIN:
                linker.define(*key, self._live[each.module].guest.extern(each.name, each.kind))
            elif each.module == WASI_MODULE and self.wasi is not None:
                extern = self.wasi.function(each.name)
                if extern is None:
                    raise ScriptError(f"{each.module}.{each.name} is no function of WASI preview 1")
                linker.define(*key, extern)
            elif each.kind == "func":
                function = self._host_function(live, f"{each.module}.{each.name}", each.index)
                linker.define_function(*key, theirs.type, function)
            else:
                raise ScriptError(f"nothing provides the {each.kind} {each.module}.{each.name}")

    def _host_function(self, live: InstanceHandle, name: str, index: int) -> HostFunction:
        type_, guest, host = live.prepared.module.function_type(index), live.guest, self.host
        params, results = guest.codec(type_.params), guest.codec(type_.results)
        waits = host.waits(name)

        def serve(note: Note, *args: Value) -> Any:
            call = note.call
            caller = FiberCaller(self, live, call)
            outcome = host.begin(name, caller, params, results, args, sync=not waits)
            if not isinstance(outcome, Coroutine):
                self._sampler.ready(self.fibers)  # not before: the stack of this arrival may be wanted
            if waits and call.may_wait and not isinstance(outcome, Coroutine):
                # Done at once; the guest has been set aside all the same, and its stack counts.
                self.look(live, call, name)
                call.suspensions += 1
                self.watch.waited(call.note.stack)
            return outcome

        reads, writes = array_of(self.store, params), array_of(self.store, results, given=True)
        return HostFunction(name, reads.read, writes.write, serve)

    # --- calls

    def call_of(
        self,
        live: InstanceHandle,
        export: str,
        args: tuple[str, ...],
        *,
        may_wait: bool,
        parent: FiberCall | None = None,
    ) -> tuple[FiberCall, Callable[[tuple[Value, ...]], tuple[str, ...]]]:
        """Return a call, not yet begun, and what writes its results as text."""
        guest = live.guest
        function, values = guest.function(export), guest.values(args)
        call = calling(self.fibers, live.side, function, values, may_wait=may_wait, parent=parent)
        call.note = Note(export, call)
        return call, partial(guest.texts, function.results)

    def look(self, live: InstanceHandle, call: FiberCall, import_: str) -> None:
        """Note the stack of a call that is about to wait."""
        number = self._numbers[id(live.prepared.compiled)]
        frames = tuple([index for module, index in self._sampler.take() if module == number])
        self._sampler.ready(self.fibers)
        call.note.stack = self.watch.look(live.prepared.watched, import_, call.note.export, frames)

    def close(self) -> None:
        """Free everything; a second call does nothing."""
        self.fibers.close()
        self._sampler.drop()
        if self.wasi is not None:
            self.wasi.close()
        self._live.clear()
        self._by_guest.clear()


class FiberRunning:
    """A call from a step."""

    def __init__(
        self,
        world: FiberSession,
        live: InstanceHandle,
        call: FiberCall,
        texts: Callable[[tuple[Value, ...]], tuple[str, ...]],
    ) -> None:
        self._world = world
        self._turns = live.turns
        self._call = call
        self._texts = texts

    @property
    def suspensions(self) -> int:
        """How often it was set aside."""
        return self._call.suspensions

    async def run(self) -> tuple[str, ...]:
        """Take the call to its end."""
        async with self._turns:
            return self._texts(await self._world.fibers.finish(self._call))


class FiberCaller:
    """Who called a host function (see ``host.Caller``)."""

    def __init__(self, world: FiberSession, live: InstanceHandle, call: FiberCall) -> None:
        self._world = world
        self._live = live
        self._call = call
        self.instance: ModuleInstance = live.guest

    def may_suspend(self, import_: str) -> bool:
        """Note the guest's stack; it can always be set aside, or ``finish_now`` says why not."""
        if self._call.may_wait:
            self._world.look(self._live, self._call, import_)
        return True

    def _child(
        self, instance: str | None, export: str, args: tuple[str, ...], *, may_wait: bool
    ) -> tuple[FiberCall, Callable[[tuple[Value, ...]], tuple[str, ...]]]:
        live = self._live if instance is None else self._world._live[instance]
        return self._world.call_of(live, export, args, may_wait=may_wait, parent=self._call)

    def call_now(self, instance: str | None, export: str, args: tuple[str, ...]) -> tuple[str, ...]:
        """Call an export that must not wait."""
        call, texts = self._child(instance, export, args, may_wait=False)
        return texts(self._world.fibers.finish_now(call))

    def call_in_place(self, instance: str | None, export: str, args: tuple[str, ...]) -> tuple[str, ...]:
        """Call an export while nothing can be set aside: never asked for here."""
        return self.call_now(instance, export, args)

    def call(
        self, instance: str | None, export: str, args: tuple[str, ...]
    ) -> Coroutine[Any, Any, tuple[str, ...]]:
        """Call an export that may wait."""
        return self._awaited(instance, export, args)

    async def _awaited(self, instance: str | None, export: str, args: tuple[str, ...]) -> tuple[str, ...]:
        call, texts = self._child(instance, export, args, may_wait=True)
        return texts(await self._world.fibers.finish(call))


def _shadow_stack(guest: ModuleInstance) -> ShadowStack | None:
    export = guest.module.export_named(STACK_POINTER)
    if export is None or export.kind != "global":
        return None
    type_ = guest.module.global_type(export.index)
    if not type_.mutable or type_.type not in ("i32", "i64"):
        return None

    def region() -> int | None:
        try:
            pages = guest.grow_memory(1)
        except ScriptError:
            return None
        return (pages + 1) * guest.memory_page

    return ShadowStack(*guest.global_access(STACK_POINTER), region)
