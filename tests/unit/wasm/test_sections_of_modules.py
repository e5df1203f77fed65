"""Modules made by hand, section by section: what is read, and what is refused, with its place."""

from __future__ import annotations

import pytest
import wasmtime

from stackswitch.errors import WasmFormatError
from stackswitch.wasm import limits
from stackswitch.wasm.encoding import name, section
from stackswitch.wasm.module import HEADER, FuncType, GlobalType, parse_module

EMPTY_FUNC, STRUCT = b"\x60\0\0", b"\x5f\0"
BODY = b"\x02\0\x0b"


def module(*sections: tuple[int, bytes]) -> bytes:
    return HEADER + b"".join(section(number, content) for number, content in sections)


def custom(text: str, content: bytes = b"") -> tuple[int, bytes]:
    return 0, name(text) + content


TYPES = (1, b"\x01" + EMPTY_FUNC)


def refused(data: bytes, says: str) -> int:
    with pytest.raises(WasmFormatError, match=says) as caught:
        parse_module(data)
    return caught.value.offset


ALL = [
    (1, b"\0"),
    (2, b"\0"),
    (3, b"\0"),
    (4, b"\0"),
    (5, b"\0"),
    (13, b"\0"),
    (6, b"\0"),
    (7, b"\0"),
    (9, b"\0"),
    (12, b"\0"),
    (10, b"\0"),
    (11, b"\0"),
]


def test_sections_stand_in_their_order() -> None:
    parsed = parse_module(module(*ALL))
    assert parsed.section_offsets == {number: 10 + 3 * at for at, (number, _) in enumerate(ALL)}
    assert (parsed.function_count, len(parsed.bodies), parsed.data_count) == (0, 0, 0)


@pytest.mark.parametrize("at", range(len(ALL)))
def test_a_section_twice_or_before_its_turn_is_refused(at: int) -> None:
    twice = module(*ALL[: at + 1], ALL[at])
    assert refused(twice, f"section {ALL[at][0]} out of order") == 8 + 3 * (at + 1)
    if at:
        swapped = module(*ALL[: at - 1], ALL[at], ALL[at - 1])
        assert refused(swapped, f"section {ALL[at - 1][0]} out of order") == 8 + 3 * at


def test_a_start_section_stands_between_exports_and_elements() -> None:
    before = [TYPES, (3, b"\x01\0"), (7, b"\0"), (8, b"\0")]
    parsed = parse_module(module(*before, (9, b"\0"), (10, b"\x01" + BODY)))
    assert parsed.start == 0
    refused(module(*before, (7, b"\0")), "section 7 out of order")
    refused(module(TYPES, (3, b"\x01\0"), (8, b"\x01"), (10, b"\x01" + BODY)), "func 1")


def test_an_unknown_section_is_refused() -> None:
    assert refused(module((14, b"\0")), "unknown section 14") == 8


def test_what_follows_a_section_s_content_is_refused() -> None:
    refused(module((1, b"\0\0")), "section 1")


def test_custom_sections_stand_anywhere_and_the_first_of_a_name_counts() -> None:
    data = module(custom("a", b"1"), TYPES, custom("a", b"22"), custom("b"), (3, b"\0"), custom("c", b"333"))
    parsed = parse_module(data)
    assert {key: size for key, (_, size) in parsed.custom_sections.items()} == {"a": 1, "b": 0, "c": 3}
    reader = parsed.custom_section("c")
    assert reader is not None
    assert reader.left == 3
    assert parsed.custom_section("d") is None
    assert (parsed.target_features, parsed.function_name_entries) == ((), ())


def test_custom_sections_that_are_known_are_read() -> None:
    features = custom("target_features", b"\x01+\x04simd")
    parsed = parse_module(module(custom("a"), features))
    assert parsed.target_features == (("+", "simd"),)


def test_too_many_custom_sections_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CUSTOM_SECTIONS", 2)
    parse_module(module(custom("a"), custom("b")))
    assert refused(module(custom("a"), custom("b"), custom("c")), "more than 2 custom sections") == 16


def test_too_large_a_module_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = module(TYPES)
    monkeypatch.setattr(limits, "MODULE_BYTES", len(data))
    parse_module(data)
    monkeypatch.setattr(limits, "MODULE_BYTES", len(data) - 1)
    assert refused(data, f"{len(data)} bytes: at most {len(data) - 1} are allowed") == 0


@pytest.mark.parametrize(
    ("data", "says", "offset"),
    [
        (b"", "not a WebAssembly module", 0),
        (b"\0as", "not a WebAssembly module", 0),
        (b"\0asm", "unexpected end", 4),
        (HEADER[:7], "unexpected end", 4),
        (b"\0asm\x0d\0\x01\0", "a component, not a core module", 4),
        (b"\0asm\x02\0\0\0", "unknown version", 4),
    ],
)
def test_headers(data: bytes, says: str, offset: int) -> None:
    assert refused(data, says) == offset


def test_functions_have_types_that_are_of_functions() -> None:
    code = (10, b"\x02" + BODY * 2)
    parsed = parse_module(module((1, b"\x02" + STRUCT + EMPTY_FUNC), (3, b"\x02\x01\x01"), code))
    assert parsed.function_types == [1, 1]
    assert parsed.function_type(0) == FuncType((), ())
    for index in (0, 2):
        data = module((1, b"\x02" + STRUCT + EMPTY_FUNC), (3, bytes([2, 1, index])), code)
        assert refused(data, "type") == 20
    refused(module(TYPES, (3, b"\x01\0")), "1 functions are declared and 0 have a body")


def test_tags_have_types_too() -> None:
    text = '(module (type (struct)) (import "e" "t" (tag (param i32))) (tag (param i64)))'
    parsed = parse_module(bytes(wasmtime.wat2wasm(text)))
    assert len(parsed.tags) == 2
    assert [parsed.tag_type(each).params for each in (0, 1)] == [("i32",), ("i64",)]


def test_data_segments_are_as_many_as_announced() -> None:
    data = b"\x01\x00\x41\x00\x0b\x01a"
    memory = (5, b"\x01\x00\x01")
    parse_module(module(memory, (11, data)))
    assert parse_module(module(memory, (12, b"\x01"), (11, data))).data_count == 1
    refused(module(memory, (12, b"\x02"), (11, data)), "1 data segments: 2 were announced")
    assert parse_module(module(memory, (12, b"\xff\xff\xff\xff\x0f"))).data_count == 2**32 - 1
    refused(module(memory, (12, b"\x80\x80\x80\x80\x10")), "32")


def test_imports_of_functions_are_those_of_functions() -> None:
    text = """(module (import "a" "g" (global i32)) (import "a" "f" (func)) (import "a" "m" (memory 1))
      (import "a" "h" (func (param i32))) (global (mut i64) (i64.const 0)))"""
    parsed = parse_module(bytes(wasmtime.wat2wasm(text)))
    assert [each.name for each in parsed.function_imports()] == ["f", "h"]
    assert parsed.imported_function_count == 2
    assert parsed.global_type(1) == GlobalType("i64", True)
    assert list(parsed.initialisers) == [1]


@pytest.mark.parametrize(
    "locals_",
    ["", "i32", "i32 i64 f32 f64 v128", "i32 i64 i32 i64 i32 i64", "funcref externref i32", "(ref null 0)"],
)
def test_code_begins_after_the_locals(locals_: str) -> None:
    text = f"(module (type (func)) (func (local {locals_}) (drop (i32.const 7)) (unreachable)))"
    parsed = parse_module(bytes(wasmtime.wat2wasm(text)))
    start, end = parsed.code_range(0)
    assert parsed.data[start:end] == b"\x41\x07\x1a\x00\x0b"
    assert parsed.locals_of(0)[1] == start


def test_many_locals_of_one_type_are_one_run() -> None:
    text = f"(module (func (local {'i64 ' * 300}) (nop)))"
    parsed = parse_module(bytes(wasmtime.wat2wasm(text)))
    start, end = parsed.code_range(0)
    assert parsed.data[start:end] == b"\x01\x0b"
    assert [(count, kind) for count, kind in parsed.locals_of(0)[0]] == [(300, "i64")]
