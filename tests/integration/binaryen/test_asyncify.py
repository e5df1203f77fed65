"""The pass for real: what is instrumented, what is told, and that nothing is told in vain."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from typing import Any

import pytest
import wasmtime

from stackswitch.binaryen.asyncify import AsyncifyRequest, AsyncifyResult, Binaryen, open_binaryen
from stackswitch.binaryen.cache import BuildCache
from stackswitch.binaryen.locate import npm_wasm_opt
from stackswitch.binaryen.tool import Tool, ToolRun
from stackswitch.errors import ConfigError, ToolError, WasmFormatError
from stackswitch.tools.progress import silent
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.module import parse_module

Run = Callable[[Coroutine[Any, Any, Any]], Any]
WAIT = ("env.wait",)
IMPORT = '(import "env" "wait" (func $wait))'


@pytest.fixture(scope="module")
def binaryen(run: Run) -> Iterator[Binaryen]:
    opened = run(open_with_npm(cached=False))
    yield opened
    run(opened.aclose())


async def open_with_npm(*, cached: bool) -> Binaryen:
    return await open_binaryen(wasm_opt=await npm_wasm_opt(silent), cached=cached)


def wasm(text: str) -> bytes:
    return bytes(wasmtime.wat2wasm(f"(module {text})"))


NAMES = {
    "less": "operator<(int, int)",
    "arrow": "std::vector<int, x>::operator->()",
    "shift": "operator<<",
    "dotted": "x.specialized.1",
    "space": "with space",
    "edges": " edge ",
    "comma": "comma,comma",
    "russian": "ключ",
    "quoted": "'q' (x)",
    "slash": "back\\slash\\20",
    "plain": "plain",
    "plainer": "plainer",
}
NAMED = wasm(
    IMPORT
    + '(memory (export "memory") 1)'
    + "".join(
        f'(func (@name "{name}") (export "{export}") call $wait)'.replace("\\", "\\\\")
        for export, name in NAMES.items()
    )
    + '(func (export "nameless") call $wait)'
    + '(func (@name "twin") (export "twin1") call $wait) (func (@name "twin") (export "twin2") call $wait)'
)


def instrumented(before: bytes, after: bytes) -> set[str]:
    """The exported functions whose bodies the pass has changed."""
    old, new = parse_module(before), parse_module(after)
    changed = set()
    for export in old.exports:
        other = new.export_named(export.name)
        assert other is not None
        if export.kind == "func":
            start, end = old.body_range(export.index)
            new_start, new_end = new.body_range(other.index)
            if before[start:end] != after[new_start:new_end]:
                changed.add(export.name)
    return changed


def names_of(data: bytes) -> dict[str, str]:
    module = parse_module(data)
    names = binaryen_names(module)
    return {export.name: names[export.index] for export in module.exports if export.kind == "func"}


@pytest.mark.parametrize("export", [*NAMES, "nameless", "twin1", "twin2"])
def test_every_name_reaches_its_function_and_no_other(run: Run, binaryen: Binaryen, export: str) -> None:
    request = AsyncifyRequest(wasm=NAMED, imports=WAIT, only=(names_of(NAMED)[export],))
    result = run(binaryen.asyncify(request))
    assert instrumented(NAMED, result.wasm) == {export}
    assert (result.unmatched, result.warnings) == ((), ())


def test_names_as_they_are_expected_to_be() -> None:
    names = names_of(NAMED)
    assert {export: names[export] for export in NAMES} == NAMES
    assert names["nameless"] == str(len(NAMES))
    assert names["twin1"] == "twin"
    assert names["twin2"].startswith("twin_")


def build(run: Run, binaryen: Binaryen, data: bytes = NAMED, **options: Any) -> AsyncifyResult:
    result: AsyncifyResult = run(binaryen.asyncify(AsyncifyRequest(wasm=data, imports=WAIT, **options)))
    return result


def test_an_empty_only_list_instruments_nothing(run: Run, binaryen: Binaryen) -> None:
    assert instrumented(NAMED, build(run, binaryen, only=()).wasm) == set()


def test_without_a_list_all_that_can_wait_is_instrumented(run: Run, binaryen: Binaryen) -> None:
    data = wasm(IMPORT + '(memory (export "m") 1) (func (export "a") call $wait) (func (export "b"))')
    assert instrumented(data, build(run, binaryen, data).wasm) == {"a"}


def test_no_imports_means_that_none_waits(run: Run, binaryen: Binaryen) -> None:
    result = run(binaryen.asyncify(AsyncifyRequest(wasm=NAMED)))
    assert instrumented(NAMED, result.wasm) == set()


def test_names_that_match_nothing_are_findings(run: Run, binaryen: Binaryen) -> None:
    result = build(run, binaryen, only=("plain", "gone", "gone", "old<T, U>", "no*pe", "a\nb"))
    assert set(result.unmatched) == {
        ("ASYNCIFY_ONLY", name) for name in ("gone", "old<T, U>", "no*pe", "a\nb")
    }
    assert len(result.unmatched) == 4
    assert "ASYNCIFY_ONLY: no function has the name old<T, U>" in result.warnings
    assert instrumented(NAMED, result.wasm) == {"plain"}


def test_findings_of_each_list_and_of_imports(run: Run, binaryen: Binaryen) -> None:
    request = AsyncifyRequest(wasm=NAMED, imports=("env.w*", "env.gone"), add=("no1",), remove=("no2",))
    assert set(run(binaryen.asyncify(request)).unmatched) == {
        ("ASYNCIFY_IMPORTS", "env.gone"),
        ("ASYNCIFY_ADD", "no1"),
        ("ASYNCIFY_REMOVE", "no2"),
    }


def test_wildcards_that_overlap_are_all_matched(run: Run, binaryen: Binaryen) -> None:
    # Binaryen itself says of the last three that they match nothing.
    result = build(run, binaryen, only=("plain", "plai*", "pl*n", "plaine*"))
    assert instrumented(NAMED, result.wasm) == {"plain", "plainer"}
    assert result.unmatched == ()


def test_an_imported_name_is_a_finding_and_not_the_end(run: Run, binaryen: Binaryen) -> None:
    result = build(run, binaryen, only=("plain", "wait"))
    assert instrumented(NAMED, result.wasm) == {"plain"}
    assert result.unmatched == (("ASYNCIFY_ONLY", "wait"),)
    assert result.warnings == (
        "ASYNCIFY_ONLY: wait is imported: it belongs in ASYNCIFY_IMPORTS, as env.wait",
    )


def test_a_wildcard_that_silences_an_import_is_told(run: Run, binaryen: Binaryen) -> None:
    result = build(run, binaryen, remove=("w*",))
    assert instrumented(NAMED, result.wasm) == set()
    assert result.warnings == ("ASYNCIFY_REMOVE: w* matches the import env.wait: it can't suspend",)


def test_lists_that_exclude_each_other(run: Run, binaryen: Binaryen) -> None:
    with pytest.raises(ConfigError):
        build(run, binaryen, only=("plain",), remove=("plainer",))


def test_indirect_calls(run: Run, binaryen: Binaryen) -> None:
    data = wasm(
        IMPORT
        + '(type $t (func)) (memory (export "m") 1) (table funcref (elem $leaf))'
        + '(func $leaf (export "leaf") call $wait)'
        + '(func (export "main") (call_indirect (type $t) (i32.const 0)))'
    )
    assert instrumented(data, build(run, binaryen, data).wasm) == {"leaf", "main"}
    assert instrumented(data, build(run, binaryen, data, ignore_indirect=True).wasm) == {"leaf"}


def test_asserts_change_what_is_not_instrumented(run: Run, binaryen: Binaryen) -> None:
    result = build(run, binaryen, only=("plain",), asserts=True)
    assert {"plain", "plainer"} <= instrumented(NAMED, result.wasm)


def test_optimising_makes_it_smaller(run: Run, binaryen: Binaryen) -> None:
    assert len(build(run, binaryen, optimize_level=2).wasm) < len(build(run, binaryen).wasm)


def test_names_are_kept_or_not(run: Run, binaryen: Binaryen) -> None:
    assert "name" in parse_module(build(run, binaryen).wasm).custom_sections
    assert "name" not in parse_module(build(run, binaryen, keep_names=False).wasm).custom_sections


LEGACY = bytes.fromhex(
    "0061736d01000000 010401600000 020c0103656e76047761697400 00 03020100 0503010001 0d03010000"
    "07080104 6d61696e0001 0a0d010b00 0640 1000 0800 0700 0b 0b"
)
"""``(func (export "main") (try (do (call $wait) (throw $e)) (catch $e)))``: WAT can't say it any more."""


def test_legacy_exceptions_come_out_as_wasmtime_takes_them(run: Run, binaryen: Binaryen) -> None:
    config = wasmtime.Config()
    config.wasm_exceptions = True
    engine = wasmtime.Engine(config)
    with pytest.raises(wasmtime.WasmtimeError):
        wasmtime.Module(engine, build(run, binaryen, LEGACY).wasm)
    wasmtime.Module(engine, build(run, binaryen, LEGACY, emit_exnref=True).wasm)


class Counted:
    """A tool that counts its runs."""

    def __init__(self, tool: Tool) -> None:
        self.tool = tool
        self.runs = 0

    async def run(self, *args: Any, **options: Any) -> ToolRun:
        self.runs += 1
        return await self.tool.run(*args, **options)

    async def aclose(self) -> None:
        return None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(memory 1)",
        "(global (mut v128) (v128.const i64x2 1 2))",
        '(func (export "two") (result i32 i32) (i32.extend8_s (i32.const 1)) (i32.const 2))',
        "(tag $t) (func (throw $t))",
        "(tag $t) (func (block $b (try_table (catch $t $b))))",
        "(table 1 externref) (func (drop (table.get (i32.const 0))))",
        "(type $s (struct (field i32))) (func (drop (struct.new $s (i32.const 1))))",
        "(type $f (func)) (func (param (ref null $f)) (call_ref $f (local.get 0)))",
        "(func (drop (i32.trunc_sat_f32_s (f32.const 1))))",
        "(func (memory.fill (i32.const 0) (i32.const 0) (i32.const 1)))",
        "(memory i64 1)",
        "(memory 1 1 shared) (func (drop (i32.atomic.load 1 (i32.const 0))))",
        "(global i32 (i32.add (i32.const 1) (i32.const 2)))",
    ],
)
def test_a_module_loads_after_the_pass_as_before(run: Run, binaryen: Binaryen, text: str) -> None:
    config = wasmtime.Config()
    for feature in ("exceptions", "gc", "function_references", "threads", "memory64", "multi_memory"):
        setattr(config, f"wasm_{feature}", True)
    config.shared_memory = True
    engine = wasmtime.Engine(config)
    data = wasm(f'{IMPORT} (memory (export "m") 1) {text} (func (export "main") call $wait)')
    wasmtime.Module(engine, data)
    counted = Counted(binaryen.found.tool)
    opened = Binaryen(replace(binaryen.found, tool=counted), cache=None)
    result = build(run, opened, data)
    assert "main" in instrumented(data, result.wasm)
    wasmtime.Module(engine, result.wasm)
    assert counted.runs == 1  # no feature had to be asked for


@pytest.mark.parametrize(
    ("text", "name", "count"),
    [
        ("", "__asyncify_memory", 1),
        ("(memory 1)", "__asyncify_memory", 1),
        ('(memory 1) (memory (export "b") 1)', "b", 2),
    ],
)
def test_saved_stacks_lie_where_the_host_reaches(
    run: Run, binaryen: Binaryen, text: str, name: str, count: int
) -> None:
    result = build(run, binaryen, wasm(f'{IMPORT} {text} (func (export "main") call $wait)'))
    module = parse_module(result.wasm)
    assert (result.memory, len(module.memories)) == (name, count)
    exported = module.export_named(name)
    assert exported is not None
    assert exported.kind == "memory"


def test_a_failing_pass_is_told_and_the_next_one_works(run: Run, binaryen: Binaryen) -> None:
    data = wasm(f'{IMPORT} (memory (export "m") 1) (func (export "main") return_call $wait)')
    with pytest.raises(ToolError, match="tail calls not yet supported") as told:
        build(run, binaryen, data)
    assert told.value.status == 1
    assert "--asyncify" in told.value.argv
    caught = wasm(
        f'{IMPORT} (tag $e) (memory (export "m") 1)'
        '(func (export "main") (block $b (try_table (catch $e $b) (call $wait))))'
    )
    with pytest.raises(ToolError, match="UNREACHABLE executed"):  # an abort inside Binaryen
        build(run, binaryen, caught)
    assert instrumented(NAMED, build(run, binaryen, only=("plain",)).wasm) == {"plain"}


def test_bytes_that_are_no_module(run: Run, binaryen: Binaryen) -> None:
    with pytest.raises(WasmFormatError):
        build(run, binaryen, b"\0asm\1\0\0\0\1")


def test_the_second_time_it_comes_from_the_cache(run: Run, tmp_path: Any, binaryen: Binaryen) -> None:
    kept = Binaryen(binaryen.found, cache=BuildCache(tmp_path))
    first = build(run, kept, only=("plain", "gone"))
    again = build(run, kept, only=("plain", "gone"))
    other = build(run, kept, only=("plain",))
    assert (first.cached, again.cached, other.cached) == (False, True, False)
    assert again == first.model_copy(update={"cached": True})


def test_a_refusal_is_kept_like_a_build(run: Run, tmp_path: Any, binaryen: Binaryen) -> None:
    # A reference on the operand stack across the wait: only the pass itself sees that it has to keep it.
    data = wasm(
        '(import "env" "wait" (func $wait (result i32))) (memory (export "m") 1) (table $t 1 externref)'
        '(func (export "main") (result i32) (ref.is_null (select (result externref)'
        "(ref.null extern) (table.get $t (i32.const 0)) (call $wait))))"
    )
    counted = Counted(binaryen.found.tool)
    kept = Binaryen(replace(binaryen.found, tool=counted), cache=BuildCache(tmp_path))
    said = []
    for _ in range(2):
        with pytest.raises(ToolError, match="non-number types") as refused:
            build(run, kept, data)
        said.append(str(refused.value))
    assert said[0] == said[1]
    assert counted.runs == 1


def test_a_segment_without_a_table_needs_no_help(run: Run, binaryen: Binaryen) -> None:
    data = wasm(
        f'{IMPORT} (memory (export "m") 1) (table 1 funcref) (elem func 1)'
        '(func (export "main") call $wait (table.init 0 (i32.const 0) (i32.const 0) (i32.const 1)))'
    )
    assert instrumented(data, build(run, binaryen, data).wasm) == {"main"}


def test_code_nested_deeper_than_v8_allows_by_itself(run: Run, binaryen: Binaryen) -> None:
    data = wasm(
        f'{IMPORT} (memory (export "m") 1)'
        f'(func (export "main") {"block " * 10_000} call $wait {"end " * 10_000})'
    )
    assert build(run, binaryen, data, only=()).wasm


def test_a_feature_that_no_scan_sees_is_told_when_asked_for(run: Run, binaryen: Binaryen) -> None:
    # f32x4.relaxed_madd: the scan knows it for simd only, and nothing declares it.
    zero = "(v128.const i64x2 0 0)"
    data = wasm(
        f'{IMPORT} (memory (export "m") 1) (func (export "main") call $wait '
        f"(drop (f32x4.relaxed_madd {zero} {zero} {zero})))"
    )
    counted = Counted(binaryen.found.tool)
    result = build(run, Binaryen(replace(binaryen.found, tool=counted), cache=None), data)
    assert instrumented(data, result.wasm) == {"main"}
    assert counted.runs == 2
