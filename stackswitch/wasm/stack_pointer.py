"""Where a module keeps the pointer of its C stack, and how a host can get at it.

C code compiled to WebAssembly keeps arrays, and all whose address is taken, on a stack in linear memory. Its
pointer is a mutable global that LLVM calls ``__stack_pointer``. Calls that overlap in time need a stack
each, so a host has to read and write it.

A linker exports it only when told to (``-Wl,--export=__stack_pointer``); Emscripten exports functions
instead. Where the name section says which global it is, ``with_stack_pointer`` exports it after the
fact. Where nothing says so, a mutable global that starts as an aligned address may be it, or may be
anything else: to save and restore a heap's end would undo allocations. So that is no reason to touch it,
but it is one to let no calls overlap.
"""

from __future__ import annotations

from stackswitch.errors import WasmFormatError

from .custom import read_global_names
from .encoding import EXPORT, GLOBAL_KIND, export, with_entries
from .module import Module

NAME = "__stack_pointer"
FUNCTIONS = (("emscripten_stack_get_current", "_emscripten_stack_restore"), ("stackSave", "stackRestore"))
"""Emscripten's, in pairs: what reads the pointer, what writes it."""
NO_STACK_SPACE = "the guest's memory has no room for another C stack"
_ADDRESSES = {"i32", "i64"}
_ALIGNMENT = 16
_PAGE = 65536
_LOWEST = 1024
"""Linkers leave the first bytes free, so that null is no address; a stack has room at any rate."""


def with_stack_pointer(module: Module) -> bytes:
    """Return a module's bytes with its stack pointer exported, if it is not and the name section tells it.

    What follows the export section moves up by as many bytes as the module grows.
    """
    if _has_global(module) or module.export_named(NAME) is not None:
        return module.data
    index = _named(module)
    if index is None:
        return module.data
    return with_entries(module.data, {EXPORT: export(NAME, GLOBAL_KIND, index)})


def unreachable_stack_pointer(module: Module, *, functions: bool = True) -> str | None:
    """Say why the pointer cannot be reached, if the module seems to have one; None: it can, or has none.

    :param functions: whether the host takes functions for it
    """
    if not module.memories or _is_reachable(module, functions=functions):
        return None
    size = module.memories[0].minimum * _PAGE
    for index, type_ in enumerate(module.globals):
        initial = module.initialisers.get(index)
        value = None if initial is None else initial.value
        if value is None or not (type_.mutable and type_.type in _ADDRESSES):
            continue
        if _LOWEST <= value <= size and value % _ALIGNMENT == 0:
            return (
                f"global {index} may be the pointer of its C stack, which is neither exported nor named "
                f"(link with -Wl,--export={NAME}, or keep the name section)"
            )
    return None


def serialization_reason(module: Module, *, functions: bool = True) -> str | None:
    """Say why calls of an instance cannot have a C stack each, if it has one; None: they can, or need none.

    A memory that may grow, but not by enough, is not seen here.

    :param functions: whether the host takes functions for the pointer
    """
    if not _is_reachable(module, functions=functions):
        return unreachable_stack_pointer(module, functions=functions)
    memory = module.memories[0] if module.memories else None
    if memory is not None and memory.maximum == memory.minimum and module.export_named("malloc") is None:
        return NO_STACK_SPACE
    return None


def _is_reachable(module: Module, *, functions: bool) -> bool:
    """Whether a host can read and write the pointer, after ``with_stack_pointer``."""
    if _has_global(module) or _named(module) is not None:
        return True
    return functions and any(
        _is_function(module, get) and _is_function(module, put) for get, put in FUNCTIONS
    )


def _has_global(module: Module) -> bool:
    exported = module.export_named(NAME)
    if exported is not None and exported.kind == "global" and _is_pointer(module, exported.index):
        return True
    return any(
        each.kind == "global" and each.name == NAME and _is_pointer(module, each.index)
        for each in module.imports
    )


def _named(module: Module) -> int | None:
    reader = module.custom_section("name")
    try:
        names = () if reader is None else read_global_names(reader)
    except WasmFormatError:
        return None  # engines pay no heed to it either
    found = [index for index, name in names if name == NAME.encode() and index < len(module.globals)]
    return found[0] if len(found) == 1 and _is_pointer(module, found[0]) else None


def _is_pointer(module: Module, index: int) -> bool:
    type_ = module.global_type(index)
    return type_.mutable and type_.type in _ADDRESSES


def _is_function(module: Module, name: str) -> bool:
    exported = module.export_named(name)
    return exported is not None and exported.kind == "func"
