"""Bytes of modules that are made here: numbers, names, sections.

Layout: "Binary Format" of the core specification (https://webassembly.github.io/spec/core/binary/).
"""

from __future__ import annotations

from collections.abc import Iterable

HEADER = b"\0asm\x01\0\0\0"


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
