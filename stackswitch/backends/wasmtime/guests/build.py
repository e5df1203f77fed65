"""A module of the library's as wasmtime can run it: instrumented for Asyncify, or as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from stackswitch.backends.guest_protocol import OpenRequest
from stackswitch.binaryen.asyncify import Binaryen, open_binaryen
from stackswitch.binaryen.stack_memory import EXPORT_NAME, LOAD_EXPORT_NAME, PAGES
from stackswitch.errors import ConfigError, GuestError, ToolError
from stackswitch.models.case import AsyncifyOptions
from stackswitch.transform.instrument import (
    build_for_host,
    has_legacy_exceptions,
    without_legacy_exceptions,
)
from stackswitch.wasm.asyncified import is_asyncified, missing_control_exports
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.obstacles import asyncify_obstacles

from ..store import PAGE

_MadeT = TypeVar("_MadeT")


async def translated(request: OpenRequest) -> bytes:
    """Return a module with its legacy exceptions, if it has any, turned into those that wasmtime knows.

    :raises ToolError: Binaryen broke down
    """
    if not await asyncio.to_thread(has_legacy_exceptions, request.wasm):
        return request.wasm
    return await _with_binaryen(lambda binaryen: without_legacy_exceptions(binaryen, request.wasm))


async def asyncified(request: OpenRequest) -> bytes:
    """Return a module's Asyncify build: itself if it is one, or if nothing it imports waits.

    :raises GuestError: Asyncify cannot take it, or it is a build that cannot be used from outside
    :raises ConfigError: the list has names that match nothing
    :raises ToolError, ToolNotFoundError, DownloadError: Binaryen broke down, or cannot be had
    """
    module = request.module
    if is_asyncified(module):
        if missing := missing_control_exports(module):
            raise GuestError(
                f"the module is an Asyncify build that does not export {', '.join(missing)}:"
                " export the control functions, or use fiber or jspi"
            )
        return request.wasm
    waiting = [each for each in request.functions.values() if each.waits]
    if not waiting:
        return await translated(request)
    for name in (EXPORT_NAME, LOAD_EXPORT_NAME):
        if module.export_named(name) is not None:
            raise GuestError(f"the module exports {name!r}, a name that Asyncify builds need: rename it")
    await asyncio.to_thread(_refuse, request)
    pages = (
        PAGES if request.limits.max_memory is None else max(1, min(PAGES, request.limits.max_memory // PAGE))
    )
    imports = tuple([each.full_name for each in waiting])
    lists = AsyncifyOptions(only=request.only)
    try:
        result = await _with_binaryen(
            lambda binaryen: build_for_host(binaryen, module, imports, lists, pages=pages)
        )
    except ToolError as error:
        raise GuestError(f"Asyncify cannot take the module: {error}") from error
    stale = [name for which, name in result.unmatched if which == "ASYNCIFY_ONLY"]
    if stale:
        raise ConfigError(f"only: no function has the name {', '.join(stale)}")
    return result.wasm


async def _with_binaryen(make: Callable[[Binaryen], Awaitable[_MadeT]]) -> _MadeT:
    binaryen = await open_binaryen()
    try:
        return await make(binaryen)
    finally:
        await binaryen.aclose()


def _refuse(request: OpenRequest) -> None:
    module = request.module
    waiting = {
        each.index
        for each in module.function_imports()
        if (host := request.functions.get((each.module, each.name))) is not None and host.waits
    }
    if request.only is None:
        found = asyncify_obstacles(call_graph(module), waiting, instrumented=None, ignore_indirect=False)
        if found:
            feature, place = found[0]
            raise GuestError(f"Asyncify cannot do {feature}: {place.describe(module)}; use fiber or jspi")
