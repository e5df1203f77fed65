"""A linear memory of the library's, through the C API."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

from ..capi import Extern
from ..store import Store

_IN_EXTERN = 8


class NativeMemory:
    """See ``backends.guest_protocol.RawMemory``."""

    __slots__ = ("_at", "_data", "_data_size", "_extern", "_grow", "_store")

    def __init__(self, store: Store, extern: Extern, grow: Callable[[Extern, int], int | None]) -> None:
        self._store = store
        self._extern = extern
        self._grow = grow
        self._at = ctypes.addressof(extern) + _IN_EXTERN
        self._data = store.api.wasmtime_memory_data
        self._data_size = store.api.wasmtime_memory_data_size

    def size(self) -> int:
        """Bytes."""
        found: int = self._data_size(self._store.context, self._at)
        return found

    def read(self, at: int, size: int) -> bytes:
        """Copy out."""
        return ctypes.string_at(self._data(self._store.context, self._at) + at, size) if size else b""

    def write(self, at: int, data: bytes) -> None:
        """Copy in."""
        if data:
            ctypes.memmove(self._data(self._store.context, self._at) + at, data, len(data))

    def grow(self, pages: int) -> int | None:
        """Grow; return how many pages there were, None if it may not grow so much."""
        return self._grow(self._extern, pages)
