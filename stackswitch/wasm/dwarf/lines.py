"""Moves the addresses in ``.debug_line``: rewrites line number programs where code between rows has grown."""

from __future__ import annotations

from dataclasses import dataclass, field

from stackswitch.wasm.code_moves import CodeMoves
from stackswitch.wasm.encoding import unsigned
from stackswitch.wasm.reader import Reader

from .units import little, read_length

_ADVANCE_PC, _CONST_ADD_PC, _FIXED_ADVANCE_PC = 2, 8, 9
_END_SEQUENCE, _SET_ADDRESS = 1, 2
_NOWHERE = 1 << 64


@dataclass
class LineMover:
    """Writes ``.debug_line`` anew.

    :ivar offsets: gets the new offset of each program, by the old one
    """

    data: bytes
    moves: CodeMoves
    offsets: dict[int, int] = field(default_factory=dict)

    def run(self) -> bytes:
        """Return the section.

        :raises WasmFormatError: something is malformed, or of a kind that is not known
        """
        out = bytearray()
        reader = Reader(self.data)
        while reader.left:
            self.offsets[reader.pos] = len(out)
            length, offset = read_length(reader)
            unit = reader.sub(length)
            head = unit.pos
            program = _Program(self.data, self.moves, *_header(unit, offset))
            content = self.data[head : program.start] + program.rewritten(unit.end)
            mark = b"" if offset == 4 else b"\xff\xff\xff\xff"
            out += mark + len(content).to_bytes(offset, "little") + content
        return bytes(out)


def _header(unit: Reader, offset: int) -> tuple[int, int, list[int], list[int]]:
    """Read a header: where the program starts, the smallest instruction, advances and operands by opcode."""
    version = little(unit, 2)
    if not 2 <= version <= 5:
        raise unit.fail(f"a line number program of version {version}")
    if version == 5:
        unit.skip(2)
    length = little(unit, offset)
    start = unit.pos + length
    smallest = unit.u8()
    if version >= 4 and unit.u8() != 1:
        raise unit.fail("a line number program for instructions that are bundled")
    unit.skip(2)
    line_range, first = unit.u8(), unit.u8()
    if not line_range or not first or start > unit.end:
        raise unit.fail("malformed header of line numbers")
    operands = [0, *(unit.u8() for _ in range(first - 1))]
    advances = [0] * first + [(each - first) // line_range * smallest for each in range(first, 256)]
    return start, smallest, operands, advances


@dataclass
class _Program:
    """A program, and the registers that concern addresses.

    Opcodes are copied. Where the address comes to code that has moved by more, an advance goes before.
    """

    data: bytes
    moves: CodeMoves
    start: int
    smallest: int
    operands: list[int]
    advances: list[int]
    _out: bytearray = field(default_factory=bytearray)
    _kept: int = 0
    _size: int = 4

    def rewritten(self, end: int) -> bytes:
        """Return the program.

        :param end: where it ends
        """
        data, advances, first = self.data, self.advances, len(self.operands)
        at = self._kept = self.start
        address, low, limit = 0, 0, _NOWHERE
        reader = Reader(data, at, end)
        while at < end:
            opcode = data[at]
            began, before = at, address
            if opcode >= first:
                at += 1
                address += advances[opcode]
            elif opcode == 0:
                reader.pos = at + 1
                length = reader.unsigned(64)
                operation = reader.sub(length)
                at = reader.pos
                kind = operation.u8() if length else 0
                if kind == _END_SEQUENCE:
                    address, low, limit = 0, 0, _NOWHERE
                elif kind == _SET_ADDRESS:
                    self._size = operation.left
                    address = little(operation, self._size)
                    after = self.moves.next_start(address)
                    # None: of a function that the linker has removed
                    low, limit = (0, _NOWHERE) if after is None else (address, after)
                    self._copy(at - self._size)
                    self._out += self.moves.moved(address).to_bytes(self._size, "little")
                    self._kept = at
                continue
            elif opcode == _CONST_ADD_PC:
                at += 1
                address += advances[255]
            elif opcode == _FIXED_ADVANCE_PC:
                address += int.from_bytes(data[at + 1 : at + 3], "little")
                at += 3
            else:
                reader.pos = at + 1
                for _ in range(self.operands[opcode]):
                    operand = reader.unsigned(128)
                    if opcode == _ADVANCE_PC:
                        address = (address + operand * self.smallest) % (1 << 8 * self._size)
                at = reader.pos
            if not low <= address < limit:
                self._advance(began, before, address, self.moves.shift(low))
                low, limit = address, self.moves.next_start(address) or _NOWHERE
        self._copy(end)
        return bytes(self._out)

    def _copy(self, end: int) -> None:
        self._out += self.data[self._kept : end]
        self._kept = end

    def _advance(self, at: int, before: int, address: int, shift: int) -> None:
        """Add what the code at an address has moved by more than that before it.

        :param at: where the opcode is that goes there
        :param before: the address before that opcode
        :param shift: what the code there has moved by
        """
        more = self.moves.shift(address) - shift
        self._copy(at)
        if more > 0 and more % self.smallest == 0:
            self._out += bytes([_ADVANCE_PC]) + unsigned(more // self.smallest)
        elif more:
            new = (before + shift + more).to_bytes(self._size, "little")
            self._out += b"\0" + unsigned(1 + self._size) + bytes([_SET_ADDRESS]) + new
