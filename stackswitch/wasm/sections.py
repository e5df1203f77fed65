"""The content of each section of a module: one function a section.

Layout: the core specification's "Binary Format / Modules"
(https://webassembly.github.io/spec/core/binary/modules.html).
"""

from __future__ import annotations

import json
from collections.abc import Sized
from dataclasses import dataclass
from typing import Literal

from . import limits
from .instructions import END, GLOBAL_GET, I32_CONST, I64_CONST, REF_FUNC, read_instruction
from .ranges import Ranges
from .reader import Reader
from .types import (
    DefinedType,
    FuncType,
    GlobalType,
    MemoryType,
    TableType,
    is_reference,
    read_global_type,
    read_memory_type,
    read_table_type,
    read_value_type,
)

Kind = Literal["func", "table", "memory", "global", "tag"]
KINDS: tuple[Kind, ...] = ("func", "table", "memory", "global", "tag")
Types = tuple[DefinedType, ...]
_EXACT_FUNCTION = 0x20  # custom descriptors: an import of exactly this type


@dataclass(frozen=True, slots=True)
class Import:
    """An import; ``index`` is its place in its kind's index space, ``type_index`` that of a func or tag."""

    module: str
    name: str
    kind: Kind
    index: int
    type_index: int | None = None

    @property
    def full_name(self) -> str:
        """``module.name``, as lists and cases write it."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True)
class Export:
    """An export; ``index`` is in its kind's index space."""

    name: str
    kind: Kind
    index: int


@dataclass(frozen=True, slots=True)
class ConstantExpression:
    """An initialiser, from ``start`` to ``end`` (offsets in the module, its ``end`` opcode included).

    ``value`` is the number if it is one integer constant, ``global_index`` the global if it is one
    ``global.get``, ``functions`` those it takes by ``ref.func``.
    """

    start: int
    end: int
    value: int | None = None
    global_index: int | None = None
    functions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ElementSegment:
    """An element segment; ``functions`` has None for an entry that is no ``ref.func`` (null, a global, …).

    ``table`` and ``offset`` are given for an active one.
    """

    mode: Literal["active", "passive", "declarative"]
    type: str
    functions: tuple[int | None, ...]
    table: int | None = None
    offset: ConstantExpression | None = None


def read_constant_expression(reader: Reader) -> ConstantExpression:
    """Read an initialiser up to its ``end``.

    :raises WasmFormatError: an instruction is malformed, or there is no ``end``
    """
    start = reader.pos
    functions: list[int] = []
    count = 0
    value = global_index = None
    while True:
        instruction = read_instruction(reader)
        if instruction.opcode == END:
            break
        count += 1
        if instruction.opcode in (I32_CONST, I64_CONST):
            value = instruction.immediates[0]
        elif instruction.opcode == GLOBAL_GET:
            global_index = instruction.immediates[0]
        elif instruction.opcode == REF_FUNC:
            functions.append(instruction.immediates[0])
    if count != 1:
        value = global_index = None
    return ConstantExpression(start, reader.pos, value, global_index, tuple(functions))


class IndexSpaces:
    """The index spaces of a module, imports first: types; of functions and tags the indexes of types."""

    def __init__(self) -> None:
        self.function_types: list[int] = []
        self.tables: list[TableType] = []
        self.memories: list[MemoryType] = []
        self.globals: list[GlobalType] = []
        self.tags: list[int] = []
        in_order = (self.function_types, self.tables, self.memories, self.globals, self.tags)
        self._spaces: dict[Kind, Sized] = dict(zip(KINDS, in_order, strict=True))

    def size(self, kind: Kind) -> int:
        """Return how many of a kind there are."""
        return len(self._spaces[kind])


def read_function_type_index(reader: Reader, types: Types) -> int:
    """Read the index of a type that must be a function's.

    :raises WasmFormatError: it does not exist or is of another form
    """
    start = reader.pos
    index = reader.index("type", len(types))
    if not isinstance(types[index], FuncType):
        raise reader.fail(f"type {index} is not a function's", start)
    return index


def read_tag_type(reader: Reader, types: Types) -> int:
    """Read a tag: attribute 0 (an exception) and a function type's index.

    :raises WasmFormatError: malformed
    """
    if reader.u8() != 0:
        raise reader.fail("unknown tag attribute", reader.pos - 1)
    return read_function_type_index(reader, types)


def read_imports(reader: Reader, types: Types, spaces: IndexSpaces) -> tuple[Import, ...]:
    """Read the import section, and add what is imported to ``spaces``.

    :raises WasmFormatError: malformed
    """
    return tuple(
        [_read_import(reader, types, spaces) for _ in range(reader.count("imports", limits.IMPORTS, each=4))]
    )


def _read_import(reader: Reader, types: Types, spaces: IndexSpaces) -> Import:
    module, name = reader.name(), reader.name()
    start = reader.pos
    code = reader.u8()
    type_index = None
    if code in (0, _EXACT_FUNCTION):
        code, type_index = 0, read_function_type_index(reader, types)
        spaces.function_types.append(type_index)
    elif code == 1:
        spaces.tables.append(read_table_type(reader))
    elif code == 2:
        spaces.memories.append(read_memory_type(reader))
    elif code == 3:
        spaces.globals.append(read_global_type(reader))
    elif code == 4:
        type_index = read_tag_type(reader, types)
        spaces.tags.append(type_index)
    else:
        raise reader.fail(f"unknown import kind {code:#x}", start)
    return Import(module, name, KINDS[code], spaces.size(KINDS[code]) - 1, type_index)


def read_exports(reader: Reader, spaces: IndexSpaces) -> tuple[Export, ...]:
    """Read the export section.

    :raises WasmFormatError: malformed, a name given twice, or an index that does not exist
    """
    exports: dict[str, Export] = {}
    for _ in range(reader.count("exports", limits.EXPORTS, each=3)):
        start = reader.pos
        name = reader.name()
        code = reader.u8()
        if code >= len(KINDS):
            raise reader.fail(f"unknown export kind {code:#x}", reader.pos - 1)
        if name in exports:
            raise reader.fail(f"two exports are named {json.dumps(name, ensure_ascii=False)}", start)
        kind = KINDS[code]
        exports[name] = Export(name, kind, reader.index(kind, spaces.size(kind)))
    return tuple(exports.values())


def read_tables(reader: Reader) -> tuple[list[TableType], tuple[ConstantExpression, ...]]:
    """Read the table section: types, and the initialisers of those that have one.

    :raises WasmFormatError: malformed
    """
    types: list[TableType] = []
    initialisers: list[ConstantExpression] = []
    for _ in range(reader.count("tables", limits.TABLES, each=3)):
        if reader.peek() == 0x40:  # function references: a table with an initialiser
            reader.u8()
            if reader.u8() != 0:
                raise reader.fail("unknown table form", reader.pos - 1)
            types.append(read_table_type(reader))
            initialisers.append(read_constant_expression(reader))
        else:
            types.append(read_table_type(reader))
    return types, tuple(initialisers)


def read_globals(reader: Reader) -> list[tuple[GlobalType, ConstantExpression]]:
    """Read the global section: types and initialisers.

    :raises WasmFormatError: malformed
    """
    count = reader.count("globals", limits.GLOBALS, each=3)
    return [(read_global_type(reader), read_constant_expression(reader)) for _ in range(count)]


def read_elements(reader: Reader, spaces: IndexSpaces) -> tuple[ElementSegment, ...]:
    """Read the element section.

    :raises WasmFormatError: malformed, or an index that does not exist
    """
    segments: list[ElementSegment] = []
    left = limits.SEGMENT_ENTRIES
    for _ in range(reader.count("element segments", limits.ELEMENT_SEGMENTS, each=3)):
        segments.append(_read_element(reader, spaces, left))
        left -= len(segments[-1].functions)
    return tuple(segments)


def _read_element(reader: Reader, spaces: IndexSpaces, left: int) -> ElementSegment:
    """Read one of the eight forms; flags: 1 not active, 2 table given (or declarative), 4 expressions."""
    start = reader.pos
    flags = reader.u32()
    if flags > 7:
        raise reader.fail(f"unknown element segment form {flags}", start)
    table = offset = None
    if not flags & 1:
        table = reader.index("table", spaces.size("table")) if flags & 2 else 0
        offset = read_constant_expression(reader)
    mode: Literal["active", "passive", "declarative"] = "active"
    if flags & 1:
        mode = "declarative" if flags & 2 else "passive"
    element_type = "funcref"
    if flags & 3:
        if flags & 4:
            element_type = _read_reference_type(reader)
        elif reader.u8() != 0:
            raise reader.fail("unknown element kind", reader.pos - 1)
    count = reader.count("elements", left)
    functions: list[int | None]
    if flags & 4:
        entries = [read_constant_expression(reader) for _ in range(count)]
        functions = [entry.functions[0] if len(entry.functions) == 1 else None for entry in entries]
    else:
        functions = [reader.index("func", spaces.size("func")) for _ in range(count)]
    return ElementSegment(mode, element_type, tuple(functions), table, offset)


def _read_reference_type(reader: Reader) -> str:
    start = reader.pos
    value_type = read_value_type(reader)
    if not is_reference(value_type):
        raise reader.fail(f"elements of type {value_type}", start)
    return value_type


def read_bodies(reader: Reader) -> Ranges:
    """Read where each defined function's body starts (its locals) and ends; what is in it is not read.

    :raises WasmFormatError: malformed
    """
    ranges = Ranges()
    for _ in range(reader.count("function bodies", limits.FUNCTIONS, each=3)):
        size = reader.count("bytes of body", limits.BODY_BYTES)
        start = reader.pos
        reader.skip(size)
        if size < 2 or reader.data[reader.pos - 1] != END:
            raise reader.fail("a body has to end in end", start)
        ranges.add(start, reader.pos)
    return ranges


def read_locals(reader: Reader) -> tuple[tuple[int, str], ...]:
    """Read a body's locals: (how many, of what type) in runs, parameters not among them.

    :raises WasmFormatError: malformed, or more than ``limits.LOCALS``
    """
    runs: list[tuple[int, str]] = []
    total = 0
    for _ in range(reader.count("runs of locals", limits.LOCALS, each=2)):
        start = reader.pos
        number = reader.u32()
        total += number
        if total > limits.LOCALS:
            raise reader.fail(f"more than {limits.LOCALS} locals", start)
        runs.append((number, read_value_type(reader)))
    return tuple(runs)
