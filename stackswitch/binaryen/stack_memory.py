"""The memory for saved stacks: one of the module's that the host can reach, or one that is added to it.

Asyncify saves stacks in an exported memory, and the host writes a header there. A module whose memory is not
exported, or that has none (Binaryen would add one that is private and cannot grow), gets what it lacks
before the pass. With a memory of its own for saved stacks, the guest's is unchanged: no address is taken,
``memory.size`` is the same.
"""

from __future__ import annotations

from stackswitch.errors import ConfigError
from stackswitch.wasm.encoding import (
    CODE,
    EXPORT,
    FUNCTION,
    FUNCTION_KIND,
    MEMORY,
    MEMORY_KIND,
    TYPE,
    export,
    function_body,
    function_type,
    unsigned,
    with_entries,
)
from stackswitch.wasm.module import FuncType, Module, parse_module

EXPORT_NAME = "stackswitch.saved_stacks"
LOAD_EXPORT_NAME = "stackswitch.load"
PAGES = 256
"""16 MiB, of which the system gives what is touched: some hundred thousand small frames."""
ADDED_EXPORT_NAME = "__asyncify_memory"
"""The export of the module's own memory, if it had none."""
_ONE_PAGE_NO_MAXIMUM = b"\x00\x01"
_HAS_MAXIMUM = 1
_LOAD = FuncType(("i32",), ("i32",))


def with_reachable_memory(module: Module, wanted: str | None = None) -> tuple[bytes, str]:
    """Return a module with an exported memory for saved stacks, and the name of that export.

    :param wanted: an exported memory; default: the first one exported, or else the first there is
    :raises ConfigError: no memory is exported under the wanted name
    """
    exported = [each.name for each in module.exports if each.kind == "memory"]
    if wanted is not None:
        if wanted not in exported:
            raise ConfigError(f"the module exports no memory {wanted!r}; it exports {exported or 'none'}")
        return module.data, wanted
    if exported:
        return module.data, exported[0]
    name = ADDED_EXPORT_NAME
    while module.export_named(name) is not None:
        name += "_"
    memory = {} if module.memories else {MEMORY: _ONE_PAGE_NO_MAXIMUM}
    return with_entries(module.data, {EXPORT: export(name, MEMORY_KIND, 0), **memory}), name


def with_stack_memory(module: Module, pages: int = PAGES) -> bytes:
    """Return the module with one more memory, exported as ``EXPORT_NAME``."""
    limits = bytes([_HAS_MAXIMUM]) + unsigned(pages) * 2
    entry = export(EXPORT_NAME, MEMORY_KIND, len(module.memories))
    return with_entries(module.data, {MEMORY: limits, EXPORT: entry})


def with_load_exported(wasm: bytes) -> bytes:
    """Return a build that also exports what reads an i32 of the own memory, as ``LOAD_EXPORT_NAME``.

    An adapter learns by it whether the whole saved stack has been restored: it has to be there before the
    build is instantiated and so cannot import its memory. A build without own memory is returned as it is.

    :raises WasmFormatError: the build is malformed
    """
    module = parse_module(wasm)
    memory = module.export_named(EXPORT_NAME)
    if memory is None or module.export_named(LOAD_EXPORT_NAME) is not None:
        return wasm
    # Bit 6 of the alignment says that a memory's index follows ("Binary Format / Instructions").
    load = b"\x20\0\x28" + (b"\x42" + unsigned(memory.index) if memory.index else b"\x02") + b"\0"
    return with_entries(
        wasm,
        {
            TYPE: function_type(_LOAD),
            FUNCTION: unsigned(len(module.types)),
            EXPORT: export(LOAD_EXPORT_NAME, FUNCTION_KIND, module.function_count),
            CODE: function_body(load),
        },
    )
