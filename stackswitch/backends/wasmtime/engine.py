"""wasmtime itself: one engine for all cases, modules compiled once, a clock that stops endless guests.

wasmtime looks at the clock (its "epoch") at every loop and function entry. A thread of ours moves it on, and
a store whose time is up traps.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.metadata
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from stackswitch.errors import BackendUnavailableError
from stackswitch.wasm.encoding import HEADER, iterate_sections

from .capi import EPOCH_CALLBACK, Api, load
from .code_cache import CodeCache
from .errors import OVER_MESSAGE
from .signal_safe import guarded
from .store import Store

TICK_S = 0.02
STACK_BYTES = 64 << 20
"""The size of the guest's native stack: about a million small frames."""
THREAD_STACK_BYTES = STACK_BYTES + (16 << 20)
"""What a thread needs that runs guests: their stack, and host functions called at its far end."""


class WasmtimeEngine:
    """A wasmtime engine; safe to use from several threads.

    :param stack_bytes: the most that a guest's native stack may take; its thread must have more
    :param fuel: whether stores count what is executed
    :raises BackendUnavailableError: wasmtime-py is missing or is not as we know it
    """

    def __init__(self, *, stack_bytes: int = STACK_BYTES, fuel: bool = False) -> None:
        self.api: Api = load()
        import wasmtime
        from wasmtime import _bindings

        config = wasmtime.Config()
        config.max_wasm_stack = stack_bytes
        # Never used here, and yet wasmtime ends the process if it is the smaller of the two.
        _bindings.wasmtime_config_async_stack_size_set(config.ptr(), stack_bytes + (1 << 20))
        config.epoch_interruption = True
        config.consume_fuel = fuel
        # Most modules are a few hundred bytes; compiling them is most of the work there is.
        config.parallel_compilation = False
        for name in (
            "wasm_exceptions",
            "wasm_function_references",
            "wasm_gc",
            "wasm_memory64",
            "wasm_multi_memory",
            "wasm_tail_call",
            "wasm_threads",
        ):
            setattr(config, name, True)
        try:
            self.wasmtime = wasmtime.Engine(config)
        except wasmtime.WasmtimeError as error:
            raise BackendUnavailableError(f"wasmtime refuses what stackswitch needs: {error}") from error
        self.version = importlib.metadata.version("wasmtime")
        self._cache = CodeCache(self.wasmtime, self.version)
        # A type belongs to the engine that first sees it: with another one wasmtime ends the process.
        self.no_values = wasmtime.FuncType([], [])
        self._modules: dict[bytes, Any] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._ticker: threading.Thread | None = None

    def compile(self, wasm: bytes, *, named: bool = False) -> Any:
        """Compile a module, or take the one compiled before; custom sections are left out.

        :param named: keep them
        :returns: wasmtime-py's module
        :raises wasmtime.WasmtimeError: it does not validate
        """
        import wasmtime

        key = hashlib.sha256(wasm).digest()
        with self._lock:
            found = self._modules.get(key)
        if found is None:
            code = wasm if named else without_custom_sections(wasm)
            found = self._cache.read(code)
            if found is None:
                found = wasmtime.Module(self.wasmtime, code)
                self._cache.write(code, found)
            with self._lock:
                found = self._modules.setdefault(key, found)
        return found

    def store(self, is_over: Callable[[], bool]) -> Store:
        """Make a store whose guests are stopped when ``is_over`` returns True; called every ``TICK_S``."""
        self._start_ticking()
        store = Store(self.api, self.wasmtime)

        stop_for, stopped = store.trapped.append, partial(self.api.wasmtime_error_new, OVER_MESSAGE.encode())

        def at_tick(_context: int, _data: int, delta: Any, _kind: Any) -> int:
            try:
                if is_over():
                    return stopped() or 0
                delta[0] = 1
            except BaseException as error:  # noqa: BLE001 (none may cross frames of C)
                try:
                    stop_for(error)  # a KeyboardInterrupt, say: signals are heard here
                    return stopped() or 0
                except BaseException as worse:  # noqa: BLE001 (another signal's)
                    stop_for(worse)
                    return stopped() or 0
            return 0

        callback = EPOCH_CALLBACK(guarded(at_tick))
        store.keep(callback)
        self.api.wasmtime_store_epoch_deadline_callback(
            store.pointer, ctypes.cast(callback, ctypes.c_void_p), None, None
        )
        self.api.wasmtime_context_set_epoch_deadline(store.context, 1)
        return store

    def _start_ticking(self) -> None:
        with self._lock:
            if self._ticker is None:
                self._ticker = threading.Thread(target=self._tick, name="stackswitch-epoch", daemon=True)
                self._ticker.start()

    def _tick(self) -> None:
        while not self._stop.wait(TICK_S):
            self.wasmtime.increment_epoch()

    def close(self) -> None:
        """Stop the clock and free everything; all stores must be gone. A second call does nothing."""
        self._stop.set()
        if self._ticker is not None:
            self._ticker.join()
            self._ticker = None
        for module in self._modules.values():
            module.close()
        self._modules.clear()
        self.wasmtime.close()


def without_custom_sections(wasm: bytes) -> bytes:
    """Leave out what does not run; with names at hand wasmtime would demangle them in every stack."""
    sections = [
        wasm[start : content.pos + content.left]
        for number, start, content in iterate_sections(wasm)
        if number
    ]
    return HEADER + b"".join(sections)
