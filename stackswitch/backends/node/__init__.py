"""Backends in a JavaScript engine, in child processes: ``cases``, ``guests``, ``commands``.

``info`` describes the engine. Starting children and the format of frames are in ``transport``; the
JavaScript half is ``node_shim/``. Observing programs is in ``observe``.
"""

from __future__ import annotations

from stackswitch.backends.base import Backend, CommandBackend
from stackswitch.backends.registry import BackendOptions, CommandOptions, Progress

from .cases.asyncify import open_asyncify
from .cases.jspi import open_jspi
from .commands.instrumented import open_instrumented
from .commands.runner import open_commands


async def open_backend(options: BackendOptions, progress: Progress | None = None) -> Backend:
    """Start ``jspi`` as the registry asks for it; raises what ``open_jspi`` does."""
    return await open_jspi(engine=options.engine, children=options.jobs, progress=progress)


async def open_asyncify_backend(options: BackendOptions, progress: Progress | None = None) -> Backend:
    """Start ``asyncify`` as the registry asks for it; raises what ``open_asyncify`` does."""
    return await open_asyncify(
        engine=options.engine, children=options.jobs, wasm_opt=options.wasm_opt, progress=progress
    )


async def open_jspi_commands(options: CommandOptions, progress: Progress | None = None) -> CommandBackend:
    """Make ``jspi`` ready for commands; raises what ``open_commands`` does."""
    return await open_commands("jspi", options.engine, options.settings, progress=progress)


async def open_asyncify_commands(options: CommandOptions, progress: Progress | None = None) -> CommandBackend:
    """Make ``asyncify`` ready for commands; raises what ``open_commands`` does."""
    build = options.build or options.settings.build
    if build == "instrumented":
        return await open_instrumented(
            options.engine, options.settings, options.lists, wasm_opt=options.wasm_opt, progress=progress
        )
    return await open_commands("asyncify", options.engine, options.settings, build, progress=progress)
