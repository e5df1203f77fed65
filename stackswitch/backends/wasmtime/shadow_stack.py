"""The C stack in the guest's memory, of which each of several calls at once needs a part of its own.

C code moves the stack pointer up and down freely. A call that begins while others are suspended would write
over their frames, so it gets a region of the memory for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

from stackswitch.wasm.stack_pointer import NAME

from .instance import ModuleInstance, ScriptError
from .store import PAGE

REGION_PAGES = 1


class ShadowStack:
    """The stack pointer of one instance, an exported mutable global, and regions for calls.

    :param lazy: one call runs at a time, so the pointer may stay where it is while one is suspended
    :param no_room: makes what is raised where the memory cannot grow by a region; None: calls share a stack
    :ivar get: reads the pointer; :ivar set: writes it
    """

    def __init__(
        self, instance: ModuleInstance, *, lazy: bool, no_room: Callable[[str], Exception] | None
    ) -> None:
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

    def give_back(self, region: int) -> None:
        """Let another call have a region."""
        self._free.append(region)

    def _new_region(self) -> int | None:
        """Return the top of a new region; None: there is no memory for one."""
        try:
            pages = self._instance.grow_memory(REGION_PAGES)
        except ScriptError as error:
            if self._no_room is None:
                return None
            raise self._no_room(f"there is no room for another C stack: {error}") from None
        return (pages + REGION_PAGES) * PAGE


def shadow_stack_of(
    instance: ModuleInstance, *, lazy: bool = False, no_room: Callable[[str], Exception] | None = None
) -> ShadowStack | None:
    """Return the stack of an instance; None: it exports no pointer, or one of another type."""
    export = instance.module.export_named(NAME)
    if export is None or export.kind != "global":
        return None
    type_ = instance.module.global_type(export.index)
    if not type_.mutable or type_.type not in ("i32", "i64"):
        return None
    return ShadowStack(instance, lazy=lazy, no_room=no_room)
