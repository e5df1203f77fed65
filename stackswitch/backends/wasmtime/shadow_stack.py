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

    :param get: reads the pointer; :param set_: writes it
    :param new_region: returns the top of a new region, or None where there is no memory for one
    :ivar lazy: one call runs at a time, so the pointer may stay where it is while one is suspended
    """

    def __init__(
        self,
        get: Callable[[], int],
        set_: Callable[[int], None],
        new_region: Callable[[], int | None],
        *,
        lazy: bool = False,
    ) -> None:
        self.get = get
        self.set = set_
        self.lazy = lazy
        self._new_region = new_region
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


def shadow_stack_of(
    instance: ModuleInstance, *, lazy: bool = False, no_room: Callable[[str], Exception] | None = None
) -> ShadowStack | None:
    """Return the stack of an instance; None: it exports no pointer, or one of another type.

    :param no_room: makes what is raised where the memory cannot grow by a region; None: calls share a stack
    """
    export = instance.module.export_named(NAME)
    if export is None or export.kind != "global":
        return None
    type_ = instance.module.global_type(export.index)
    if not type_.mutable or type_.type not in ("i32", "i64"):
        return None

    def new_region() -> int | None:
        try:
            pages = instance.grow_memory(REGION_PAGES)
        except ScriptError as error:
            if no_room is None:
                return None
            raise no_room(f"there is no room for another C stack: {error}") from None
        return (pages + REGION_PAGES) * PAGE

    return ShadowStack(*instance.global_access(NAME), new_region, lazy=lazy)
