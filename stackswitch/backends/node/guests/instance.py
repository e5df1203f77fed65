"""An instance in the child, as the library sees it (``backends.guest_protocol.GuestInstance``)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stackswitch.backends.guest_protocol import CallState
from stackswitch.errors import (
    EngineError,
    GuestError,
    GuestMemoryError,
    GuestStateError,
    GuestTimeoutError,
    GuestTypeError,
)
from stackswitch.wasm.module import Module

from . import wire as wire
from .call import RemoteCall, guest_frames
from .child import GuestChild
from .stop import note_stopped
from .values import Host, References, Values

if TYPE_CHECKING:
    from .module import JspiModule

GRACE_S = 1.0
"""How long a call that was cancelled may go on computing, before the child is ended."""
_MEMORY_SHIFT = 24


class RemoteMemory:
    """A memory in the child (``backends.guest_protocol.RawMemory``).

    What came along with the call of a host function is read from there; anything else is a blocking
    round trip. A write goes with whatever is sent next.

    :param index: among the exported ones
    """

    def __init__(self, instance: JspiInstance, index: int) -> None:
        self._instance = instance
        self._index = index
        self._wire = instance.number | index << _MEMORY_SHIFT

    def size(self) -> int:
        """Bytes, as of what the child said last.

        Whatever address the guest has handed over was within that: the size comes with each message.
        """
        if self._index == 0:
            return self._instance.memory_size
        return self._instance.child.read_now(self._wire, 0, 0)[1]

    def read(self, at: int, size: int) -> bytes:
        """Copy out."""
        if self._index == 0:
            for start, data in self._instance.slices:
                if start <= at and at + size <= start + len(data):
                    return data[at - start : at - start + size]
        found, there = self._instance.child.read_now(self._wire, at, size)
        if found is None:
            raise GuestMemoryError(f"{size} bytes at {at:#x} are not within the {there} bytes of the memory")
        return found

    def write(self, at: int, data: bytes) -> None:
        """Copy in."""
        instance = self._instance
        if self._index == 0 and instance.slices:
            instance.slices = [
                each for each in instance.slices if at + len(data) <= each[0] or each[0] + len(each[1]) <= at
            ]
        instance.child.send(wire.write(self._wire, at, data))

    def grow(self, pages: int) -> int | None:
        """Grow; None: it may not."""
        answer = self._instance.child.request_now(
            {"type": "grow", "instance": self._instance.number, "memory": self._index, "pages": pages}
        )
        if self._index == 0:
            self._instance.memory_size = int(answer["size"])
        before = answer["before"]
        return None if before is None else int(before)


class JspiInstance:
    """See ``backends.guest_protocol.GuestInstance``. Made by ``JspiModule.instantiate``.

    :ivar offset: how far the code of what the child runs lies behind that of the module as given (bytes)
    :ivar slices: of memory, that came with the host function being served: (address, bytes)
    """

    def __init__(self, owner: JspiModule, child: GuestChild, number: int) -> None:
        self.child = child
        self.number = number
        self.loop = asyncio.get_running_loop()
        self.module: Module = owner.module
        self.offset = owner.offset
        self.memory_size = 0
        self.slices: list[tuple[int, bytes]] = []
        self._owner = owner
        self._references = References()
        self.hosts = [Host(each, self._references) for each in owner.functions]
        self._exports = {
            name: (
                index,
                Values(type_.params, self._references, f"an argument of {name}"),
                Values(type_.results, self._references, f"a result of {name}"),
            )
            for index, (name, type_) in enumerate(owner.exports.items())
        }
        self._memories = [each.name for each in owner.module.exports if each.kind == "memory"]
        self.calls: dict[CallState, RemoteCall] = {}
        self._output = (bytearray(), bytearray())
        self._poisoned: str | None = None
        self._closed = False

    @property
    def poisoned(self) -> str | None:
        """Why it takes no more calls."""
        if self._poisoned is None and self.child.broken is not None:
            return str(self.child.broken).splitlines()[0]
        return self._poisoned

    # What calls need.

    def asked(
        self, host: Host, frame: bytes, at: int, end: int, state: CallState
    ) -> tuple[int, Sequence[Any]]:
        """Read an ASK: its number and the arguments; keep what else came along. ``served`` ends it."""
        _, ask, _, memory_size, _, *args = host.ask_frame.unpack_from(frame, at)
        self.memory_size = int(memory_size)
        if host.params.has_references:
            args = host.params.with_objects(args)
        if host.reads:
            self.slices = host.slices(args, frame, at + host.ask_frame.size)
        elif self.slices:
            self.slices = []
        if self._owner.stacks:
            state.stack = guest_frames(wire.stack(frame, end), self.module, self.offset)
        return ask, args

    def served(self) -> None:
        """The host function is done: the guest goes on, and memory is no longer what it was."""
        self.slices = []

    def results(self, export: str, frame: bytes, at: int) -> tuple[Any, ...]:
        """Read an export's results."""
        return self._exports[export][2].from_wire(frame, at)

    def abandoned(self, call: RemoteCall) -> None:
        """A call was ended from outside: the child gives its part of the C stack back, if it can."""
        if not self._owner.gives_stack_back:
            self._poisoned = (
                f"{call.state.export} was ended while it waited, and its C stack cannot be given back:"
                " the module does not export __stack_pointer"
            )

    def trapped(self, kind: str) -> None:
        """A call trapped."""
        if not self._owner.gives_stack_back:
            self._poisoned = f"it trapped ({kind}), and its C stack cannot be given back"

    def lost_error(self, error: EngineError | None) -> GuestError:
        """Return what a call raises when the child is gone."""
        return GuestStateError(self._poisoned or f"the guest's process is gone: {error}")

    # Calls.

    async def call(self, export: str, args: Sequence[Any], state: CallState) -> tuple[Any, ...]:
        """See ``GuestInstance.call``."""
        call = self._begun(export, args, state)
        self.calls[state] = call
        try:
            return await call.finish()
        except asyncio.CancelledError:
            if self.child.calls.get(call.number) is call:
                abandoned = self._abandon(call)
                await note_stopped(self.child, state, self._owner, abandoned)
            raise
        finally:
            del self.calls[state]
            if self.child.calls.get(call.number) is call:
                self._abandon(call)

    def _begun(self, export: str, args: Sequence[Any], state: CallState) -> RemoteCall:
        index, params, _ = self._exports[export]
        values = params.to_wire(args)
        self._usable()
        number = next(self.child.numbers)
        call = RemoteCall(self, number, state)
        state.backend_call = call
        parent = (
            state.parent.backend_call.number if state.parent is not None and state.parent.backend_call else 0
        )
        self.slices = []
        self.child.calls[number] = call
        self.child.send(params.signature.call(self.number, number, parent, index, values))
        return call

    def _abandon(self, call: RemoteCall) -> asyncio.Future[Sequence[Sequence[int]]]:
        """Have the child end a call that no task awaits any more.

        :returns: comes true when it has ended, with the frames that it ended at
        """
        self.abandoned(call)
        if self.child.broken is not None or self.loop.is_closed():
            self.child.calls.pop(call.number, None)
            return self.loop.create_future()
        abandoned = self.child.calls[call.number] = _Abandoned(self, call.number)
        self.child.send(wire.abandon(call.number))
        if call.unserved is not None:  # what it asked for, and nobody will answer
            abandoned.asked(*call.unserved[1:], standing=call.stands)
        return abandoned.frames

    def call_now(self, export: str, args: Sequence[Any], state: CallState) -> tuple[Any, ...]:
        """See ``GuestInstance.call_now``: Python stands still until the guest has returned."""
        index, params, _ = self._exports[export]
        values = params.to_wire(args)
        self._usable()
        number = next(self.child.numbers)
        call = RemoteCall(self, number, state)
        parent = (
            state.parent.backend_call.number if state.parent is not None and state.parent.backend_call else 0
        )
        self.slices = []
        self.calls[state] = call
        try:
            frame = params.signature.call(self.number, number, parent, index, values)
            found = self.child.call_now(wire.now(frame), number, call.serve_now, state.ends)
            if found is None:
                raise GuestTimeoutError(f"{export} was not done in the time that its caller has")
            return call.outcome(*found)
        finally:
            del self.calls[state]

    def _usable(self) -> None:
        if self._closed:
            raise GuestStateError("the guest has been closed")
        if (why := self.poisoned) is not None:
            raise GuestStateError(f"the guest can take no more calls: {why}")

    # What else there is.

    def memory(self, name: str) -> RemoteMemory:
        """See ``GuestInstance.memory``."""
        return RemoteMemory(self, self._memories.index(name))

    def get_global(self, name: str) -> Any:
        """See ``GuestInstance.get_global``."""
        kind = self._global_kind(name)
        answer = self.child.request_now({"type": "global", "instance": self.number, "name": name})
        return float(answer["value"]) if kind[0] == "f" else int(answer["value"])

    def set_global(self, name: str, value: Any) -> None:
        """See ``GuestInstance.set_global``."""
        kind = self._global_kind(name)
        (checked,) = Values((kind,), self._references, f"the global {name}").to_wire((value,))
        self.child.request_now(
            {"type": "global", "instance": self.number, "name": name, "value": _literal(checked)}
        )

    def _global_kind(self, name: str) -> str:
        export = self.module.export_named(name)
        assert export is not None
        kind = self.module.global_type(export.index).type
        if kind not in ("i32", "i64", "f32", "f64"):
            raise GuestTypeError(f"the global {name} is a {kind}, which cannot cross between Python and Node")
        return kind

    def output(self) -> tuple[bytes, bytes]:
        """See ``GuestInstance.output``."""
        if self._owner.has_wasi and self.child.broken is None:
            answer = self.child.request_now({"type": "output", "instance": self.number})
            for kept, name in zip(self._output, ("stdout", "stderr"), strict=True):
                kept += base64.b64decode(answer.get(name, ""))
        stdout, stderr = self._output
        return bytes(stdout), bytes(stderr)

    async def aclose(self) -> None:
        """See ``GuestInstance.aclose``."""
        if self._closed:
            return
        self._closed = True
        self._poisoned = "it was closed"
        error = GuestStateError("the guest has been closed")
        for call in [*self.calls.values()]:
            self._abandon(call)
            call.closed(error)
        self._owner.closed(self)


class _Abandoned:
    """Stands in the place of a call whose task is gone, until the child says that it has ended."""

    def __init__(self, instance: JspiInstance, number: int) -> None:
        self._instance = instance
        self._number = number
        self._timer = instance.loop.call_later(GRACE_S, self._too_long)
        self.frames: asyncio.Future[Sequence[Sequence[int]]] = instance.loop.create_future()

    def asked(self, frame: bytes, at: int, end: int, *, standing: bool) -> None:
        """It asks for a function: it is to go. (One that waits, the child rejects by itself.)"""
        if standing:
            _, ask, _, _, _ = wire.ASK_HEAD.unpack_from(frame, at)
            self._instance.child.answer(wire.reject(self._number, ask), standing=True)

    def ended(self, op: int, frame: bytes, at: int, end: int) -> None:
        """It has ended."""
        self._timer.cancel()
        failure = wire.decode_object(frame[at + wire.END_HEAD.size : end]) if op == wire.FAILED else {}
        if not self.frames.done():
            self.frames.set_result(failure.get("frames", ()))

    def lost(self, error: EngineError) -> None:
        """The child is gone."""
        self._timer.cancel()

    def _too_long(self) -> None:
        self._instance.child.give_up(
            f"a call that was cancelled, or whose time was up, still computed after {GRACE_S:g} s:"
            " it was ended"
        )


def _literal(value: float) -> str:
    return repr(value)
