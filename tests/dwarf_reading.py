"""Reads DWARF of modules with pyelftools, which is not the code under test."""

from __future__ import annotations

import io
import itertools
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from elftools.dwarf.dwarfinfo import DebugSectionDescriptor, DwarfConfig, DWARFInfo
from elftools.dwarf.locationlists import LocationEntry, LocationParser
from elftools.dwarf.ranges import BaseAddressEntry, RangeEntry

from stackswitch.wasm.encoding import CUSTOM, iterate_sections

_OTHER = ("frame_base", "location", "string_length", "return_addr", "static_link", "use_location")
_SECTIONS = (
    "debug_info", "debug_aranges", "debug_abbrev", "debug_frame", "eh_frame", "debug_str", "debug_loc",
    "debug_ranges", "debug_line", "debug_pubtypes", "debug_pubnames", "debug_addr", "debug_str_offsets",
    "debug_line_str", "debug_loclists", "debug_rnglists", "debug_sup", "gnu_debugaltlink", "debug_types",
)  # fmt: skip
Row = tuple[int, int, int, int, bool, bool]
"""An address, a file, a line, a column, whether it begins a statement, whether it ends a sequence."""


def debug_sections(wasm: bytes) -> dict[str, bytes]:
    """Return the sections of DWARF, by name."""
    found = {}
    for number, _, content in iterate_sections(wasm):
        if number == CUSTOM and (title := content.name()).startswith(".debug_"):
            found[title] = content.take(content.left)
    return found


def read_dwarf(sections: dict[str, bytes]) -> DWARFInfo:
    """Read sections of DWARF of a module for wasm32."""
    given = {
        f"{name}_sec": DebugSectionDescriptor(
            io.BytesIO(sections[f".{name}"]), f".{name}", 0, len(sections[f".{name}"]), 0
        )
        if f".{name}" in sections
        else None
        for name in _SECTIONS
    }
    return DWARFInfo(DwarfConfig(little_endian=True, machine_arch="wasm", default_address_size=4), **given)


def line_rows(info: DWARFInfo) -> list[list[Row]]:
    """Return the rows of each unit's line numbers."""
    return [_rows(info.line_program_for_CU(unit)) for unit in info.iter_CUs()]


def _rows(program: Any) -> list[Row]:
    states = [each.state for each in program.get_entries() if each.state is not None] if program else []
    return [
        (each.address, each.file, each.line, each.column, each.is_stmt, each.end_sequence) for each in states
    ]


class LineTable:
    """Rows in which an address can be looked up."""

    def __init__(self, info: DWARFInfo) -> None:
        self._spans: list[tuple[int, int, tuple[int, ...]]] = []
        for unit, rows in enumerate(line_rows(info)):
            for row, after in itertools.pairwise(rows):
                if not row[5] and 0 < row[0] < after[0]:
                    self._spans.append((row[0], after[0], (unit, *row[1:4])))
        self._spans.sort()
        self._starts = [start for start, _, _ in self._spans]

    def find(self, address: int) -> tuple[int, ...] | None:
        """Return the unit, the file, the line and the column of an instruction."""
        at = bisect_right(self._starts, address) - 1
        if at < 0 or not self._spans[at][0] <= address < self._spans[at][1]:
            return None
        return self._spans[at][2]


def addresses(info: DWARFInfo) -> Iterator[tuple[int, str, int]]:
    """Yield all addresses of code: the entry that has it, what it is, and the address."""
    ranges, locations = info.range_lists(), info.location_lists()
    parser = LocationParser(locations)
    for unit in info.iter_CUs():
        base = _low(unit.get_top_DIE(), 0)
        for entry in unit.iter_DIEs():
            for name, value in entry.attributes.items():
                if not isinstance(name, str):
                    continue
                if name.endswith("_pc") and value.form in ("DW_FORM_addr", "DW_FORM_addrx"):
                    yield entry.offset, name, value.value
                elif name == "DW_AT_high_pc":
                    yield entry.offset, name, _low(entry, 0) + value.value
                elif name == "DW_AT_ranges":
                    found = ranges.get_range_list_at_offset(value.value, unit)
                    yield from _listed(entry.offset, name, found, base)
                elif name.removeprefix("DW_AT_") in _OTHER and parser.attribute_has_location(
                    value, unit["version"]
                ):
                    located = parser.parse_from_attribute(value, unit["version"], entry)
                    if isinstance(located, list):
                        yield from _listed(entry.offset, name, located, base)


def _low(entry: Any, default: int) -> int:
    found = entry.attributes.get("DW_AT_low_pc")
    return default if found is None else int(found.value)


def _listed(offset: int, name: str, entries: list[Any], base: int) -> Iterator[tuple[int, str, int]]:
    for each in entries:
        if isinstance(each, (RangeEntry, LocationEntry)):
            start = 0 if each.is_absolute else base
            yield offset, f"{name} begin", start + each.begin_offset
            yield offset, f"{name} end", start + each.end_offset
        elif isinstance(each, BaseAddressEntry) or hasattr(each, "base_address"):
            base = each.base_address
