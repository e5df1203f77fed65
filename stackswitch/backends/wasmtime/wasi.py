"""WASI preview 1 through wasmtime's own: arguments, environment, standard streams, clocks, random numbers."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stackswitch.models.case import WasiOptions

from .capi import Extern
from .store import Store

WASI_MODULE = "wasi_snapshot_preview1"
OUTPUT_LIMIT_BYTES = 16 << 20
"""What is kept of each output stream; the guest is not told when the rest is dropped."""


class Wasi:
    """WASI for all the instances of a store.

    :param files: where standard output and error go; None: they are kept here as they come
    :ivar stdout: what the guest wrote; :ivar stderr: likewise
    """

    def __init__(self, store: Store, options: WasiOptions, *, files: Sequence[Path] | None = None) -> None:
        import wasmtime

        self.stdout = bytearray()
        self.stderr = bytearray()
        config = wasmtime.WasiConfig()
        config.argv = list(options.args)
        config.env = list(options.env.items())
        if files is None:
            config.stdout_custom = lambda data: _keep(self.stdout, data)
            config.stderr_custom = lambda data: _keep(self.stderr, data)
        else:
            config.stdout_file, config.stderr_file = map(str, files)
        set_stdin(config, options.stdin.encode())
        store.owner.set_wasi(config)
        self._linker = wasmtime.Linker(store.engine)
        self._linker.define_wasi()
        self._store = store

    def function(self, name: str) -> Extern | None:
        """Return a WASI function, None if there is none of that name."""
        found = self._linker.get(self._store.owner, WASI_MODULE, name)
        if found is None:
            return None
        theirs: Any = found._as_extern()
        extern = Extern()
        ctypes.memmove(ctypes.addressof(extern), ctypes.addressof(theirs), ctypes.sizeof(extern))
        return extern

    def close(self) -> None:
        """Free what the store does not own."""
        self._linker.close()


def set_stdin(config: Any, data: bytes) -> None:
    """Give a guest what it may read from standard input.

    :param config: wasmtime-py's ``WasiConfig``
    """
    from wasmtime import _bindings

    vector = _bindings.wasm_byte_vec_t()
    content = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
    _bindings.wasm_byte_vec_new(ctypes.byref(vector), len(data), content)
    _bindings.wasi_config_set_stdin_bytes(config.ptr(), ctypes.byref(vector))  # takes the vector over


def _keep(stream: bytearray, data: bytes) -> int:
    stream += data[: OUTPUT_LIMIT_BYTES - len(stream)]
    return len(data)
