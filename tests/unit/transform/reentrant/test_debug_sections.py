"""Custom sections with offsets of code: moved with it, or dropped with a note."""

from __future__ import annotations

import pytest

from stackswitch.wasm.encoding import CODE, CUSTOM, iterate_sections, name, section, sized, unsigned, vector
from stackswitch.wasm.instructions import CALL, read_instructions
from stackswitch.wasm.module import parse_module

from .guests import GO, assembled
from .test_transform import custom, made


def padded(wasm: bytes) -> bytes:
    """Return the module with the index of each call in five bytes, as a linker writes it."""
    module = parse_module(wasm)
    out = bytearray(wasm[:8])
    for number, start, content in iterate_sections(wasm):
        if number != 10:
            out += wasm[start : content.end]
            continue
        bodies = []
        for function in module.defined_functions:
            first, _ = module.body_range(function)
            body = bytearray()
            last = first
            begin, end = module.code_range(function)
            for each in read_instructions(wasm, begin, end):
                if each.opcode == CALL:
                    index = each.immediates[0]
                    body += wasm[last : each.offset + 1] + bytes([index | 0x80, 0x80, 0x80, 0x80, 0])
                    last = each.end
            body += wasm[last:end]
            bodies.append(sized(bytes(body)))
        out += section(10, vector(bodies))
    return bytes(out)


def test_dwarf_that_cannot_be_read_is_kept_if_no_code_moves_and_else_dropped_with_a_note() -> None:
    dwarf = section(CUSTOM, name(".debug_info") + b"offsets")
    result = made(padded(assembled(GO)) + dwarf)
    assert custom(result.wasm, ".debug_info") == b"offsets"
    assert not any("DWARF" in each for each in result.notes)
    # A short index: the wrapper's does not fit where many functions precede it.
    many = assembled(GO + "(func)" * 200) + dwarf
    result = made(many)
    assert custom(result.wasm, ".debug_info") is None
    assert any("DWARF was dropped" in each for each in result.notes)


def test_branch_hints_move_with_the_code_and_stand_before_it() -> None:
    go = GO.replace("(call $wait", "(if (local.get 0) (then (drop (call $wait (i32.const 1))))) (call $wait")
    wasm = assembled("(func) " * 200 + go)
    export = parse_module(wasm).export_named("go")
    assert export is not None
    hint = vector([unsigned(export.index) + vector([unsigned(at) + b"\1\1" for at in (3, 10)])])
    result = made(wasm + section(CUSTOM, name("metadata.code.branch_hint") + hint))
    moved = vector([unsigned(export.index) + vector([unsigned(at) + b"\1\1" for at in (3, 11)])])
    assert custom(result.wasm, "metadata.code.branch_hint") == moved
    place = result.wasm.index(b"metadata.code")
    assert parse_module(result.wasm).section_offsets[CODE] > place
    broken = made(wasm + section(CUSTOM, name("metadata.code.branch_hint") + b"\1"))
    assert any("metadata.code.branch_hint was dropped" in each for each in broken.notes)


@pytest.mark.parametrize("title", ["sourceMappingURL", "external_debug_info"])
def test_a_section_that_names_a_file_is_dropped_if_the_file_is_not_given(title: str) -> None:
    wasm = assembled("(func) " * 200 + GO) + section(CUSTOM, name(title) + name("http://a/b"))
    result = made(wasm)
    assert custom(result.wasm, title) is None
    assert any(f"{title} was dropped" in each for each in result.notes)


def test_what_debuggers_read_can_be_dropped() -> None:
    hints = section(CUSTOM, name("metadata.code.branch_hint") + b"\0")
    wasm = assembled("(func) " * 200 + GO) + section(CUSTOM, name(".debug_str") + b"a\0") + hints
    assert custom(made(wasm).wasm, ".debug_str") == b"a\0"
    result = made(wasm, debug_info=False)
    assert custom(result.wasm, ".debug_str") is custom(result.wasm, "metadata.code.branch_hint") is None
    assert any("DWARF was dropped" in each for each in result.notes)
