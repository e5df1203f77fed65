"""Types byte by byte, as the binary format and its proposals write them."""

from __future__ import annotations

import pytest

from stackswitch.errors import WasmFormatError
from stackswitch.wasm import limits
from stackswitch.wasm.reader import Reader
from stackswitch.wasm.types import (
    ArrayType,
    ContType,
    DefinedType,
    FuncType,
    GlobalType,
    MemoryType,
    StructType,
    TableType,
    is_reference,
    read_block_type,
    read_defined_types,
    read_global_type,
    read_heap_type,
    read_memory_type,
    read_table_type,
    read_value_type,
    read_value_types,
)

NUMBERS = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64", 0x7B: "v128"}
# Code of a heap type, its name, and the short name of a nullable reference to it.
HEAPS = [
    (0x75, "nocont", "nullcontref"),
    (0x74, "noexn", "nullexnref"),
    (0x73, "nofunc", "nullfuncref"),
    (0x72, "noextern", "nullexternref"),
    (0x71, "none", "nullref"),
    (0x70, "func", "funcref"),
    (0x6F, "extern", "externref"),
    (0x6E, "any", "anyref"),
    (0x6D, "eq", "eqref"),
    (0x6C, "i31", "i31ref"),
    (0x6B, "struct", "structref"),
    (0x6A, "array", "arrayref"),
    (0x69, "exn", "exnref"),
    (0x68, "cont", "contref"),
    (0x67, "string", "stringref"),
]


def whole(read: object, raw: bytes) -> object:
    reader = Reader(raw)
    found = read(reader)  # type: ignore[operator]
    assert reader.left == 0
    return found


def refused(read: object, raw: bytes, says: str, offset: int = 0) -> None:
    with pytest.raises(WasmFormatError, match=says) as caught:
        read(Reader(raw))  # type: ignore[operator]
    assert caught.value.offset == offset


@pytest.mark.parametrize(("code", "name"), NUMBERS.items())
def test_numbers(code: int, name: str) -> None:
    assert whole(read_value_type, bytes([code])) == name
    assert whole(read_block_type, bytes([code])) == name
    assert not is_reference(name)


@pytest.mark.parametrize(("code", "heap", "short"), HEAPS)
def test_references(code: int, heap: str, short: str) -> None:
    assert whole(read_heap_type, bytes([code])) == heap
    assert whole(read_value_type, bytes([code])) == short
    assert whole(read_value_type, bytes([0x63, code])) == short
    assert whole(read_value_type, bytes([0x64, code])) == f"(ref {heap})"
    assert whole(read_value_type, bytes([0x65, code])) == f"(ref null (shared {heap}))"
    assert whole(read_value_type, bytes([0x63, 0x65, code])) == f"(ref null (shared {heap}))"
    for lead in ((), (0x63,), (0x64,), (0x65,)):
        raw = bytes([*lead, code])
        assert whole(read_block_type, raw) == whole(read_value_type, raw)
    assert is_reference(short)


def test_references_to_defined_types() -> None:
    assert whole(read_value_type, b"\x63\x05") == "(ref null 5)"
    assert whole(read_value_type, b"\x64\x80\x01") == "(ref 128)"
    assert whole(read_value_type, b"\x64\x62\x07") == "(ref (exact 7))"
    assert whole(read_heap_type, b"\xff\xff\xff\xff\x0f") == str(2**32 - 1)
    assert whole(read_heap_type, b"\0") == "0"


def test_types_that_are_none() -> None:
    refused(read_value_type, b"\x40", "unknown value type 0x40")
    refused(read_value_type, b"\x65", "unknown value type 0x65")
    refused(read_value_type, b"\x65\x7f", "unknown value type 0x65")
    refused(read_heap_type, b"\x7f", "unknown heap type 0x7f")
    refused(read_heap_type, b"\x65\x7f", "unknown heap type 0x7f")
    refused(read_block_type, b"\x41", "unknown block type 0x41")


def test_block_types() -> None:
    assert whole(read_block_type, b"\x40") is None
    assert whole(read_block_type, b"\0") == 0
    assert whole(read_block_type, b"\x80\x01") == 128


def test_vectors_of_types_end_at_the_limit() -> None:
    assert read_value_types(Reader(b"\x02\x7f\x7e"), "results", 2) == ("i32", "i64")
    with pytest.raises(WasmFormatError, match="results"):
        read_value_types(Reader(b"\x02\x7f\x7e"), "results", 1)


def function(*params: int) -> bytes:
    return bytes([0x60, len(params), *params, 0])


@pytest.mark.parametrize(
    ("raw", "types"),
    [
        (b"\x00", ()),
        (b"\x01\x60\x02\x7f\x7e\x01\x7d", (FuncType(("i32", "i64"), ("f32",)),)),
        (b"\x01\x5f\x00", (StructType(()),)),
        (
            b"\x01\x5f\x03\x78\x00\x77\x01\x7f\x03",
            (StructType((("i8", False), ("i16", True), ("i32", True))),),
        ),
        (b"\x01\x5e\x78\x01", (ArrayType("i8", True),)),
        (b"\x01\x5e\x63\x00\x00", (ArrayType("(ref null 0)", False),)),
        (b"\x01\x5d\x03", (ContType(3),)),
        (b"\x01\x5d\x00", (ContType(0),)),
        (b"\x01\x50\x00\x5f\x00", (StructType(()),)),
        (b"\x01\x50\x01\x05\x5f\x00", (StructType(()),)),
        (b"\x01\x4f\x01\x05\x65\x5f\x00", (StructType(()),)),
        (b"\x01\x4c\x01\x4d\x02\x5f\x00", (StructType(()),)),
        (
            b"\x02" + function(0x7F) + b"\x4e\x02" + function() * 2,
            (FuncType(("i32",), ()), *[FuncType((), ())] * 2),
        ),
        (b"\x01\x4e\x00", ()),
    ],
)
def test_defined_types(raw: bytes, types: tuple[DefinedType, ...]) -> None:
    assert whole(read_defined_types, raw) == types


def test_defined_types_that_are_none() -> None:
    refused(read_defined_types, b"\x01\x61\x00\x00", "unknown type form 0x61", 1)
    refused(read_defined_types, b"\x01\x5d\x7f", "a continuation is of a function type's index", 2)
    refused(read_defined_types, b"\x01\x5e\x7f\x04", "unknown mutability 0x4", 3)


def test_too_many_types_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TYPES", 2)
    assert len(read_defined_types(Reader(b"\x02" + function() * 2))) == 2
    assert len(read_defined_types(Reader(b"\x01\x4e\x02" + function() * 2))) == 2
    for raw in (b"\x01\x4e\x03" + function() * 3, b"\x02" + function() + b"\x4e\x02" + function() * 2):
        with pytest.raises(WasmFormatError, match="more than 2 types"):
            read_defined_types(Reader(raw))


def test_globals() -> None:
    assert whole(read_global_type, b"\x7f\x00") == GlobalType("i32", False)
    assert whole(read_global_type, b"\x70\x01") == GlobalType("funcref", True)
    assert whole(read_global_type, b"\x70\x02") == GlobalType("funcref", False)
    refused(read_global_type, b"\x7f\x08", "unknown mutability 0x8", 1)


BIG = b"\x80\x80\x80\x80\x80\x01"  # 2**35


@pytest.mark.parametrize(
    ("raw", "memory"),
    [
        (b"\x00\x01", MemoryType(1, None, False, False)),
        (b"\x01\x01\x02", MemoryType(1, 2, False, False)),
        (b"\x03\x01\x02", MemoryType(1, 2, True, False)),
        (b"\x04" + BIG, MemoryType(2**35, None, False, True)),
        (b"\x05\x01" + BIG, MemoryType(1, 2**35, False, True)),
        (b"\x08\x01\x00", MemoryType(1, None, False, False, 0)),
        (b"\x08\x01\x10", MemoryType(1, None, False, False, 16)),
        (b"\x0f\x01\x02\x00", MemoryType(1, 2, True, True, 0)),
    ],
)
def test_memories(raw: bytes, memory: MemoryType) -> None:
    assert whole(read_memory_type, raw) == memory


def test_memories_that_are_none() -> None:
    refused(read_memory_type, b"\x10\x01", "unknown limits flags 0x10")
    refused(read_memory_type, b"\x08\x01\x11", r"page size 2\*\*17", 2)
    with pytest.raises(WasmFormatError):
        read_memory_type(Reader(b"\x00" + BIG))


def test_tables() -> None:
    assert whole(read_table_type, b"\x70\x00\x01") == TableType("funcref", 1, None)
    assert whole(read_table_type, b"\x6f\x01\x01\x02") == TableType("externref", 1, 2)
    assert whole(read_table_type, b"\x70\x05\x01" + BIG) == TableType("funcref", 1, 2**35, True)
    refused(read_table_type, b"\x7f\x00\x01", "a table of i32")
    refused(read_table_type, b"\x70\x08\x01", "unknown limits flags 0x8", 1)
