"""The C stack in the guest's memory, of which each of several calls at once needs a part of its own.

C code moves the stack pointer up and down freely. A call that begins while others are suspended would write
over their frames, so it gets a region of the memory for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

from stackswitch.backends.guest_protocol import C_STACK_BYTES
from stackswitch.models.values import NUMBER_BITS
from stackswitch.wasm.stack_pointer import NAME

from .instance import ModuleInstance, ScriptError
from .store import PAGE

_GUARD = bytes.fromhex("673412f4be9d0c8a51e7b6d2039fca18")
"""What lies at the lower end of a region: a call that has overwritten it has left its region."""


class CStack:
    """The stack pointer of one instance, an exported mutable global, and regions for calls.

    :param address_bits: 32 or 64; what is read has no meaning above them
    :param lazy: one call runs at a time, so the pointer may stay where it is while one is suspended
    :param no_room: makes what is raised where the memory cannot grow by a region; None: calls share a stack
    :param region_bytes: how large a region is, at least
    :ivar get: reads the pointer; :ivar set: writes it
    :ivar overflowed: a call has left its region, so that memory may be damaged
    """

    def __init__(
        self,
        instance: ModuleInstance,
        *,
        address_bits: int,
        lazy: bool,
        no_room: Callable[[str], Exception] | None,
        region_bytes: int = C_STACK_BYTES,
    ) -> None:
        self.overflowed = False
        self._address_mask = (1 << address_bits) - 1
        self._pages = -(-region_bytes // PAGE)
        self.get, self.set = instance.global_access(NAME)
        self.lazy = lazy
        self._instance = instance
        self._no_room = no_room
        self._free: list[int] = []

    def separate(self, call: Any, suspended: Container[Any]) -> None:
        """Put the C frames of a call that begins where those of suspended calls are safe from them.

        It ends before its parent is resumed, so it may use the stack above the parent's frames.
        """
        parent = call.parent
        if parent is not None and parent in suspended:
            if not self.lazy:  # else the pointer is there
                self.set(parent.stack_pointer)
            return
        call.region = self._free.pop() if self._free else self._new_region()
        if call.region is not None:
            self.set(call.region)

    def suspended(self, call: Any) -> None:
        """Note how deep the stack of a call is that is suspended now."""
        call.stack_pointer = pointer = self.get()
        if call.region is not None:
            low = call.region - self._pages * PAGE
            self.overflowed = self.overflowed or pointer & self._address_mask < low

    def give_back(self, region: int) -> None:
        """Let another call have a region, if the one that had it has kept to it."""
        if self._instance.store.closed:
            return
        if self._instance.read_memory(region - self._pages * PAGE, len(_GUARD)) != _GUARD:
            self.overflowed = True
            return
        self._free.append(region)

    def _new_region(self) -> int | None:
        """Return the top of a new region; None: there is no memory for one."""
        try:
            pages = self._instance.grow_memory(self._pages)
            self._instance.write_memory(pages * PAGE, _GUARD)
        except ScriptError as error:
            if self._no_room is None:
                return None
            raise self._no_room(f"there is no room for another C stack: {error}") from None
        return (pages + self._pages) * PAGE


def c_stack_of(
    instance: ModuleInstance,
    *,
    lazy: bool = False,
    no_room: Callable[[str], Exception] | None = None,
    region_bytes: int = C_STACK_BYTES,
) -> CStack | None:
    """Return the stack of an instance; None: it exports no pointer, or one of another type."""
    export = instance.module.export_named(NAME)
    if export is None or export.kind != "global":
        return None
    type_ = instance.module.global_type(export.index)
    if not type_.mutable or type_.type not in ("i32", "i64"):
        return None
    return CStack(
        instance,
        address_bits=NUMBER_BITS[type_.type],
        lazy=lazy,
        no_room=no_room,
        region_bytes=region_bytes,
    )
