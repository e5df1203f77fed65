"""WASI for guests on fibers: output goes into files, since a callback of Python's would run on the fiber."""

from __future__ import annotations

import tempfile
from pathlib import Path

from stackswitch.models.case import WasiOptions
from stackswitch.tools import watchdog

from ..store import Store
from ..wasi import OUTPUT_LIMIT_BYTES, Wasi

_FULL_BYTES = 8 * OUTPUT_LIMIT_BYTES
"""A guest that writes more than this is stopped: nobody else would."""


class FileWasi(Wasi):
    """WASI whose output is collected in files of ours."""

    def __init__(self, store: Store, options: WasiOptions) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="stackswitch-")
        watchdog.remove_at_end(self._folder.name)
        self._files = [Path(self._folder.name) / name for name in ("stdout", "stderr")]
        super().__init__(store, options, files=self._files)

    @property
    def is_full(self) -> bool:
        """Whether the guest has written more than anybody wants."""
        return any(each.stat().st_size > _FULL_BYTES for each in self._files if each.exists())

    def collect(self) -> None:
        """Read what was written so far."""
        for kept, file in zip((self.stdout, self.stderr), self._files, strict=True):
            if file.exists():
                with file.open("rb") as stream:
                    kept[:] = stream.read(OUTPUT_LIMIT_BYTES)

    def close(self) -> None:
        """Free what the store does not own, and the files."""
        super().close()
        self._folder.cleanup()
        watchdog.keep(self._folder.name)
