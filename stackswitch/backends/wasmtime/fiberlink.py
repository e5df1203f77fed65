"""What an instance on fibers imports: host functions are defined by a linker, there is no other way."""

from __future__ import annotations

import ctypes
from typing import Any

from .capi import address
from .fibercall import Fibers, HostFunction


class Linker:
    """What an instance imports, by name, for one instantiation."""

    def __init__(self, fibers: Fibers, engine: Any) -> None:
        self._fibers = fibers
        self.pointer: int = fibers.api.wasmtime_linker_new(address(engine.ptr()))

    def define(self, module: str, name: str, extern: Any) -> None:
        """Give an import something that exists."""
        first, second = module.encode(), name.encode()
        self._check(
            self._fibers.api.wasmtime_linker_define(
                self.pointer,
                self._fibers.store.context,
                first,
                len(first),
                second,
                len(second),
                ctypes.addressof(extern),
            )
        )

    def define_function(self, module: str, name: str, functype: Any, function: HostFunction) -> None:
        """Give an import a host function."""
        first, second = module.encode(), name.encode()
        self._check(
            self._fibers.api.wasmtime_linker_define_async_func(
                self.pointer,
                first,
                len(first),
                second,
                len(second),
                address(functype.ptr()),
                address(self._fibers.landing.callback),
                self._fibers.add(function),
                None,
            )
        )

    def _check(self, error: int | None) -> None:
        if error:
            raise self._fibers.store.taken(error)

    def close(self) -> None:
        """Free it, once the instance stands."""
        pointer, self.pointer = self.pointer, 0
        if pointer:
            self._fibers.api.wasmtime_linker_delete(pointer)
