"""The binary format of modules that are made or changed here: numbers, names, types, sections.

Layout: "Binary Format" of the core specification (https://webassembly.github.io/spec/core/binary/).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from . import limits
from .reader import Reader
from .types import HEAP_TYPES, VALUE_TYPES, FuncType

HEADER = b"\0asm\x01\0\0\0"
CUSTOM, TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, CODE, DATA = 0, 1, 2, 3, 4, 5, 6, 7, 10, 11
"""Numbers of sections."""
FUNCTION_KIND, TABLE_KIND, MEMORY_KIND, GLOBAL_KIND = 0, 1, 2, 3
"""What an import or an export is."""
SECTION_ORDER = (1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11)
"""The order of sections, each at most once: tags (13) are before globals, the data count (12) is before code.
Custom sections (0) may be anywhere."""
_VALUE_TYPE_CODES = {text: bytes([code]) for code, text in VALUE_TYPES.items()}
_HEAP_TYPE_CODES = {text: bytes([code]) for code, text in HEAP_TYPES.items()}


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


def sized(content: bytes) -> bytes:
    """Encode bytes after their number."""
    return unsigned(len(content)) + content


def name(text: str) -> bytes:
    """Encode a name: its length in bytes, its UTF-8."""
    return sized(text.encode())


def vector(items: Iterable[bytes]) -> bytes:
    """Encode items after their number."""
    each = list(items)
    return unsigned(len(each)) + b"".join(each)


def value_type(text: str) -> bytes:
    """Encode a value type (see ``types``)."""
    if code := _VALUE_TYPE_CODES.get(text):
        return code
    text = text.removeprefix("(ref ").removesuffix(")")
    code, heap = (b"\x63", text[5:]) if text.startswith("null ") else (b"\x64", text)
    for prefix, prefix_code in (("(shared ", b"\x65"), ("(exact ", b"\x62")):
        if heap.startswith(prefix):
            code, heap = code + prefix_code, heap.removeprefix(prefix).removesuffix(")")
    if heap_code := _HEAP_TYPE_CODES.get(heap):
        return code + heap_code
    return code + (unsigned if code.endswith(b"\x62") else signed)(int(heap))


def function_type(type_: FuncType) -> bytes:
    """Encode an entry of the type section."""
    return b"\x60" + vector(map(value_type, type_.params)) + vector(map(value_type, type_.results))


def function_body(code: bytes, locals_: Sequence[str] = ()) -> bytes:
    """Encode an entry of the code section.

    :param code: the instructions, without the last ``end``
    :param locals_: the types of locals other than parameters
    """
    return sized(vector(b"\x01" + value_type(each) for each in locals_) + code + b"\x0b")


def section(number: int, content: bytes) -> bytes:
    """Encode a section; custom ones have the number 0 and their name first."""
    return bytes([number]) + sized(content)


def assemble(sections: Mapping[int, Iterable[bytes]]) -> bytes:
    """Encode a module of these sections, each the number of a section and its entries, in their order."""
    return HEADER + b"".join(section(number, vector(entries)) for number, entries in sections.items())


def export(text: str, kind: int, index: int) -> bytes:
    """Encode an entry of the export section."""
    return name(text) + bytes([kind]) + unsigned(index)


def iterate_sections(data: bytes) -> Iterator[tuple[int, int, Reader]]:
    """Iterate over a module's sections: the number of each, where it starts, and its content.

    :raises WasmFormatError: a section is cut short
    """
    reader = Reader(data, len(HEADER))
    while reader.left:
        start, number = reader.pos, reader.u8()
        yield number, start, reader.sub(reader.count("bytes of section", limits.MODULE_BYTES))


def with_contents(data: bytes, contents: Mapping[int, bytes]) -> bytes:
    """Return a module whose sections have other contents, by their numbers.

    :raises WasmFormatError: a section is cut short
    """
    parts = [
        section(number, contents[number]) if number in contents else data[start : content.end]
        for number, start, content in iterate_sections(data)
    ]
    return HEADER + b"".join(parts)


def with_entries(data: bytes, added: Mapping[int, bytes]) -> bytes:
    """Return a module with an entry more in sections, by their numbers; one that is not there is made.

    :raises WasmFormatError: a section is cut short
    """
    due, out = dict(added), [HEADER]

    def add(until: int | None = None) -> None:
        """Add the sections that are missing before another one, or at the end."""
        before = SECTION_ORDER if until is None else SECTION_ORDER[: SECTION_ORDER.index(until)]
        out.extend(section(each, vector([due.pop(each)])) for each in before if each in due)

    for number, start, content in iterate_sections(data):
        if number:
            add(until=number)
        if number in due:
            count = content.u32()
            out.append(section(number, unsigned(count + 1) + content.take(content.left) + due.pop(number)))
        else:
            out.append(data[start : content.end])
    add()
    return b"".join(out)
