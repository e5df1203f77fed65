"""What the transform adds, redirects and keeps; each module made is compiled by an engine."""

from __future__ import annotations

from random import Random

import pytest
import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st

from stackswitch.errors import ConfigError
from stackswitch.transform.reentrant import ReentrantRequest, ReentrantResult, make_reentrant
from stackswitch.wasm.custom_sections import FUNCTION_NAMES, read_names
from stackswitch.wasm.encoding import CUSTOM, iterate_sections, name, section, vector
from stackswitch.wasm.instructions import CALL, REF_FUNC, read_instructions
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.types import FuncType

from .guests import ENGINE, GO, assembled, validate


def made(wasm: bytes, **options: object) -> ReentrantResult:
    defaults = {"suspend": ("env.wait",), "promise": ("go",), "new_exceptions": True}
    result = make_reentrant(ReentrantRequest.model_validate({"wasm": wasm, **defaults, **options}))
    validate(result.wasm)
    return result


def function_named(module: Module, text: str) -> int:
    return next(index for index, raw in module.function_name_entries if raw.decode() == text)


def called(module: Module, index: int) -> list[int]:
    start, end = module.code_range(index)
    return [each.immediates[0] for each in read_instructions(module.data, start, end) if each.opcode == CALL]


def test_imports_and_exports_stay_and_the_contract_is_added() -> None:
    wasm = assembled(GO)
    before, result = parse_module(wasm), made(wasm)
    after = parse_module(result.wasm)
    assert after.imports == before.imports
    assert [each.name for each in after.exports] == [
        *(each.name for each in before.exports),
        *("__jspi_enter", "__jspi_exit", "__jspi_suspend", "__jspi_resume", "stackswitch.reclaim"),
    ]
    types = {each.name: after.function_type(each.index) for each in after.exports if each.kind == "func"}
    assert types["__jspi_enter"] == types["__jspi_suspend"] == FuncType((), ("i64",))
    assert types["__jspi_exit"] == types["__jspi_resume"] == FuncType(("i64", "i32"), ())
    assert types["go"] == FuncType(("i32",), ("i32",))
    assert result.suspending == ("env.wait",)
    assert result.promising == ("go",)
    assert result.restoring == ("stackRestore",)
    assert (result.stack_pointer, result.evidence) == (0, "the export __stack_pointer")
    assert result.call_sites == 1


def test_a_module_is_made_within_four_kilobytes() -> None:
    wasm = assembled(GO)
    assert len(made(wasm).wasm) - len(wasm) < 4096


@pytest.mark.parametrize(
    ("declared", "code", "sites"),
    [
        ("", "(return_call $wait (local.get 0))", 1),
        (
            "(table 2 funcref) (elem (i32.const 0) $wait $wait)",
            "(call_indirect (type $t) (local.get 0) (i32.const 1))",
            0,
        ),
        ("(elem declare func $wait)", "(call_ref $t (local.get 0) (ref.func $wait))", 1),
        ("(global $f (ref $t) (ref.func $wait))", "(call_ref $t (local.get 0) (global.get $f))", 0),
        (
            "(table $table 1 1 (ref func) (ref.func $wait))"
            "(elem (table $table) (i32.const 0) (ref func) (ref.func $wait))",
            "(call $wait (local.get 0))",
            1,
        ),
        ('(export "again" (func $wait))', "(call $wait (local.get 0))", 1),
    ],
    ids=["tail-call", "table", "call_ref", "global", "table-initialiser", "exported-import"],
)
def test_every_way_to_an_import_goes_through_its_wrapper(declared: str, code: str, sites: int) -> None:
    types = "(type $t (func (param i32) (result i32)))"
    go = f'(func (export "go") (param i32) (result i32) {code})'
    result = made(assembled(types + declared + go))
    module = parse_module(result.wasm)
    wrapper = function_named(module, "env.wait (may suspend)")
    assert result.call_sites == sites
    assert 0 in called(module, wrapper)
    for function in module.defined_functions:
        if function != wrapper:
            assert 0 not in called(module, function)
            start, end = module.code_range(function)
            refs = [each for each in read_instructions(module.data, start, end) if each.opcode == REF_FUNC]
            assert all(each.immediates[0] != 0 for each in refs)
    assert all(each.index != 0 for each in module.exports if each.kind == "func")
    assert all(0 not in each.functions for each in module.elements)
    assert all(
        0 not in each.functions for each in (*module.initialisers.values(), *module.table_initialisers)
    )


@pytest.mark.parametrize(
    ("referred", "options"),
    [
        ("$wait", {"promise": ("go", "again")}),
        ("$other", {"promise": ("go", "same")}),
        ("$restore", {}),
        ("$table", {"promise_table": ("table",)}),
    ],
    ids=["suspending-import", "import", "stackRestore", "table-function"],
)
def test_a_function_that_only_its_export_declares_may_be_referred_to(
    referred: str, options: dict[str, tuple[str, ...]]
) -> None:
    wasm = assembled(
        GO
        + '(export "again" (func $wait)) (export "same" (func $other))'
        + '(func $table (export "table") (param i32) (result i32) (call $wait (local.get 0)))'
        + '(func $restore (export "_emscripten_stack_restore") (param i32) (global.set $sp (local.get 0)))'
        + f'(func (export "reference") (result funcref) (ref.func {referred}))',
        '(import "env" "wait" (func $wait (param i32) (result i32))) (import "env" "other" (func $other))',
    )
    made(wasm, **options)


def test_a_promising_function_has_one_wrapper_under_all_its_names_and_none_in_the_table() -> None:
    table = '(table (export "table") 1 funcref) (elem (i32.const 0) $go)'
    wasm = assembled(table + '(export "alias" (func $go))' + GO)
    module = parse_module(made(wasm, promise=("go", "alias")).wasm)
    go, alias = module.export_named("go"), module.export_named("alias")
    assert go is not None
    assert alias is not None
    assert go.index == alias.index == function_named(module, "alias (promising)")
    assert module.elements[0].functions == (function_named(module, "go"),)


def test_calls_within_the_module_go_to_the_function_itself() -> None:
    wasm = assembled(GO + '(func $other (export "other") (param i32) (result i32) (call $go (local.get 0)))')
    before, after = parse_module(wasm), parse_module(made(wasm).wasm)
    other, go = before.export_named("other"), before.export_named("go")
    assert other is not None
    assert go is not None
    assert called(after, other.index) == [go.index]


def test_functions_of_the_table_can_be_named() -> None:
    body = """
      (table (export "table") 1 funcref) (elem (i32.const 0) $callback)
      (func $callback (drop (call $wait (i32.const 1))))
    """
    wasm = assembled(GO + body)
    index = parse_module(wasm).elements[0].functions[0]
    for each in ("callback", str(index)):
        result = made(wasm, promise_table=(each,))
        module = parse_module(result.wasm)
        assert result.table_functions == (each,)
        wrapper = function_named(module, f"{each} (promising, by reference)")
        assert module.elements[0].functions == (wrapper,)
    with pytest.raises(ConfigError, match="no function nothing"):
        made(wasm, promise_table=("nothing",))


@pytest.mark.parametrize(
    "types",
    [
        ("", ""),
        ("i64 f32 f64", "f64"),
        ("externref funcref", "externref"),
        ("v128", "v128"),
        ("i32", "i32 i64"),
        ("", "f32 f32 externref"),
    ],
    ids=str,
)
@pytest.mark.parametrize("new_exceptions", [True, False])
def test_signatures_of_all_kinds(types: tuple[str, str], new_exceptions: bool) -> None:
    params, results = types
    signature = (f"(param {params}) " if params else "") + (f"(result {results})" if results else "")
    gets = " ".join(f"(local.get {at})" for at in range(len(params.split())))
    wasm = assembled(
        f'(func (export "go") {signature} (call $wait {gets}))',
        imports=f'(import "env" "wait" (func $wait {signature}))',
    )
    result = make_reentrant(
        ReentrantRequest(wasm=wasm, suspend=("env.wait",), promise=("go",), new_exceptions=new_exceptions)
    )
    if new_exceptions:
        validate(result.wasm)
    else:
        parse_module(result.wasm)


def test_a_module_with_64_bit_memory() -> None:
    text = """
      (module (import "env" "wait" (func $wait (param i32) (result i32)))
       (memory (export "memory") i64 1) (global $__stack_pointer (mut i64) (i64.const 65536))
       (func (export "malloc") (param i64) (result i64) (i64.const 70000))
       (func (export "stackRestore") (param i64) (global.set 0 (local.get 0)))
       (func $go (export "go") (param i32) (result i32) (call $wait (local.get 0))))
    """
    result = made(bytes(wasmtime.wat2wasm(text)))
    assert result.restoring == ("stackRestore",)


def test_exceptions_are_caught_in_the_modules_own_dialect() -> None:
    wasm = assembled("(tag $t) (func (block $h (try_table (catch_all $h) (nop))))" + GO)
    result = make_reentrant(ReentrantRequest(wasm=wasm, suspend=("env.wait",), promise=("go",)))
    validate(result.wasm)
    with pytest.raises(wasmtime.WasmtimeError, match="legacy"):
        validate(make_reentrant(ReentrantRequest(wasm=assembled(GO), suspend=("env.wait",))).wasm)


def test_stack_limits_and_exceptions_of_the_module_are_switched() -> None:
    extra = """
      (global $end (mut i32) (i32.const 1024))
      (func (export "emscripten_stack_get_base") (result i32) (i32.const 65536))
      (func (export "emscripten_stack_get_end") (result i32) (global.get $end))
      (func (export "emscripten_stack_set_limits") (param i32 i32) (global.set $end (local.get 1)))
      (func (export "__cxa_get_globals") (result i32) (i32.const 512))
    """
    wasm = made(assembled(GO + extra), region_bytes=2048).wasm
    module = validate(wasm)
    store = wasmtime.Store(ENGINE)
    wait = wasmtime.Func(
        store, wasmtime.FuncType([wasmtime.ValType.i32()], [wasmtime.ValType.i32()]), lambda value: value
    )
    exports = wasmtime.Instance(store, module, [wait]).exports(store)
    memory = exports["memory"]
    memory.write(store, b"caught 1", 512)
    token = exports["__jspi_enter"](store)
    assert exports["emscripten_stack_get_end"](store) == token - 2048
    assert memory.read(store, 512, 520) == bytes(8)
    cookie = memory.read(store, token - 2048, token - 2040)
    assert bytes(cookie).hex() == "67541302fecdba89"
    memory.write(store, b"caught 2", 512)
    exports["__jspi_suspend"](store)
    assert exports["emscripten_stack_get_end"](store) == 1024
    assert memory.read(store, 512, 520) == b"caught 1"
    exports["__jspi_resume"](store, token, 0)
    assert memory.read(store, 512, 520) == b"caught 2"
    exports["__jspi_exit"](store, token, 0)
    assert memory.read(store, 512, 520) == b"caught 1"
    exports["__jspi_exit"](store, exports["__jspi_enter"](store), 0)
    assert memory.read(store, 512, 520) == b"caught 1"


def custom(wasm: bytes, title: str) -> bytes | None:
    for number, _, content in iterate_sections(wasm):
        if number == CUSTOM and content.name() == title:
            return content.take(content.left)
    return None


def test_custom_sections_are_kept_extended_or_dropped_with_a_note() -> None:
    wasm = assembled(GO)
    features = vector([b"+" + name("bulk-memory")])
    wasm += section(CUSTOM, name("producers") + b"\0") + section(CUSTOM, name("target_features") + features)
    wasm += section(CUSTOM, name("sourceMappingURL") + name("go.wasm.map"))
    wasm += section(CUSTOM, name("metadata.code.branch_hint") + b"\0")
    result = made(wasm)
    assert custom(result.wasm, "producers") == b"\0"
    assert custom(result.wasm, "target_features") == vector(
        [b"+" + name("bulk-memory"), b"+" + name("exception-handling")]
    )
    assert custom(result.wasm, "sourceMappingURL") is None
    assert any("sourceMappingURL" in each for each in result.notes)


def test_names_of_the_module_are_kept_and_those_of_additions_are_there() -> None:
    before, after = parse_module(assembled(GO)), parse_module(made(assembled(GO)).wasm)
    names = dict(after.function_name_entries)
    assert {index: names[index] for index, _ in before.function_name_entries} == dict(
        before.function_name_entries
    )
    assert len(names) == len(before.function_name_entries) + after.function_count - before.function_count


def test_a_module_without_names_gets_only_the_messages() -> None:
    wasm = without_names(assembled(GO))
    reader = parse_module(made(wasm).wasm).custom_section("name")
    assert reader is not None
    texts = [text.decode() for _, text in read_names(reader, FUNCTION_NAMES)]
    assert len(texts) == 5  # four messages, and what is exported
    assert all(each.startswith("stackswitch.") for each in texts)


def without_names(wasm: bytes) -> bytes:
    parts = [wasm[:8]]
    for number, start, content in iterate_sections(wasm):
        if number != CUSTOM:
            parts.append(wasm[start : content.end])
    return b"".join(parts)


def test_a_malformed_name_section_is_kept() -> None:
    wasm = without_names(assembled(GO)) + section(CUSTOM, name("name") + b"\1\xff")
    assert custom(made(wasm).wasm, "name") == b"\1\xff"


def test_code_before_and_after_a_changed_function_keeps_its_bytes() -> None:
    body = "".join(f'(func (export "f{at}") (result i32) (i32.const {at}))' for at in range(150))
    wasm = assembled(body + GO + body.replace('"f', '"g'))
    before, after = parse_module(wasm), parse_module(made(wasm).wasm)
    for index in before.defined_functions:
        start, end = before.body_range(index)
        new_start, new_end = after.body_range(index)
        same = wasm[start:end] == after.data[new_start:new_end]
        go = before.export_named("go")
        assert go is not None
        assert same or index == go.index


@given(st.integers(0, 300), st.integers(0, 40), st.randoms())
@settings(max_examples=25)
def test_generated_modules_stay_valid_and_have_the_calls_redirected(
    fillers: int, calls: int, random: Random
) -> None:
    parts = ["(func (result i32) (i32.const 4112))"] * fillers
    for _ in range(calls):
        parts.insert(
            random.randrange(len(parts) + 1),
            random.choice(
                [
                    "(func (param i32) (result i32) (call $wait (i32.add (local.get 0) (i32.const 16))))",
                    "(func (param i64) (result i32) (local f64 i32) (if (result i32) (i64.eqz (local.get 0))"
                    " (then (call $wait (i32.const 1))) (else (call $wait (i32.const 2)))))",
                ]
            ),
        )
    wasm = assembled(GO + "".join(parts))
    result = made(wasm)
    before, after = parse_module(wasm), parse_module(result.wasm)
    found = sum(called(before, each).count(0) for each in before.defined_functions)
    assert result.call_sites == found
    assert sum(called(after, each).count(0) for each in after.defined_functions) == 1


def test_names_that_are_not_there_are_errors() -> None:
    with pytest.raises(ConfigError, match=r"imports no function env\.other"):
        made(assembled(GO), suspend=("env.other",))
    with pytest.raises(ConfigError, match="exports no function memory"):
        made(assembled(GO), promise=("memory",))
    with pytest.raises(ConfigError, match="nothing to make re-entrant"):
        made(assembled(GO), suspend=())
    with pytest.raises(ConfigError, match="no function arena"):
        made(assembled(GO), malloc="arena")


def test_an_export_with_the_name_of_a_setter_and_another_type_stays() -> None:
    wasm = assembled('(func (export "_emscripten_stack_restore") (param f64))' + GO)
    assert made(wasm).restoring == ("stackRestore",)
