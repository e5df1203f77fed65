"""A second memory for saved stacks, added to a module before Asyncify is run on it.

The pass keeps saved stacks in whichever exported memory it is told to; with one of its own the guest's is
left as it was: no address taken, ``memory.size`` unchanged, and a module without any memory works too.
Layouts: "Binary Format / Modules" of the WebAssembly specification.
"""

from __future__ import annotations

from stackswitch.wasm.encoding import name, section, unsigned
from stackswitch.wasm.module import Module, parse_module

EXPORT_NAME = "stackswitch.saved_stacks"
LOAD_EXPORT_NAME = "stackswitch.load"
PAGES = 256
"""16 MiB, of which the system gives what is touched: some hundred thousand small frames."""
_TYPE, _FUNCTION, _MEMORY, _EXPORT, _CODE = 1, 3, 5, 7, 10
_ORDER = (1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11)
_FUNCTION_KIND, _MEMORY_KIND = 0, 2
_HAS_MAXIMUM = 1
_READS = b"\x60\x01\x7f\x01\x7f"
"""The type of a function that takes an i32 and returns one."""


def with_own_memory(module: Module) -> bytes:
    """Return the module with one more memory, exported as ``EXPORT_NAME``."""
    limits = bytes([_HAS_MAXIMUM]) + unsigned(PAGES) * 2
    export = _export(EXPORT_NAME, _MEMORY_KIND, len(module.memories))
    return _with_entries(module.data, {_MEMORY: limits, _EXPORT: export})


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
    return _with_entries(
        wasm,
        {
            _TYPE: _READS,
            _FUNCTION: unsigned(len(module.types)),
            _EXPORT: _export(LOAD_EXPORT_NAME, _FUNCTION_KIND, module.function_count),
            _CODE: unsigned(len(body)) + body,
        },
    )


def _export(text: str, kind: int, index: int) -> bytes:
    return name(text) + bytes([kind]) + unsigned(index)


def _with_entries(data: bytes, added: dict[int, bytes]) -> bytes:
    """Add an entry to sections, by their numbers."""
    out, at = [data[:8]], 8
    while at < len(data):
        number = data[at]
        size, content = _read_leb(data, at + 1)
        end = content + size
        if number:
            due = [each for each in added if _ORDER.index(each) < _ORDER.index(number)]
            out += [section(each, unsigned(1) + added.pop(each)) for each in due]
        if number in added:
            count, entries = _read_leb(data, content)
            out.append(section(number, unsigned(count + 1) + data[entries:end] + added.pop(number)))
        else:
            out.append(data[at:end])
        at = end
    out += [section(number, unsigned(1) + entry) for number, entry in added.items()]
    return b"".join(out)


def _read_leb(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        shift += 7
        at += 1
        if byte < 0x80:
            return number, at
