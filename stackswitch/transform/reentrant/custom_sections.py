"""Custom sections of a module whose code moves: copied, added to, or dropped with a note.

Function names are added, and the feature of catching exceptions. What holds offsets of code is dropped if
code has moved: a wrong line in a debugger is worse than none.
"""

from __future__ import annotations

from dataclasses import dataclass

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.custom_sections import FUNCTION_NAMES, read_target_features
from stackswitch.wasm.encoding import CUSTOM, iterate_sections, name, section, sized, unsigned, vector
from stackswitch.wasm.module import Module
from stackswitch.wasm.reader import Reader

from .adapter import adapter, note


@dataclass(frozen=True)
class CustomSections:
    """The bytes of custom sections, before and after all others, and notes on those that were dropped."""

    first: bytes
    last: bytes
    notes: tuple[str, ...]


def custom_sections(module: Module, added_names: list[tuple[int, str]], *, moved: bool) -> CustomSections:
    """Return a module's custom sections, as they are to be.

    :param added_names: index and name of the functions that are added
    :param moved: code is at other offsets in the code section
    """
    known = adapter().sections
    first: list[bytes] = []
    last: list[bytes] = []
    dropped: list[str] = []
    named = False
    other_seen = False
    for number, start, content in iterate_sections(module.data):
        if number != CUSTOM:
            other_seen = True
            continue
        title = content.name()
        raw: bytes | None = module.data[start : content.end]
        if title == "name" and not named:
            named = True
            raw = _names(content, added_names) or raw
        elif title == "target_features":
            raw = _features(content) or raw
        elif (
            title in known.file_offsets
            or title.startswith(known.before_code)
            or (moved and (title.startswith(known.debug) or title in known.code_offsets))
        ):
            dropped.append(title)
            raw = None
        if raw is not None:
            (last if other_seen else first).append(raw)
    if not named:
        last.append(_name_section([], added_names))
    return CustomSections(b"".join(first), b"".join(last), _notes(dropped))


def _notes(dropped: list[str]) -> tuple[str, ...]:
    debug = adapter().sections.debug
    notes = []
    if any(each.startswith(debug) for each in dropped):
        notes.append(note("debug"))
    notes += [note("section", name=each) for each in dict.fromkeys(dropped) if not each.startswith(debug)]
    return tuple(notes)


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
