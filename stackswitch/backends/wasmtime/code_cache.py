"""Compiled modules in the user's cache: compiling a megabyte takes seconds, reading its code milliseconds.

A file holds the hash of what follows, then what ``wasmtime_module_serialize`` gave. wasmtime checks for
itself that its version, settings and the processor fit; the hash sees to it that the bytes are those
that we wrote.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Any

from stackswitch.tools.files import replace_file
from stackswitch.tools.paths import cache_dir

WORTH_BYTES = 100_000
"""Smaller modules compile in milliseconds and are not cached."""
_HASH_BYTES = 32
_MOST_FILES = 64


class CodeCache:
    """Compiled code, by what it was compiled from."""

    def __init__(self, engine: Any, version: str, folder: Path | None = None) -> None:
        self._engine = engine
        self._version = version
        self._folder = folder if folder is not None else cache_dir() / "wasmtime"

    def _file(self, wasm: bytes) -> Path:
        key = hashlib.sha256(self._version.encode() + b"\0" + wasm).hexdigest()
        return self._folder / f"{key[:40]}.cwasm"

    def read(self, wasm: bytes) -> Any | None:
        """Return wasmtime-py's module, None if there is none that fits."""
        import wasmtime

        if len(wasm) < WORTH_BYTES:
            return None
        try:
            content = self._file(wasm).read_bytes()
        except OSError:
            return None
        data = content[_HASH_BYTES:]
        if hashlib.sha256(data).digest() != content[:_HASH_BYTES]:
            return None
        try:
            return wasmtime.Module.deserialize(self._engine, data)
        except wasmtime.WasmtimeError:
            return None

    def write(self, wasm: bytes, module: Any) -> None:
        """Cache a compiled module; that this fails is no error."""
        if len(wasm) < WORTH_BYTES:
            return
        data = bytes(module.serialize())
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            replace_file(self._file(wasm), hashlib.sha256(data).digest() + data)
            files = sorted(self._folder.glob("*.cwasm"), key=lambda each: each.stat().st_mtime)
            for each in files[:-_MOST_FILES]:
                each.unlink(missing_ok=True)
