from __future__ import annotations

import pytest
import wasmtime
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.asyncified import asyncify_globals, instrumented_functions, suspending_imports
from stackswitch.wasm.function_names import binaryen_names, display_name
from stackswitch.wasm.module import parse_module

PLAIN = bytes(wasmtime.wat2wasm('(module (import "env" "w" (func)) (func) (func) (func (export "e")))'))


def named(entries: list[tuple[int, bytes]]) -> bytes:
    part = bytes([len(entries)]) + b"".join(bytes([i, len(name)]) + name for i, name in entries)
    content = b"\x04name\x01" + bytes([len(part)]) + part
    return PLAIN + b"\0" + bytes([len(content)]) + content


def test_names_are_made_unique_and_filled_in() -> None:
    module = parse_module(named([(2, b"x"), (3, b"x"), (4, b"y"), (9, b"x")]))
    assert binaryen_names(module) == ("fimport$0", "0", "x", "x_1")
    assert module.function_names == {2: b"x", 3: b"x"}
    assert [display_name(module, index) for index in range(4)] == ["env.w", "func[1]", "x", "x"]


def test_bytes_that_are_not_utf8_are_kept() -> None:
    module = parse_module(named([(1, b"a\xff")]))
    assert binaryen_names(module)[1].encode("utf-8", "surrogateescape") == b"a\xff"
    assert display_name(module, 1) == "a\ufffd"


def test_a_broken_name_section_is_told_where_names_matter_and_not_shown() -> None:
    module = parse_module(named([(1, b"abc")]).replace(b"\x03abc", b"\x7fabc"))
    with pytest.raises(WasmFormatError):
        binaryen_names(module)
    assert display_name(module, 1) == "func[1]"


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from([b"a", b"a_1", b"a_2", b"0", b"fimport$0"])), max_size=9
    )
)
def test_no_two_functions_have_one_name(entries: list[tuple[int, bytes]]) -> None:
    names = binaryen_names(parse_module(named(entries)))
    assert len(set(names)) == len(names) == 4


ASYNCIFIED = """
(module (import "env" "w" (func $w)) (memory 1)
  (global $s (mut i32) (i32.const 0)) (global $d (mut i32) (i32.const 0))
  (func (export "renamed") (param i32) (global.set $s (i32.const 1)) (global.set $d (local.get 0))
    (if (i32.gt_u (i32.load (global.get $d)) (i32.load offset=4 (global.get $d))) (then unreachable)))
  (func (export "state") (result i32) (global.get $s))
  (func $instrumented (call $w) (if (i32.eq (global.get $s) (i32.const 1)) (then
    (i32.store (global.get $d) (i32.add (i32.load (global.get $d)) (i32.const 4))))))
  (func $asserts_only (local i32) (local.set 0 (global.get $s)) (call $w)
    (if (i32.ne (global.get $s) (local.get 0)) (then unreachable)))
  (func $neither (call $w)))
"""


def test_instrumented_functions_read_both_globals() -> None:
    module = parse_module(bytes(wasmtime.wat2wasm(ASYNCIFIED)))
    found = asyncify_globals(module)
    assert found is not None
    assert (found.state, found.data) == (0, 1)
    assert instrumented_functions(module) == {3}
    assert suspending_imports(module) == {0}


def test_a_plain_module_is_no_asyncify_build() -> None:
    module = parse_module(PLAIN)
    assert instrumented_functions(module) == frozenset()
    assert suspending_imports(module) is None
