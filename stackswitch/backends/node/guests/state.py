"""What an instance in the child and its calls share: host functions, slices of memory, its state."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from stackswitch.backends.guest_protocol import DAMAGED, CallState

from . import messages
from .child import GuestChild
from .prepared import PreparedModule
from .values import Export, Host, References


class InstanceState:
    """The part of an instance that its calls use.

    :ivar number: the instance's, in the child
    :ivar hosts: the host functions, by their numbers
    :ivar memory_size: of the first memory, by the child's last message (bytes)
    :ivar slices: of memory, sent with the call of the host function that runs: (address, bytes)
    :ivar unfit: why it takes no more calls, if that is not because of the child
    """

    def __init__(self, prepared: PreparedModule, child: GuestChild, number: int) -> None:
        self.prepared = prepared
        self.child = child
        self.number = number
        self.loop = asyncio.get_running_loop()
        self.memory_size = 0
        self.slices: list[tuple[int, bytes]] = []
        self.references = References()
        self.hosts = [Host(each, self.references) for each in prepared.functions]
        self.exports = {
            name: Export(index, name, type_, self.references)
            for index, (name, type_) in enumerate(prepared.exports.items())
        }
        self.unfit: str | None = None

    @property
    def poisoned(self) -> str | None:
        """Why it takes no more calls."""
        if self.unfit is None and self.child.broken is not None:
            return str(self.child.broken).splitlines()[0]
        return self.unfit

    def host_call(self, frame: bytes, at: int, end: int, state: CallState) -> tuple[Host, int, Sequence[Any]]:
        """Read a HOST_CALL: the function, the number of the call, and the arguments."""
        host = self.hosts[frame[at + 8] | frame[at + 9] << 8]
        _, number, _, memory_size, _, *args = host.host_call_frame.unpack_from(frame, at)
        self.memory_size = int(memory_size)
        if host.params.has_references:
            args = host.params.with_objects(args)
        if host.reads:
            self.slices = host.slices(args, frame, at + host.host_call_frame.size)
        elif self.slices:
            self.slices = []
        if self.prepared.request.stacks:
            state.stack = self.prepared.frames(messages.stack(frame, end))
        return host, number, args

    def note_overflow(self) -> None:
        """Record that a call has left its C stack: it may have written to any of the guest's memory."""
        self.unfit = DAMAGED

    def lose_c_stack(self, what: str) -> None:
        """Record that a call ended early. The child gives its C stack back, if it can."""
        if not self.prepared.gives_stack_back:
            self.unfit = (
                f"{what}, and its C stack cannot be given back: the module does not export __stack_pointer"
            )
