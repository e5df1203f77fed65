"""The types of a module: values, functions, structs, arrays, tables, memories, globals.

A value type is its text: ``i32``, ``funcref``, ``(ref null 3)``. Layout: the core specification's "Binary
Format / Types" (https://webassembly.github.io/spec/core/binary/types.html), with the proposals named at
the codes they add.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import limits
from .reader import Reader

NUMBER_TYPES = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64", 0x7B: "v128"}
PACKED_TYPES = {0x78: "i8", 0x77: "i16"}
HEAP_TYPES = {
    0x75: "nocont",
    0x74: "noexn",
    0x73: "nofunc",
    0x72: "noextern",
    0x71: "none",
    0x70: "func",
    0x6F: "extern",
    0x6E: "any",
    0x6D: "eq",
    0x6C: "i31",
    0x6B: "struct",
    0x6A: "array",
    0x69: "exn",
    0x68: "cont",
    0x67: "string",
}
_SHORT_NAMES = {"none": "nullref", "nofunc": "nullfuncref", "noextern": "nullexternref"}
_SHORT_NAMES |= {"noexn": "nullexnref", "nocont": "nullcontref"}
SHORTHANDS = {code: _SHORT_NAMES.get(heap, f"{heap}ref") for code, heap in HEAP_TYPES.items()}
"""Nullable references to an abstract heap type, in one byte."""
_BY_HEAP = {heap: SHORTHANDS[code] for code, heap in HEAP_TYPES.items()}
_REF, _REF_NULL, _SHARED, _EXACT = 0x64, 0x63, 0x65, 0x62
VALUE_TYPES = NUMBER_TYPES | SHORTHANDS
"""The value types that are one byte."""


@dataclass(frozen=True, slots=True)
class FuncType:
    """Parameters and results, as the texts of their types."""

    params: tuple[str, ...]
    results: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StructType:
    """The fields' types (packed ones too: ``i8``, ``i16``) and which are mutable."""

    fields: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class ArrayType:
    """The elements' type, and whether they are mutable."""

    element: str
    mutable: bool


@dataclass(frozen=True, slots=True)
class ContType:
    """A continuation (stack-switching proposal) of a function type."""

    function: int


DefinedType = FuncType | StructType | ArrayType | ContType


@dataclass(frozen=True, slots=True)
class GlobalType:
    """A global: its type's text, and whether it is mutable."""

    type: str
    mutable: bool


@dataclass(frozen=True, slots=True)
class MemoryType:
    """A memory: sizes in pages of ``2 ** page_size_log2`` bytes, addresses of 64 bits if ``is64``."""

    minimum: int
    maximum: int | None
    shared: bool
    is64: bool
    page_size_log2: int = 16


@dataclass(frozen=True, slots=True)
class TableType:
    """A table: its elements' type, sizes in elements."""

    type: str
    minimum: int
    maximum: int | None
    is64: bool = False


def is_reference(value_type: str) -> bool:
    """Whether values of this type are references, which linear memory cannot hold."""
    return value_type not in _NUMBERS


_NUMBERS = frozenset(NUMBER_TYPES.values())


def read_heap_type(reader: Reader) -> str:
    """Read a heap type: an abstract one's name, or a type index as text.

    :raises WasmFormatError: an unknown code
    """
    start = reader.pos
    byte = reader.peek()
    if byte in HEAP_TYPES:
        reader.u8()
        return HEAP_TYPES[byte]
    if byte == _SHARED:  # shared-everything threads
        reader.u8()
        code = reader.u8()
        if code in HEAP_TYPES:
            return f"(shared {HEAP_TYPES[code]})"
        raise reader.fail(f"unknown heap type {code:#x}", start)
    if byte == _EXACT:  # custom descriptors
        reader.u8()
        return f"(exact {reader.u32()})"
    number = reader.signed(33)
    if number < 0:
        raise reader.fail(f"unknown heap type {byte:#x}", start)
    return str(number)


def read_value_type(reader: Reader) -> str:
    """Read a value type as its text.

    :raises WasmFormatError: an unknown code
    """
    start = reader.pos
    byte = reader.u8()
    short = VALUE_TYPES.get(byte)
    if short is not None:
        return short
    if byte == _REF:
        return f"(ref {read_heap_type(reader)})"
    if byte == _REF_NULL:
        heap = read_heap_type(reader)
        return _BY_HEAP.get(heap) or f"(ref null {heap})"
    if byte == _SHARED and reader.left and reader.peek() in HEAP_TYPES:
        return f"(ref null (shared {HEAP_TYPES[reader.u8()]}))"
    raise reader.fail(f"unknown value type {byte:#x}", start)


def read_value_types(reader: Reader, what: str, limit: int) -> tuple[str, ...]:
    """Read a vector of value types.

    :raises WasmFormatError: more than ``limit``, or an unknown code
    """
    return tuple([read_value_type(reader) for _ in range(reader.count(what, limit))])


def read_block_type(reader: Reader) -> str | int | None:
    """Read a block's type: None for no result, a value type's text, or a function type's index.

    :raises WasmFormatError: an unknown code
    """
    byte = reader.peek()
    if byte == 0x40:
        reader.u8()
        return None
    if byte in VALUE_TYPES or byte in (_REF, _REF_NULL, _SHARED):
        return read_value_type(reader)
    start = reader.pos
    number = reader.signed(33)
    if number < 0:
        raise reader.fail(f"unknown block type {byte:#x}", start)
    return number


def read_defined_types(reader: Reader) -> tuple[DefinedType, ...]:
    """Read the type section's content, recursion groups flattened into the index space.

    :raises WasmFormatError: malformed, or too many
    """
    types: list[DefinedType] = []
    for _ in range(reader.count("types", limits.TYPES)):
        group = 1
        if reader.left and reader.peek() == 0x4E:
            reader.u8()
            group = reader.count("types in a group", limits.TYPES_IN_A_GROUP, each=2)
        if len(types) + group > limits.TYPES:
            raise reader.fail(f"more than {limits.TYPES} types")
        types += [_read_sub_type(reader) for _ in range(group)]
    return tuple(types)


def _read_sub_type(reader: Reader) -> DefinedType:
    start = reader.pos
    code = reader.u8()
    if code in (0x50, 0x4F):
        for _ in range(reader.count("supertypes", limits.SUPERTYPES)):
            reader.u32()
        code = reader.u8()
    while code in (0x65, 0x4C, 0x4D):  # shared; describes, descriptor (custom descriptors)
        if code != 0x65:
            reader.u32()
        code = reader.u8()
    if code == 0x60:
        params = read_value_types(reader, "parameters", limits.PARAMETERS)
        return FuncType(params, read_value_types(reader, "results", limits.RESULTS))
    if code == 0x5F:
        count = reader.count("fields", limits.STRUCT_FIELDS, each=2)
        return StructType(tuple([_read_field(reader) for _ in range(count)]))
    if code == 0x5E:
        return ArrayType(*_read_field(reader))
    if code == 0x5D:
        start = reader.pos
        if (index := reader.signed(33)) < 0:
            raise reader.fail("a continuation is of a function type's index", start)
        return ContType(index)
    raise reader.fail(f"unknown type form {code:#x}", start)


def _read_field(reader: Reader) -> tuple[str, bool]:
    packed = PACKED_TYPES.get(reader.peek())
    if packed is None:
        return read_value_type(reader), _read_mutability(reader)
    reader.u8()
    return packed, _read_mutability(reader)


def _read_mutability(reader: Reader) -> bool:
    start = reader.pos
    flag = reader.u8()
    if flag & ~0x03:  # bit 1: shared (shared-everything threads)
        raise reader.fail(f"unknown mutability {flag:#x}", start)
    return bool(flag & 1)


def read_global_type(reader: Reader) -> GlobalType:
    """Read a global's type.

    :raises WasmFormatError: malformed
    """
    return GlobalType(read_value_type(reader), _read_mutability(reader))


def read_memory_type(reader: Reader) -> MemoryType:
    """Read a memory's type; flags: 1 maximum, 2 shared, 4 64-bit, 8 page size (custom page sizes).

    :raises WasmFormatError: malformed
    """
    flags, minimum, maximum = _read_limits(reader, 0x0F)
    log2 = 16
    if flags & 8:
        start = reader.pos
        log2 = reader.u32()
        if log2 > 16:
            raise reader.fail(f"page size 2**{log2}", start)
    return MemoryType(minimum, maximum, bool(flags & 2), bool(flags & 4), log2)


def read_table_type(reader: Reader) -> TableType:
    """Read a table's type.

    :raises WasmFormatError: malformed, or not of references
    """
    start = reader.pos
    element = read_value_type(reader)
    if not is_reference(element):
        raise reader.fail(f"a table of {element}", start)
    flags, minimum, maximum = _read_limits(reader, 0x07)
    return TableType(element, minimum, maximum, bool(flags & 4))


def _read_limits(reader: Reader, known_flags: int) -> tuple[int, int, int | None]:
    start = reader.pos
    flags = reader.u8()
    if flags & ~known_flags:
        raise reader.fail(f"unknown limits flags {flags:#x}", start)
    bits = 64 if flags & 4 else 32
    minimum = reader.unsigned(bits)
    return flags, minimum, reader.unsigned(bits) if flags & 1 else None
