"""Walks the entries of units: moves the addresses in them, and notes what refers to other sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.code_moves import CodeMoves
from stackswitch.wasm.reader import Reader

from . import forms
from .forms import Shape, Step, read_abbreviations

_TYPE_UNITS, _SKELETONS = frozenset({2, 6}), frozenset({4, 5})
_DWARF64 = 0xFFFFFFFF
Site = tuple[int, int]
"""Where a number is in the section, and its size (bytes)."""
Value = tuple[int, int, int, int]
"""An attribute, its form, its size in bytes or 0 for LEB128, and where it is."""


@dataclass
class References:
    """What units refer to: the offsets to be changed where a section's parts have moved.

    :ivar sites: of offsets, by the section that has them and the one that they lead to
    :ivar lists: by section: the offset of a list, and the unit that refers to it
    :ivar macros: offsets in ``.debug_macro`` at which a unit's macros begin
    :ivar addresses: offsets in ``.debug_addr`` of addresses of code, and their size (bytes)
    :ivar split: there are units whose rest is in a ``.dwo`` file
    """

    sites: dict[tuple[str, str], list[Site]] = field(default_factory=dict)
    lists: dict[str, dict[int, Unit]] = field(default_factory=dict)
    macros: set[int] = field(default_factory=set)
    addresses: set[tuple[int, int]] = field(default_factory=set)
    split: bool = False


@dataclass
class Unit:
    """A unit of ``.debug_info`` or ``.debug_types``.

    :ivar base: its lowest address (old), from which lists count
    :ivar addr_base, list_bases: offsets in other sections where its part begins, of lists by their section
    """

    shape: Shape
    base: int = 0
    addr_base: int | None = None
    list_bases: dict[str, int] = field(default_factory=dict)


@dataclass
class UnitMover:
    """Moves the addresses in a section of units, in place.

    :ivar data, name: ``.debug_info`` or ``.debug_types``
    :ivar sections: all sections of DWARF, as they were
    """

    data: bytearray
    name: str
    sections: Mapping[str, bytes]
    moves: CodeMoves
    found: References
    _tables: dict[tuple[int, Shape], dict[int, tuple[Step, ...]]] = field(default_factory=dict)

    def run(self) -> None:
        """Go over all units.

        :raises WasmFormatError: something is malformed, or of a kind that is not known
        """
        raw = bytes(self.data)
        reader = Reader(raw)
        while reader.left:
            length, offset = read_length(reader)
            content = reader.sub(length)
            version = little(content, 2)
            if not 2 <= version <= 5:
                raise content.fail(f"DWARF of version {version}")
            kind = content.u8() if version == 5 else 1
            if version == 5:
                address, table = content.u8(), little(content, offset)
            else:
                table, address = little(content, offset), content.u8()
            if kind in _TYPE_UNITS or self.name == ".debug_types":
                content.skip(8 + offset)
            elif kind in _SKELETONS:
                content.skip(8)
                self.found.split = True
            self._unit(content, Shape(version, address, offset), table)

    def _unit(self, content: Reader, shape: Shape, table: int) -> None:
        key = (table, shape)
        if key not in self._tables:
            self._tables[key] = read_abbreviations(self.sections.get(".debug_abbrev", b""), table, shape)
        unit = Unit(shape)
        first = True
        for values in _entries(content, self._tables[key]):
            if first:
                self._bases(unit, values)
                first = False
            self._entry(unit, values)

    def _bases(self, unit: Unit, values: list[Value]) -> None:
        """Read what the other attributes of a unit are relative to."""
        low: Value | None = None
        for value in values:
            attribute = value[0]
            if attribute in (forms.ADDR_BASE, forms.GNU_ADDR_BASE):
                unit.addr_base = self._number(value)
                self.found.split |= attribute == forms.GNU_ADDR_BASE
            elif attribute == forms.RNGLISTS_BASE:
                unit.list_bases[".debug_rnglists"] = self._number(value)
            elif attribute == forms.LOCLISTS_BASE:
                unit.list_bases[".debug_loclists"] = self._number(value)
            elif attribute == forms.LOW_PC:
                low = value
        if low is not None:
            unit.base = self._address(unit, low)

    def _entry(self, unit: Unit, values: list[Value]) -> None:
        low: int | None = None
        high: Value | None = None
        for value in values:
            attribute, form, size, at = value
            if attribute == forms.LOW_PC:
                low = self._address(unit, value)
            if form == forms.ADDR:
                self._put(at, size, self.moves.moved(self._number(value)))
            elif form in forms.ADDRX:
                self.found.addresses.add((self._index(unit, value), unit.shape.address))
            elif attribute == forms.HIGH_PC:
                high = value
            elif attribute == forms.STMT_LIST:
                self._refer(".debug_line", at, size)
            elif attribute in (forms.MACROS, forms.GNU_MACROS):
                self.found.macros.add(self._number(value))
            elif attribute == forms.RNGLISTS_BASE:
                self._refer(".debug_rnglists", at, size)
            elif attribute == forms.LOCLISTS_BASE:
                self._refer(".debug_loclists", at, size)
            elif attribute in (forms.RANGES, forms.START_SCOPE):
                self._list(unit, value, ".debug_rnglists" if unit.shape.version == 5 else ".debug_ranges")
            elif attribute in forms.LOCATIONS or form == forms.LOCLISTX:
                self._list(unit, value, ".debug_loclists" if unit.shape.version == 5 else ".debug_loc")
        if low is not None and high is not None:
            self._put(high[3], high[2], self.moves.length(low, self._number(high)))

    def _list(self, unit: Unit, value: Value, section: str) -> None:
        """Note a list: its offset, or its index in the table of the unit's part of the section."""
        _, form, size, at = value
        offset = self._number(value)
        if form in (forms.RNGLISTX, forms.LOCLISTX):
            base = unit.list_bases.get(section)
            if base is None:
                raise WasmFormatError(f"an index in {section} without a base", at)
            table = Reader(self.sections.get(section, b""), base + offset * unit.shape.offset)
            offset = base + little(table, unit.shape.offset)
        elif unit.shape.version == 5:
            self._refer(section, at, size)
        other = self.found.lists.setdefault(section, {}).setdefault(offset, unit)
        if other.base != unit.base:
            raise WasmFormatError(f"two units with other addresses share a list of {section}", offset)

    def _refer(self, section: str, at: int, size: int) -> None:
        self.found.sites.setdefault((self.name, section), []).append((at, size))

    def _address(self, unit: Unit, value: Value) -> int:
        if value[1] == forms.ADDR:
            return self._number(value)
        return indexed_address(self.sections, unit, self._number(value))[1]

    def _index(self, unit: Unit, value: Value) -> int:
        return indexed_address(self.sections, unit, self._number(value))[0]

    def _number(self, value: Value) -> int:
        _, _, size, at = value
        if size:
            return int.from_bytes(self.data[at : at + size], "little")
        return Reader(bytes(self.data[at : at + 10])).unsigned(64)

    def _put(self, at: int, size: int, number: int) -> None:
        """Write a number where another one was."""
        if size:
            if number >> 8 * size:
                raise WasmFormatError(f"{number} does not fit {size} bytes", at)
            self.data[at : at + size] = number.to_bytes(size, "little")
            return
        end = at
        while self.data[end] & 0x80:
            end += 1
        for place in range(at, end + 1):
            self.data[place] = number & 0x7F | (0x80 if place < end else 0)
            number >>= 7
        if number:
            raise WasmFormatError("a number does not fit its bytes", at)


def indexed_address(sections: Mapping[str, bytes], unit: Unit, index: int) -> tuple[int, int]:
    """Return where in ``.debug_addr`` an address of a unit is, and the address.

    :raises WasmFormatError: it is not there
    """
    if unit.addr_base is None:
        raise WasmFormatError("an index in .debug_addr without a base", index)
    at = unit.addr_base + index * unit.shape.address
    return at, little(Reader(sections.get(".debug_addr", b""), at), unit.shape.address)


def _entries(content: Reader, table: dict[int, tuple[Step, ...]]) -> Iterator[list[Value]]:
    """Yield for each entry of a unit the values that are looked at, if there are any."""
    data, at, end = content.data, content.pos, content.end
    first = True
    while at < end:
        code = data[at]
        at += 1
        if code == 0:
            continue
        if code & 0x80:
            code, at = _leb128(data, at - 1)
        values: list[Value] = []
        if code not in table:
            raise content.fail(f"unknown abbreviation {code}", at)
        for kind, attribute, form, size in table[code]:
            if kind == forms.FIXED:
                at += size
            elif kind == forms.VALUE:
                values.append((attribute, form, size, at))
                if size or form == forms.IMPLICIT_CONST:
                    at += size
                else:
                    _, at = _leb128(data, at)
            elif kind == forms.NUMBER:
                _, at = _leb128(data, at)
            elif kind == forms.TEXT:
                at = data.index(0, at) + 1
            else:
                length, at = (
                    (int.from_bytes(data[at : at + size], "little"), at + size) if size else _leb128(data, at)
                )
                at += length
        if at > end:
            raise content.fail("an entry ends behind its unit", at)
        if values or first:
            yield values
        first = False


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    reader = Reader(data, at)
    return reader.unsigned(128), reader.pos


def read_length(reader: Reader) -> tuple[int, int]:
    """Read the length of a unit; return it and the size of offsets in it (bytes)."""
    length = little(reader, 4)
    if length == _DWARF64:
        return little(reader, 8), 8
    return length, 4


def little(reader: Reader, size: int) -> int:
    """Read a number of so many bytes."""
    return int.from_bytes(reader.take(size), "little")
