"""A case's instances and the calls of their exports, with what a case notes on each call."""

from __future__ import annotations

from dataclasses import dataclass

from stackswitch.backends.call_queue import CallQueue
from stackswitch.wasm.stack_pointer import serialization_reason

from ..call import Call, CallContext
from ..instance import ModuleInstance
from ..switcher import SwitcherStore
from ..values import Value
from .recorder import CompiledCaseModule, RecordedStack


@dataclass(slots=True, eq=False)
class CaseCallContext(CallContext):
    """What a case notes on a call.

    :ivar export: what is called
    :ivar older: how many frames on its stack are older than it (see ``SwitcherStore.depth``)
    :ivar in_place: it may not be suspended: host functions wait while the guest stays where it is
    :ivar stack: that of its last wait
    :ivar waits_in_place: how often that has happened
    """

    export: str = ""
    older: int = 0
    in_place: bool = False
    stack: RecordedStack | None = None
    waits_in_place: int = 0


class InstanceHandle:
    """An instance of a case and its switcher.

    :ivar serial: why its calls run one after another, None: they need not
    :ivar has_queued: whether one has had to wait for another
    """

    def __init__(self, name: str, module: CompiledCaseModule, switching: SwitcherStore) -> None:
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
        note: CaseCallContext,
        *,
        may_wait: bool = True,
        parent: Call | None = None,
    ) -> None:
        self._handle = handle
        self._note = note
        self._function = handle.instance.function(note.export)
        values = [handle.instance.value(text) for text in args]
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
