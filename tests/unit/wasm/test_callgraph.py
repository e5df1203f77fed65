from __future__ import annotations

from dataclasses import replace

import pytest
import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.callgraph import call_graph, call_sites
from stackswitch.wasm.instructions import CALL, CALL_INDIRECT, REF_FUNC, SIGNATURES, read_instructions
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.scan import UNREAD, compile_collector, find_instructions

WAT = """
(module
  (type $v (func)) (type $i (func (param i32) (result i32)))
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (table $t 8 funcref)
  (elem (i32.const 0) func $leaf)
  (elem declare func $by_ref $unused)
  (func $leaf (type $i) (call $wait (local.get 0)))
  (func $through_table (type $i) (call_indirect (type $i) (i32.const 0x10) (i32.const 0)))
  (func $by_ref (type $v) (drop (call $leaf (i32.const 1))))
  (func $ref_caller (call_ref $v (ref.func $by_ref)))
  (func $tail (type $i) (return_call $leaf (local.get 0)))
  (func $tail_table (type $i) (return_call_indirect (type $i) (local.get 0) (i32.const 0)))
  (func $tail_ref (return_call_ref $v (ref.func $unused)))
  (func $unused (type $v))
  (func $constants (drop (i64.const 0x1010101010101010)) (drop (f64.const 0x1.1010101010101p0))))
"""
NAMES = [
    "wait",
    "leaf",
    "through_table",
    "by_ref",
    "ref_caller",
    "tail",
    "tail_table",
    "tail_ref",
    "unused",
    "constants",
]
MODULE = parse_module(bytes(wasmtime.wat2wasm(WAT)))


def number(*names: str) -> set[int]:
    return {NAMES.index(name) for name in names}


def test_each_kind_of_call_is_an_edge() -> None:
    graph = call_graph(MODULE)
    assert {NAMES[caller]: {NAMES[each] for each in found} for caller, found in graph.direct.items()} == {
        "leaf": {"wait"},
        "by_ref": {"leaf"},
        "tail": {"leaf"},
    }
    assert graph.indirect.keys() == number("through_table", "tail_table")
    assert graph.call_ref.keys() == number("ref_caller", "tail_ref")
    assert graph.tail_callers == number("tail", "tail_table", "tail_ref")
    assert graph.address_taken == number("leaf", "by_ref", "unused")
    assert graph.functions_of_type(1) == number("leaf")
    assert graph.callees(NAMES.index("ref_caller"), through_indirect=True) == number("by_ref", "unused")


def test_callers_are_followed_directly_and_by_type() -> None:
    graph = call_graph(MODULE)
    assert graph.callers_reaching([0], through_indirect=False) == number("leaf", "by_ref", "tail")
    everyone = number("leaf", "by_ref", "tail", "through_table", "tail_table", "ref_caller", "tail_ref")
    assert graph.callers_reaching([0], through_indirect=True) == everyone
    assert graph.callers_reaching([NAMES.index("constants")], through_indirect=True) == set()


def test_call_sites_have_the_offset_of_the_instruction() -> None:
    (site,) = call_sites(MODULE, NAMES.index("through_table"))
    assert (site.kind, site.target) == ("call_indirect", 1)
    assert MODULE.data[site.offset] == CALL_INDIRECT
    assert [site.kind for site in call_sites(MODULE, NAMES.index("tail_ref"))] == ["return_call_ref"]
    assert call_sites(MODULE, NAMES.index("constants")) == []


def test_a_call_of_what_does_not_exist_is_refused() -> None:
    data = bytearray(MODULE.data)
    (site,) = call_sites(MODULE, NAMES.index("leaf"))
    data[site.offset + 1] = 0x7F
    with pytest.raises(WasmFormatError, match="call of 127") as caught:
        call_graph(parse_module(bytes(data)))
    assert caught.value.offset == site.offset


def test_indexes_end_before_the_number_of_functions_and_types() -> None:
    text = """(module (type $v (func)) (type (func (param i32))) (type (func (param i64))) (table 1 funcref)
      (elem declare func $f)
      (func $f (call $f) (call_indirect (type $v) (i32.const 0)) (drop (ref.func $f))
        (call_indirect (type $v) (i32.const 0))))"""
    good = bytes(wasmtime.wat2wasm(text))
    module = parse_module(good)
    assert call_graph(module).direct == {0: frozenset({0})}
    direct, indirect, _ = call_sites(module, 0)
    cases = (direct, 1, "call of 1: there are 1"), (indirect, 3, "call_indirect of 3: there are 3")
    for site, index, says in cases:
        data = bytearray(good)
        data[site.offset + 1] = index
        with pytest.raises(WasmFormatError, match=says) as caught:
            call_graph(parse_module(bytes(data)))
        assert caught.value.offset == site.offset
    data = bytearray(good)
    at = good.index(bytes([REF_FUNC, 0]), indirect.offset)
    data[at + 1] = 1
    says = r"ref\.func of a function that does not exist: there are 1"
    with pytest.raises(WasmFormatError, match=says) as caught:
        call_graph(parse_module(bytes(data)))
    assert caught.value.offset == 0


def test_an_initialiser_that_takes_what_does_not_exist_is_refused() -> None:
    text = "(module (global funcref (ref.func $f)) (global funcref (ref.func $g)) (func $f) (func $g))"
    data = bytearray(wasmtime.wat2wasm(text))
    data[bytes(data).index(bytes([REF_FUNC, 1])) + 1] = 2
    with pytest.raises(WasmFormatError, match="there are 2"):
        call_graph(parse_module(bytes(data)))


@pytest.mark.parametrize("text", ["(module)", "(module (func))", "(module (type (func)))"])
def test_a_module_that_calls_nothing_has_an_empty_graph(text: str) -> None:
    graph = call_graph(parse_module(bytes(wasmtime.wat2wasm(text))))
    assert (dict(graph.direct), graph.address_taken) == ({}, frozenset())


def test_a_tail_call_of_what_does_not_exist_is_refused() -> None:
    text = "(module (type (func)) (type (func (param i32))) (func $f (return_call $f)))"
    good = bytes(wasmtime.wat2wasm(text))
    (site,) = call_sites(parse_module(good), 0)
    data = bytearray(good)
    data[site.offset + 1] = 1
    with pytest.raises(WasmFormatError, match="return_call of 1: there are 1"):
        call_graph(parse_module(bytes(data)))


def test_each_kind_of_call_has_its_name() -> None:
    kinds = {
        "leaf": ["call"],
        "through_table": ["call_indirect"],
        "ref_caller": ["call_ref"],
        "tail": ["return_call"],
        "tail_table": ["return_call_indirect"],
        "tail_ref": ["return_call_ref"],
    }
    assert {name: [site.kind for site in call_sites(MODULE, NAMES.index(name))] for name in kinds} == kinds


def test_a_graph_of_plain_dictionaries_has_the_same_callers() -> None:
    graph = call_graph(MODULE)
    plain = replace(graph, direct=dict(graph.direct))
    for function in range(MODULE.function_count):
        assert set(plain.callers.of(function)) == set(graph.callers.of(function))


def test_functions_that_only_the_plain_decoder_can_read_have_calls_of_all_kinds() -> None:
    long = f"(block (br_table {'0 ' * 300} (i32.const 0)))"
    text = f"""(module (type $v (func)) (table 1 funcref) (elem declare func $c)
      (func $nothing {long})
      (func $indirect {long} (call_indirect (type $v) (i32.const 0)))
      (func $c {long} (drop (ref.func $c)) (return_call $nothing)))"""
    graph = call_graph(parse_module(bytes(wasmtime.wat2wasm(text))))
    assert (dict(graph.direct), dict(graph.indirect)) == ({2: {0}}, {1: {0}})
    assert (graph.tail_callers, graph.address_taken) == ({2}, {2})


def test_calls_and_tail_calls_of_two_functions_are_joined_in_order() -> None:
    # In a set of 1 and 8 the 8 comes first.
    bodies = {1: "(call 0)", 8: "(return_call 1)"}
    functions = "".join(f"(func {bodies.get(at, '')})" for at in range(9))
    graph = call_graph(parse_module(bytes(wasmtime.wat2wasm(f"(module {functions})"))))
    assert dict(graph.direct) == {1: {0}, 8: {1}}


def test_calls_and_tail_calls_of_many_functions_are_joined_in_order() -> None:
    functions = "".join(f"(func {'(return_call 1)' if at % 8 == 0 else '(call 0)'})" for at in range(20))
    graph = call_graph(parse_module(bytes(wasmtime.wat2wasm(f"(module {functions})"))))
    assert {at: set(graph.direct[at]) for at in range(20)} == {at: {int(at % 8 == 0)} for at in range(20)}


def test_a_call_through_a_reference_of_a_type_beyond_the_last_is_refused() -> None:
    text = "(module (type $v (func)) (func $f (param (ref $v)) (call_ref $v (local.get 0))))"
    good = bytes(wasmtime.wat2wasm(text))
    (site,) = call_sites(parse_module(good), 0)
    data = bytearray(good)
    data[site.offset + 1] = 2
    with pytest.raises(WasmFormatError, match="call_ref of 2: there are 2"):
        call_graph(parse_module(bytes(data)))


@pytest.mark.parametrize(
    ("declaration", "taken"),
    [
        ("(table 1 (ref $v) (ref.func $f))", {"f"}),
        ("(table 1 funcref) (elem (i32.const 0) func $f $g)", {"f", "g"}),
        ("(table 1 funcref) (elem (i32.const 0) funcref (ref.func $g) (ref.null func))", {"g"}),
        ("(global funcref (ref.func $f))", {"f"}),
        ("(elem declare func $f)", {"f"}),
        ('(export "g" (func $g))', set()),
    ],
    ids=["table initialiser", "active", "expressions", "global", "declared", "exported"],
)
def test_whose_address_is_taken(declaration: str, taken: set[str]) -> None:
    text = f"(module (type $v (func)) {declaration} (func $f (type $v)) (func $g (type $v)))"
    graph = call_graph(parse_module(bytes(wasmtime.wat2wasm(text))))
    assert graph.address_taken == {"fg".index(name) for name in taken}
    assert graph.functions_of_type(0) == graph.address_taken


def test_a_call_reaches_functions_whose_references_are_of_a_subtype() -> None:
    text = """(module
      (type $any (func (param funcref) (result i32))) (type $one (func (result i32)))
      (type $narrow (func (param (ref null $one)) (result i32)))
      (type $number (func (param i32) (result i32))) (type $wide (func (param funcref) (result i64)))
      (table 8 funcref) (elem (i32.const 0) func $takes_any $takes_one $takes_number $gives_more)
      (func $takes_any (type $any) (i32.const 1)) (func $takes_one (type $narrow) (i32.const 1))
      (func $takes_number (type $number) (i32.const 1)) (func $gives_more (type $wide) (i64.const 1))
      (func $caller (drop (call_indirect (type $narrow) (ref.null $one) (i32.const 0)))))"""
    graph = call_graph(parse_module(bytes(wasmtime.wat2wasm(text))))
    assert graph.functions_of_type(0) == graph.functions_of_type(2) == {0, 1}
    assert graph.callees(4, through_indirect=True) == {0, 1}
    assert graph.callees(4, through_indirect=False) == set()
    assert graph.callers_reaching([0], through_indirect=True) == {4}
    assert graph.callers_reaching([2], through_indirect=True) == set()


def test_types_that_are_no_functions_match_themselves_alone() -> None:
    text = """(module (type $s (struct (field i32))) (type $t (struct (field i32))) (type $v (func))
      (table 1 funcref) (elem (i32.const 0) func $f) (func $f (type $v)))"""
    graph = call_graph(parse_module(bytes(wasmtime.wat2wasm(text))))
    assert [graph.functions_of_type(each) for each in range(3)] == [frozenset(), frozenset(), {0}]


def test_each_function_has_its_own_calls_of_a_kind_and_all_are_joined() -> None:
    text = """(module (type $v (func)) (type $w (func (param i32)))
      (table 1 funcref)
      (func $a (call $b) (return_call $c))
      (func $b (call_indirect (type $v) (i32.const 0))
        (return_call_indirect (type $w) (i32.const 1) (i32.const 0)))
      (func $c (call $a) (call $b) (call $a)))"""
    graph = call_graph(parse_module(bytes(wasmtime.wat2wasm(text))))
    assert dict(graph.direct) == {0: {1, 2}, 2: {0, 1}}
    assert dict(graph.indirect) == {1: {0, 1}}
    assert (graph.tail_callers, graph.call_ref) == ({0, 1}, {})
    assert [set(graph.callers.of(each)) for each in range(3)] == [{2}, {0, 2}, {0}]
    assert graph.callers_reaching([1], through_indirect=False) == {0, 2}


def leb(value: int) -> bytes:
    raw = bytearray()
    while value > 0x7F:
        raw.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*raw, value])


def padded(value: int, zeros: int) -> bytes:
    raw = bytearray(leb(value))
    for _ in range(min(zeros, 5 - len(raw))):
        raw[-1] |= 0x80
        raw.append(0)
    return bytes(raw)


indexes = st.builds(padded, st.one_of(st.integers(0, 40), st.integers(0, 2**32 - 1)), st.integers(0, 4))
value_types = st.sampled_from(
    [b"\x7f", b"\x7b", b"\x70", b"\x63\x70", b"\x64\x10", b"\x63\x90\x01", b"\x65\x6e"]
)
heap_types = st.sampled_from([b"\x70", b"\x6e", b"\x10", b"\x90\x02", b"\x65\x6b", b"\x62\x11"])
memory_arguments = st.builds(
    lambda align, memory, offset: (padded(align | 0x40, 1) + memory if memory else padded(align, 2)) + offset,
    st.integers(0, 4),
    st.one_of(st.none(), indexes),
    indexes,
)


@st.composite
def vectors(draw: st.DrawFn, element: st.SearchStrategy[bytes], extra: int = 0) -> bytes:
    size = draw(st.one_of(st.integers(0, 6), st.integers(120, 300)))
    part = draw(element)
    return leb(size) + part * (size + extra)


clauses = st.one_of(
    st.builds(lambda kind, tag, label: kind + tag + label, st.sampled_from([b"\0", b"\1"]), indexes, indexes),
    st.builds(lambda kind, label: kind + label, st.sampled_from([b"\2", b"\3"]), indexes),
)
handlers = st.one_of(
    st.builds(lambda tag, label: b"\0" + tag + label, indexes, indexes),
    st.builds(lambda tag: b"\1" + tag, indexes),
)
IMMEDIATES = {
    "b": st.one_of(st.just(b"\x40"), value_types, indexes.filter(lambda raw: raw[0] < 0x40 or len(raw) > 5)),
    "i": indexes,
    "T": vectors(indexes, 1),
    "m": memory_arguments,
    "s": st.sampled_from(
        [b"\x10", b"\x7f", b"\x90\x90\x10", b"\xff\xff\xff\xff\x07", b"\x80\x80\x80\x80\x78"]
    ),
    "l": st.sampled_from(
        [b"\x10", b"\x90\x90\x90\x90\x90\x90\x10", b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f"]
    ),
    "1": st.binary(min_size=1, max_size=1),
    "4": st.binary(min_size=4, max_size=4),
    "8": st.binary(min_size=8, max_size=8),
    "v": st.binary(min_size=16, max_size=16),
    "t": vectors(value_types),
    "h": heap_types,
    "c": vectors(clauses),
    "r": vectors(handlers),
}


@st.composite
def instructions(draw: st.DrawFn) -> bytes:
    code = draw(st.sampled_from(sorted(SIGNATURES)))
    raw = (
        bytes([code])
        if code < 0x100
        else bytes([code >> 16]) + padded(code & 0xFFFF, draw(st.integers(0, 2)))
    )
    return raw + b"".join(draw(IMMEDIATES[letter]) for letter in SIGNATURES[code])


WANTED = frozenset({CALL, CALL_INDIRECT, REF_FUNC})


@given(st.lists(instructions(), max_size=40))
@settings(max_examples=400)
def test_the_scanner_sees_what_the_plain_decoder_sees(parts: list[bytes]) -> None:
    code = b"".join(parts)
    plain = list(read_instructions(code, 0, len(code)))
    assert [each.offset for each in plain] == [sum(map(len, parts[:n])) for n in range(len(parts))]
    wanted = [each for each in plain if each.opcode in WANTED]
    assert list(find_instructions(code, 0, len(code), WANTED)) == wanted
    found = [raw for raw in compile_collector(WANTED).findall(code) if raw]
    if UNREAD.isdisjoint(found):
        assert found == [code[each.offset : each.end] for each in wanted]
    else:
        assert any(set(SIGNATURES[each.opcode]) & set("Ttcr") for each in plain)


@given(st.binary(max_size=60))
@settings(max_examples=300)
def test_bytes_that_are_no_code_are_told_by_the_plain_decoder(code: bytes) -> None:
    try:
        plain = [each for each in read_instructions(code, 0, len(code)) if each.opcode in WANTED]
    except WasmFormatError:
        return
    assert list(find_instructions(code, 0, len(code), WANTED)) == plain


def plain_calls(module: Module) -> dict[int, frozenset[int]]:
    found = {}
    for function in range(module.imported_function_count, module.function_count):
        code = read_instructions(module.data, *module.code_range(function))
        callees = frozenset(each.immediates[0] for each in code if each.opcode in (CALL, 0x12))
        if callees:
            found[function] = callees
    return found


def test_a_function_that_the_expression_cannot_measure_is_read_all_the_same() -> None:
    targets = " ".join(["0"] * 300)
    text = f"(module (func $f (call $f) (block (br_table {targets} (i32.const 0x10))) (call $g)) (func $g))"
    module = parse_module(bytes(wasmtime.wat2wasm(text)))
    assert call_graph(module).direct == plain_calls(module) == {0: frozenset({0, 1})}
