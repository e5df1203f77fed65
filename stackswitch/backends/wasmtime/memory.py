"""A linear memory of an instance, through the C API."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import partial

from .capi import Extern
from .store import PAGE, Store

GlobalAccess = tuple[Callable[[], int], Callable[[int], None]]
"""What reads and what writes an integer global."""


class LinearMemory:
    """See ``backends.guest_protocol.RawMemory``.

    :param budget: accesses how many bytes all memories of the instance may still grow by; None: any
    :ivar at: address of its ``wasmtime_memory_t``
    :ivar base: returns the address of its first byte; :ivar size: how many bytes it has
    """

    __slots__ = ("_budget", "_extern", "_store", "at", "base", "size")

    def __init__(self, store: Store, extern: Extern, budget: GlobalAccess | None = None) -> None:
        self._store = store
        self._extern = extern
        self._budget = budget
        self.at = extern.item
        self.base: Callable[[], int] = partial(store.api.wasmtime_memory_data, store.context, self.at)
        self.size: Callable[[], int] = partial(store.api.wasmtime_memory_data_size, store.context, self.at)

    def read(self, at: int, size: int) -> bytes:
        """Return a copy of bytes; the caller checks the bounds."""
        return ctypes.string_at(self.base() + at, size) if size else b""

    def write(self, at: int, data: bytes) -> None:
        """Write bytes; the caller checks the bounds."""
        if data:
            ctypes.memmove(self.base() + at, data, len(data))

    def grow(self, pages: int) -> int | None:
        """Grow it; return how many pages there were, None if it may not grow so much."""
        api, size, before = self._store.api, pages * PAGE, ctypes.c_uint64()
        if self._budget is not None and size > self._budget[0]():
            return None
        error = api.wasmtime_memory_grow(self._store.context, self._extern.item, pages, ctypes.byref(before))
        if error:
            api.wasmtime_error_delete(error)
            return None
        if self._budget is not None:
            read, write = self._budget
            write(read() - size)
        return before.value
