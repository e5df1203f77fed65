"""wasmtime's linker: the C API has no other way to give an instance asynchronous host functions."""

from __future__ import annotations

import ctypes
from typing import Any

from ..capi import address
from .call import FiberImport
from .runtime import FiberRuntime


class Linker:
    """What an instance imports, by name, for one instantiation."""

    def __init__(self, runtime: FiberRuntime) -> None:
        self._runtime = runtime
        self.pointer: int = runtime.api.wasmtime_linker_new(address(runtime.store.engine.ptr()))

    def define(self, module: str, name: str, extern: Any) -> None:
        """Give an import something that exists."""
        first, second = module.encode(), name.encode()
        self._check(
            self._runtime.api.wasmtime_linker_define(
                self.pointer,
                self._runtime.store.context,
                first,
                len(first),
                second,
                len(second),
                ctypes.addressof(extern),
            )
        )

    def define_function(self, module: str, name: str, functype: Any, function: FiberImport) -> None:
        """Give an import a host function."""
        first, second = module.encode(), name.encode()
        self._check(
            self._runtime.api.wasmtime_linker_define_async_func(
                self.pointer,
                first,
                len(first),
                second,
                len(second),
                address(functype.ptr()),
                self._runtime.callback.address,
                self._runtime.callback.environment(self._runtime.add(function)),
                None,
            )
        )

    def _check(self, error: int | None) -> None:
        if error:
            raise self._runtime.store.taken(error)

    def close(self) -> None:
        """Free it, once the instance has been made."""
        pointer, self.pointer = self.pointer, 0
        if pointer:
            self._runtime.api.wasmtime_linker_delete(pointer)
