"""Memories and tables of a module within one budget: the module that results, and how wasmtime runs it."""

from __future__ import annotations

from typing import Any

import pytest
import wasmtime
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.errors import GuestMemoryError
from stackswitch.wasm.growth_limiter import REMAINING_EXPORT
from stackswitch.wasm.memory_budget import check_budget, with_memory_budget
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.resizable import resizables

PAGE = 1 << 16
FUNCREF, EXTERNREF = 32, 8


def wasm(text: str) -> bytes:
    return bytes(wasmtime.wat2wasm(text))


@pytest.mark.parametrize(
    ("limits", "budget", "expected"),
    [
        ("1", 3 * PAGE, (1, 3)),
        ("1", 3 * PAGE - 1, (1, 2)),
        ("1 2", 3 * PAGE, (1, 2)),
        ("1 9", 3 * PAGE, (1, 3)),
        ("4 9", 3 * PAGE, (4, 4)),
        ("4", 0, (4, 4)),
        ("1", 1 << 40, (1, None)),
        ("1 9 shared", 2 * PAGE, (1, 2)),
        ("i64 1 9", 2 * PAGE, (1, 2)),
        ("i64 1", 1 << 70, (1, None)),
        ("1 9 (pagesize 1)", 3, (1, 3)),
        ("1 (pagesize 1)", 1 << 33, (1, None)),
    ],
)
def test_a_memory_alone_has_its_maximum_lowered(
    limits: str, budget: int, expected: tuple[int, int | None]
) -> None:
    data = wasm(f'(module (memory {limits}) (func (export "f")) (data "rest"))')
    limited = with_memory_budget(data, budget)
    before, after = parse_module(data).memories[0], parse_module(limited).memories[0]
    assert (after.minimum, after.maximum) == expected
    assert (after.shared, after.is64) == (before.shared, before.is64)
    assert after.page_size_log2 == before.page_size_log2


@pytest.mark.parametrize(
    ("table", "budget", "expected"),
    [
        ("10 funcref", 20 * FUNCREF, (10, 20)),
        ("10 funcref", 21 * FUNCREF - 1, (10, 20)),
        ("10 externref", 20 * EXTERNREF, (10, 20)),
        ("10 15 externref", 20 * EXTERNREF, (10, 15)),
        ("i64 10 externref", 20 * EXTERNREF, (10, 20)),
        ("i64 10 externref", 1 << 80, (10, None)),
        ("10 (ref null $f)", 20 * FUNCREF, (10, 20)),
        ("10 (ref null $s)", 20 * EXTERNREF, (10, 20)),
        ("10 (ref $f) (ref.func 0)", 20 * FUNCREF, (10, 20)),
    ],
)
def test_a_table_alone_has_its_maximum_lowered(
    table: str, budget: int, expected: tuple[int, int | None]
) -> None:
    data = wasm(
        f"(module (type $f (func)) (type $s (struct)) (func (type $f)) (table {table})"
        ' (memory 0 0) (export "g" (func 0)) (elem declare func 0))'
    )
    limited = with_memory_budget(data, budget)
    before, after = parse_module(data), parse_module(limited)
    assert (after.tables[0].minimum, after.tables[0].maximum) == expected
    assert (after.tables[0].type, after.tables[0].is64) == (before.tables[0].type, before.tables[0].is64)
    engine().validate(limited)


def test_what_others_begin_with_is_taken_off() -> None:
    data = wasm("(module (memory 1) (memory 3 3) (table 100 100 funcref))")
    limited = parse_module(with_memory_budget(data, 6 * PAGE + 100 * FUNCREF))
    assert [(each.minimum, each.maximum) for each in limited.memories] == [(1, 3), (3, 3)]


def test_imported_ones_and_one_apart_do_not_count() -> None:
    data = wasm(
        '(module (import "m" "m" (memory 7)) (import "m" "t" (table 5 funcref)) (memory 1) (memory 9 9)'
        ' (export "own" (memory 2)) (table 1 1 externref))'
    )
    assert [each.index for each in resizables(parse_module(data), apart="own")] == [1, 1]
    limited = parse_module(with_memory_budget(data, 2 * PAGE + EXTERNREF, apart="own"))
    assert [(each.minimum, each.maximum) for each in limited.memories] == [(7, None), (1, 2), (9, 9)]
    assert [(each.minimum, each.maximum) for each in limited.tables] == [(5, None), (1, 1)]


def test_what_it_begins_with_may_not_be_more() -> None:
    module = parse_module(wasm("(module (memory 1) (memory 2) (table 10 funcref) (table 10 externref))"))
    size = 3 * PAGE + 10 * FUNCREF + 10 * EXTERNREF
    check_budget(module, size)
    with pytest.raises(GuestMemoryError, match=rf"begin with {size} bytes.*{size - 1} \(memory 1 131072"):
        check_budget(module, size - 1)


def engine() -> Any:
    config = wasmtime.Config()
    for name in ("wasm_function_references", "wasm_gc", "wasm_memory64", "wasm_multi_memory"):
        setattr(config, name, True)

    class Engine:
        made = wasmtime.Engine(config)

        def validate(self, data: bytes) -> wasmtime.Module:
            return wasmtime.Module(self.made, data)

    return Engine()


PARTS = {
    "m32": ("(memory 1)", "memory.grow", "i32", "", PAGE),
    "m64": ("(memory i64 1)", "memory.grow", "i64", "", PAGE),
    "func": ("(table 1 funcref)", "table.grow", "i32", "(ref.null func)", FUNCREF),
    "extern": ("(table 1 externref)", "table.grow", "i32", "(ref.null extern)", EXTERNREF),
    "t64": ("(table i64 1 externref)", "table.grow", "i64", "(ref.null extern)", EXTERNREF),
    "typed": ("(table 1 (ref null $f))", "table.grow", "i32", "(ref.null $f)", FUNCREF),
}


def several(kinds: list[str]) -> bytes:
    """A module with these parts, each with an export ``gN`` that grows it."""
    declared, functions = [], []
    counts = {"memory": 0, "table": 0}
    for at, kind in enumerate(kinds):
        declaration, grow, type_, null, _ = PARTS[kind]
        what = grow.partition(".")[0]
        declared.append(declaration)
        functions.append(
            f'(func (export "g{at}") (param {type_}) (result {type_})'
            f" (block (nop)) ({grow} {counts[what]} {null} (local.get 0)))"
        )
        counts[what] += 1
    return wasm(f"(module (type $f (func)) {' '.join(declared)} {' '.join(functions)})")


@given(
    st.lists(st.sampled_from(sorted(PARTS)), min_size=2, max_size=6),
    st.integers(0, 12 * PAGE),
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0, 1, 2, 3, 700, 1 << 16, -1])), max_size=12),
)
def test_several_share_what_is_left(kinds: list[str], left: int, grows: list[tuple[int, int]]) -> None:
    data = several(kinds)
    begins = sum(PARTS[kind][4] for kind in kinds)
    limited = with_memory_budget(data, begins + left)
    host = engine()
    store = wasmtime.Store(host.made)
    instance = wasmtime.Instance(store, host.validate(limited), [])
    exports = instance.exports(store)
    sizes = [1] * len(kinds)
    for which, by in grows:
        at = which % len(kinds)
        unit = PARTS[kinds[at]][4]
        unsigned = by % (1 << (64 if PARTS[kinds[at]][2] == "i64" else 32))
        fits = unsigned * unit <= left
        assert exports[f"g{at}"](store, by) == (sizes[at] if fits else -1)
        if fits:
            sizes[at] += by
            left -= by * unit
    assert exports[REMAINING_EXPORT].value(store) == left


def test_bodies_without_growth_and_all_indexes_stay() -> None:
    text = """(module (import "m" "f" (func)) (memory (export "m") 1) (memory 1)
        (global (export "g") (mut i32) (i32.const 7))
        (func (export "none") (result i32) (global.get 0))
        (func (export "grow") (result i32) (block (br 0)) (memory.grow 1 (i32.const 1)))
        (func (export "unreachable") (result i32) unreachable memory.grow 0))"""
    data = wasm(text)
    before, after = parse_module(data), parse_module(with_memory_budget(data, 4 * PAGE))
    assert [(each.name, each.index) for each in after.exports][:-1] == [
        (each.name, each.index) for each in before.exports
    ]
    assert after.function_count == before.function_count + 2
    (start, end), (first, last) = before.body_range(1), after.body_range(1)
    assert before.data[start:end] == after.data[first:last]
    engine().validate(after.data)


def test_a_table_that_nothing_grows_leaves_the_module_alone() -> None:
    data = wasm("(module (memory 1) (table 5 funcref) (func (drop (memory.grow (i32.const 1)))))")
    limited = parse_module(with_memory_budget(data, 3 * PAGE + 5 * FUNCREF))
    assert limited.memories[0].maximum == 3
    assert limited.function_count == 1
