from __future__ import annotations

from pathlib import Path

import pytest
import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.asyncified import instrumented_functions, suspending_imports
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.features import used_features
from stackswitch.wasm.function_names import binaryen_names, display_name
from stackswitch.wasm.module import ArrayType, FuncType, StructType, parse_module
from stackswitch.wasm.obstacles import asyncify_obstacles
from stackswitch.wasm.reader import Reader

RICH = """
(module
  (type $pair (func (param i32 i64) (result f32 f64)))
  (rec (type $s (struct (field i8) (field (mut (ref null $s))))) (type $a (array (mut i32))))
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "g" (global $ig (mut i32)))
  (import "env" "tag" (tag $t (param i32)))
  (table $t0 4 10 funcref) (table $t1 2 externref)
  (memory $m 1 2) (memory $big i64 1)
  (global $own (mut i64) (i64.const -5)) (global $f funcref (ref.func $one))
  (tag $mine (param i64))
  (export "one" (func $one)) (export "m" (memory $m)) (export "t" (table $t0)) (export "own" (global $own))
  (export "tag" (tag $mine))
  (start $two)
  (elem (i32.const 1) func $one $two)
  (elem $passive funcref (ref.func $one) (ref.null func))
  (elem declare func $two)
  (elem (table $t0) (i32.const 0) funcref (ref.func $two))
  (data (i32.const 0) "abc")
  (func $one (param i32) (result i32) (local i64 i64 v128)
    (drop (i32.const 0x10)) (drop (i64.const 0x1010101010)) (drop (v128.const i64x2 0x1010101010101010 0x11))
    (call $wait (call_indirect $t0 (param i32) (result i32) (local.get 0) (i32.const 1))))
  (func $two (local externref)
    (block $out (br_table $out $out $out (i32.const 1)))
    (drop (call $one (i32.const 3)))
    (block $h (try_table (catch_all $h) (throw $mine (i64.const 16))))
    (drop (struct.new_default $s)) (drop (ref.func $one))
    (drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 16 (v128.const i64x2 0 0) (v128.const i64x2 0 0)))
    (drop (i32.load $m offset=0x1010 (i32.const 16)))
    (memory.fill $m (i32.const 0) (i32.const 0) (i32.const 0)))
  (func $three (result f32 f64) (f32.const 1) (f64.const 2)))
"""
DATA = bytes(wasmtime.wat2wasm(RICH))


def read_everything(data: bytes) -> None:
    """Ask for all that we can say about a module."""
    module = parse_module(data)
    graph = call_graph(module)
    used_features(module)
    instrumented_functions(module)
    suspending_imports(module)
    asyncify_obstacles(graph, range(module.imported_function_count))
    binaryen_names(module)
    assert module.target_features is not None
    for index in range(module.function_count):
        display_name(module, index)


def test_a_rich_module_is_read() -> None:
    module = parse_module(DATA)
    assert module.types[0] == FuncType(("i32", "i64"), ("f32", "f64"))
    assert module.types[1] == StructType((("i8", False), ("(ref null 1)", True)))
    assert module.types[2] == ArrayType("i32", mutable=True)
    assert [(each.full_name, each.kind, each.index) for each in module.imports] == [
        ("env.wait", "func", 0),
        ("env.g", "global", 0),
        ("env.tag", "tag", 0),
    ]
    assert (module.imported_function_count, module.function_count, module.start) == (1, 4, 2)
    assert [each.type for each in module.tables] == ["funcref", "externref"]
    assert [(each.minimum, each.maximum, each.is64) for each in module.memories] == [
        (1, 2, False),
        (1, None, True),
    ]
    assert module.global_type(1).type == "i64"
    assert module.initialisers[1].value == -5
    assert module.initialisers[2].functions == (1,)
    assert module.tag_type(1).params == ("i64",)
    exported = module.export_named("own")
    assert exported is not None
    assert (exported.kind, exported.index) == ("global", 1)
    assert module.export_named("nothing") is None
    assert [(each.mode, each.functions) for each in module.elements] == [
        ("active", (1, 2)),
        ("passive", (1, None)),
        ("declarative", (2,)),
        ("active", (2,)),
    ]
    assert module.function_type(3).results == ("f32", "f64")
    assert module.locals_of(1)[0] == ((2, "i64"), (1, "v128"))
    assert module.function_names == {0: b"wait", 1: b"one", 2: b"two", 3: b"three"}
    assert module.sha256.startswith("sha256:")
    for index in range(1, 4):
        start, end = module.code_range(index)
        assert start == module.locals_of(index)[1]
        assert DATA[end - 1] == 0x0B
    with pytest.raises(IndexError):
        module.body_range(0)


def refused(data: bytes) -> bool:
    """Whether the bytes are refused; any error but ours goes through."""
    try:
        read_everything(data)
    except WasmFormatError as error:
        if not 0 <= error.offset <= len(data):
            raise AssertionError(f"an offset outside of the module: {error}") from error
        return True
    return False


@pytest.mark.parametrize("size", range(len(DATA)))
def test_a_module_cut_short_is_refused(size: int) -> None:
    # What stands after the code (data, names) may be missing, and what stands before functions are declared.
    declared = DATA.index(b"\x03\x04\x03")
    code_end = parse_module(DATA).bodies[-1][1]
    if declared < size < code_end:
        assert refused(DATA[:size])
    else:
        refused(DATA[:size])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a WebAssembly module"),
        (b"\0as", "not a WebAssembly module"),
        (b"\x7fELF" + bytes(20), "not a WebAssembly module"),
        (b"\0asm", "unexpected end"),
        (b"\0asm\x0d\0\x01\0", "component"),
        (b"\0asm\2\0\0\0", "unknown version"),
        (b"\0asm\1\0\0\0\x01\x05\xff\xff\xff\xff\x0f", "types"),
        (b"\0asm\1\0\0\0\x01\xff\xff\xff\xff\x0f", "section"),
        (b"\0asm\1\0\0\0\x63\0", "unknown section"),
        (b"\0asm\1\0\0\0\x03\x01\0\x01\x01\0", "out of order"),
        (b"\0asm\1\0\0\0\x03\x03\x02\0\0", "does not exist"),
        (b"\0asm\1\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0", "have a body"),
        (b"\0asm\1\0\0\0\x01\x05\x01\x60\0\0\0", "too many"),
        (b"\0asm\1\0\0\0\x02\x06\x01\0\0\x7f\0\0", "unknown import kind"),
    ],
)
def test_the_error_says_what_and_where(data: bytes, words: str) -> None:
    with pytest.raises(WasmFormatError, match=words) as caught:
        parse_module(data)
    assert 0 <= caught.value.offset <= len(data)


@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_unsigned_numbers_come_back(value: int, padding: int) -> None:
    raw = []
    rest = value
    while rest > 0x7F:
        raw.append(rest & 0x7F | 0x80)
        rest >>= 7
    raw.append(rest)
    while padding and len(raw) < 5:
        raw[-1] |= 0x80
        raw.append(0)
        padding -= 1
    reader = Reader(bytes(raw))
    assert (reader.u32(), reader.left) == (value, 0)


@pytest.mark.parametrize("raw", [b"\x80" * 5 + b"\0", b"\xff\xff\xff\xff\x1f", b"\x80", b""])
def test_numbers_too_long_or_cut_short_are_refused(raw: bytes) -> None:
    with pytest.raises(WasmFormatError):
        Reader(raw).u32()


@given(st.binary(max_size=300))
@settings(max_examples=150)
def test_random_bytes_give_only_our_error(tail: bytes) -> None:
    for data in (tail, b"\0asm\1\0\0\0" + tail):
        refused(data)


@given(
    st.lists(st.tuples(st.integers(8, len(DATA) - 1), st.integers(0, 255)), min_size=1, max_size=6),
    st.integers(0, len(DATA)),
)
@settings(max_examples=300)
def test_a_mutated_module_gives_only_our_error(changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(DATA)
    for at, value in changes:
        data[at] = value
    for each in (bytes(data), bytes(data[:cut])):
        refused(each)


names = st.text(st.characters(codec="utf-8", exclude_characters='"\\'), max_size=5)
types = st.sampled_from(["i32", "i64", "f32", "f64", "v128", "funcref", "externref"])


@given(st.lists(st.tuples(st.lists(types, max_size=4), st.lists(types, max_size=3)), max_size=5), st.data())
@settings(max_examples=60)
def test_a_generated_module_parses_back(
    signatures: list[tuple[list[str], list[str]]], data: st.DataObject
) -> None:
    exported = data.draw(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=len(signatures)))
    text = [
        f"(func {f'(export {chr(34)}{exported[number]}{chr(34)})' if number < len(exported) else ''} "
        f"(param {' '.join(params)}) (result {' '.join(results)}) unreachable)"
        for number, (params, results) in enumerate(signatures)
    ]
    module = parse_module(bytes(wasmtime.wat2wasm(f"(module {' '.join(text)})")))
    seen = [module.function_type(index) for index in range(module.function_count)]
    assert seen == [FuncType(tuple(params), tuple(results)) for params, results in signatures]
    assert [each.name for each in module.exports] == exported


def test_nothing_in_the_room_reads_files() -> None:
    room = Path(__file__).parents[3] / "stackswitch" / "wasm"
    for path in room.glob("*.py"):
        text = path.read_text("utf-8")
        assert "open(" not in text, path
        assert "subprocess" not in text, path


def test_offsets_and_sizes_are_of_bodies_of_defined_functions() -> None:
    text = '(module (import "env" "w" (func)) (func) (func i32.const 1000 drop) (@custom "x" "y"))'
    module = parse_module(bytes(wasmtime.wat2wasm(text)))
    (first, end), (second, last) = module.body_range(1), module.body_range(2)
    assert [module.code_bytes(each) for each in ([0], [1], [0, 1, 2])] == [0, 2, 2 + last - second]
    assert [module.function_at(each) for each in (0, first - 1, first, end - 1, end)] == [
        None,
        None,
        1,
        1,
        None,
    ]
    assert [module.function_at(each) for each in (second, last - 1, last)] == [2, 2, None]
