"""Offsets of code: maps of growth, source maps, code metadata, DWARF that is malformed."""

from __future__ import annotations

import contextlib
import json

import pytest
import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.code_metadata import move_code_metadata
from stackswitch.wasm.code_moves import CodeMoves
from stackswitch.wasm.dwarf import move_dwarf
from stackswitch.wasm.encoding import CODE, sized, unsigned, vector
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.reader import Reader
from stackswitch.wasm.source_map import move_source_map

GROWTHS = st.lists(
    st.tuples(st.integers(1, 200), st.integers(1, 9)), max_size=12, unique_by=lambda each: each[0]
)


@given(GROWTHS, st.integers(0, 200))
def test_an_offset_moves_by_all_that_has_grown_before_it(growths: list[tuple[int, int]], offset: int) -> None:
    moves = CodeMoves(sorted(growths), 200)
    before = sum(growth for start, growth in growths if start <= offset)
    assert moves.moved(offset) == offset + (before if offset else 0)
    after = moves.next_start(offset)
    if offset:
        assert after == min([start for start, _ in growths if start > offset], default=201)
        assert moves.length(0, offset) == moves.moved(offset)
    assert bool(moves) == bool(growths)


@pytest.mark.parametrize("offset", [0, 201, 0xFFFFFFFF])
def test_what_is_no_code_does_not_move(offset: int) -> None:
    moves = CodeMoves([(1, 5)], 200)
    assert moves.moved(offset) == offset
    assert moves.next_start(offset) is None
    assert moves.length(0xFFFFFFFF, 10) == 10


def test_a_source_map_moves_by_segment_and_keeps_all_else() -> None:
    # Columns 100, 103, 120 and 91 (before the code), the rest of each segment as it was.
    old = {"version": 3, "sources": ["ä.c"], "names": [], "mappings": "oGAAA,GACA,iBAEA,7BAAC;AAAA"}
    moved = move_source_map(json.dumps(old).encode(), CodeMoves([(3, 2), (20, 40)], 50), 100, 110)
    # 110, 115 (3 has moved by 2), 172 (20 by 42), 91.
    assert json.loads(moved) == {**old, "mappings": "8GAAA,KACA,yDAEA,jFAAC;AAAA"}


@pytest.mark.parametrize(
    "data",
    [b"{", b"[]", b'{"sections": []}', b'{"mappings": "g"}', b'{"mappings": "A,!"}', b'{"mappings": 3}'],
)
def test_what_is_no_source_map_is_an_error(data: bytes) -> None:
    with pytest.raises(WasmFormatError, match="source map"):
        move_source_map(data, CodeMoves([], 10), 0, 0)


def test_hints_move_in_their_functions() -> None:
    module = parse_module(
        bytes(
            wasmtime.wat2wasm('(module (import "a" "b" (func)) (func (nop) (nop) (nop)) (func (nop) (nop)))')
        )
    )
    starts = [start - module.section_offsets[CODE] for start, _ in module.bodies]
    hint = sized(b"\1")

    def hints(first: int, second: int) -> bytes:
        one = unsigned(1) + vector([unsigned(1) + hint, unsigned(first) + hint])
        return vector([one, unsigned(2) + vector([unsigned(second) + hint])])

    moves = CodeMoves([(starts[0] + 2, 3), (starts[1], 1), (starts[1] + 2, 200)], 40)
    assert move_code_metadata(Reader(hints(3, 2)), module, moves) == hints(6, 202)
    for wrong in (b"\1\0\0", b"\1\7\0", b"\1\1\1\1\5", b"\0\0"):
        with pytest.raises(WasmFormatError):
            move_code_metadata(Reader(wrong), module, moves)


NAMES = (
    "info",
    "abbrev",
    "line",
    "ranges",
    "rnglists",
    "loc",
    "loclists",
    "addr",
    "aranges",
    "types",
    "macro",
)


@given(st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=60)))
@settings(max_examples=300)
def test_malformed_dwarf_is_moved_or_an_error_and_nothing_else(sections: dict[str, bytes]) -> None:
    with contextlib.suppress(WasmFormatError):
        move_dwarf({f".debug_{name}": data for name, data in sections.items()}, CodeMoves([(3, 1)], 50))
