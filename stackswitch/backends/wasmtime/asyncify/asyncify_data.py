"""Where an instance's saved stack lies: a memory of its own, or pages added to the guest's.

Builds of ours keep it in a second memory (Binaryen's ``asyncify-in-secondary-memory``): the guest's
``memory.size`` is as it was, no address of its own is taken, and a saved stack that is too big runs into
that memory's end instead of into other data. Builds that came ready-made know only their first memory: there
it lies in pages that we add when the first call waits (the guest may see that its memory has grown), with
unused bytes behind it. A memory that cannot grow by a page has no room for it.

Layout of the block: current position, then end, each as wide as the build's pointers, then the saved
stack, growing upwards. Source: Binaryen, src/passes/Asyncify.cpp, opening comment.
"""

from __future__ import annotations

import ctypes
from typing import Any

from ..errors import NoRoomError
from ..memory import LinearMemory
from ..store import PAGE

GUEST_ROOM_BYTES = 1 << 20
"""How much is added to a guest's memory, the header included."""
BEHIND_BYTES = PAGE
"""How much of that stays unused, for a saved stack that overruns: Asyncify notices it too late."""


class AsyncifyData:
    """The data block of one instance.

    :param start: where in the memory the block begins (bytes)
    :param most: how many bytes there are for saved stacks
    :param room: how many a saved stack may take; None: all
    :param wide: whether pointers have 64 bits
    :param fixed: whether the memory never moves
    :ivar position: a view of the current position, if the memory never moves
    """

    __slots__ = ("_base", "_memory", "_type", "end", "first", "position", "start")

    def __init__(
        self, memory: LinearMemory, *, start: int, most: int, room: int | None, wide: bool, fixed: bool
    ) -> None:
        self._memory = memory
        self._type: Any = ctypes.c_uint64 if wide else ctypes.c_uint32
        self.start = start
        self.first = start + 2 * ctypes.sizeof(self._type)
        self.end = self.first + (most if room is None else min(room, most))
        self._base = memory.base() if fixed else None
        # Made once where the memory stays in its place: it is looked at three times a wait.
        self.position: Any = None if self._base is None else self._type.from_address(self._base + start)
        self.clear()

    @property
    def base(self) -> int:
        """The native address of the memory."""
        return self._memory.base() if self._base is None else self._base

    @property
    def saved_bytes(self) -> int:
        """How much of a saved stack there is."""
        position = self.position
        if position is None:
            position = self._type.from_address(self.base + self.start)
        saved: int = position.value - self.first
        return saved

    @property
    def room(self) -> int:
        """How much may be saved (bytes)."""
        return self.end - self.first

    def clear(self) -> None:
        """Make the block empty."""
        at = self.base + self.start
        self._type.from_address(at).value = self.first
        self._type.from_address(at + ctypes.sizeof(self._type)).value = self.end

    def save(self) -> bytes:
        """Take the saved stack out; the block is empty then."""
        saved = ctypes.string_at(self.base + self.first, self.saved_bytes)
        self.clear()
        return saved

    def restore(self, saved: bytes) -> None:
        """Put a saved stack into the empty block."""
        base = self.base
        ctypes.memmove(base + self.first, saved, len(saved))
        self._type.from_address(base + self.start).value = self.first + len(saved)


def own_memory(memory: LinearMemory, room: int | None) -> AsyncifyData:
    """Use a second memory that is there for nothing else.

    :param room: as the case says (bytes), None: all there is
    """
    # Address 0 is left alone: it reads like "no block" in a debugger.
    start = 16
    most = memory.size() - start - 8
    return AsyncifyData(memory, start=start, most=most, room=room, wide=False, fixed=True)


def guest_memory(memory: LinearMemory, room: int | None, *, wide: bool) -> AsyncifyData:
    """Add pages to the guest's memory for the block: as many as it takes, down to a single one.

    :raises NoRoomError: the memory cannot grow by even one page
    """
    wanted = GUEST_ROOM_BYTES if room is None else room + 16 + BEHIND_BYTES
    pages = -(-wanted // PAGE)
    while pages and (before := memory.grow(pages)) is None:
        pages //= 2
    if not pages:
        raise NoRoomError("the memory cannot grow")
    assert before is not None
    most = pages * PAGE - 16 - min(BEHIND_BYTES, pages * PAGE // 2)
    return AsyncifyData(memory, start=before * PAGE, most=most, room=room, wide=wide, fixed=False)
