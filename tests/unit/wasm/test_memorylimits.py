from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wasmtime import wat2wasm

from stackswitch.wasm.memorylimits import with_memory_limit
from stackswitch.wasm.module import parse_module

PAGE = 1 << 16


@pytest.mark.parametrize(
    ("limits", "most", "expected"),
    [
        ("1", 3 * PAGE, (1, 3)),
        ("1", 3 * PAGE - 1, (1, 2)),
        ("1 2", 3 * PAGE, (1, 2)),
        ("1 9", 3 * PAGE, (1, 3)),
        ("4 9", 3 * PAGE, (4, 4)),
        ("4", 0, (4, 4)),
        ("1 9 shared", 2 * PAGE, (1, 2)),
        ("i64 1 9", 2 * PAGE, (1, 2)),
        ("1 9 (pagesize 1)", 3, (1, 3)),
    ],
)
def test_the_maximum_is_lowered_and_nothing_else(limits: str, most: int, expected: tuple[int, int]) -> None:
    shared = limits.endswith("shared")
    data = bytes(wat2wasm(f'(module (memory {limits}) (func (export "f")) (data "rest"))'))
    before, after = parse_module(data).memories[0], parse_module(with_memory_limit(data, most)).memories[0]
    assert (after.minimum, after.maximum) == expected
    assert (after.shared, after.is64, after.page_size_log2) == (shared, before.is64, before.page_size_log2)


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 300))
def test_no_limit_is_raised_and_the_rest_stays(minimum: int, more: int, pages: int) -> None:
    text = f'(module (import "m" "m" (memory 7)) (memory {minimum} {minimum + more}) (func (export "f")))'
    data = bytes(wat2wasm(text))
    limited = with_memory_limit(data, pages * PAGE)
    module = parse_module(limited)
    imported, own = module.memories
    assert (imported.minimum, imported.maximum) == (7, None)
    assert own.maximum == max(minimum, min(minimum + more, pages))
    assert with_memory_limit(limited, pages * PAGE) == limited
    assert [each.name for each in module.exports] == ["f"]
