"""A case's modules made ready: what is instrumented, and what cannot be run, found by looking at them."""

from __future__ import annotations

from functools import lru_cache

from stackswitch.backends.base import Build, LoadedCase
from stackswitch.binaryen.asyncify import Binaryen
from stackswitch.binaryen.stack_memory import PAGES
from stackswitch.errors import ConfigError, ToolError
from stackswitch.lists.namelist import NameIndex
from stackswitch.models.base import Frozen
from stackswitch.models.case import MAIN, AsyncifyOptions, Case
from stackswitch.models.result import Unsupported
from stackswitch.transform.instrument import (
    build_for_host,
    chosen_functions,
    without_legacy_exceptions,
)
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.obstacles import asyncify_obstacles
from stackswitch.wasm.stack_pointer import with_stack_pointer

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
        try:
            built[name], said = await _build(loaded.case, name, module, binaryen, engine or BuildFor())
        except ConfigError as error:
            return Build(modules={}, error=str(error))
        except ToolError as error:
            if _NO_REFERENCES in error.stderr:
                where = "somewhere on the path of a wait (Binaryen does not say where)"
                lacking = Unsupported(feature="reference-locals", where=where)
                return Build(modules={}, unsupported=lacking)
            return Build(modules={}, error=str(error))
        warnings += said
    return Build(modules=built, warnings=tuple(warnings))


async def _build(
    case: Case, name: str, module: Module, binaryen: Binaryen, engine: BuildFor
) -> tuple[bytes, tuple[str, ...]]:
    """Return a module as the engine can run it, and Binaryen's warnings."""
    options = _options(case, name)
    if options.prebuilt:
        return module.data, ()
    if not _waiting(case, module):
        if engine.legacy_exceptions:
            return module.data, ()
        return await without_legacy_exceptions(binaryen, module.data), ()
    result = await build_for_host(
        binaryen,
        module,
        options.imports if options.imports is not None else case.waiting_imports,
        options,
        asserts=options.asserts,
        legacy_exceptions=engine.legacy_exceptions,
        pages=PAGES if engine.multi_memory or not module.memories else None,
    )
    return result.wasm, result.warnings


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
            name for name, index in module.exported_functions.items() if index in reaching
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
def _look(
    data: bytes, waiting: tuple[int, ...], options: AsyncifyOptions
) -> tuple[Unsupported | None, frozenset[int]]:
    """Return the first obstacle in a module, and the functions from which a waiting import is reached."""
    module = _parsed(data)
    graph = call_graph(module)
    chosen = chosen_functions(graph, NameIndex.of(module), options, waiting)
    found = asyncify_obstacles(graph, waiting, instrumented=chosen, ignore_indirect=options.ignore_indirect)
    reaching = graph.callers_reaching(waiting, through_indirect=True) | set(waiting)
    if not found:
        return None, frozenset(reaching)
    feature, place = found[0]
    return Unsupported(feature=feature, where=place.describe(module)), frozenset(reaching)
