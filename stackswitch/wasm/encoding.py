"""Bytes of modules that are made here: numbers, names, sections.

Layout: "Binary Format" of the core specification (https://webassembly.github.io/spec/core/binary/).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .reader import Reader

HEADER = b"\0asm\x01\0\0\0"
TYPE, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, CODE = 1, 3, 4, 5, 6, 7, 10
"""Numbers of sections that are added to."""
FUNCTION_KIND, MEMORY_KIND, GLOBAL_KIND = 0, 2, 3
"""What an export is of."""
_ORDER = (1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11)
"""The order in which sections must stand; custom ones (0) stand anywhere."""


def unsigned(number: int) -> bytes:
    """Encode an unsigned LEB128."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def signed(number: int) -> bytes:
    """Encode a signed LEB128."""
    out = bytearray()
    while not -0x40 <= number < 0x40:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number & 0x7F])


def name(text: str) -> bytes:
    """Encode a name: its length in bytes, its UTF-8."""
    raw = text.encode()
    return unsigned(len(raw)) + raw


def vector(items: Iterable[bytes]) -> bytes:
    """Encode items after their number."""
    each = list(items)
    return unsigned(len(each)) + b"".join(each)


def section(number: int, content: bytes) -> bytes:
    """Encode a section; custom ones have the number 0 and their name first."""
    return bytes([number]) + unsigned(len(content)) + content


def export(text: str, kind: int, index: int) -> bytes:
    """Encode an entry of the export section."""
    return name(text) + bytes([kind]) + unsigned(index)


def with_entries(data: bytes, added: Mapping[int, bytes]) -> bytes:
    """Return a module with an entry more in sections, by their numbers; one that is not there is made.

    :raises WasmFormatError: the sections do not fit the bytes
    """
    due, out = dict(added), [data[: len(HEADER)]]
    reader = Reader(data, len(HEADER))
    while reader.left:
        start, number = reader.pos, reader.u8()
        content = reader.sub(reader.u32())
        if number:
            missed = [each for each in _ORDER[: _ORDER.index(number)] if each in due]
            out += [section(each, unsigned(1) + due.pop(each)) for each in missed]
        if number in due:
            count = content.u32()
            out.append(section(number, unsigned(count + 1) + content.take(content.left) + due.pop(number)))
        else:
            out.append(data[start : reader.pos])
    out += [section(each, unsigned(1) + due[each]) for each in _ORDER if each in due]
    return b"".join(out)
