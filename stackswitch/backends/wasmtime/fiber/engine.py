"""A wasmtime engine whose calls run on fibers."""

from __future__ import annotations

from ..engine import WasmtimeEngine
from ..store import Store
from .capi import FiberApi, HostCallback, refuse_python

STACK_BYTES = 16 << 20
"""The size of a call's stack; what is never used takes no memory."""


class FiberEngine(WasmtimeEngine):
    """A wasmtime engine whose calls are futures.

    :raises BackendUnavailableError: wasmtime-py, Python or the C library is not as we know it
    """

    def __init__(self, *, stack_bytes: int = STACK_BYTES, fuel: bool = False) -> None:
        refuse_python()
        super().__init__(stack_bytes=stack_bytes, fuel=fuel)
        self.fibers = FiberApi()
        HostCallback()

    def yielding_store(self) -> Store:
        """Make a store whose guests come back from a poll at every tick, wherever they are."""
        self._start_ticking()
        store = Store(self.api, self.wasmtime)
        # A callback, as the other backend has, would be Python on the fiber.
        self.fibers.wasmtime_context_epoch_deadline_async_yield_and_update(store.context, 1)
        self.api.wasmtime_context_set_epoch_deadline(store.context, 1)
        return store
