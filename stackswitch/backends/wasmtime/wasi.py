"""WASI preview 1 through wasmtime's own. Output goes into files: no Python runs for it, on whatever stack."""

from __future__ import annotations

import ctypes
import tempfile
from pathlib import Path
from typing import Any

from stackswitch.backends.guest_protocol import Wasi
from stackswitch.tools import watchdog

from .capi import Extern
from .instance import ScriptError
from .store import Store

WASI_MODULE = "wasi_snapshot_preview1"
_TOO_MUCH = 8


class StoreWasi:
    """WASI for all the instances of a store."""

    def __init__(self, store: Store, options: Wasi) -> None:
        import wasmtime

        self._options = options
        self._most_bytes = _TOO_MUCH * options.max_output_bytes
        self._folder = tempfile.TemporaryDirectory(prefix="stackswitch-")
        watchdog.remove_at_end(self._folder.name)
        self._files = [Path(self._folder.name) / name for name in ("stdout", "stderr")]
        config = wasmtime.WasiConfig()
        config.argv = list(options.args)
        config.env = list(options.env.items())
        config.stdout_file, config.stderr_file = map(str, self._files)
        for guest_path, path in options.dirs.items():
            config.preopen_dir(str(path), guest_path, not options.readonly)
        _set_stdin(config, options.stdin)
        store.owner.set_wasi(config)
        self._linker = wasmtime.Linker(store.engine)
        self._linker.define_wasi()
        self._store = store

    def function(self, name: str) -> Extern:
        """Return a WASI function.

        :raises ScriptError: there is none of that name
        """
        found = self._linker.get(self._store.owner, WASI_MODULE, name)
        if found is None:
            raise ScriptError(f"{WASI_MODULE}.{name} is no function of WASI preview 1")
        theirs: Any = found._as_extern()
        extern = Extern()
        ctypes.memmove(ctypes.addressof(extern), ctypes.addressof(theirs), ctypes.sizeof(extern))
        return extern

    @property
    def is_full(self) -> bool:
        """Whether the guest has written much more than is recorded, and is to be stopped."""
        return any(each.exists() and each.stat().st_size > self._most_bytes for each in self._files)

    @property
    def full_message(self) -> str:
        """The message if it is full."""
        return f"it wrote more than {self._most_bytes} bytes ({_TOO_MUCH} times max_output_bytes)"

    def output(self) -> tuple[bytes, bytes]:
        """Return what was written to stdout and stderr so far, as much as is recorded."""
        stdout, stderr = map(self._content, self._files)
        return stdout, stderr

    def _content(self, file: Path) -> bytes:
        if not file.exists():
            return b""
        with file.open("rb") as stream:
            return stream.read(self._options.max_output_bytes)

    def close(self) -> None:
        """Free what the store does not own, and the files."""
        self._linker.close()
        self._folder.cleanup()
        watchdog.keep(self._folder.name)


def _set_stdin(config: Any, data: bytes) -> None:
    """Give a guest what it may read from standard input."""
    from wasmtime import _bindings

    vector = _bindings.wasm_byte_vec_t()
    content = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
    _bindings.wasm_byte_vec_new(ctypes.byref(vector), len(data), content)
    _bindings.wasi_config_set_stdin_bytes(config.ptr(), ctypes.byref(vector))  # takes the vector over
