"""Where saved stacks go: a memory that the host can reach.

Asyncify saves stacks in the module's own memory, and the host has to write a header there. A module whose
memory is not exported, or that has none (Binaryen would add one that is private and can't grow), is given
what is missing before the pass.
"""

from __future__ import annotations

from stackswitch.errors import ConfigError
from stackswitch.wasm.module import Module

EXPORT_NAME = "__asyncify_memory"
_MEMORY, _EXPORT = 5, 7
# The order of sections; custom ones (0) stand anywhere. Source: "Binary Format / Modules".
_ORDER = (1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11)
_HEADER_BYTES = 8
_MEMORY_KIND = b"\x02"
_ONE_PAGE_NO_MAXIMUM = b"\x00\x01"


def with_reachable_memory(module: Module, wanted: str | None = None) -> tuple[bytes, str]:
    """Return a module with an exported memory for saved stacks, and the name of that export.

    :param wanted: an exported memory; default: the first one exported, or else the first there is
    :raises ConfigError: no memory is exported under the wanted name
    """
    exported = [export.name for export in module.exports if export.kind == "memory"]
    if wanted is not None:
        if wanted not in exported:
            raise ConfigError(f"the module exports no memory {wanted!r}; it exports {exported or 'none'}")
        return module.data, wanted
    if exported:
        return module.data, exported[0]
    data = module.data
    if not module.memories:
        data = _with_section(data, _MEMORY, _ONE_PAGE_NO_MAXIMUM)
    name = EXPORT_NAME
    while module.export_named(name) is not None:
        name += "_"
    text = name.encode()
    entry = _leb(len(text)) + text + _MEMORY_KIND + _leb(0)
    return _with_section(data, _EXPORT, entry, count=len(module.exports)), name


def _with_section(data: bytes, wanted: int, entry: bytes, *, count: int = 0) -> bytes:
    """Add an entry to a section that holds ``count`` of them; the section is made if it is not there."""
    rank = _ORDER.index(wanted)
    at = _HEADER_BYTES
    place = at
    while at < len(data):
        section = data[at]
        size, content = _read_leb(data, at + 1)
        end = content + size
        if section == wanted:
            _, entries = _read_leb(data, content)
            filled = _leb(count + 1) + data[entries:end] + entry
            return data[:at] + bytes([wanted]) + _leb(len(filled)) + filled + data[end:]
        if section != 0 and _ORDER.index(section) < rank:
            place = end
        at = end
    filled = _leb(1) + entry
    return data[:place] + bytes([wanted]) + _leb(len(filled)) + filled + data[place:]


def _leb(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_leb(data: bytes, at: int) -> tuple[int, int]:
    """Read an unsigned LEB128 that is known to be well-formed: the number and where it ends."""
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        shift += 7
        at += 1
        if byte < 0x80:
            return number, at
