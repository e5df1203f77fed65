"""Modules that cannot be made re-entrant soundly are refused by name, with what to do."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st

from stackswitch.errors import ConfigError, ModuleRefusedError, WasmFormatError
from stackswitch.transform.reentrant import ReentrantRequest, make_reentrant
from stackswitch.wasm.encoding import CUSTOM, name, section

from .guests import GO, MALLOC, STACK, assembled

IMPORT = '(import "env" "wait" (func $wait (param i32) (result i32)))'
MEMORY = '(memory (export "memory") 1)'
SP = "(global $__stack_pointer (mut i32) (i32.const 65536))"


def refused(wasm: bytes) -> ModuleRefusedError:
    with pytest.raises(ModuleRefusedError) as caught:
        make_reentrant(ReentrantRequest(wasm=wasm, suspend=("env.wait",), promise=("go",)))
    return caught.value


def text(*parts: str) -> bytes:
    return bytes(wasmtime.wat2wasm("(module " + " ".join(parts) + ")"))


def without_names(wasm: bytes) -> bytes:
    return wasm[: wasm.rindex(b"\x04name") - 2] if b"\x04name" in wasm else wasm


@pytest.mark.parametrize(
    ("reason", "says", "wasm"),
    [
        ("no-stack-pointer", "--export=__stack_pointer", text(IMPORT, MEMORY, MALLOC, GO)),
        ("no-malloc", "EXPORTED_FUNCTIONS=_malloc", text(IMPORT, STACK, GO)),
        ("memories", "0 memories", text(IMPORT, SP, GO)),
        ("memories", "2 memories", text(IMPORT, SP, MEMORY, "(memory 1)", MALLOC, GO)),
        ("threads", "emscripten_stack_set_limits", text(IMPORT, SP, "(memory 1 2 shared)", MALLOC, GO)),
        (
            "threads",
            "-sWASM_WORKERS",
            text(
                IMPORT,
                SP,
                "(memory 1 2 shared)",
                MALLOC,
                GO,
                '(func (export "emscripten_stack_set_limits") (param i32 i32))',
                '(func (export "_emscripten_wasm_worker_initialize") (param i32 i32))',
            ),
        ),
        ("dynamic-linking", "--side-of", assembled(GO) + section(CUSTOM, name("dylink.0"))),
        (
            "dynamic-linking",
            "is imported",
            text(
                IMPORT,
                '(import "env" "__stack_pointer" (global $__stack_pointer (mut i32)))',
                MEMORY,
                MALLOC,
                GO,
            ),
        ),
        (
            "dynamic-linking",
            "GOT.mem.x",
            text(IMPORT, '(import "GOT.mem" "x" (global (mut i32)))', SP, MEMORY, MALLOC, GO),
        ),
        ("object-file", "not linked", assembled(GO) + section(CUSTOM, name("linking") + b"\2")),
        (
            "hooks",
            "-sREENTRANT_JSPI",
            assembled(GO + '(func (export "__jspi_suspend") (result i64) (i64.const 0))'),
        ),
        ("hooks", "__jspi_resume", assembled(GO, f'{IMPORT}(import "env" "__jspi_resume" (func))')),
        ("hooks", "__jspi_cur_fiber", assembled(GO + "(global $__jspi_cur_fiber i32 (i32.const 0))")),
        ("hooks", "byn$jspi-hooks$import$wait", assembled(GO + "(func $byn$jspi-hooks$import$wait)")),
        (
            "wasm-bindgen",
            "__jspi_stack_base",
            assembled(GO + '(global (export "__jspi_stack_base") i32 (i32.const 0))'),
        ),
        ("wasm-bindgen", "__jspi_stack_top", assembled(GO + "(global $__jspi_stack_top i32 (i32.const 0))")),
        (
            "wasm-bindgen",
            "__wbindgen_jspi_suspend",
            assembled(GO, f'{IMPORT}(import "./a_bg.js" "__wbindgen_jspi_suspend_0f" (func))'),
        ),
        (
            "pyodide",
            "saves and restores the C stack itself",
            assembled(GO + '(func (export "_pyproxy_apply_promising"))') + section(CUSTOM, name("dylink.0")),
        ),
    ],
)
def test_a_module_is_refused_by_name(reason: str, says: str, wasm: bytes) -> None:
    error = refused(wasm)
    assert error.reason == reason
    assert says in str(error)


def test_a_module_that_was_made_here_is_refused() -> None:
    made = make_reentrant(ReentrantRequest(wasm=assembled(GO), suspend=("env.wait",), promise=("go",))).wasm
    assert refused(made).reason == "hooks"


def test_two_candidates_for_the_stack_pointer_are_refused() -> None:
    one = without_names(
        text(
            IMPORT,
            MEMORY,
            "(global $a (mut i32) (i32.const 65536)) (global $b (mut i32) (i32.const 65536))",
            MALLOC.replace("$heap", "$h"),
            *(
                f'(func (export "get{each}") (result i32) (global.get ${each}))'
                f'(func (export "set{each}") (param i32) (global.set ${each} (local.get 0)))'
                for each in "ab"
            ),
            GO,
        )
    )
    error = refused(one)
    assert error.reason == "two-stack-pointers"
    assert "getb" in str(error)


TEMPORARY = """(global $t (mut i32) (i32.const 0))
  (func (export "getTempRet0") (result i32) (global.get $t))
  (func (export "setTempRet0") (param i32) (global.set $t (local.get 0)))"""
FRAME = """(func (result i32) (local i32)
  (global.set $s (local.tee 0 (i32.sub (global.get $s) (i32.const 16))))
  (global.set $s (i32.add (local.get 0) (i32.const 16))) (i32.const 0))"""


def test_a_global_that_starts_as_zero_is_no_stack_pointer() -> None:
    module = without_names(text(IMPORT, MEMORY, TEMPORARY, MALLOC.replace("$heap", "$h"), GO))
    assert refused(module).reason == "no-stack-pointer"


def test_accessors_and_prologues_that_disagree_are_refused() -> None:
    parts = ("(global $s (mut i32) (i32.const 65536))", MALLOC.replace("$heap", "$h"), GO, FRAME * 3)
    other = TEMPORARY.replace("const 0", "const 32")
    module = without_names(text(IMPORT, MEMORY, other, *parts))
    assert refused(module).reason == "two-stack-pointers"
    right = make_reentrant(
        ReentrantRequest(
            wasm=without_names(text(IMPORT, MEMORY, TEMPORARY, *parts)),
            suspend=("env.wait",),
            promise=("go",),
        )
    )
    assert (right.stack_pointer, right.evidence) == (1, "3 function prologues")


def test_an_asyncify_build_is_refused() -> None:
    path = Path(__file__).parents[2] / "wasm" / "asyncified" / "instrumented.wat"
    assert refused(bytes(wasmtime.wat2wasm(path.read_text("utf-8")))).reason == "asyncify"


@pytest.mark.parametrize("cut", [0, 4, 9, 20, 60, -1])
def test_bytes_that_are_no_module_are_an_error_with_an_offset(cut: int) -> None:
    with pytest.raises(WasmFormatError):
        make_reentrant(ReentrantRequest(wasm=assembled(GO)[:cut], suspend=("env.wait",)))


def test_the_pointer_is_found_without_names() -> None:
    frame = """
      (func (param i32) (local $f i32)
        (global.set $sp (local.tee $f (i32.sub (global.get $sp) (i32.const 64))))
        (global.set $sp (i32.add (local.get $f) (i32.const 64))))
    """
    plain = '(global $sp (mut i32) (i32.const 65536)) (memory (export "memory") 1)'
    accessors = """
      (func (export "a") (result i32) (global.get $sp))
      (func (export "b") (param i32) (global.set $sp (local.get 0)))
    """
    for body, evidence in ((frame * 3, "3 function prologues"), (accessors, "the bodies of a and b")):
        wasm = without_names(text(IMPORT, plain, MALLOC, body, GO))
        result = make_reentrant(ReentrantRequest(wasm=wasm, suspend=("env.wait",), promise=("go",)))
        assert (result.stack_pointer, result.evidence) == (0, evidence)
        assert result.restoring == (("b",) if body == accessors else ())


def test_a_main_module_is_taken_if_it_is_called_one() -> None:
    wasm = assembled(GO)[:8] + section(CUSTOM, name("dylink.0")) + assembled(GO)[8:]
    assert refused(wasm).reason == "dynamic-linking"
    made = make_reentrant(ReentrantRequest(wasm=wasm, suspend=("env.wait",), main_module=True)).wasm
    assert made.startswith(wasm[:8] + section(CUSTOM, name("dylink.0")))


BASE = bytearray(
    assembled(
        '(table (export "table") 2 funcref) (elem (i32.const 0) $go $wait) (elem declare func $wait)'
        "(global funcref (ref.func $wait)) (tag (param i32))" + GO
    )
    + section(CUSTOM, name("target_features") + b"\1+\4simd")
)


@given(st.lists(st.tuples(st.integers(8, len(BASE) - 1), st.integers(0, 255)), min_size=1, max_size=4))
@settings(max_examples=300)
def test_damaged_modules_are_refused_or_transformed_and_nothing_else(changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(BASE)
    for at, value in changes:
        damaged[at] = value
    with contextlib.suppress(WasmFormatError, ModuleRefusedError, ConfigError):
        make_reentrant(
            ReentrantRequest(wasm=bytes(damaged), suspend=("env.wait",), promise=("go",), new_exceptions=True)
        )
