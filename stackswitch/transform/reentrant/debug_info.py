"""What debuggers need of a module whose code moves: DWARF, in it or beside it, and its source map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stackswitch.errors import ModuleRefusedError, WasmFormatError
from stackswitch.wasm.code_moves import CodeMoves
from stackswitch.wasm.dwarf import move_dwarf
from stackswitch.wasm.encoding import CODE, CUSTOM, HEADER, SECTION_ORDER, iterate_sections, name, section
from stackswitch.wasm.module import Module
from stackswitch.wasm.source_map import move_source_map

from .adapter import adapter, note
from .model import ReentrantRequest


@dataclass(frozen=True)
class DebugSections:
    """The sections of DWARF that stay, by name, and notes on the others."""

    sections: Mapping[str, bytes]
    notes: tuple[str, ...]


def moved_debug_sections(data: bytes, moves: CodeMoves, *, keep: bool = True) -> DebugSections:
    """Return the sections of DWARF in a module, moved.

    :param keep: else they are dropped if code has moved
    """
    sections = dict(_dwarf(data))
    if not sections or not moves:
        return DebugSections(sections, ())
    if not keep:
        return DebugSections({}, (note("debug"),))
    try:
        moved = move_dwarf(sections, moves)
    except WasmFormatError as error:
        return DebugSections({}, (note("debug") + f" ({error})",))
    notes = [note("section", name=each) for each in moved.dropped]
    if moved.split:
        notes.append(note("split"))
    return DebugSections(moved.sections, tuple(notes))


@dataclass(frozen=True)
class DebugFiles:
    """The files beside a module that was made, and notes; None: there was none."""

    source_map: bytes | None
    debug_module: bytes | None
    notes: tuple[str, ...]


def moved_files(
    request: ReentrantRequest, module: Module, made: bytes, moves: CodeMoves, known: Mapping[int, bytes]
) -> DebugFiles:
    """Return the files beside a module.

    :param module: as it was
    :param made: the module that was made, and ``known``: its sections but custom ones
    :raises ModuleRefusedError: a file is not of this module, or cannot be moved
    """
    source_map = debug_module = None
    notes: tuple[str, ...] = ()
    try:
        if request.source_map is not None:
            start = module.section_offsets.get(CODE, len(module.data))
            source_map = move_source_map(request.source_map, moves, start, _code_start(made))
        if request.debug_module is not None:
            debug_module, notes = moved_debug_module(request.debug_module, module, moves, known)
    except WasmFormatError as error:
        raise ModuleRefusedError("debug-file", f"a file for debuggers cannot be moved: {error}") from None
    return DebugFiles(source_map, debug_module, notes)


def _code_start(data: bytes) -> int:
    return next((each.pos for number, _, each in iterate_sections(data) if number == CODE), len(data))


def moved_debug_module(
    data: bytes, module: Module, moves: CodeMoves, known: Mapping[int, bytes]
) -> tuple[bytes, tuple[str, ...]]:
    """Return the file of ``-gseparate-dwarf`` for a module that was made, and notes.

    :param data: that file as it was: DWARF, with the module's code or without
    :param module: the module as it was
    :param known: the new contents of its sections but custom ones
    :raises ModuleRefusedError: the file is not of this module
    :raises WasmFormatError: it is malformed
    """
    dwarf = moved_debug_sections(data, moves)
    custom: list[bytes] = []
    code = b""
    for number, start, content in iterate_sections(data):
        raw = data[start : content.end]
        if number == CUSTOM:
            title = content.name()
            if title in dwarf.sections:
                raw = custom_section(title, dwarf.sections[title])
            if title in dwarf.sections or not title.startswith(adapter().sections.debug):
                custom.append(raw)
        elif number == CODE:
            code = content.take(content.left)
    if code and code != _code(module.data):
        raise ModuleRefusedError("debug-file", "the file of -gseparate-dwarf is of another build")
    sections = [section(number, known[number]) for number in SECTION_ORDER if code and number in known]
    return b"".join([HEADER, *sections, *custom]), dwarf.notes


def _code(data: bytes) -> bytes:
    return next((each.take(each.left) for number, _, each in iterate_sections(data) if number == CODE), b"")


def custom_section(title: str, content: bytes) -> bytes:
    """Encode a custom section."""
    return section(CUSTOM, name(title) + content)


def _dwarf(data: bytes) -> Iterator[tuple[str, bytes]]:
    for number, _, content in iterate_sections(data):
        if number == CUSTOM:
            title = content.name()
            if title.startswith(adapter().sections.debug):
                yield title, content.take(content.left)
