"""JSPI: cases run by a JavaScript engine in a child process."""

from __future__ import annotations

from stackswitch.backends.base import Backend
from stackswitch.backends.registry import BackendOptions, Progress

from .jspi import open_jspi


async def open_backend(options: BackendOptions, progress: Progress | None = None) -> Backend:
    """Start the backend as the registry asks for it; raises what ``open_jspi`` does."""
    return await open_jspi(engine=options.engine, children=options.jobs, progress=progress)
