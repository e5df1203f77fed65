"""An instance in the child, as its calls see it: host functions, memory that came along, its state."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from stackswitch.backends.guest_protocol import CallState
from stackswitch.errors import EngineError, GuestError, GuestStateError

from . import messages
from .child import GuestChild
from .prepared import PreparedModule
from .values import Host, References, Values


class InstanceState:
    """What an instance and its calls share.

    :ivar number: the instance's, in the child
    :ivar hosts: the host functions, by their numbers
    :ivar memory_size: of the first memory, as the child said last (bytes)
    :ivar slices: of memory, that came with the host function being served: (address, bytes)
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
            name: (
                index,
                Values(type_.params, self.references, f"an argument of {name}"),
                Values(type_.results, self.references, f"a result of {name}"),
            )
            for index, (name, type_) in enumerate(prepared.exports.items())
        }
        self.unfit: str | None = None

    @property
    def poisoned(self) -> str | None:
        """Why it takes no more calls."""
        if self.unfit is None and self.child.broken is not None:
            return str(self.child.broken).splitlines()[0]
        return self.unfit

    def host_arguments(
        self, host: Host, frame: bytes, at: int, end: int, state: CallState
    ) -> tuple[int, Sequence[Any]]:
        """Read a HOST_CALL: its number and the arguments; what else came along stays until ``served``."""
        _, host_call, _, memory_size, _, *args = host.host_call_frame.unpack_from(frame, at)
        self.memory_size = int(memory_size)
        if host.params.has_references:
            args = host.params.with_objects(args)
        if host.reads:
            self.slices = host.slices(args, frame, at + host.host_call_frame.size)
        elif self.slices:
            self.slices = []
        if self.prepared.request.stacks:
            state.stack = self.prepared.frames(messages.stack(frame, end))
        return host_call, args

    def served(self) -> None:
        """The host function is done: the guest goes on, and memory is no longer what it was."""
        self.slices = []

    def results(self, export: str, frame: bytes, at: int) -> tuple[Any, ...]:
        """Read an export's results."""
        return self.exports[export][2].from_wire(frame, at)

    def abandoned(self, export: str) -> None:
        """Note that a call was ended from outside: the child gives its C stack back, if it can."""
        if not self.prepared.gives_stack_back:
            self.unfit = (
                f"{export} was ended while it waited, and its C stack cannot be given back:"
                " the module does not export __stack_pointer"
            )

    def trapped(self, kind: str) -> None:
        """Note that a call trapped."""
        if not self.prepared.gives_stack_back:
            self.unfit = f"it trapped ({kind}), and its C stack cannot be given back"

    def lost_error(self, error: EngineError | None) -> GuestError:
        """Return what a call raises when the child is gone."""
        return GuestStateError(self.unfit or f"the guest's process is gone: {error}")
