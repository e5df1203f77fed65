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
from .module import Module, parse_module

NAME = "__stack_pointer"
FUNCTIONS = (("emscripten_stack_get_current", "_emscripten_stack_restore"), ("stackSave", "stackRestore"))
"""Emscripten's, in pairs: what reads the pointer, what writes it."""
_ADDRESSES = {"i32", "i64"}
_ALIGNMENT = 16
_LOWEST = 1024
"""Linkers leave the first bytes free, so that null is no address; a stack has room at any rate."""


def with_stack_pointer(data: bytes) -> bytes:
    """Return a module with its stack pointer exported, if it is not and the name section tells it.

    What follows the export section moves up by as many bytes as the module grows.

    :raises WasmFormatError: the module is malformed
    """
    module = parse_module(data)
    if is_reachable(module) or module.export_named(NAME) is not None:
        return data
    index = _named(module)
    return data if index is None else with_entries(data, {EXPORT: export(NAME, GLOBAL_KIND, index)})


def is_reachable(module: Module) -> bool:
    """Whether a host can read and write the pointer: an exported or imported global, or functions."""
    exported = module.export_named(NAME)
    if exported is not None and exported.kind == "global" and _is_pointer(module, exported.index):
        return True
    for each in module.imports:
        if each.kind == "global" and each.name == NAME and _is_pointer(module, each.index):
            return True
    return any(_is_function(module, get) and _is_function(module, put) for get, put in FUNCTIONS)


def hidden_stack(module: Module) -> str | None:
    """Say why the pointer cannot be reached, if the module seems to have one; None: it can, or has none."""
    if is_reachable(module) or not module.memories:
        return None
    size = module.memories[0].minimum * 65536
    for index, type_ in enumerate(module.globals):
        initial = module.initialisers.get(index)
        value = None if initial is None else initial.value
        if type_.mutable and type_.type in _ADDRESSES and value is not None:
            if _LOWEST <= value <= size and value % _ALIGNMENT == 0:
                return (
                    f"global {index} may be the pointer of its C stack, which is neither exported nor named "
                    f"(link with -Wl,--export={NAME}, or keep the name section)"
                )
    return None


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
