"""Backends in this process, on wasmtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cases.asyncify import AsyncifyBackend, open_asyncify

if TYPE_CHECKING:
    from stackswitch.backends.registry import BackendOptions, Progress

__all__ = ["AsyncifyBackend", "open_asyncify", "open_backend"]


async def open_backend(options: BackendOptions, progress: Progress | None = None) -> AsyncifyBackend:
    """Start the ``asyncify`` backend (see ``backends.registry``).

    :raises BackendUnavailableError: wasmtime-py is missing or is another version than we know
    :raises ToolNotFoundError, DownloadError: Binaryen cannot be had
    """
    return await open_asyncify(wasm_opt=options.wasm_opt, progress=progress)
