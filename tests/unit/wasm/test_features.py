from __future__ import annotations

import pytest
import wasmtime

from stackswitch.models.features import FEATURES
from stackswitch.wasm.features import Place, used_features
from stackswitch.wasm.module import parse_module

CASES: dict[str, set[str]] = {
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


REFERENCES, GC = {"reference-types"}, {"reference-types", "gc"}
FUNCTIONS = {"reference-types", "function-references"}
TYPES: dict[str, set[str]] = {
    "i32": set(),
    "i64": set(),
    "f32": set(),
    "f64": set(),
    "v128": {"simd"},
    "funcref": REFERENCES,
    "externref": REFERENCES,
    "exnref": {"exnref"},
    "nullexnref": {"exnref"},
    "anyref": GC,
    "eqref": GC,
    "i31ref": GC,
    "structref": GC,
    "arrayref": GC,
    "nullref": GC,
    "nullfuncref": GC,
    "nullexternref": GC,
    **dict.fromkeys(("(ref func)", "(ref extern)", "(ref 0)", "(ref null 0)"), FUNCTIONS),
    **dict.fromkeys(
        [f"(ref {heap})" for heap in ("any", "eq", "i31", "struct", "array", "none", "nofunc", "noextern")],
        FUNCTIONS | {"gc"},
    ),
}
INSTRUCTIONS: dict[str, set[str]] = {
    "i32.const 0 drop": set(),
    "try catch_all end": {"legacy-exceptions"},
    "try_table end": {"exnref"},
    "throw_ref": {"exnref"},
    "throw 0": set(),
    "call_ref 0": {"function-references"},
    "ref.as_non_null": {"function-references"},
    "br_on_null 0": {"function-references"},
    "br_on_non_null 0": {"function-references"},
    "return_call 0": {"tail-call"},
    "return_call_indirect (type 0)": {"tail-call"},
    "return_call_ref 0": {"tail-call", "function-references"},
    "ref.eq": {"gc"},
    "struct.new 0": {"gc"},
    "br_on_cast 0 anyref (ref 0)": {"gc"},
    "i31.get_s": {"gc"},
    "v128.const i32x4 0 0 0 0": {"simd"},
    "i8x16.splat": {"simd"},
    "i8x16.relaxed_swizzle": {"simd"},
    "atomic.fence": {"threads"},
    "i64.atomic.store32": {"threads"},
    "memory.copy": set(),
    "i32.trunc_sat_f32_s": set(),
    "table.get 0": REFERENCES,
    "table.set 0": REFERENCES,
    "table.grow 0": REFERENCES,
    "table.size 0": REFERENCES,
    "table.fill 0": REFERENCES,
    "table.copy 0 0": set(),
    "ref.null func": REFERENCES,
    "ref.is_null": REFERENCES,
    "ref.func 0": REFERENCES,
    "select": set(),
    "select (result i32)": REFERENCES,
    "block end": set(),
    "block (result i64) end": set(),
    "loop (result externref) end": REFERENCES,
    "if (result (ref any)) end": FUNCTIONS | {"gc"},
    "block (type 0) end": set(),
    "block (param i32) end": {"multi-value"},
    "block (type 99) end": set(),  # a type that is not there
    "block (type 1) end": set(),
    # What cannot be measured at once is read one by one.
    "block (br_table 0 0 0 0 0 0 0 0 0 (i32.const 0)) end ref.eq": {"gc"},
}
HEAD = "(type (func)) (memory 1) (table 1 funcref) (tag) (func) (elem func 0)"


@pytest.mark.parametrize("text", list(TYPES))
def test_a_type_needs_a_feature_wherever_it_stands(text: str) -> None:
    wanted = TYPES[text]
    for place in (
        "(func (param i32 {}))",
        "(func (result {}))",
        "(func (local i64 {}))",
        '(import "e" "g" (global {}))',
        "(func (type 0) block (result {}) end)",
    ):
        module = parse_module(bytes(wasmtime.wat2wasm(f"(module (type (func)) {place.format(text)})")))
        assert set(used_features(module)) == wanted, place


@pytest.mark.parametrize("text", list(INSTRUCTIONS))
def test_an_instruction_needs_a_feature(text: str) -> None:
    module = parse_module(bytes(wasmtime.wat2wasm(f"(module {HEAD} (func (type 0) nop {text}))")))
    found = {feature: place for feature, place in used_features(module).items() if place.function is not None}
    assert set(found) == INSTRUCTIONS[text]
    assert {place.function for place in found.values()} <= {1}


PLACES = {
    "(type (func (result i32 i32))) (func)": ("multi-value", 1),
    "(type (array i8))": ("gc", 1),
    '(import "e" "t" (table 1 externref))': ("reference-types", 2),
    "(global i32 (i32.const 0)) (type (cont 0)) (type (func (param v128)))": ("simd", 1),
    '(import "e" "m" (memory 1 1 shared))': ("threads", 2),
    "(table 1 externref)": ("reference-types", 4),
    "(table i64 1 funcref)": ("memory64", 4),
    "(table 1 funcref) (table 1 funcref)": ("reference-types", 4),
    "(table 1 funcref (ref.null func))": ("function-references", 4),
    "(memory i64 1)": ("memory64", 5),
    "(memory 1 1 shared)": ("threads", 5),
    "(memory 1) (memory 1)": ("multi-memory", 5),
    "(global v128 (v128.const i32x4 0 0 0 0))": ("simd", 6),
}


@pytest.mark.parametrize("text", list(PLACES))
def test_what_is_declared_is_at_its_section(text: str) -> None:
    module = parse_module(bytes(wasmtime.wat2wasm(f"(module {text})")))
    feature, section = PLACES[text]
    place = used_features(module)[feature]
    assert place == Place(None, module.section_offsets[section])
    assert place.describe(module) == f"the module at offset {place.offset:#x}"


def test_an_initialiser_needs_a_feature_where_it_stands() -> None:
    text = "(module (global i32 i32.const 0 ref.null func ref.is_null))"
    module = parse_module(bytes(wasmtime.wat2wasm(text)))
    place = used_features(module)["reference-types"]
    assert place == Place(None, module.initialisers[0].start + 2)


def test_the_first_place_of_a_feature_in_code() -> None:
    text = "(module (func) (func nop) (func nop ref.eq ref.eq) (func (local anyref)) (func ref.is_null))"
    module = parse_module(bytes(wasmtime.wat2wasm(text)))
    assert used_features(module) == {
        "gc": Place(2, module.body_range(2)[0] + 2),
        "reference-types": Place(3, module.body_range(3)[0]),
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
