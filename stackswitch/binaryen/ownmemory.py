"""A second memory for saved stacks, added to a module before Asyncify is run on it.

The pass keeps saved stacks in whichever exported memory it is told to; with one of its own the guest's is
left as it was: no address taken, ``memory.size`` unchanged, and a module without any memory works too.
Layouts: "Binary Format / Modules" of the WebAssembly specification.
"""

from __future__ import annotations

from stackswitch.wasm.asyncified import asyncify_globals
from stackswitch.wasm.module import Module, parse_module

EXPORT_NAME = "stackswitch.saved_stacks"
STATE_EXPORT_NAME = "stackswitch.state"
PAGES = 256
"""16 MiB, of which the system gives what is touched: some hundred thousand small frames."""
_MEMORY, _EXPORT = 5, 7
_ORDER = (1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11)
_MEMORY_KIND, _GLOBAL_KIND = 2, 3
_HAS_MAXIMUM = 1


def with_own_memory(module: Module) -> bytes:
    """Return the module with one more memory, exported as ``EXPORT_NAME``."""
    imported = sum(each.kind == "memory" for each in module.imports)
    limits = bytes([_HAS_MAXIMUM]) + _leb(PAGES) * 2
    export = _export(EXPORT_NAME, _MEMORY_KIND, len(module.memories))
    return _with_entries(
        module.data,
        {_MEMORY: (len(module.memories) - imported, limits), _EXPORT: (len(module.exports), export)},
    )


def with_state_exported(wasm: bytes) -> bytes:
    """Return a build that also exports the global that Asyncify keeps its state in, as ``STATE_EXPORT_NAME``.

    To set it costs half of what calling the control functions does.

    :raises WasmFormatError: the build is malformed
    """
    module = parse_module(wasm)
    found = asyncify_globals(module)
    if found is None or module.export_named(STATE_EXPORT_NAME) is not None:
        return wasm
    export = _export(STATE_EXPORT_NAME, _GLOBAL_KIND, found.state)
    return _with_entries(wasm, {_EXPORT: (len(module.exports), export)})


def _export(name: str, kind: int, index: int) -> bytes:
    text = name.encode()
    return _leb(len(text)) + text + bytes([kind]) + _leb(index)


def _with_entries(data: bytes, added: dict[int, tuple[int, bytes]]) -> bytes:
    """Add an entry to sections.

    :param added: by section number: how many entries it has, the new one
    """
    out, at = [data[:8]], 8
    while at < len(data):
        number = data[at]
        size, content = _read_leb(data, at + 1)
        end = content + size
        if number:
            due = [each for each in added if _ORDER.index(each) < _ORDER.index(number)]
            out += [_section(each, 1, added.pop(each)[1]) for each in due]
        if number in added:
            count, entry = added.pop(number)
            _, entries = _read_leb(data, content)
            out.append(_section(number, count + 1, data[entries:end] + entry))
        else:
            out.append(data[at:end])
        at = end
    out += [_section(number, 1, entry) for number, (_, entry) in added.items()]
    return b"".join(out)


def _section(number: int, count: int, entries: bytes) -> bytes:
    content = _leb(count) + entries
    return bytes([number]) + _leb(len(content)) + content


def _leb(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _read_leb(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        shift += 7
        at += 1
        if byte < 0x80:
            return number, at
