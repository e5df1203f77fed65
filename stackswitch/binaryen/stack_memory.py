"""A second memory for saved stacks, added to a module before Asyncify is run on it.

The pass keeps saved stacks in whichever exported memory it is told to; with one of its own the guest's is
left as it was: no address taken, ``memory.size`` unchanged, and a module without any memory works too.
Layouts: "Binary Format / Modules" of the WebAssembly specification.
"""

from __future__ import annotations

from stackswitch.wasm.encoding import (
    CODE,
    EXPORT,
    FUNCTION,
    FUNCTION_KIND,
    MEMORY,
    MEMORY_KIND,
    TYPE,
    export,
    unsigned,
    with_entries,
)
from stackswitch.wasm.module import Module, parse_module

EXPORT_NAME = "stackswitch.saved_stacks"
LOAD_EXPORT_NAME = "stackswitch.load"
PAGES = 256
"""16 MiB, of which the system gives what is touched: some hundred thousand small frames."""
_HAS_MAXIMUM = 1
_READS = b"\x60\x01\x7f\x01\x7f"
"""The type of a function that takes an i32 and returns one."""


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
    body = b"\0" + load + b"\x0b"
    return with_entries(
        wasm,
        {
            TYPE: _READS,
            FUNCTION: unsigned(len(module.types)),
            EXPORT: export(LOAD_EXPORT_NAME, FUNCTION_KIND, module.function_count),
            CODE: unsigned(len(body)) + body,
        },
    )
