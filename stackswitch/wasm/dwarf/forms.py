"""Attributes and forms of DWARF 2 to 5, as far as offsets of code depend on them.

Source: the DWARF standards (https://dwarfstd.org), sections 7.5.5 and 7.5.6 of version 5.
"""

from __future__ import annotations

from dataclasses import dataclass

from stackswitch.wasm.reader import Reader

LOW_PC, HIGH_PC, STMT_LIST, RANGES, MACROS, GNU_MACROS = 0x11, 0x12, 0x10, 0x55, 0x79, 0x2119
ADDR_BASE, RNGLISTS_BASE, LOCLISTS_BASE, GNU_ADDR_BASE = 0x73, 0x74, 0x8C, 0x2133
LOCATIONS = frozenset({0x02, 0x19, 0x2A, 0x40, 0x46, 0x48, 0x4A, 0x4D})
"""Attributes that may be a list of locations, by the offset of the list."""
START_SCOPE = 0x2C
_STR_OFFSETS_BASE, _MACRO_INFO, _GNU_PUBNAMES, _GNU_PUBTYPES = 0x72, 0x43, 0x2134, 0x2135
NOT_MOVED = frozenset({_STR_OFFSETS_BASE, _MACRO_INFO, _GNU_PUBNAMES, _GNU_PUBTYPES})
"""Attributes that are offsets in sections whose parts keep their places."""
MOVED = frozenset(
    {
        STMT_LIST,
        RANGES,
        MACROS,
        GNU_MACROS,
        RNGLISTS_BASE,
        LOCLISTS_BASE,
        ADDR_BASE,
        GNU_ADDR_BASE,
        START_SCOPE,
    }
)
ADDR, DATA4, DATA8, SEC_OFFSET, LOCLISTX, RNGLISTX = 0x01, 0x06, 0x07, 0x17, 0x22, 0x23
INDIRECT, IMPLICIT_CONST = 0x16, 0x21
ADDRX = {0x1B: 0, 0x29: 1, 0x2A: 2, 0x2B: 3, 0x2C: 4, 0x1F01: 0}
"""Forms that are indexes in ``.debug_addr``: their size (bytes), 0 for LEB128."""
CONSTANTS = {0x0B: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x0F: 0}
"""Forms that are unsigned numbers, the same way."""
SIZES = {
    0x05: 2, 0x06: 4, 0x07: 8, 0x0B: 1, 0x0C: 1, 0x11: 1, 0x12: 2, 0x13: 4, 0x14: 8, 0x19: 0, 0x1C: 4,
    0x1E: 16, 0x20: 8, 0x21: 0, 0x24: 8, 0x25: 1, 0x26: 2, 0x27: 3, 0x28: 4, 0x29: 1, 0x2A: 2, 0x2B: 3,
    0x2C: 4,
}  # fmt: skip
OFFSETS = frozenset({0x0E, 0x17, 0x1D, 0x1F, 0x1F20, 0x1F21})
LEB128 = frozenset({0x0D, 0x0F, 0x15, 0x1A, 0x1B, 0x22, 0x23, 0x1F01, 0x1F02})
_STRING = 0x08
BLOCKS = {0x0A: 1, 0x03: 2, 0x04: 4, 0x09: 0, 0x18: 0}
FIXED, NUMBER, TEXT, BLOCK, VALUE = range(5)
"""Steps over an entry: so many bytes, a LEB128 number, a text, a block with its size first, or a value that
is looked at."""


@dataclass(frozen=True)
class Shape:
    """What the sizes of forms depend on.

    :ivar version: of DWARF
    :ivar address: size of an address (bytes)
    :ivar offset: size of an offset in a section (bytes): 4, or 8 in the 64-bit format
    """

    version: int
    address: int
    offset: int


Step = tuple[int, int, int, int]
"""A kind, an attribute and a form (for ``VALUE``), a size in bytes, 0 for LEB128."""


def read_abbreviations(data: bytes, start: int, shape: Shape) -> dict[int, tuple[Step, ...]]:
    """Read a table of abbreviations: the steps over an entry, by code.

    :raises WasmFormatError: it is malformed, or has a form that is not known
    """
    reader = Reader(data, start)
    found: dict[int, tuple[Step, ...]] = {}
    while (code := reader.unsigned(64)) != 0:
        reader.unsigned(64)
        reader.u8()
        steps: list[Step] = []
        while True:
            attribute, form = reader.unsigned(64), reader.unsigned(64)
            if form == IMPLICIT_CONST:
                reader.signed(64)
            if attribute == form == 0:
                break
            step = _step(attribute, form, shape, reader)
            if step[0] == FIXED and steps and steps[-1][0] == FIXED:
                steps[-1] = (FIXED, 0, 0, steps[-1][3] + step[3])
            else:
                steps.append(step)
        found[code] = tuple(steps)
    return found


def _step(attribute: int, form: int, shape: Shape, reader: Reader) -> Step:
    if form == INDIRECT:
        raise reader.fail("a form that is given indirectly")
    if _is_value(attribute, form, shape, reader):
        size = shape.address if form == ADDR else shape.offset if form == SEC_OFFSET else _size(form)
        return (VALUE, attribute, form, size)
    if form == _STRING:
        return (TEXT, 0, 0, 0)
    if form in BLOCKS:
        return (BLOCK, 0, 0, BLOCKS[form])
    if form in LEB128:
        return (NUMBER, 0, 0, 0)
    if form in OFFSETS:
        return (FIXED, 0, 0, shape.offset)
    if form in (ADDR, 0x10):
        return (FIXED, 0, 0, shape.address if form == ADDR or shape.version < 3 else shape.offset)
    if form not in SIZES:
        raise reader.fail(f"unknown form {form:#x}")
    return (FIXED, 0, 0, SIZES[form])


def _is_value(attribute: int, form: int, shape: Shape, reader: Reader) -> bool:
    """Whether an attribute may hold or need an offset that moves."""
    if form == ADDR or form in ADDRX or form in (LOCLISTX, RNGLISTX):
        return True
    if attribute == HIGH_PC:
        if form not in CONSTANTS:
            raise reader.fail(f"the end of a range has the form {form:#x}")
        return True
    if form == SEC_OFFSET or (shape.version < 4 and form in (DATA4, DATA8)):
        if attribute in MOVED or attribute in LOCATIONS:
            return True
        if form == SEC_OFFSET and attribute not in NOT_MOVED:
            raise reader.fail(f"attribute {attribute:#x} is an offset in a section that is not known")
    return False


def _size(form: int) -> int:
    return ADDRX.get(form, CONSTANTS.get(form, SIZES.get(form, 0)))
