"""A module of the library's as wasmtime can run it: instrumented for Asyncify, or as it is."""

from __future__ import annotations

import asyncio

from stackswitch.backends.guest_protocol import OpenRequest
from stackswitch.binaryen.asyncify import AsyncifyRequest, open_binaryen
from stackswitch.binaryen.ownmemory import (
    EXPORT_NAME,
    LOAD_EXPORT_NAME,
    PAGES,
    with_load_exported,
    with_own_memory,
)
from stackswitch.errors import ConfigError, GuestError, ToolError
from stackswitch.wasm.asyncified import is_asyncified, missing_controls
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.features import used_features
from stackswitch.wasm.module import Module
from stackswitch.wasm.obstacles import asyncify_obstacles

from ..store import PAGE

OPTIMISE_FROM_BYTES = 100_000
"""Larger modules are optimised: they take longer in Binaryen, and wasmtime gets through them sooner."""


async def translated(plan: OpenRequest) -> bytes:
    """Return a module with its legacy exceptions, if it has any, turned into those that wasmtime knows.

    :raises ToolError: Binaryen broke down
    """
    if not await asyncio.to_thread(_legacy, plan.module):
        return plan.wasm
    return await _build(AsyncifyRequest(wasm=plan.wasm, only=(), emit_exnref=True))


async def asyncified(plan: OpenRequest) -> bytes:
    """Return a module's Asyncify build: itself if it is one, or if nothing it imports waits.

    :raises GuestError: Asyncify cannot take it
    :raises ConfigError: the list has names that match nothing
    :raises ToolError, ToolNotFoundError, DownloadError: Binaryen broke down, or cannot be had
    """
    module = plan.module
    if is_asyncified(module):
        if missing := missing_controls(module):
            raise GuestError(
                f"the module is an Asyncify build that does not export {', '.join(missing)}:"
                " export the control functions, or use fiber or jspi"
            )
        return plan.wasm
    waiting = [each for each in plan.functions.values() if each.waits]
    if not waiting:
        return await translated(plan)
    for name in (EXPORT_NAME, LOAD_EXPORT_NAME):
        if module.export_named(name) is not None:
            raise GuestError(f"the module exports {name!r}, a name that Asyncify builds need: rename it")
    await asyncio.to_thread(_refuse, plan)
    pages = PAGES if plan.limits.max_memory is None else max(1, min(PAGES, plan.limits.max_memory // PAGE))
    request = AsyncifyRequest(
        wasm=await asyncio.to_thread(with_own_memory, module, pages),
        imports=tuple([each.full_name for each in waiting]),
        only=plan.only,
        optimize_level=1 if len(plan.wasm) >= OPTIMISE_FROM_BYTES else 0,
        emit_exnref=await asyncio.to_thread(_legacy, module),
        memory=EXPORT_NAME,
    )
    try:
        return await asyncio.to_thread(with_load_exported, await _build(request))
    except ToolError as error:
        raise GuestError(f"Asyncify cannot take the module: {error}") from error


async def _build(request: AsyncifyRequest) -> bytes:
    binaryen = await open_binaryen()
    try:
        result = await binaryen.asyncify(request)
    finally:
        await binaryen.aclose()
    stale = [name for which, name in result.unmatched if which == "ASYNCIFY_ONLY"]
    if stale:
        raise ConfigError(f"only: no function has the name {', '.join(stale)}")
    return result.wasm


def _refuse(plan: OpenRequest) -> None:
    module = plan.module
    waiting = {
        each.index
        for each in module.function_imports()
        if (host := plan.functions.get((each.module, each.name))) is not None and host.waits
    }
    if plan.only is None:
        found = asyncify_obstacles(call_graph(module), waiting, instrumented=None, ignore_indirect=False)
        if found:
            feature, place = found[0]
            raise GuestError(f"Asyncify cannot do {feature}: {place.describe(module)}; use fiber or jspi")


def _legacy(module: Module) -> bool:
    return "legacy-exceptions" in used_features(module)
