"""An instance of a module that was made for a host, and the host's part."""

from __future__ import annotations

from typing import Any

import wasmtime

from stackswitch.transform.reentrant import NEXT_CALL, ReentrantRequest, make_reentrant

from .guests import ENGINE, GO, validate

IMPORT = '(import "env" "wait" (func $wait (param i32) (result i32)))'
PAGE = 65536


def text(*parts: str) -> bytes:
    return bytes(wasmtime.wat2wasm(f"(module {IMPORT} {' '.join(parts)} {GO})"))


def made(wasm: bytes, region_bytes: int = 4096) -> bytes:
    request = ReentrantRequest(
        wasm=wasm,
        suspend=("env.wait",),
        promise=("go",),
        region_bytes=region_bytes,
        new_exceptions=True,
        for_host=True,
    )
    return make_reentrant(request).wasm


class Instance:
    """An instance, and the exports that an engine and a host call."""

    def __init__(self, wasm: bytes) -> None:
        self.store = wasmtime.Store(ENGINE)
        kinds = [wasmtime.ValType.i32()]
        wait = wasmtime.Func(self.store, wasmtime.FuncType(kinds, kinds), lambda value: value)
        self.exports: Any = wasmtime.Instance(self.store, validate(wasm), [wait]).exports(self.store)

    def call(self, name: str, *args: int) -> Any:
        return self.exports[name](self.store, *args)

    @property
    def pages(self) -> int:
        return int(self.exports["memory"].size(self.store))

    @property
    def memory(self) -> Any:
        """The bytes of its memory, to read and to write."""
        return self.exports["memory"].get_buffer_ptr(self.store)

    def enter(self, *, alone: bool = False) -> tuple[int, int]:
        """Begin a call; return its number and its token.

        :param alone: no other call is open
        """
        return self.call(NEXT_CALL, alone), self.call("__jspi_enter")
