"""The memories and tables of a module, which can grow, and how much memory they take at the beginning.

An element of a table counts as much as it takes in the engine that uses most, V8 of Node 24: 32 bytes for a
function (8 in the table's ``entries``, 24 in its dispatch table; wasmtime 50: 8), 8 bytes for any other
reference (wasmtime 50: 4). Measured as the growth of the resident set by tables of 9,000,000 elements (V8)
and 50,000,000 (wasmtime).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .module import Module
from .types import ArrayType, StructType, TableType

_FUNCTION_LOG2, _REFERENCE_LOG2 = 5, 3
_FUNCTIONS = ("funcref", "nullfuncref", "(ref func)", "(ref nofunc)")
Key = tuple[Literal["memory", "table"], int]
"""Kind and index."""


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
    def key(self) -> Key:
        """Its kind and index."""
        return self.kind, self.index

    @property
    def size_bytes(self) -> int:
        """Its size at the beginning."""
        return self.minimum << self.log2

    @property
    def can_grow(self) -> bool:
        """Whether its type lets it grow."""
        return self.maximum is None or self.maximum > self.minimum

    @property
    def highest_maximum(self) -> int:
        """The largest maximum that its type can have."""
        bits = 64 if self.is64 else 32
        if self.kind == "memory" and self.log2 > 0:
            return 1 << (bits - self.log2)
        return (1 << bits) - 1


def resizables(module: Module, *, apart: str | None = None) -> list[Resizable]:
    """Return the memories and the tables that a module defines.

    :param apart: name of an exported memory that is left out
    """
    left_out = {(each.kind, each.index) for each in module.imports}
    if apart is not None and (export := module.export_named(apart)) is not None:
        left_out.add(("memory", export.index))
    found = [
        Resizable("memory", index, each.minimum, each.maximum, each.is64, each.page_size_log2)
        for index, each in enumerate(module.memories)
    ]
    found += [
        Resizable("table", index, each.minimum, each.maximum, each.is64, _element_log2(module, each))
        for index, each in enumerate(module.tables)
    ]
    return [each for each in found if each.key not in left_out]


def _element_log2(module: Module, table: TableType) -> int:
    if table.type in _FUNCTIONS:
        return _FUNCTION_LOG2
    heap = table.type.removeprefix("(ref ").removeprefix("null ").removeprefix("(exact ").rstrip(")")
    if heap.isdecimal() and not isinstance(module.types[int(heap)], (StructType, ArrayType)):
        return _FUNCTION_LOG2
    return _REFERENCE_LOG2
