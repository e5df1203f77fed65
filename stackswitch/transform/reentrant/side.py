"""Makes a side module of dynamic linking re-entrant: its main module's functions switch the C stacks.

All modules of a program share one C stack pointer, so one of them switches it. The side module imports its
functions, and Emscripten's loader finds them among the main module's exports.
"""

from __future__ import annotations

from collections.abc import Iterator

from stackswitch.wasm.linking import DYLINK
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.stack_pointer import NAME
from stackswitch.wasm.types import FuncType

from .adapter import mistake, names, note, refusal, shown
from .additions import Additions
from .custom_sections import custom_sections
from .debug_info import moved_files
from .imported import with_imports
from .left_out import allocating_imports
from .linking import LINKED, refuse_addresses, refuse_objects
from .model import ReentrantRequest, ReentrantResult
from .other_schemes import refuse_other_schemes
from .patch import assembled, patched_sections
from .wrappers import Wrappers, has_new_exceptions

_TYPES = (FuncType((), ("i64",)), FuncType(("i64",), ()))
_FUNCTIONS = tuple(zip(LINKED, _TYPES * 2, strict=True))
"""The main module's exports, and the type of each."""


def make_side_module(module: Module, request: ReentrantRequest, main: bytes) -> ReentrantResult:
    """Return the side module in which calls may begin and wait.

    :param main: the main module, which was made re-entrant
    :raises WasmFormatError: one of the modules is malformed
    :raises ModuleRefusedError: the module cannot be changed soundly; the message says why and what to do
    :raises ConfigError: an import, an export or a function that is named does not exist
    """
    if request.main_module:
        raise mistake("both")
    main_module = parse_module(main)
    _refuse(module, request, main_module)
    linked = _linked(module, request, main_module)
    growing = allocating_imports(module, request, None)
    request, dropped = with_imports(request, [("env", name, type_) for name, type_ in _FUNCTIONS])
    wider = parse_module(request.wasm)
    first = module.imported_function_count
    regions = {name: first + at for at, name in enumerate(LINKED.values())}
    additions = Additions(wider)
    new_exceptions = request.new_exceptions
    if new_exceptions is None:
        new_exceptions = has_new_exceptions(wider)
    wrappers = Wrappers(additions, regions, "i64", new_exceptions, linked=True)
    suspending = wrappers.wrap_imports(
        tuple(each for each in request.suspend if each not in (*linked, *growing))
    )
    promising = wrappers.wrap_exports(request.promise)
    table_functions = wrappers.wrap_table(request.promise_table)
    patched = patched_sections(additions)
    added = [
        (wider.function_count + at, name)
        for at, (name, _, _) in enumerate(additions.functions)
        if "name" in wider.custom_sections
    ]
    custom = custom_sections(wider, request, added, patched.moves)
    wasm = assembled(patched.sections, custom)
    files = moved_files(request, wider, wasm, patched.moves, patched.sections)
    globals_ = {each.name: each.index for each in module.imports if each.kind == "global"}
    pointer = globals_.get(NAME)
    return ReentrantResult(
        wasm=wasm,
        suspending=suspending,
        promising=promising,
        table_functions=table_functions,
        restoring=(),
        invokes=(),
        throwing=(),
        call_sites=patched.call_sites,
        stack_pointer=pointer,
        evidence=shown("linked") if pointer is None else shown("import"),
        own_stack_bytes=0,
        notes=(*_notes(linked, growing), *dict.fromkeys((*dropped, *custom.notes, *files.notes))),
        source_map=files.source_map,
        debug_module=files.debug_module,
    )


def _refuse(module: Module, request: ReentrantRequest, main: Module) -> None:
    refuse_other_schemes(module)
    refuse_objects(module)
    refuse_addresses(module, request.suspend)
    if DYLINK not in module.custom_sections:
        raise refusal("dynamic-linking:section")
    for name, type_ in _FUNCTIONS:
        found = main.export_named(name)
        if found is None or found.kind != "func" or main.function_type(found.index) != type_:
            raise refusal("dynamic-linking:of", name=name)
    if module.memories and module.memories[0].is64 != main.memories[0].is64:
        raise refusal("dynamic-linking:size")
    own = [each for each in module.exported_functions if each in names("setters")]
    if own:
        raise refusal("dynamic-linking:side", name=own[0])
    if any(each in module.exported_functions for each in names("stack_limits")):
        raise refusal("stack-checks")
    if request.invokes:
        raise refusal("dynamic-linking:invokes")


def _linked(module: Module, request: ReentrantRequest, main: Module) -> tuple[str, ...]:
    """Return the imports that are the main module's functions, of those that may suspend: they wait there."""
    functions = main.exported_functions
    return tuple(
        dict.fromkeys(
            each.full_name
            for each in module.function_imports()
            if each.full_name in request.suspend and each.name in functions
        )
    )


def _notes(linked: tuple[str, ...], growing: tuple[str, ...]) -> Iterator[str]:
    if linked:
        yield note("linked", names=", ".join(linked))
    if growing:
        yield note("growing", names=", ".join(growing))
