"""Moves lists of ranges and of locations.

Those of DWARF 2 to 4 (``.debug_ranges``, ``.debug_loc``) keep their sizes. Those of DWARF 5
(``.debug_rnglists``, ``.debug_loclists``) have LEB128 numbers, so a list may take more bytes than before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.code_moves import CodeMoves
from stackswitch.wasm.encoding import unsigned
from stackswitch.wasm.reader import Reader

from .forms import Shape
from .units import References, Unit, indexed_address, little, read_length

_END, _BASE_INDEX, _INDEXES, _INDEX_LENGTH, _OFFSETS = range(5)
_RANGES = {5: "base", 6: "start_end", 7: "start_length"}
_LOCATIONS = {5: "default", 6: "base", 7: "start_end", 8: "start_length", 9: "view"}


def move_pairs(data: bytes, lists: Mapping[int, Unit], moves: CodeMoves, *, locations: bool) -> bytes:
    """Return ``.debug_ranges`` or ``.debug_loc`` with its lists moved.

    :param lists: the offset of each list, and the unit that refers to it
    :raises WasmFormatError: a list does not end
    """
    out = bytearray(data)
    for start, unit in lists.items():
        base, size = unit.base, unit.shape.address
        reader = Reader(data, start)
        while True:
            at = reader.pos
            low, high = little(reader, size), little(reader, size)
            if low == high == 0:
                break
            if low == (1 << 8 * size) - 1:
                base = high
                new = (low, moves.moved(high))
            else:
                if locations:
                    reader.skip(little(reader, 2))
                new = (_relative(moves, base, low), _relative(moves, base, high))
            out[at : at + 2 * size] = b"".join(_fixed(each, size) for each in new)
    return bytes(out)


def _relative(moves: CodeMoves, base: int, offset: int) -> int:
    """Return the new offset from a base's new address."""
    return moves.moved(base + offset) - moves.moved(base)


def _fixed(number: int, size: int) -> bytes:
    if not 0 <= number < 1 << 8 * size:
        raise WasmFormatError(f"{number} does not fit {size} bytes", 0)
    return number.to_bytes(size, "little")


@dataclass
class ListMover:
    """Writes ``.debug_rnglists`` or ``.debug_loclists`` anew.

    :ivar name: of the section
    :ivar sections: all sections of DWARF, as they were
    :ivar offsets: gets the new offset of each list and of each part's table, by the old one
    """

    name: str
    sections: Mapping[str, bytes]
    moves: CodeMoves
    found: References
    offsets: dict[int, int] = field(default_factory=dict)
    _out: bytearray = field(default_factory=bytearray)

    def run(self) -> bytes:
        """Return the section.

        :raises WasmFormatError: something is malformed, or of a kind that is not known
        """
        reader = Reader(self.sections[self.name])
        while reader.left:
            length, offset = read_length(reader)
            self._part(reader.sub(length), offset)
        missing = self.found.lists.get(self.name, {}).keys() - self.offsets.keys()
        if missing:
            raise WasmFormatError(f"no list of {self.name} begins where one is referred to", min(missing))
        return bytes(self._out)

    def _part(self, part: Reader, offset: int) -> None:
        version, address = little(part, 2), part.u8()
        if version != 5:
            raise part.fail(f"{self.name} of version {version}")
        part.skip(1)
        count = little(part, 4)
        shape = Shape(version, address, offset)
        head = len(self._out) + (4 if offset == 4 else 12)
        self.offsets[part.pos] = table = head + 8
        base = part.pos
        indexes = [little(part, offset) for _ in range(count)]
        lists = bytearray()
        first = table + count * offset
        while part.left:
            self.offsets[part.pos] = first + len(lists)
            lists += self._list(part, self.found.lists.get(self.name, {}).get(part.pos) or Unit(shape))
        try:
            moved = [self.offsets[base + each] - table for each in indexes]
        except KeyError:
            raise part.fail(f"an index of {self.name} leads to no list") from None
        content = version.to_bytes(2, "little") + bytes([address, 0]) + count.to_bytes(4, "little")
        content += b"".join(_fixed(each, offset) for each in moved) + lists
        mark = b"" if offset == 4 else b"\xff\xff\xff\xff"
        self._out += mark + _fixed(len(content), offset) + content

    def _list(self, reader: Reader, unit: Unit) -> bytes:
        """Copy a list with its numbers moved."""
        kinds = _LOCATIONS if self.name == ".debug_loclists" else _RANGES
        base: int = unit.base
        size = unit.shape.address
        out = bytearray()
        while True:
            code = reader.u8()
            out.append(code)
            kind = kinds.get(code, "")
            if code == _END:
                return bytes(out)
            if code == _BASE_INDEX:
                index = reader.unsigned(64)
                base = self._indexed(unit, index)
                out += unsigned(index)
            elif kind == "base":
                base = little(reader, size)
                out += _fixed(self.moves.moved(base), size)
            else:
                out += self._entry(reader, unit, code, kind, base)
                if kinds is _LOCATIONS and kind != "view":
                    length = reader.unsigned(64)
                    out += unsigned(length) + reader.take(length)

    def _entry(self, reader: Reader, unit: Unit, code: int, kind: str, base: int) -> bytes:
        moves, size = self.moves, unit.shape.address
        if kind == "default":
            return b""
        if code == _OFFSETS:
            low, high = reader.unsigned(64), reader.unsigned(64)
            return unsigned(_relative(moves, base, low)) + unsigned(_relative(moves, base, high))
        if kind == "start_end":
            return b"".join(_fixed(moves.moved(little(reader, size)), size) for _ in range(2))
        if kind == "start_length":
            start = little(reader, size)
            return _fixed(moves.moved(start), size) + unsigned(moves.length(start, reader.unsigned(64)))
        first, second = reader.unsigned(64), reader.unsigned(64)
        if code == _INDEXES:
            self._indexed(unit, first)
            self._indexed(unit, second)
        elif code == _INDEX_LENGTH:
            second = moves.length(self._indexed(unit, first), second)
        elif kind != "view":
            raise reader.fail(f"an entry of {self.name} is of an unknown kind {code:#x}")
        return unsigned(first) + unsigned(second)

    def _indexed(self, unit: Unit, index: int) -> int:
        """Return an address (old) of ``.debug_addr``, and note that it is code."""
        at, address = indexed_address(self.sections, unit, index)
        self.found.addresses.add((at, unit.shape.address))
        return address
