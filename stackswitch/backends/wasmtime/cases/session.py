"""The instances of a case in one store: their host functions, their calls, the stacks of their waits."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from stackswitch.backends.guest_protocol import DAMAGED, Wasi
from stackswitch.models.case import MAIN, AsyncifyOptions, Case
from stackswitch.models.host import Reentry

from ..c_stack import CStack, c_stack_of
from ..call import Call
from ..capi import Extern
from ..instance import ScriptError
from ..switcher import LinkedFunction, OpenStore, SwitcherOptions
from ..values import Value
from ..wasi import WASI_MODULE, StoreWasi
from .call import CaseCall, CaseCallContext, InstanceHandle
from .host import CaseHost
from .recorder import CompiledCaseModule, SuspensionRecorder

START = "(start)"
"""Stands for the export of a wait in a start function."""


class CaseSession:
    """The instances of one case.

    :param open_store: opens their store
    :param modules: by instance name, in the order in which the instances are made
    :param lists: the lists that the modules were built with, for names that they lack
    :param is_over: whether the guests are to be stopped
    :param stacks: read the stack at each wait
    :ivar instances: by name
    """

    def __init__(
        self,
        open_store: OpenStore,
        case: Case,
        modules: Mapping[str, CompiledCaseModule],
        *,
        lists: AsyncifyOptions,
        is_over: Callable[[], bool],
        stacks: bool = True,
    ) -> None:
        self.host = CaseHost(case)
        self.recorder = SuspensionRecorder(lists)
        self.stacks = stacks
        self._modules = modules
        distinct = {id(each.code): each for each in modules.values()}
        self._numbers = {key: number for number, key in enumerate(distinct)}
        self.instances: dict[str, InstanceHandle] = {}
        self._c_stacks: list[CStack | None] = []
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
            self.instances[name] = await self.make(name, may_wait=True)

    async def make(self, name: str, *, may_wait: bool = False) -> InstanceHandle:
        """Make an instance of a module.

        :param may_wait: whether its start function may wait, where it can
        """
        module = self._modules[name]
        handle = InstanceHandle(name, module, self.switching)
        imports = [
            self._provided(handle, each, theirs.type)
            for each, theirs in zip(module.module.imports, module.imports, strict=True)
        ]
        await handle.switcher.instantiate(imports, CaseCallContext(export=START), may_wait=may_wait)
        handle.instance.find_memory()
        self._c_stacks.append(c_stack_of(handle.instance))
        handle.switcher.connect(self._c_stacks[-1])
        return handle

    def warnings(self) -> tuple[str, ...]:
        """Say which instances had their calls run one after another, and whether a call left its C stack."""
        queued = [each for each in self.instances.values() if each.has_queued]
        overflowed = any(each is not None and each.overflowed for each in self._c_stacks)
        return (
            *(f"calls ran one after another: {each.serial}" for each in queued),
            *([DAMAGED] if overflowed else []),
        )

    def output(self) -> tuple[str, str]:
        """Return what was written to stdout and stderr so far."""
        stdout, stderr = self.wasi.output() if self.wasi is not None else (b"", b"")
        return stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace")

    def note_stack(self, handle: InstanceHandle, call: Call, import_: str) -> None:
        """Note the stack of a call that is about to wait."""
        if not self.stacks:
            return
        note: CaseCallContext = call.note
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
        self.instances.clear()

    # --- making instances

    def _provided(self, handle: InstanceHandle, each: Any, type_: Any) -> Extern | LinkedFunction:
        """Return what an import gets: another instance's export, a function of WASI's, or the case's."""
        if each.module in self.instances and each.module != MAIN:
            return self.instances[each.module].instance.extern(each.name, each.kind)
        if each.module == WASI_MODULE and self.wasi is not None:
            return self.wasi.function(each.name)
        if each.kind == "func":
            return self._host_function(handle, f"{each.module}.{each.name}", each.index, type_)
        raise ScriptError(f"nothing provides the {each.kind} {each.module}.{each.name}")

    def _host_function(self, handle: InstanceHandle, name: str, index: int, type_: Any) -> LinkedFunction:
        begin, waits = self.host.begin, self.host.waits(name)
        types = handle.module.module.function_type(index)
        params = handle.instance.codec(types.params)
        results = self.switching.values(handle.instance.codec(types.results).kinds, given=True)
        always_suspends = self.switching.always_suspends and waits

        def serve(note: CaseCallContext | None, *args: Value) -> Any:
            call: Call | None = None if note is None else note.backend_call
            context = CallContext(self, handle, call, waits)
            outcome = begin(name, context, params, results, args, sync=not waits)
            if always_suspends and call is not None and call.may_wait and not isinstance(outcome, Coroutine):
                # Its result is there at once. The guest was suspended all the same, and its stack counts.
                self.note_stack(handle, call, name)
                call.suspensions += 1
                self.recorder.count_wait(call.note.stack)
            return outcome

        return LinkedFunction(name, type_, params, results, serve, waits)


@dataclass
class CallContext:
    """The context of a host function (see ``host.HostContext``).

    :ivar handle: the instance that has called it
    :ivar caller: the call that it serves; None: none that could be suspended
    :ivar waits: whether the host function may wait
    """

    session: CaseSession
    handle: InstanceHandle
    caller: Call | None
    waits: bool

    def may_suspend(self, import_: str) -> bool:
        """Whether the guest can be suspended now; notes its stack."""
        call = self.caller
        if call is None:
            return False
        note: CaseCallContext = call.note
        if not call.may_wait and not note.in_place:
            return True  # the switcher says why not
        self.session.note_stack(self.handle, call, import_)
        if note.in_place or (note.stack is not None and note.stack.missing):
            self.session.recorder.count_wait(note.stack)
            note.waits_in_place += 1
            return False
        return True

    def call(self, reentry: Reentry, *, may_wait: bool = False, in_place: bool = False) -> CaseCall:
        """Return a call of an export, not yet begun."""
        handle = self.handle if reentry.instance is None else self.session.instances[reentry.instance]
        older = self.session.switching.depth() if self.session.stacks else 0
        note = CaseCallContext(export=reentry.export, older=older, in_place=in_place)
        parent = self.caller if self.waits and handle is self.handle else None
        return CaseCall(handle, reentry.args, note, may_wait=may_wait, parent=parent)
