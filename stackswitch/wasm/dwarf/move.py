"""Moves all sections of DWARF together, since they refer to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.code_moves import CodeMoves
from stackswitch.wasm.reader import Reader

from .lines import LineMover
from .lists import ListMover, move_pairs
from .units import References, UnitMover, little, read_length

_UNITS = (".debug_info", ".debug_types")
SECTIONS_NOT_MOVED = (
    ".debug_abbrev",
    ".debug_str",
    ".debug_str_offsets",
    ".debug_line_str",
    ".debug_macinfo",
    ".debug_names",
    ".debug_pubnames",
    ".debug_pubtypes",
    ".debug_gnu_pubnames",
    ".debug_gnu_pubtypes",
)
"""Sections without offsets of code, that refer to entries and texts only; these keep their places."""
_LINE_OFFSET, _OFFSETS_64 = 2, 1
"""Flags of a header in ``.debug_macro``."""


@dataclass(frozen=True)
class MovedDwarf:
    """The sections by name.

    :ivar dropped: names of those that cannot be moved
    :ivar split: there are units whose rest is in a ``.dwo`` file
    """

    sections: dict[str, bytes]
    dropped: tuple[str, ...]
    split: bool


def move_dwarf(sections: Mapping[str, bytes], moves: CodeMoves) -> MovedDwarf:
    """Move sections of DWARF.

    :param sections: contents of all sections ``.debug_*`` of a module, by name
    :raises WasmFormatError: something is malformed, or of a kind that is not known
    """
    found = References()
    out: dict[str, bytes] = {name: data for name, data in sections.items() if name in SECTIONS_NOT_MOVED}
    try:
        _move(sections, moves, found, out)
    except (IndexError, ValueError, ArithmeticError):
        raise WasmFormatError("malformed DWARF", 0) from None
    dropped = tuple(name for name in sections if name not in out)
    return MovedDwarf({name: out[name] for name in sections if name in out}, dropped, found.split)


def _move(sections: Mapping[str, bytes], moves: CodeMoves, found: References, out: dict[str, bytes]) -> None:
    units = {name: bytearray(sections[name]) for name in _UNITS if name in sections}
    for name, data in units.items():
        UnitMover(data, name, sections, moves, found).run()
    offsets: dict[str, dict[int, int]] = {}
    for name, locations in ((".debug_ranges", False), (".debug_loc", True)):
        if name in sections:
            out[name] = move_pairs(sections[name], found.lists.get(name, {}), moves, locations=locations)
    for name in (".debug_rnglists", ".debug_loclists"):
        if name in sections:
            lists = ListMover(name, sections, moves, found)
            out[name] = lists.run()
            offsets[name] = lists.offsets
    if ".debug_line" in sections:
        lines = LineMover(sections[".debug_line"], moves)
        out[".debug_line"] = lines.run()
        offsets[".debug_line"] = lines.offsets
    if ".debug_addr" in sections:
        out[".debug_addr"] = _addresses(sections[".debug_addr"], found, moves)
    if ".debug_aranges" in sections:
        out[".debug_aranges"] = _aranges(sections[".debug_aranges"], moves)
    if ".debug_macro" in sections:
        out[".debug_macro"] = _macros(sections[".debug_macro"], found, offsets.get(".debug_line", {}))
    for (section, target), sites in found.sites.items():
        for at, size in sites:
            _redirect(units[section], at, size, offsets.get(target, {}), target)
    out.update({name: bytes(data) for name, data in units.items()})


def _redirect(data: bytearray, at: int, size: int, offsets: Mapping[int, int], target: str) -> None:
    """Change the offset of something in a section to its new one."""
    old = int.from_bytes(data[at : at + size], "little")
    if old not in offsets:
        raise WasmFormatError(f"nothing in {target} begins at {old}", at)
    data[at : at + size] = offsets[old].to_bytes(size, "little")


def _addresses(data: bytes, found: References, moves: CodeMoves) -> bytes:
    """Move the addresses of code; ``.debug_addr`` has those of data, too."""
    out = bytearray(data)
    for at, size in found.addresses:
        out[at : at + size] = moves.moved(little(Reader(data, at), size)).to_bytes(size, "little")
    return bytes(out)


def _aranges(data: bytes, moves: CodeMoves) -> bytes:
    out = bytearray(data)
    reader = Reader(data)
    while reader.left:
        begin = reader.pos
        length, offset = read_length(reader)
        part = reader.sub(length)
        part.skip(2 + offset)
        size = part.u8()
        part.skip(1)
        part.skip(-(part.pos - begin) % (2 * size))
        while part.left >= 2 * size:
            at = part.pos
            start, span = little(part, size), little(part, size)
            new = (moves.moved(start), moves.length(start, span))
            out[at : at + 2 * size] = b"".join(each.to_bytes(size, "little") for each in new)
    return bytes(out)


def _macros(data: bytes, found: References, lines: Mapping[int, int]) -> bytes:
    """Change the offsets of line numbers at the beginning of each unit's macros."""
    out = bytearray(data)
    for begin in found.macros:
        reader = Reader(data, begin)
        reader.skip(2)
        flags = reader.u8()
        if flags & _LINE_OFFSET:
            _redirect(out, reader.pos, 8 if flags & _OFFSETS_64 else 4, lines, ".debug_line")
    return bytes(out)
