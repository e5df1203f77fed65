"""Custom sections of a module whose code moves: copied, moved, added to, or dropped with a note.

Function names are added, and the feature of catching exceptions. What holds offsets of code and cannot be
moved is dropped: a wrong line in a debugger is worse than none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.code_metadata import move_code_metadata
from stackswitch.wasm.code_moves import CodeMoves
from stackswitch.wasm.custom_sections import FUNCTION_NAMES, read_target_features
from stackswitch.wasm.encoding import CUSTOM, iterate_sections, name, section, sized, unsigned, vector
from stackswitch.wasm.module import Module
from stackswitch.wasm.reader import Reader

from .adapter import adapter, note
from .debug_info import custom_section, moved_debug_sections
from .model import ReentrantRequest

_IN_FUNCTIONS = (2, 3)
"""Subsections of names of locals and of labels, function by function."""


@dataclass
class CustomSections:
    """The bytes of custom sections by place, and notes on those that were dropped.

    :ivar first, last: those before and after all other sections
    :ivar before_code: those that stand right before the code
    """

    first: list[bytes] = field(default_factory=list)
    before_code: list[bytes] = field(default_factory=list)
    last: list[bytes] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def custom_sections(
    module: Module,
    request: ReentrantRequest,
    added_names: list[tuple[int, str]],
    moves: CodeMoves,
    indexes: Mapping[int, int] | None = None,
) -> CustomSections:
    """Return a module's custom sections, as they are to be.

    :param added_names: index and name of the functions that are added
    :param indexes: the new indexes of functions that have others than before
    """
    indexes = indexes or {}
    known = adapter().sections
    found = CustomSections()
    dwarf = moved_debug_sections(module.data, moves, keep=request.debug_info)
    urls = {
        "sourceMappingURL": None if request.source_map is None else request.source_map_url,
        "external_debug_info": None if request.debug_module is None else request.debug_module_url,
    }
    named = other_seen = False
    for number, start, content in iterate_sections(module.data):
        if number != CUSTOM:
            other_seen = True
            continue
        title = content.name()
        raw: bytes | None = module.data[start : content.end]
        place = found.last if other_seen else found.first
        if title == "name" and not named:
            named = True
            raw = _names(content, added_names, indexes) or (None if indexes else raw)
        elif title == "target_features":
            raw = _features(content) or raw
        elif title.startswith(known.before_code):
            place = found.before_code
            raw = _metadata(content, title, module, moves, indexes) if request.debug_info else None
        elif title.startswith(known.debug):
            moved = dwarf.sections.get(title)
            raw = None if moved is None else custom_section(title, moved)
        elif (url := urls.get(title)) is not None:
            raw = custom_section(title, name(url))
        elif title in known.file_offsets or (moves and title in known.code_offsets):
            raw = None
        if raw is not None:
            place.append(raw)
        elif title == "name":
            found.notes.append(note("names"))
        elif not title.startswith(known.debug):
            found.notes.append(note("section", name=title))
    if not named:
        found.last.append(_name_section([], added_names))
    found.notes = [*dwarf.notes, *dict.fromkeys(found.notes)]
    return found


def _metadata(
    content: Reader, title: str, module: Module, moves: CodeMoves, indexes: Mapping[int, int]
) -> bytes | None:
    try:
        return custom_section(title, move_code_metadata(content, module, moves, indexes))
    except WasmFormatError:
        return None


def _names(content: Reader, added: list[tuple[int, str]], indexes: Mapping[int, int]) -> bytes | None:
    """Add to the function names; None: the section is malformed, as it may be."""
    parts: list[tuple[int, bytes]] = []
    try:
        while content.left:
            kind = content.u8()
            parts.append((kind, content.take(content.u32())))
        if FUNCTION_NAMES not in [kind for kind, _ in parts]:
            parts = sorted([*parts, (FUNCTION_NAMES, b"\0")])
        if indexes:
            parts = [(kind, _moved(part, kind, indexes, added)) for kind, part in parts]
            return _name_section(parts, [])
        return _name_section(
            [(kind, _extended(part, added) if kind == FUNCTION_NAMES else part) for kind, part in parts], []
        )
    except WasmFormatError:
        return None


def _moved(part: bytes, kind: int, indexes: Mapping[int, int], added: list[tuple[int, str]]) -> bytes:
    """Return the names of functions, or of what is in functions, with other indexes of functions.

    Names that are added to those of functions go where their indexes belong.
    """
    if kind not in (FUNCTION_NAMES, *_IN_FUNCTIONS):
        return part
    reader = Reader(part)
    entries = [(index, name(text)) for index, text in added if kind == FUNCTION_NAMES]
    for _ in range(reader.u32()):
        index = reader.u32()
        start = reader.pos
        for _ in range(reader.u32() if kind in _IN_FUNCTIONS else 1):
            if kind in _IN_FUNCTIONS:
                reader.u32()
            reader.skip(reader.u32())
        entries.append((indexes.get(index, index), reader.data[start : reader.pos]))
    return vector(unsigned(index) + rest for index, rest in sorted(entries))


def _extended(part: bytes, added: list[tuple[int, str]]) -> bytes:
    reader = Reader(part)
    count = reader.u32()
    entries = b"".join(unsigned(index) + name(text) for index, text in added)
    return unsigned(count + len(added)) + reader.take(reader.left) + entries


def _name_section(parts: list[tuple[int, bytes]], added: list[tuple[int, str]]) -> bytes:
    if added:
        parts = [*parts, (FUNCTION_NAMES, _extended(b"\0", added))]
    return section(CUSTOM, name("name") + b"".join(bytes([kind]) + sized(part) for kind, part in parts))


def _features(content: Reader) -> bytes | None:
    try:
        features = list(read_target_features(content))
    except WasmFormatError:
        return None
    feature = adapter().sections.feature
    if feature not in [each for _, each in features]:
        features.append(("+", feature))
    entries = vector(prefix.encode() + name(each) for prefix, each in features)
    return section(CUSTOM, name("target_features") + entries)
