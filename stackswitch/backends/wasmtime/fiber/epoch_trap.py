"""Traps a guest on its fiber when the epoch ends, and samples its stack: C code only (see ``capi``).

wasmtime's callback for ends of epochs returns an error to trap the guest. The callback here is a function
object of ctypes, libc's ``memmove`` of no bytes, which returns its first argument. What converts the
arguments is C code too: the first one becomes the error, to convert the second samples the stack,
the third becomes 0.
"""

from __future__ import annotations

import ctypes
from ctypes import c_size_t, c_uint64, c_void_p
from functools import partial
from types import SimpleNamespace
from typing import Any

from ..errors import OVER_MESSAGE
from ..store import Store
from .capi import Converter, FiberApi, c_library

_CALLBACK = ctypes.CFUNCTYPE(c_size_t, c_void_p, c_void_p, c_void_p, c_void_p)


class EpochTrap:
    """The callback, for one store.

    :param dll: wasmtime's library
    """

    def __init__(self, dll: Any, store: Store) -> None:
        self._store = store
        # What the callback finds when it is called, whatever its arguments.
        self._state = state = SimpleNamespace(
            error=c_void_p(), profiler=c_void_p(), store=c_void_p(store.pointer), no_bytes=c_size_t(0)
        )
        converters: list[Any] = [Converter(partial(getattr, state, name)) for name in vars(state)]
        error, profiler, store_at, no_bytes = converters
        sample: Any = ctypes.PYFUNCTYPE(None, profiler, store_at, c_uint64)(
            ("wasmtime_guestprofiler_sample", dll), ((1, "profiler"), (1, "store", None), (1, "delta", 0))
        )
        sampled: Any = Converter(sample)
        give: Any = ctypes.PYFUNCTYPE(c_size_t, error, sampled, no_bytes, c_void_p)(("memmove", c_library()))
        self._callback = _CALLBACK(give)
        self._works: bool | None = None

    def begin(self, profiler: int) -> bool:
        """Have the store's guests end with the epoch, and their stack sampled for a profiler.

        :returns: whether that is possible
        """
        api, state = self._store.api, self._state
        state.profiler.value = profiler
        if self._works is None:  # once done on a fiber it is too late
            state.error.value = ctypes.addressof(state.error)
            self._works = self._callback(1, None, 3, 4) == state.error.value
        if not self._works:
            return False
        state.error.value = api.wasmtime_error_new(OVER_MESSAGE.encode())
        callback = ctypes.cast(self._callback, c_void_p)
        api.wasmtime_store_epoch_deadline_callback(self._store.pointer, callback, None, None)
        return True

    def end(self, fibers: FiberApi, *, used: bool) -> None:
        """Have the store's guests yield at ends of epochs again.

        :param used: a guest was ended
        """
        api, context = self._store.api, self._store.context
        fibers.wasmtime_context_epoch_deadline_async_yield_and_update(context, 1)
        api.wasmtime_context_set_epoch_deadline(context, 1)
        if not used:
            api.wasmtime_error_delete(self._state.error)
