"""WASI for a guest of the library: wasmtime's own, with output kept in files: no Python runs for it."""

from __future__ import annotations

import ctypes
import tempfile
from pathlib import Path
from typing import Any

from stackswitch.backends.guest_protocol import Wasi
from stackswitch.tools import watchdog

from ..capi import Extern
from ..store import Store
from ..wasi import WASI_MODULE, set_stdin

_TOO_MUCH = 8


class GuestWasi:
    """WASI of one store."""

    def __init__(self, store: Store, options: Wasi) -> None:
        import wasmtime

        self._options = options
        self._folder = tempfile.TemporaryDirectory(prefix="stackswitch-")
        watchdog.remove_at_end(self._folder.name)
        self._files = [Path(self._folder.name) / name for name in ("stdout", "stderr")]
        config = wasmtime.WasiConfig()
        config.argv = list(options.args)
        config.env = list(options.env.items())
        config.stdout_file, config.stderr_file = map(str, self._files)
        for guest_path, path in options.dirs.items():
            config.preopen_dir(str(path), guest_path, not options.readonly)
        set_stdin(config, options.stdin)
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

    @property
    def is_full(self) -> bool:
        """Whether the guest has written more than anybody wants."""
        most = _TOO_MUCH * self._options.max_output_bytes
        return any(each.exists() and each.stat().st_size > most for each in self._files)

    @property
    def full_message(self) -> str:
        """What is then said."""
        most = _TOO_MUCH * self._options.max_output_bytes
        return f"it wrote more than {most} bytes ({_TOO_MUCH} times max_output_bytes)"

    def output(self) -> tuple[bytes, bytes]:
        """Return what was written to stdout and stderr so far, as much of it as is kept."""
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
