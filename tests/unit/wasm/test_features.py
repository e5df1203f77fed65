from __future__ import annotations

import pytest
import wasmtime

from stackswitch.models.features import FEATURES
from stackswitch.wasm.features import used_features
from stackswitch.wasm.module import parse_module

CASES = {
    "(func (param i32) (result i64) (i64.const 0xfd))": set(),
    "(func (block (try_table (catch_all 0))))": {"exnref"},
    "(tag $t) (func (throw $t))": set(),
    "(type $v (func)) (func (param (ref null $v)) (call_ref $v (local.get 0)))": {
        "function-references",
        "reference-types",
    },
    "(type $s (struct (field i32))) (func (drop (struct.new $s (i32.const 1))))": {"gc"},
    "(func (local anyref))": {"gc", "reference-types"},
    "(memory i64 1)": {"memory64"},
    "(table i64 1 funcref)": {"memory64"},
    "(memory 1) (memory 1)": {"multi-memory"},
    "(memory 1 2 shared)": {"threads"},
    "(memory 1 2 shared) (func (drop (i32.atomic.load (i32.const 0))))": {"threads"},
    "(func (result i32 i32) (i32.const 1) (i32.const 2))": {"multi-value"},
    "(func (i32.const 1) (block (param i32) (drop)))": {"multi-value"},
    "(func (param externref))": {"reference-types"},
    "(table 1 funcref) (func (drop (table.size 0)))": {"reference-types"},
    "(table 1 funcref) (table 1 funcref)": {"reference-types"},
    "(func (drop (v128.const i64x2 0 0)))": {"simd"},
    "(func (local v128))": {"simd"},
    "(func $f (return_call $f))": {"tail-call"},
    '(import "e" "m" (memory i64 1))': {"memory64"},
    "(global externref (ref.null extern))": {"reference-types"},
}


@pytest.mark.parametrize("text", list(CASES))
def test_a_module_needs_what_it_uses_and_no_more(text: str) -> None:
    module = parse_module(bytes(wasmtime.wat2wasm(f"(module {text})")))
    found = used_features(module)
    assert set(found) == CASES[text]
    assert set(found) <= set(FEATURES)
    for place in found.values():
        assert 0 < place.offset < len(module.data)


def test_legacy_exceptions_are_told_from_the_bytes() -> None:
    body = b"\x00\x06\x40\x19\x0b\x0b"  # try, catch_all, end, end
    data = b"\0asm\1\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0" + b"\x0a\x08\x01\x06" + body
    module = parse_module(data)
    (place,) = used_features(module).values()
    assert place.describe(module) == f"function $func[0] (index 0) at offset {data.index(body) + 1:#x}"
    assert list(used_features(module)) == ["legacy-exceptions"]
