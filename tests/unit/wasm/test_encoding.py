from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wasmtime import wat2wasm

from stackswitch.errors import WasmFormatError
from stackswitch.wasm import encoding
from stackswitch.wasm.encoding import (
    EXPORT,
    HEADER,
    MEMORY,
    MEMORY_KIND,
    export,
    signed,
    unsigned,
    value_type,
    with_entries,
)
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.reader import Reader
from stackswitch.wasm.types import HEAP_TYPES, VALUE_TYPES, read_value_type

ENTRIES = {EXPORT: export("added", MEMORY_KIND, 0), MEMORY: b"\0\1"}


def test_the_numbers_of_sections_and_kinds() -> None:
    """Core specification, "Binary Format / Modules"."""
    e = encoding
    assert (e.CUSTOM, e.TYPE, e.IMPORT, e.FUNCTION, e.TABLE, e.MEMORY) == (0, 1, 2, 3, 4, 5)
    assert (e.GLOBAL, e.EXPORT, e.CODE, e.DATA) == (6, 7, 10, 11)
    assert (e.FUNCTION_KIND, e.TABLE_KIND, e.MEMORY_KIND, e.GLOBAL_KIND) == (0, 1, 2, 3)
    assert e.SECTION_ORDER == (1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11)


@pytest.mark.parametrize(
    ("number", "data"),
    [
        (0, "00"),
        (127, "7f"),
        (128, "80 01"),
        (16383, "ff 7f"),
        (16384, "80 80 01"),
        (2**32 - 1, "ff ff ff ff 0f"),
    ],
)
def test_an_unsigned_number_takes_no_more_bytes_than_it_needs(number: int, data: str) -> None:
    assert unsigned(number) == bytes.fromhex(data)


@pytest.mark.parametrize(
    ("number", "data"),
    [(0, "00"), (63, "3f"), (64, "c0 00"), (65, "c1 00"), (-1, "7f"), (-64, "40"), (-65, "bf 7f")],
)
def test_a_signed_number_takes_no_more_bytes_than_it_needs(number: int, data: str) -> None:
    assert signed(number) == bytes.fromhex(data)


@given(st.integers(min_value=0, max_value=(1 << 32) - 1))
def test_an_unsigned_number_reads_back(number: int) -> None:
    assert Reader(unsigned(number)).unsigned(32) == number


@given(st.integers(min_value=-(1 << 63), max_value=(1 << 63) - 1))
def test_a_signed_number_reads_back(number: int) -> None:
    assert Reader(signed(number)).signed(64) == number


HEAPS = st.sampled_from([*HEAP_TYPES.values(), "(shared any)", "(exact 200)"]) | st.integers(0, 1 << 31).map(
    str
)


@given(
    st.sampled_from([*VALUE_TYPES.values()])
    | HEAPS.map("(ref {})".format)
    | HEAPS.filter(lambda each: each not in HEAP_TYPES.values()).map("(ref null {})".format)
)
def test_a_value_type_reads_back(text: str) -> None:
    assert read_value_type(Reader(value_type(text))) == text


@pytest.mark.parametrize(
    "text",
    [
        "(module)",
        '(module (func (export "f")))',
        "(module (type (func)) (start 0) (func))",
        '(module (table 1 funcref) (elem (i32.const 0) 0) (func) (@custom "x" "y"))',
        '(module (global (export "g") i32 (i32.const 1)) (data "z"))',
    ],
)
def test_entries_are_added_where_their_sections_must_stand(text: str) -> None:
    before = parse_module(bytes(wat2wasm(text)))
    after = parse_module(with_entries(before.data, ENTRIES))
    assert len(after.memories) == 1
    assert [each.name for each in after.exports] == [*(each.name for each in before.exports), "added"]
    twice = parse_module(with_entries(after.data, {MEMORY: b"\0\2"}))
    assert len(twice.memories) == 2


def test_a_module_that_is_cut_short_says_where() -> None:
    with pytest.raises(WasmFormatError, match="offset"):
        with_entries(HEADER + b"\x01\x7f", ENTRIES)
