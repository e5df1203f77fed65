"""Puts additions into a module's sections, and redirects calls and references; all else keeps its bytes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from stackswitch.wasm.code_moves import CodeMoves
from stackswitch.wasm.encoding import (
    CODE,
    CUSTOM,
    EXPORT,
    FUNCTION,
    FUNCTION_KIND,
    GLOBAL,
    HEADER,
    IMPORT,
    SECTION_ORDER,
    TABLE,
    TYPE,
    export,
    iterate_sections,
    section,
    unsigned,
    vector,
)
from stackswitch.wasm.instructions import CALL, REF_FUNC, RETURN_CALL
from stackswitch.wasm.module import Module
from stackswitch.wasm.reader import Reader
from stackswitch.wasm.scan import find_instructions
from stackswitch.wasm.sections import KINDS, read_constant_expression
from stackswitch.wasm.types import read_global_type, read_table_type, read_value_type

from .additions import Additions
from .custom_sections import CustomSections

_START, _ELEMENT = 8, 9
_TABLE_WITH_INITIALISER = 0x40
_DECLARATIVE = b"\x03\0"
"""How a segment of elements begins that only declares functions."""
_REDIRECTED = frozenset({CALL, RETURN_CALL, REF_FUNC})


@dataclass
class Patched:
    """Sections by number, without custom ones.

    :ivar call_sites: how many instructions were redirected
    :ivar moves: where code is now
    """

    sections: dict[int, bytes]
    call_sites: int
    moves: CodeMoves


def patched_sections(additions: Additions) -> Patched:
    """Return the contents of all sections but custom ones.

    :raises WasmFormatError: the module is malformed
    """
    module = additions.module
    contents = {number: content for number, _, content in iterate_sections(module.data) if number != CUSTOM}
    referenced: set[int] = set()
    code, sites, moves = _code(additions, referenced)
    # The functions that these replace may have been declared by exports, which name others now.
    undeclared = () if additions.imports else sorted(referenced)
    declared = [_DECLARATIVE + vector(map(unsigned, undeclared))] if undeclared else []
    added = {
        TYPE: additions.types,
        IMPORT: additions.imports,
        FUNCTION: [unsigned(index) for _, index, _ in additions.functions],
        GLOBAL: additions.globals,
    }
    out: dict[int, bytes] = {}
    for number in SECTION_ORDER:
        content = contents.get(number)
        if number in (TABLE, GLOBAL) and content is not None and additions.references:
            content = Reader(_with_initialisers(content, number, additions.references))
        if added.get(number):
            out[number] = _extended(content, added[number])
        elif number == CODE:
            out[number] = code
        elif number == EXPORT:
            out[number] = _exports(additions)
        elif number == _ELEMENT and (content is not None or declared):
            segments = _elements(content, additions.references) if content is not None else []
            out[number] = vector([*segments, *declared])
        elif number == _START and content is not None:
            start = content.u32()
            out[number] = unsigned(additions.calls.get(start, start))
        elif content is not None:
            out[number] = content.take(content.left)
    return Patched(out, sites, moves)


def assembled(sections: Mapping[int, bytes], custom: CustomSections) -> bytes:
    """Return a module of sections."""
    parts = [HEADER, *custom.first]
    for number in SECTION_ORDER:
        if number == CODE:
            parts += custom.before_code
        if number in sections:
            parts.append(section(number, sections[number]))
    return b"".join([*parts, *custom.last])


def _extended(content: Reader | None, added: list[bytes]) -> bytes:
    if content is None:
        return vector(added)
    count = content.u32()
    return unsigned(count + len(added)) + content.take(content.left) + b"".join(added)


def _exports(additions: Additions) -> bytes:
    entries = []
    for each in additions.module.exports:
        index = each.index
        if each.kind == "func":
            index = additions.exports.get(each.name, additions.calls.get(index, index))
        entries.append(export(each.name, KINDS.index(each.kind), index))
    entries += [export(name, FUNCTION_KIND, index) for name, index in additions.new_exports.items()]
    return vector(entries)


def _with_initialisers(content: Reader, number: int, references: Mapping[int, int]) -> bytes:
    """Return a section of globals or tables with each ``ref.func`` redirected."""
    count = content.u32()
    entries = []
    for _ in range(count):
        start = content.pos
        has_initialiser = number == GLOBAL
        if number == GLOBAL:
            read_global_type(content)
        else:
            has_initialiser = content.peek() == _TABLE_WITH_INITIALISER
            content.skip(2 if has_initialiser else 0)
            read_table_type(content)
        entries.append(content.data[start : content.pos])
        if has_initialiser:
            expression = read_constant_expression(content)
            entries.append(_expression(content.data[expression.start : expression.end], references))
    return unsigned(count) + b"".join(entries)


def _elements(content: Reader, references: Mapping[int, int]) -> list[bytes]:
    return [_element(content, references) for _ in range(content.u32())]


def _element(content: Reader, references: Mapping[int, int]) -> bytes:
    """Copy one of the eight forms; flags: 1 not active, 2 table given (or declarative), 4 expressions."""
    start = content.pos
    flags = content.u32()
    if not flags & 1:
        if flags & 2:
            content.u32()
        read_constant_expression(content)
    if flags & 3:
        if flags & 4:
            read_value_type(content)
        else:
            content.u8()
    head = content.data[start : content.pos]
    count = content.u32()
    entries = []
    for _ in range(count):
        if flags & 4:
            expression = read_constant_expression(content)
            entries.append(_expression(content.data[expression.start : expression.end], references))
        else:
            index = content.u32()
            entries.append(unsigned(references.get(index, index)))
    return head + unsigned(count) + b"".join(entries)


def _expression(code: bytes, references: Mapping[int, int]) -> bytes:
    out = bytearray()
    last = 0
    for each in find_instructions(code, 0, len(code), frozenset({REF_FUNC})):
        index = each.immediates[0]
        if index in references:
            out += code[last : each.offset] + b"\xd2" + unsigned(references[index])
            last = each.end
    return bytes(out + code[last:])


def _code(additions: Additions, referenced: set[int]) -> tuple[bytes, int, CodeMoves]:
    """Return the code section, how many instructions were redirected, and where code is now.

    :param referenced: gets the functions that ``ref.func`` has now instead of others
    """
    module = additions.module
    data = module.data
    functions = {*additions.calls, *additions.references}
    changed = range(len(module.bodies)) if additions.imports else _bodies_with(module, functions)
    sites = 0
    content = module.section_offsets.get(CODE, 0)
    first = kept = _body_start(module, 0) if module.bodies else content
    count = _padded(len(module.bodies) + len(additions.functions), first - content)
    growths = [(first, len(count) - (first - content))]
    parts: list[bytes] = [count]
    for at in sorted(changed):
        start, end = module.bodies[at]
        body, grown, found = _body(
            additions, referenced, *module.code_range(at + module.imported_function_count), start
        )
        if not found:
            continue
        sites += found
        head = _body_start(module, at)
        size = _padded(len(body), start - head)
        parts += [data[kept:head], size, body]
        growths += [(start, len(size) - (start - head)), *grown]
        kept = end
    end = module.bodies[-1][1] if module.bodies else content
    parts += [data[kept:end], *(body for _, _, body in additions.functions)]
    moves = CodeMoves([(at - content, growth) for at, growth in growths if growth], end - content)
    return b"".join(parts), sites, moves


def _body_start(module: Module, at: int) -> int:
    """Return where the size of a body stands."""
    if at == 0:
        reader = Reader(module.data, module.section_offsets[CODE])
        reader.u32()
        return reader.pos
    return module.bodies[at - 1][1]


def _bodies_with(module: Module, functions: set[int]) -> set[int]:
    """Return the bodies whose bytes may call or refer to one of the functions."""
    if not module.bodies or not functions:
        return set()
    short = b"".join(re.escape(bytes([each])) for each in functions if each < 0x80)
    forms = [b"[" + short + b"]"] if short else []
    forms += [_any_length(each) for each in sorted(functions)]
    pattern = re.compile(rb"[\x10\x12\xd2](?:" + b"|".join(forms) + b")", re.DOTALL)
    starts = [start for start, _ in module.bodies]
    found: set[int] = set()
    position, end = starts[0], module.bodies[-1][1]
    while (match := pattern.search(module.data, position, end)) is not None:
        at = bisect_right(starts, match.start()) - 1
        found.add(at)
        position = starts[at + 1] if at + 1 < len(starts) else end
    return found


def _any_length(number: int) -> bytes:
    """Return an expression for an unsigned LEB128 number, padded or not."""
    short = unsigned(number)
    longer = re.escape(short[:-1] + bytes([short[-1] | 0x80])) + rb"\x80{0,3}\x00"
    return longer if number < 0x80 else re.escape(short) + b"|" + longer


def _body(
    additions: Additions, referenced: set[int], start: int, end: int, first: int
) -> tuple[bytes, list[tuple[int, int]], int]:
    """Return a body with its calls and references redirected, where it has grown, and how many there were."""
    data = additions.module.data
    out = bytearray()
    growths: list[tuple[int, int]] = []
    last, found = first, 0
    for each in find_instructions(data, start, end, _REDIRECTED):
        targets = additions.references if each.opcode == REF_FUNC else additions.calls
        target = targets.get(each.immediates[0])
        if target is not None:
            room = each.end - each.offset - 1
            immediate = _padded(target, room)
            out += data[last : each.offset + 1] + immediate
            if len(immediate) != room:
                growths.append((each.end, len(immediate) - room))
            last = each.end
            found += 1
            if each.opcode == REF_FUNC:
                referenced.add(target)
    return bytes(out + data[last:end]), growths, found


def _padded(number: int, length: int) -> bytes:
    """Encode a number in so many bytes, or in as many as it needs."""
    short = unsigned(number)
    missing = length - len(short)
    if missing <= 0:
        return short
    return short[:-1] + bytes([short[-1] | 0x80]) + b"\x80" * (missing - 1) + b"\0"
