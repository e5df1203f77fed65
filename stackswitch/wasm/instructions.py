"""Instructions, one at a time.

The plain decoder, exact and slow (about a microsecond per byte): for single functions, constant
expressions, and as the reference for the fast scanner of ``scan``. Source of the opcodes: the core
specification's "Binary Format / Instructions" and, for what is not in it yet, the proposals named below.

An opcode behind a prefix (0xFB to 0xFE) is ``prefix << 16 | number``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from . import limits
from .reader import Reader
from .types import read_block_type, read_heap_type, read_value_types

BLOCK, LOOP, IF, ELSE, END = 0x02, 0x03, 0x04, 0x05, 0x0B
TRY, CATCH, THROW, RETHROW, THROW_REF = 0x06, 0x07, 0x08, 0x09, 0x0A
DELEGATE, CATCH_ALL, TRY_TABLE = 0x18, 0x19, 0x1F
BR, BR_IF, BR_TABLE = 0x0C, 0x0D, 0x0E
BLOCKS = frozenset({BLOCK, LOOP, IF, TRY, TRY_TABLE})
CALL, CALL_INDIRECT, RETURN_CALL, RETURN_CALL_INDIRECT, CALL_REF, RETURN_CALL_REF = range(0x10, 0x16)
LOCAL_GET, LOCAL_SET, LOCAL_TEE, GLOBAL_GET, GLOBAL_SET, TABLE_GET, TABLE_SET = range(0x20, 0x27)
SELECT, SELECT_TYPED = 0x1B, 0x1C
MEMORY_SIZE, MEMORY_GROW, TABLE_GROW = 0x3F, 0x40, 0xFC_000F
I32_CONST, I64_CONST = 0x41, 0x42
REF_NULL, REF_IS_NULL, REF_FUNC, REF_EQ, REF_AS_NON_NULL, BR_ON_NULL, BR_ON_NON_NULL = range(0xD0, 0xD7)
BR_ON_CAST, BR_ON_CAST_FAIL = 0xFB_0018, 0xFB_0019

PREFIXES = (0xFB, 0xFC, 0xFD, 0xFE)


def _signatures() -> dict[int, str]:
    """Return each opcode's immediates, a letter each; see ``_READERS``."""
    table = dict.fromkeys([0x00, 0x01, ELSE, THROW_REF, END, 0x0F, CATCH_ALL, 0x1A, SELECT], "")
    table |= dict.fromkeys([BLOCK, LOOP, IF, TRY], "b") | {TRY_TABLE: "bc"}
    table |= dict.fromkeys([CATCH, THROW, RETHROW, BR, BR_IF, DELEGATE], "i") | {BR_TABLE: "T"}
    table |= dict.fromkeys([CALL, RETURN_CALL, CALL_REF, RETURN_CALL_REF], "i")
    table |= {CALL_INDIRECT: "ii", RETURN_CALL_INDIRECT: "ii", SELECT_TYPED: "t"}
    table |= dict.fromkeys(range(LOCAL_GET, TABLE_SET + 1), "i")
    table |= dict.fromkeys(range(0x28, 0x3F), "m") | {0x3F: "i", 0x40: "i"}
    table |= {I32_CONST: "s", I64_CONST: "l", 0x43: "4", 0x44: "8"}
    table |= dict.fromkeys(range(0x45, 0xC5), "")
    table |= {REF_NULL: "h", REF_IS_NULL: "", REF_FUNC: "i", REF_EQ: "", REF_AS_NON_NULL: ""}
    table |= {BR_ON_NULL: "i", BR_ON_NON_NULL: "i"}
    # Stack switching: cont.new, cont.bind, suspend, resume, resume_throw, resume_throw_ref, switch.
    table |= {0xE0: "i", 0xE1: "ii", 0xE2: "i", 0xE3: "ir", 0xE4: "iir", 0xE5: "ir", 0xE6: "ii"}
    return table | _prefixed()


def _prefixed() -> dict[int, str]:
    gc: dict[int, str] = dict.fromkeys((0x0F, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E), "")
    gc |= dict.fromkeys((0x00, 0x01, 0x06, 0x07, 0x0B, 0x0C, 0x0D, 0x0E, 0x10, 0x20, 0x21, 0x22), "i")
    gc |= dict.fromkeys((0x02, 0x03, 0x04, 0x05, 0x08, 0x09, 0x0A, 0x11, 0x12, 0x13), "ii")
    gc |= dict.fromkeys((0x14, 0x15, 0x16, 0x17, 0x23, 0x24), "h")
    gc |= dict.fromkeys((0x18, 0x19, 0x25, 0x26), "1ihh")  # 0x20 to 0x26: custom descriptors
    misc = dict.fromkeys([*range(8), *range(0x13, 0x17)], "")  # from 0x13: wide arithmetic
    misc |= {0x08: "ii", 0x09: "i", 0x0A: "ii", 0x0B: "i", 0x0C: "ii", 0x0D: "i", 0x0E: "ii"}
    misc |= {0x0F: "i", 0x10: "i", 0x11: "i"}
    simd = dict.fromkeys(range(0x114), "")  # 0x100 on: relaxed SIMD
    simd |= dict.fromkeys([*range(0x0C), 0x5C, 0x5D], "m")
    simd |= {0x0C: "v", 0x0D: "v"} | dict.fromkeys(range(0x15, 0x23), "1")
    simd |= dict.fromkeys(range(0x54, 0x5C), "m1")
    threads = dict.fromkeys([*range(3), *range(0x10, 0x4F)], "m") | {0x03: "1"}
    tables = zip(PREFIXES, (gc, misc, simd, threads), strict=True)
    return {prefix << 16 | number: letters for prefix, table in tables for number, letters in table.items()}


SIGNATURES = _signatures()
"""Immediates by opcode: ``b`` block type, ``i`` index, ``T`` branch table, ``m`` memory argument, ``s`` and
``l`` signed numbers of 32 and 64 bits, ``1`` ``4`` ``8`` ``v`` 1, 4, 8 and 16 bytes, ``t`` value types,
``h`` heap type, ``c`` catch clauses, ``r`` handlers of ``resume``."""


class Instruction(NamedTuple):
    """An opcode, where it stands (offset in the module), where the next one does, and its immediates."""

    offset: int
    end: int
    opcode: int
    immediates: tuple[Any, ...]


class MemoryArgument(NamedTuple):
    """Alignment (log2 of bytes), memory index, offset."""

    align: int
    memory: int
    offset: int


def _read_branch_table(reader: Reader) -> tuple[int, ...]:
    targets = reader.count("branch targets", limits.BRANCH_TABLE)
    return tuple([reader.u32() for _ in range(targets + 1)])


def _read_memory_argument(reader: Reader) -> MemoryArgument:
    align = reader.u32()
    memory = 0
    if align & 0x40:  # multi-memory
        memory = reader.u32()
        align &= ~0x40
    return MemoryArgument(align, memory, reader.unsigned(64))


def _read_catches(reader: Reader) -> tuple[tuple[int, ...], ...]:
    """Read clauses: kind (0 catch, 1 catch_ref, 2 catch_all, 3 catch_all_ref), [tag], label."""
    return _read_clauses(reader, "catch clause", (2, 2, 1, 1))


def _read_handlers(reader: Reader) -> tuple[tuple[int, ...], ...]:
    """Read ``resume``'s handlers: kind (0 on a label, 1 switch), tag, [label]."""
    return _read_clauses(reader, "handler", (2, 1))


def _read_clauses(reader: Reader, what: str, sizes: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Read clauses.

    :param sizes: by kind, how many indexes follow
    """
    clauses = []
    for _ in range(reader.count(f"{what}s", limits.CATCH_CLAUSES, each=2)):
        kind = reader.u8()
        if kind >= len(sizes):
            raise reader.fail(f"unknown {what} {kind:#x}", reader.pos - 1)
        clauses.append((kind, *[reader.u32() for _ in range(sizes[kind])]))
    return tuple(clauses)


_READERS = {
    "b": read_block_type,
    "i": Reader.u32,
    "T": _read_branch_table,
    "m": _read_memory_argument,
    "s": lambda reader: reader.signed(32),
    "l": lambda reader: reader.signed(64),
    "1": Reader.u8,
    "4": lambda reader: reader.take(4),
    "8": lambda reader: reader.take(8),
    "v": lambda reader: reader.take(16),
    "t": lambda reader: read_value_types(reader, "types of select", limits.RESULTS),
    "h": read_heap_type,
    "c": _read_catches,
    "r": _read_handlers,
}


def read_instruction(reader: Reader) -> Instruction:
    """Read the next instruction.

    :raises WasmFormatError: an unknown opcode, or immediates that are malformed or cut short
    """
    start = reader.pos
    opcode = reader.u8()
    if opcode in PREFIXES:
        number = reader.u32()
        if number > 0xFFFF:
            raise reader.fail(f"unknown opcode {number:#x}", start)
        opcode = opcode << 16 | number
    letters = SIGNATURES.get(opcode)
    if letters is None:
        raise reader.fail(f"unknown opcode {opcode:#x}", start)
    immediates = tuple([_READERS[letter](reader) for letter in letters])
    return Instruction(start, reader.pos, opcode, immediates)


def read_instructions(data: bytes, start: int, end: int) -> Iterator[Instruction]:
    """Decode the instructions between two offsets.

    :raises WasmFormatError: see ``read_instruction``
    """
    reader = Reader(data, start, end)
    while reader.pos < end:
        yield read_instruction(reader)
