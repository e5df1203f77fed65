"""Custom sections of a module whose code moves: copied, moved, added to, or dropped with a note.

Function names are added, and the feature of catching exceptions. What holds offsets of code and cannot be
moved is dropped: a wrong line in a debugger is worse than none.
"""

from __future__ import annotations

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
    module: Module, request: ReentrantRequest, added_names: list[tuple[int, str]], moves: CodeMoves
) -> CustomSections:
    """Return a module's custom sections, as they are to be.

    :param added_names: index and name of the functions that are added
    """
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
            raw = _names(content, added_names) or raw
        elif title == "target_features":
            raw = _features(content) or raw
        elif title.startswith(known.before_code):
            place = found.before_code
            raw = _metadata(content, title, module, moves) if request.debug_info else None
        elif title.startswith(known.debug):
            moved = dwarf.sections.get(title)
            raw = None if moved is None else custom_section(title, moved)
        elif (url := urls.get(title)) is not None:
            raw = custom_section(title, name(url))
        elif title in known.file_offsets or (moves and title in known.code_offsets):
            raw = None
        if raw is not None:
            place.append(raw)
        elif not title.startswith(known.debug):
            found.notes.append(note("section", name=title))
    if not named:
        found.last.append(_name_section([], added_names))
    found.notes = [*dwarf.notes, *dict.fromkeys(found.notes)]
    return found


def _metadata(content: Reader, title: str, module: Module, moves: CodeMoves) -> bytes | None:
    try:
        return custom_section(title, move_code_metadata(content, module, moves))
    except WasmFormatError:
        return None


def _names(content: Reader, added: list[tuple[int, str]]) -> bytes | None:
    """Add to the function names; None: the section is malformed, as it may be."""
    parts: list[tuple[int, bytes]] = []
    try:
        while content.left:
            kind = content.u8()
            parts.append((kind, content.take(content.u32())))
        if FUNCTION_NAMES not in [kind for kind, _ in parts]:
            parts = sorted([*parts, (FUNCTION_NAMES, b"\0")])
        return _name_section(
            [(kind, _extended(part, added) if kind == FUNCTION_NAMES else part) for kind, part in parts], []
        )
    except WasmFormatError:
        return None


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
