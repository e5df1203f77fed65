"""A case's modules made ready: what is instrumented, and what cannot be run, found by looking at them."""

from __future__ import annotations

from functools import lru_cache

from stackswitch.backends.base import Build, LoadedCase
from stackswitch.binaryen.asyncify import AsyncifyRequest, Binaryen
from stackswitch.binaryen.listfile import matches
from stackswitch.binaryen.ownmemory import EXPORT_NAME, with_load_exported, with_own_memory
from stackswitch.errors import ConfigError, ToolError
from stackswitch.models.base import Frozen
from stackswitch.models.case import MAIN, AsyncifyOptions, Case
from stackswitch.models.result import Unsupported
from stackswitch.wasm.callgraph import CallGraph, call_graph
from stackswitch.wasm.features import used_features
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.names import binaryen_names
from stackswitch.wasm.obstacles import asyncify_obstacles, asyncify_path
from stackswitch.wasm.stackpointer import with_stack_pointer

OPTIMISE_FROM_BYTES = 100_000
"""Larger modules are optimised: they take longer in Binaryen, and wasmtime gets through them sooner."""
_NO_REFERENCES = "non-number types"
"""In what Binaryen says of a reference on the operand stack: only its own flattening finds those."""


class BuildFor(Frozen):
    """What the engine that is to run a build knows.

    :ivar legacy_exceptions: exceptions as first shipped; else they are turned into the new ones
    :ivar multi_memory: more than one memory: the saved stacks then get one of their own in every module
    """

    legacy_exceptions: bool = False
    multi_memory: bool = True


async def make_build(loaded: LoadedCase, binaryen: Binaryen, engine: BuildFor | None = None) -> Build:
    """Instrument the modules that import something that waits.

    :raises ToolError: the tool broke down
    """
    modules = {name: _parsed(data) for name, data in loaded.modules.items()}
    unsupported = None if loaded.case.asyncify.prebuilt else _unsupported(loaded.case, modules)
    if unsupported is not None:
        return Build(modules={}, unsupported=unsupported)
    built: dict[str, bytes] = {}
    warnings: list[str] = []
    for name, module in modules.items():
        request = _request(loaded.case, name, module, engine or BuildFor())
        if request is None:
            built[name] = module.data
            continue
        try:
            result = await binaryen.asyncify(request)
        except ConfigError as error:
            return Build(modules={}, error=str(error))
        except ToolError as error:
            if _NO_REFERENCES in error.stderr:
                where = "somewhere on the path of a wait (Binaryen does not say where)"
                lacking = Unsupported(feature="reference-locals", where=where)
                return Build(modules={}, unsupported=lacking)
            return Build(modules={}, error=str(error))
        built[name] = with_load_exported(result.wasm)
        warnings += result.warnings
    return Build(modules=built, warnings=tuple(warnings))


def _request(case: Case, name: str, module: Module, engine: BuildFor) -> AsyncifyRequest | None:
    """What to ask of Binaryen for a module; None: it can be run as it is."""
    options = _options(case, name)
    if options.prebuilt:
        return None
    legacy = not engine.legacy_exceptions and _knows_legacy_exceptions(module.data)
    own = engine.multi_memory or not module.memories
    if not _waiting(case, module):
        return AsyncifyRequest(wasm=module.data, only=(), emit_exnref=True) if legacy else None
    return AsyncifyRequest(
        wasm=with_own_memory(module) if own else module.data,
        imports=options.imports if options.imports is not None else case.waiting_imports,
        only=options.only,
        add=options.add,
        remove=options.remove,
        ignore_indirect=options.ignore_indirect,
        asserts=options.asserts,
        optimize_level=1 if len(module.data) >= OPTIMISE_FROM_BYTES else 0,
        emit_exnref=legacy,
        memory=EXPORT_NAME if own else None,
    )


def _options(case: Case, name: str) -> AsyncifyOptions:
    """The lists are the main module's; of the others, everything that can wait is instrumented."""
    return case.asyncify if name == MAIN else AsyncifyOptions(prebuilt=False)


def _waiting(case: Case, module: Module) -> list[int]:
    """Return the imports that may wait, by function index."""
    waiting = set(case.waiting_imports)
    return [each.index for each in module.function_imports() if f"{each.module}.{each.name}" in waiting]


def _unsupported(case: Case, modules: dict[str, Module]) -> Unsupported | None:
    """Return what Asyncify cannot do in these modules, if they need it."""
    waiting_exports: dict[str, set[str]] = {}
    for name, module in modules.items():
        for each in module.function_imports():
            if each.name in waiting_exports.get(each.module, ()):
                where = (
                    f"{name} imports {each.module}.{each.name}, which may wait in the instance {each.module}"
                )
                return Unsupported(feature="cross-instance", where=where)
        waiting = _waiting(case, module)
        if not waiting:
            continue
        found, reaching = _look(module.data, tuple(waiting), _options(case, name))
        if found is not None:
            return found
        waiting_exports[name] = {
            each.name for each in module.exports if each.kind == "func" and each.index in reaching
        }
    return None


# Many cases run one module, and to look through a megabyte takes a tenth of a second.
@lru_cache(maxsize=32)
def _parsed(data: bytes) -> Module:
    """Read a module, and export its C stack pointer where that can be: a host keeps calls apart by it."""
    module = parse_module(data)
    grown = with_stack_pointer(module)
    return module if grown is module.data else parse_module(grown)


@lru_cache(maxsize=64)
def _knows_legacy_exceptions(data: bytes) -> bool:
    return "legacy-exceptions" in used_features(_parsed(data))


@lru_cache(maxsize=64)
def _look(
    data: bytes, waiting: tuple[int, ...], options: AsyncifyOptions
) -> tuple[Unsupported | None, frozenset[int]]:
    """Return the first obstacle in a module, and the functions from which a waiting import is reached."""
    module = _parsed(data)
    graph = call_graph(module)
    found = asyncify_obstacles(
        graph,
        waiting,
        instrumented=_chosen(options, graph, waiting),
        ignore_indirect=options.ignore_indirect,
    )
    reaching = graph.callers_reaching(waiting, through_indirect=True) | set(waiting)
    if not found:
        return None, frozenset(reaching)
    feature, place = found[0]
    return Unsupported(feature=feature, where=place.describe(module)), frozenset(reaching)


def _chosen(options: AsyncifyOptions, graph: CallGraph, waiting: tuple[int, ...]) -> set[int] | None:
    """Return the functions that the lists make the pass instrument; None: there are no lists."""
    if options.only is None and not options.add and not options.remove:
        return None
    names = binaryen_names(graph.module)

    def named(patterns: tuple[str, ...] | None) -> set[int]:
        return {
            index for index, name in enumerate(names) if any(matches(each, name) for each in patterns or ())
        }

    if options.only is not None:
        return named(options.only)
    path = asyncify_path(graph, waiting, ignore_indirect=options.ignore_indirect)
    return (path | named(options.add)) - named(options.remove)
