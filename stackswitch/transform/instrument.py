"""What a list instruments, what is in its way, and the builds that hosts of ours run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from stackswitch.binaryen.asyncify import AsyncifyRequest, AsyncifyResult, Binaryen
from stackswitch.binaryen.stack_memory import EXPORT_NAME, PAGES, with_load_exported, with_stack_memory
from stackswitch.lists.namelist import NameIndex
from stackswitch.models.case import AsyncifyOptions
from stackswitch.models.expect import ListName
from stackswitch.wasm.callgraph import CallGraph
from stackswitch.wasm.features import used_features
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.obstacles import asyncify_path

OPTIMISE_FROM_BYTES = 100_000
"""Larger modules are optimised: they take longer in Binaryen, and wasmtime gets through them sooner."""


Lists = AsyncifyOptions | AsyncifyRequest
"""What has ``only``, ``add``, ``remove`` and ``ignore_indirect``."""


def chosen_functions(
    graph: CallGraph, index: NameIndex, lists: Lists, waiting: Collection[int]
) -> frozenset[int]:
    """Return the functions that Binaryen instruments with these lists.

    :param waiting: the imports that may wait, by function index
    """
    if lists.only is not None:
        return index.matching_any(lists.only)
    path = asyncify_path(graph, waiting, ignore_indirect=lists.ignore_indirect)
    return (frozenset(path) | index.matching_any(lists.add or ())) - index.matching_any(lists.remove or ())


def request_by_lists(
    wasm: bytes, lists: Mapping[ListName, tuple[str, ...]], waiting: tuple[str, ...] = (), **options: Any
) -> AsyncifyRequest:
    """Return the request for a build by lists as they are in a project's files.

    :param waiting: the imports that may wait, where ``ASYNCIFY_IMPORTS`` is not among the lists
    :param options: other fields of ``AsyncifyRequest``
    """
    return AsyncifyRequest(
        wasm=wasm,
        imports=lists.get("ASYNCIFY_IMPORTS", waiting),
        only=lists.get("ASYNCIFY_ONLY"),
        add=lists.get("ASYNCIFY_ADD"),
        remove=lists.get("ASYNCIFY_REMOVE"),
        **options,
    )


async def build_for_host(
    binaryen: Binaryen,
    module: Module,
    imports: tuple[str, ...],
    lists: Lists,
    *,
    asserts: bool = False,
    legacy_exceptions: bool = False,
    pages: int | None = PAGES,
) -> AsyncifyResult:
    """Instrument a module for a host of ours, the saved stacks in a memory of their own.

    :param imports: those that may wait, ``module.name``
    :param legacy_exceptions: the engine has exceptions as first shipped; otherwise they are translated
    :param pages: of the memory for saved stacks (64 KiB each); None: they go into the module's own memory
    :raises ConfigError: lists that exclude each other
    :raises ToolError: Binaryen failed
    """
    result = await binaryen.asyncify(
        AsyncifyRequest(
            wasm=module.data if pages is None else with_stack_memory(module, pages),
            imports=imports,
            only=lists.only,
            add=lists.add,
            remove=lists.remove,
            ignore_indirect=lists.ignore_indirect,
            asserts=asserts,
            optimize_level=1 if len(module.data) >= OPTIMISE_FROM_BYTES else 0,
            emit_exnref=not legacy_exceptions and has_legacy_exceptions(module.data),
            memory=None if pages is None else EXPORT_NAME,
        )
    )
    return result.model_copy(update={"wasm": with_load_exported(result.wasm)})


async def without_legacy_exceptions(binaryen: Binaryen, wasm: bytes) -> bytes:
    """Return a module with legacy exceptions, if it has any, turned into those that wasmtime knows.

    Function indexes stay.

    :raises ToolError: Binaryen failed
    """
    return await binaryen.translate_exceptions(wasm) if has_legacy_exceptions(wasm) else wasm


@lru_cache(maxsize=64)
def has_legacy_exceptions(wasm: bytes) -> bool:
    """Whether a module uses exceptions as first shipped."""
    return "legacy-exceptions" in used_features(parse_module(wasm))
