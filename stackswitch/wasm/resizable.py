"""What of a module takes memory that can grow: its memories and its tables, and how much they begin with.

An element of a table counts as much as it takes in the engine that uses most, V8 of Node 24: 32 bytes for a
function (8 in the table's ``entries``, 24 in its dispatch table; wasmtime 50: 8), 8 bytes for any other
reference (wasmtime 50: 4). Measured as the growth of the resident set by tables of 9,000,000 elements (V8)
and 50,000,000 (wasmtime).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .encoding import HEADER
from .module import Module
from .reader import Reader
from .sections import read_constant_expression
from .types import ArrayType, StructType, TableType, read_value_type

HAS_MAXIMUM, IS_64 = 1, 4
"""Flags of limits."""
_FUNCTION_LOG2, _REFERENCE_LOG2 = 5, 3
_FUNCTIONS = ("funcref", "nullfuncref", "(ref func)", "(ref nofunc)")
_DEFAULT_PAGE_LOG2 = 16
_TABLE_WITH_INITIALISER = 0x40


@dataclass(frozen=True)
class Resizable:
    """A memory or a table that a module defines.

    :ivar minimum, maximum: in pages or elements; :ivar log2: of the bytes that one takes
    """

    kind: Literal["memory", "table"]
    index: int
    minimum: int
    maximum: int | None
    is64: bool
    log2: int

    @property
    def size_bytes(self) -> int:
        """What it begins with."""
        return self.minimum << self.log2

    @property
    def can_grow(self) -> bool:
        """Whether its type lets it grow."""
        return self.maximum is None or self.maximum > self.minimum

    @property
    def highest_maximum(self) -> int:
        """The largest maximum that its type can say."""
        bits = 64 if self.is64 else 32
        if self.kind == "memory" and self.log2 > 0:
            return 1 << (bits - self.log2)
        return (1 << bits) - 1


def resizables(module: Module, *, apart: str | None = None) -> list[Resizable]:
    """Return the memories and the tables that a module defines.

    :param apart: name of an exported memory that is left out
    """
    left_out = module.export_named(apart) if apart is not None else None
    imported = {(each.kind, each.index) for each in module.imports}
    found = [
        Resizable("memory", index, each.minimum, each.maximum, each.is64, each.page_size_log2)
        for index, each in enumerate(module.memories)
        if ("memory", index) not in imported and (left_out is None or left_out.index != index)
    ]
    for index, table in enumerate(module.tables):
        if ("table", index) not in imported:
            log2 = _element_log2(module, table)
            found.append(Resizable("table", index, table.minimum, table.maximum, table.is64, log2))
    return found


def _element_log2(module: Module, table: TableType) -> int:
    if table.type in _FUNCTIONS:
        return _FUNCTION_LOG2
    heap = table.type.removeprefix("(ref ").removeprefix("null ").removeprefix("(exact ").rstrip(")")
    if heap.isdecimal() and not isinstance(module.types[int(heap)], (StructType, ArrayType)):
        return _FUNCTION_LOG2
    return _REFERENCE_LOG2


def sections(data: bytes) -> Iterator[tuple[int, Reader, bytes]]:
    """Go over a module's sections: the number of each, its content, and all its bytes.

    :raises WasmFormatError: they do not fit the bytes
    """
    reader = Reader(data, len(HEADER))
    while reader.left:
        start, number = reader.pos, reader.u8()
        content = reader.sub(reader.u32())
        yield number, content, data[start : reader.pos]


@dataclass(frozen=True)
class TableEntry:
    """An entry of the table section: its bytes before the limits, those of the type alone, and after them."""

    head: bytes
    type: bytes
    minimum: int
    maximum: int | None
    is64: bool
    tail: bytes


def table_entries(content: Reader) -> list[TableEntry]:
    """Read a table section's content.

    :raises WasmFormatError: malformed
    """
    return [_table_entry(content) for _ in range(content.u32())]


def _table_entry(content: Reader) -> TableEntry:
    data, start = content.data, content.pos
    has_initialiser = content.peek() == _TABLE_WITH_INITIALISER
    if has_initialiser:
        content.take(2)
    type_start = content.pos
    read_value_type(content)
    limits = content.pos
    flags = content.u8()
    is64 = bool(flags & IS_64)
    minimum = content.unsigned(64 if is64 else 32)
    maximum = content.unsigned(64 if is64 else 32) if flags & HAS_MAXIMUM else None
    tail = content.pos
    if has_initialiser:
        read_constant_expression(content)
    return TableEntry(
        data[start:limits], data[type_start:limits], minimum, maximum, is64, data[tail : content.pos]
    )
