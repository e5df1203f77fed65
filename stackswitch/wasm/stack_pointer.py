"""Where a module keeps the pointer of its C stack, and how a host can reach it.

C code compiled to WebAssembly keeps arrays, and all variables whose address is taken, on a stack in linear
memory. Its pointer is a mutable global that LLVM calls ``__stack_pointer``. Calls that overlap in time need a
stack each, so a host has to read and write it.

A linker exports it only with ``-Wl,--export=__stack_pointer``; Emscripten exports functions instead. If the
name section has the global, ``with_stack_pointer`` exports it. Without a name, a mutable global that starts
as an aligned address may be it, or anything else: to save and restore the end of a heap would undo
allocations. So such a global is not touched, but calls do not overlap.
"""

from __future__ import annotations

from stackswitch.errors import WasmFormatError

from .custom_sections import GLOBAL_NAMES, read_names
from .encoding import EXPORT, GLOBAL_KIND, export, with_entries
from .module import Export, Import, Module

NAME = "__stack_pointer"
FUNCTIONS = (("emscripten_stack_get_current", "_emscripten_stack_restore"), ("stackSave", "stackRestore"))
"""Emscripten's, in pairs: what reads the pointer, what writes it."""
NO_STACK_SPACE = "the guest's memory has no room for another C stack"
_ADDRESSES = {"i32", "i64"}
_ALIGNMENT = 16
_PAGE = 65536
_LOWEST = 1024
"""Linkers leave the first bytes free, so that null is no address and a stack has some size."""


def with_stack_pointer(module: Module) -> bytes:
    """Return a module's bytes with its stack pointer exported, if only the name section has it.

    What follows the export section moves up by as many bytes as the module grows.
    """
    index = named_stack_pointer(module)
    if index is None or _has_global(module) or module.export_named(NAME) is not None:
        return module.data
    return with_entries(module.data, {EXPORT: export(NAME, GLOBAL_KIND, index)})


def unreachable_stack_pointer(module: Module, *, functions: bool = True) -> str | None:
    """Return why the pointer cannot be reached, if the module seems to have one; None: it can, or has none.

    :param functions: whether the host uses Emscripten's functions
    """
    if not module.memories or is_reachable(module, functions=functions):
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
    """Return why calls of an instance cannot have a C stack each, if it has one.

    None: they can, or need none. A memory that may grow, but not by enough, is not found here.

    :param functions: whether the host uses Emscripten's functions
    """
    if not is_reachable(module, functions=functions):
        return unreachable_stack_pointer(module, functions=functions)
    memory = module.memories[0] if module.memories else None
    if memory is not None and memory.maximum == memory.minimum and module.export_named("malloc") is None:
        return NO_STACK_SPACE
    return None


def is_reachable(module: Module, *, functions: bool = True) -> bool:
    """Whether a host can read and write the pointer, after ``with_stack_pointer``.

    :param functions: whether the host uses Emscripten's functions
    """
    if _has_global(module) or named_stack_pointer(module) is not None:
        return True
    return functions and any(module.exported_functions.keys() >= set(pair) for pair in FUNCTIONS)


def _has_global(module: Module) -> bool:
    """Whether the pointer is exported or imported."""
    shared: list[Export | Import] = [*module.exports, *module.imports]
    return any(
        each.kind == "global" and each.name == NAME and _is_pointer(module, each.index) for each in shared
    )


def named_stack_pointer(module: Module) -> int | None:
    """Return the global that the name section calls the stack pointer, if it is one and the only one."""
    reader = module.custom_section("name")
    try:
        names = () if reader is None else read_names(reader, GLOBAL_NAMES)
    except WasmFormatError:
        return None  # engines ignore it, too
    found = [index for index, name in names if name == NAME.encode() and index < len(module.globals)]
    return found[0] if len(found) == 1 and _is_pointer(module, found[0]) else None


def _is_pointer(module: Module, index: int) -> bool:
    type_ = module.global_type(index)
    return type_.mutable and type_.type in _ADDRESSES
