"""The instances of a case in one store: their host functions, their calls, the stacks of their waits."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from stackswitch.backends.call_queue import CallQueue
from stackswitch.backends.guest_protocol import Wasi
from stackswitch.models.case import MAIN, AsyncifyOptions, Case
from stackswitch.models.result import Trap
from stackswitch.wasm.stack_pointer import serialization_reason

from ..call import Call, Note
from ..capi import Extern
from ..errors import is_over
from ..instance import ModuleInstance, ScriptError
from ..shadow_stack import shadow_stack_of
from ..switcher import LinkedFunction, OpenStore, SwitcherOptions, SwitcherStore
from ..values import Value
from ..wasi import WASI_MODULE, StoreWasi
from .host import Host
from .outcome import TimeUpError, trap_of
from .recorder import CaseModule, RecordedStack, SuspensionRecorder

START = "(start)"
"""Stands for the export of a wait in a start function."""


class CaseNote(Note):
    """What a case notes on a call.

    :ivar export: what is called
    :ivar older: how many frames on its stack are older than it (see ``SwitcherStore.depth``)
    :ivar in_place: it may not be suspended: host functions wait while the guest stays where it is
    :ivar stack: that of its last wait
    :ivar waits_in_place: how often that has happened
    """

    __slots__ = ("export", "in_place", "older", "stack", "waits_in_place")

    def __init__(self, export: str, older: int = 0, *, in_place: bool = False) -> None:
        super().__init__()
        self.export = export
        self.older = older
        self.in_place = in_place
        self.stack: RecordedStack | None = None
        self.waits_in_place = 0


class InstanceHandle:
    """An instance of a case and its switcher.

    :ivar serial: why its calls run one after another, None: they need not
    :ivar has_queued: whether one has had to wait for another
    """

    def __init__(self, name: str, module: CaseModule, switching: SwitcherStore) -> None:
        self.module = module
        self.instance = ModuleInstance(
            name, switching.store, module.module, lambda kinds, _place: switching.values(kinds)
        )
        self.switcher = switching.add(self.instance, module)
        self.serial = serialization_reason(module.module, functions=False)
        self.queue = CallQueue() if self.serial is not None else None
        self.has_queued = False


class CaseCall:
    """A call of an export, not yet begun."""

    def __init__(
        self,
        handle: InstanceHandle,
        args: tuple[str, ...],
        note: CaseNote,
        *,
        may_wait: bool = True,
        parent: Call | None = None,
    ) -> None:
        self._handle = handle
        self._note = note
        self._function = handle.instance.function(note.export)
        values = handle.instance.values(args)
        self._call: Call = handle.switcher.call(
            self._function, values, note, may_wait=may_wait, parent=parent
        )

    @property
    def suspensions(self) -> int:
        """How often it was suspended, or waited in place."""
        return self._call.suspensions + self._note.waits_in_place

    async def run(self) -> tuple[str, ...]:
        """Take it to its end once those that it may not overlap have ended; return its results."""
        handle = self._handle
        if handle.queue is None:
            return await self.finish()
        handle.has_queued |= handle.queue.is_busy
        await handle.queue.acquire(self._note.export)
        try:
            return await self.finish()
        finally:
            handle.queue.release()

    async def finish(self) -> tuple[str, ...]:
        """Take it to its end and return its results."""
        return self._texts(await self._handle.switcher.finish(self._call))

    def finish_now(self) -> tuple[str, ...]:
        """Take a call that must not wait to its end and return its results."""
        return self._texts(self._handle.switcher.finish_now(self._call))

    def _texts(self, results: tuple[Value, ...]) -> tuple[str, ...]:
        return self._handle.instance.texts(self._function.results, results)


class CaseSession:
    """The instances of one case.

    :param open_store: opens their store
    :param modules: by instance name, in the order in which the instances are made
    :param lists: the lists that the modules were built with, for names that they lack
    :param is_over: whether the guests are to be stopped
    :param stacks: read the stack at each wait
    """

    def __init__(
        self,
        open_store: OpenStore,
        case: Case,
        modules: Mapping[str, CaseModule],
        *,
        lists: AsyncifyOptions,
        is_over: Callable[[], bool],
        stacks: bool = True,
    ) -> None:
        self.host = Host(case)
        self.recorder = SuspensionRecorder(lists)
        self.stacks = stacks
        self._modules = modules
        distinct = {id(each.code): each for each in modules.values()}
        self._numbers = {key: number for number, key in enumerate(distinct)}
        self._instances: dict[str, InstanceHandle] = {}
        self._by_instance: dict[int, InstanceHandle] = {}
        self.wasi: StoreWasi | None = None
        options = SwitcherOptions(
            is_over=lambda: is_over() or (self.wasi is not None and self.wasi.is_full),
            stacks=stacks,
            catchable=True,
            on_suspend=lambda call, _: self.recorder.count_wait(call.note.stack),
        )
        self.switching = open_store([*distinct.values()], options)
        if case.wasi is not None:
            given = Wasi(case.wasi.args, case.wasi.env, case.wasi.stdin.encode())
            self.wasi = StoreWasi(self.switching.store, given)

    async def make_all(self) -> None:
        """Make the case's instances; start functions may wait, where they can.

        :raises BaseException: whatever a start function ended with
        """
        for name in self._modules:
            self._instances[name] = await self._make(name, may_wait=True)

    def guest(self, name: str) -> ModuleInstance:
        """Return an instance by name."""
        return self._instances[name].instance

    def handle(self, name: str) -> InstanceHandle:
        """Return an instance and its switcher, by name."""
        return self._instances[name]

    async def fresh(self, name: str) -> ModuleInstance:
        """Make one more instance of that module; its start function must not wait."""
        return (await self._make(name, may_wait=False)).instance

    def calling(self, guest: ModuleInstance, export: str, args: tuple[str, ...]) -> CaseCall:
        """Return a call, not yet begun."""
        return CaseCall(self._by_instance[id(guest)], args, CaseNote(export))

    def explain(self, guest: ModuleInstance, error: BaseException) -> Trap:
        """Say why a call failed.

        :raises TimeUpError: the guest was stopped because its time was up
        """
        if is_over(error):
            raise TimeUpError(str(error)) from error
        return trap_of(error, self._by_instance[id(guest)].module.function_name)

    def warnings(self) -> tuple[str, ...]:
        """Say which instances had their calls run one after another, and why."""
        queued = [each for each in self._instances.values() if each.has_queued]
        return tuple([f"calls ran one after another: {each.serial}" for each in queued])

    def output(self) -> tuple[str, str]:
        """Return what was written to stdout and stderr so far."""
        stdout, stderr = self.wasi.output() if self.wasi is not None else (b"", b"")
        return stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace")

    def note_stack(self, handle: InstanceHandle, call: Call, import_: str) -> None:
        """Note the stack of a call that is about to wait."""
        if not self.stacks:
            return
        note: CaseNote = call.note
        number = self._numbers[id(handle.module.code)]
        frames = handle.switcher.read_stack(call)
        own = frames[: len(frames) - note.older]
        indexes = tuple([index for module, index in own if module == number])
        note.stack = self.recorder.record(handle.module, import_, note.export, indexes)

    def close(self) -> None:
        """Free everything; a second call does nothing."""
        self.switching.close()
        if self.wasi is not None:
            self.wasi.close()
        self._instances.clear()
        self._by_instance.clear()

    # --- making instances

    async def _make(self, name: str, *, may_wait: bool) -> InstanceHandle:
        module = self._modules[name]
        handle = InstanceHandle(name, module, self.switching)
        imports = [
            self._provided(handle, each, theirs.type)
            for each, theirs in zip(module.module.imports, module.imports, strict=True)
        ]
        await handle.switcher.instantiate(imports, CaseNote(START), may_wait=may_wait)
        handle.instance.find_memory()
        handle.switcher.connect(shadow_stack_of(handle.instance))
        self._by_instance[id(handle.instance)] = handle
        return handle

    def _provided(self, handle: InstanceHandle, each: Any, type_: Any) -> Extern | LinkedFunction:
        """Return what an import gets: another instance's export, a function of WASI's, or the case's.

        :param type_: wasmtime-py's type of it
        """
        if each.module in self._instances and each.module != MAIN:
            return self._instances[each.module].instance.extern(each.name, each.kind)
        if each.module == WASI_MODULE and self.wasi is not None:
            extern = self.wasi.function(each.name)
            if extern is None:
                raise ScriptError(f"{each.module}.{each.name} is no function of WASI preview 1")
            return extern
        if each.kind == "func":
            return self._host_function(handle, f"{each.module}.{each.name}", each.index, type_)
        raise ScriptError(f"nothing provides the {each.kind} {each.module}.{each.name}")

    def _host_function(self, handle: InstanceHandle, name: str, index: int, type_: Any) -> LinkedFunction:
        begin, waits = self.host.begin, self.host.waits(name)
        types = handle.module.module.function_type(index)
        params = handle.instance.codec(types.params)
        results = self.switching.values(handle.instance.codec(types.results).kinds, given=True)
        always_suspends = self.switching.always_suspends and waits

        def serve(note: CaseNote | None, *args: Value) -> Any:
            call: Call | None = None if note is None else note.backend_call
            caller = CaseCaller(self, handle, call, waits=waits)
            outcome = begin(name, caller, params, results, args, sync=not waits)
            if always_suspends and call is not None and call.may_wait and not isinstance(outcome, Coroutine):
                # Its result is there at once. The guest was suspended all the same, and its stack counts.
                self.note_stack(handle, call, name)
                call.suspensions += 1
                self.recorder.count_wait(call.note.stack)
            return outcome

        return LinkedFunction(name, type_, params, results, serve, waits)


class CaseCaller:
    """Who called a host function (see ``host.Caller``).

    :param call: None: no call that could be suspended
    :param waits: whether the host function may wait
    """

    def __init__(
        self, session: CaseSession, handle: InstanceHandle, call: Call | None, *, waits: bool
    ) -> None:
        self._session = session
        self._handle = handle
        self._call = call
        self._waits = waits
        self.instance = handle.instance

    def may_suspend(self, import_: str) -> bool:
        """Whether the guest can be suspended now; notes its stack."""
        call = self._call
        if call is None:
            return False
        note: CaseNote = call.note
        if not call.may_wait and not note.in_place:
            return True  # the switcher says why not
        self._session.note_stack(self._handle, call, import_)
        if note.in_place or (note.stack is not None and note.stack.missing):
            self._session.recorder.count_wait(note.stack)
            note.waits_in_place += 1
            return False
        return True

    def _child(
        self,
        instance: str | None,
        export: str,
        args: tuple[str, ...],
        *,
        may_wait: bool = False,
        in_place: bool = False,
    ) -> CaseCall:
        handle = self._handle if instance is None else self._session.handle(instance)
        older = self._session.switching.depth() if self._session.stacks else 0
        note = CaseNote(export, older, in_place=in_place)
        parent = self._call if self._waits and handle is self._handle else None
        return CaseCall(handle, args, note, may_wait=may_wait, parent=parent)

    def call_now(self, instance: str | None, export: str, args: tuple[str, ...]) -> tuple[str, ...]:
        """Call an export that must not wait."""
        return self._child(instance, export, args).finish_now()

    def call_in_place(self, instance: str | None, export: str, args: tuple[str, ...]) -> tuple[str, ...]:
        """Call an export that waits in place if it waits."""
        return self._child(instance, export, args, in_place=True).finish_now()

    def call(
        self, instance: str | None, export: str, args: tuple[str, ...]
    ) -> Coroutine[Any, Any, tuple[str, ...]]:
        """Call an export that may wait."""
        return self._child(instance, export, args, may_wait=True).finish()
