"""``invoke_*`` in WebAssembly: types by the import and by the letters of its name, refusals."""

from __future__ import annotations

import pytest

from stackswitch.errors import ModuleRefusedError
from stackswitch.transform.reentrant import ReentrantRequest, ReentrantResult, make_reentrant
from stackswitch.wasm.instructions import CALL_INDIRECT, read_instructions
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.types import FuncType

from .guests import GO, assembled, validate

WAIT = '(import "env" "wait" (func $wait (param i32) (result i32)))'
THREW = '(func (export "setThrew") (param i32 i32))'
TABLE = "(table 4 funcref)"


def module(imports: str, body: str = THREW + TABLE) -> bytes:
    return assembled(body + GO, imports=WAIT + imports)


def invoke(name: str, type_: str) -> str:
    return f'(import "env" "{name}" (func ${name} {type_}))'


def made(wasm: bytes, **options: object) -> ReentrantResult:
    defaults = {"suspend": ("env.wait",), "promise": ("go",), "invokes": True, "new_exceptions": True}
    return make_reentrant(ReentrantRequest.model_validate({"wasm": wasm, **defaults, **options}))


@pytest.mark.parametrize(
    ("name", "type_", "target"),
    [
        ("invoke_v", "(param i32)", FuncType((), ())),
        ("invoke_ii", "(param i32 i32) (result i32)", FuncType(("i32",), ("i32",))),
        ("invoke_dif", "(param i32 i32 f32) (result f64)", FuncType(("i32", "f32"), ("f64",))),
        ("invoke_vj", "(param i32 i64)", FuncType(("i64",), ())),
        ("invoke_vj", "(param i32 i32 i32)", FuncType(("i64",), ())),
        (
            "invoke_jjidf",
            "(param i32 i64 i32 f64 f32) (result i64)",
            FuncType(("i64", "i32", "f64", "f32"), ("i64",)),
        ),
        ("invoke_jij", "(param i32 i32 i32 i32) (result i32)", FuncType(("i32", "i64"), ("i64",))),
        ("invoke_ji", "(param i32 i32) (result i32)", FuncType(("i32",), ("i64",))),
        ("invoke_ei", "(param i32 i32) (result externref)", FuncType(("i32",), ("externref",))),
        ("invoke_vp", "(param i32 i32)", FuncType(("i32",), ())),
    ],
)
@pytest.mark.parametrize("new_exceptions", [True, False])
def test_the_function_called_has_the_type_that_the_compiler_meant(
    name: str, type_: str, target: FuncType, new_exceptions: bool
) -> None:
    halves = '(import "env" "setTempRet0" (func (param i32)))'
    result = made(module(invoke(name, type_) + halves), new_exceptions=new_exceptions)
    if new_exceptions:
        validate(result.wasm)
    after = parse_module(result.wasm)
    wrapper = next(
        index for index, text in after.function_name_entries if text.decode() == f"env.{name} (in wasm)"
    )
    start, end = after.code_range(wrapper)
    calls = [each for each in read_instructions(after.data, start, end) if each.opcode == CALL_INDIRECT]
    assert [after.types[each.immediates[0]] for each in calls] == [target]
    assert result.invokes == (f"env.{name}",)


def test_imports_that_throw_are_marked_and_an_invoke_is_not_taken_for_one_that_suspends() -> None:
    imports = invoke("invoke_v", "(param i32)") + invoke("__cxa_throw", "(param i32 i32 i32)")
    result = made(module(imports), suspend=("env.wait", "env.invoke_v"))
    validate(result.wasm)
    assert result.throwing == ("env.__cxa_throw",)
    assert result.suspending == ("env.wait",)


def test_minified_names_are_those_of_the_glue() -> None:
    wasm = module(invoke("b", "(param i32)") + invoke("c", "(param i32 i32 i32)"))
    result = made(wasm, invoke_names={"env.b": "invoke_v", "env.c": "__cxa_throw"})
    assert (result.invokes, result.throwing) == (("env.b",), ("env.c",))


@pytest.mark.parametrize(
    ("reason", "wasm"),
    [
        ("no-invokes", module("")),
        ("no-set-threw", module(invoke("invoke_v", "(param i32)"), TABLE)),
        ("no-table", module(invoke("invoke_v", "(param i32)"), THREW)),
        ("no-temp-ret", module(invoke("invoke_j", "(param i32) (result i32)"))),
        ("unknown-invoke", module(invoke("invoke_vx", "(param i32)"))),
        ("unknown-invoke", module(invoke("invoke_vff", "(param i32 f64 f64 f64)"))),
        ("unknown-invoke", module(invoke("invoke_", "(param i32)"))),
        ("unknown-invoke", module(invoke("invoke_xj", "(param i32 i32 i32)"))),
        ("unknown-invoke", module(invoke("invoke_vxj", "(param i32 i32 i32 i32)"))),
        ("unknown-invoke", module(invoke("invoke_ij", "(param i32 i32 i32) (result f64)"))),
        ("unknown-invoke", module(invoke("invoke_v", ""))),
        ("unknown-invoke", module(invoke("invoke_v", "(param f64)"))),
        ("unknown-invoke", module(invoke("invoke_i", "(param i32) (result v128)"))),
    ],
)
def test_what_is_missing_is_refused_by_name(reason: str, wasm: bytes) -> None:
    with pytest.raises(ModuleRefusedError) as caught:
        made(wasm)
    assert caught.value.reason == reason
