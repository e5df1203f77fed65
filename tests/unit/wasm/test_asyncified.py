"""The reader of what is instrumented: one small text a rule, in ``asyncified/``.

Lines that begin with ``;;!`` are TOML:

- ``why``: the rule
- ``globals``: the indexes of state and data; not there: it is no Asyncify build
- ``instrumented``: functions by their names
- ``suspending``: the imports after whose calls instrumented functions look at the state
- ``looks``: by function, for each of its direct calls, whether the function looks at the state after it
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import wasmtime
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.wasm.asyncified import (
    AsyncifyGlobals,
    _read_of,
    asyncify_globals,
    checks_state_after_call,
    instrumented_functions,
    is_asyncified,
    missing_control_exports,
    suspending_imports,
)
from stackswitch.wasm.callgraph import call_sites
from stackswitch.wasm.function_names import display_name
from stackswitch.wasm.module import Module, parse_module

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CASES = sorted((Path(__file__).parent / "asyncified").glob("*.wat"))


def expected(text: str) -> dict[str, Any]:
    return tomllib.loads("\n".join(line[3:] for line in text.splitlines() if line.startswith(";;!")))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_rule(path: Path) -> None:
    text = path.read_text("utf-8")
    wanted = expected(text)
    assert wanted.keys() <= {"why", "globals", "instrumented", "suspending", "looks"}
    module = parse_module(bytes(wasmtime.wat2wasm(text)))
    found = AsyncifyGlobals(*wanted["globals"]) if "globals" in wanted else None
    assert asyncify_globals(module) == found, wanted["why"]
    assert is_asyncified(module) == (found is not None)
    instrumented = [display_name(module, each) for each in sorted(instrumented_functions(module))]
    assert instrumented == wanted.get("instrumented", []), wanted["why"]
    suspending = suspending_imports(module)
    if suspending is None:
        assert "suspending" not in wanted
    else:
        names = [module.function_imports()[each].name for each in sorted(suspending)]
        assert names == wanted["suspending"], wanted["why"]
    by_name = {display_name(module, each): each for each in range(module.function_count)}
    for name, looks in wanted.get("looks", {}).items():
        calls = [site.offset for site in call_sites(module, by_name[name])]
        assert [checks_state_after_call(module, by_name[name], each) for each in calls] == looks, wanted[
            "why"
        ]


def build(case: str) -> Module:
    path = Path(__file__).parent / "asyncified" / f"{case}.wat"
    return parse_module(bytes(wasmtime.wat2wasm(path.read_text("utf-8"))))


def test_a_place_outside_the_function_is_looked_after_by_none() -> None:
    module = build("instrumented")
    function = max(instrumented_functions(module))
    (site,) = call_sites(module, function)
    start, end = module.code_range(function)
    assert checks_state_after_call(module, function, site.offset)
    assert not checks_state_after_call(module, function - 1, site.offset)
    assert not checks_state_after_call(module, function, start - 1)
    assert not checks_state_after_call(module, function, end)
    assert not checks_state_after_call(module, function, len(module.data) + 1)


def test_where_there_is_no_build_nothing_is_looked_after() -> None:
    text = """(module (import "e" "w" (func)) (global (mut i32) (i32.const 0))
      (func (call 0) (if (i32.eq (global.get 0) (i32.const 1)) (then (unreachable)))))"""
    module = parse_module(bytes(wasmtime.wat2wasm(text)))
    assert instrumented_functions(module) == frozenset()
    assert suspending_imports(module) is None
    assert not checks_state_after_call(module, 1, module.code_range(1)[0])


def test_a_place_before_the_call_is_not_looked_after() -> None:
    module = build("looks-after-some-calls")
    function = max(instrumented_functions(module))
    calls = call_sites(module, function)
    start, _ = module.code_range(function)
    # From the start of the function the first call is the one that counts, and nothing looks after it.
    assert [checks_state_after_call(module, function, each) for each in (start, calls[0].offset)] == [
        False,
        False,
    ]


@pytest.mark.parametrize(("size", "is_build"), [(64, True), (65, False)])
def test_control_functions_are_short(*, size: int, is_build: bool) -> None:
    def with_padding(count: int) -> Module:
        text = f"""(module (global $s (mut i32) (i32.const 0)) (global $d (mut i32) (i32.const 0))
          (func (export "a") (param i32) (global.set $s (i32.const 1)) (global.set $d (local.get 0))
            (drop (global.get $d)) {"(nop)" * count}))"""
        return parse_module(bytes(wasmtime.wat2wasm(text)))

    start, end = with_padding(0).body_range(0)
    module = with_padding(size - (end - start))
    start, end = module.body_range(0)
    assert end - start == size
    assert is_asyncified(module) == is_build


def encoded(index: int, size: int) -> bytes:
    """A number in as many bytes as asked for; tools that link leave room for the largest."""
    digits = [index >> 7 * at & 0x7F for at in range(size)]
    return bytes([*(each | 0x80 for each in digits[:-1]), digits[-1]])


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_a_read_is_found_in_any_encoding(index: int, size: int) -> None:
    size = max(size, -(-index.bit_length() // 7))
    raw = b"\x23" + encoded(index, size)
    assert _read_of(index).fullmatch(raw)
    assert not _read_of(index ^ 1).search(raw)
    assert not _read_of(index).fullmatch(raw[1:])


@pytest.mark.parametrize("index", [0, 1, 127, 128, 300, 2**14 - 1, 2**14, 2**21, 2**28, 2**32 - 1])
def test_a_read_of_another_is_not_taken_for_it(index: int) -> None:
    read = _read_of(index)
    used = max(1, -(-index.bit_length() // 7))
    for size in range(used, 6):
        raw = b"\x23" + encoded(index, size)
        assert read.fullmatch(raw)
        assert not read.search(raw[:-1])
        assert not read.fullmatch(raw + b"\0")
    for other in {index + 1, index * 128, index // 128, index + 2**7, index + 2**14} - {index}:
        if other < 2**32:
            assert not read.fullmatch(b"\x23" + encoded(other, 5))
    assert not read.fullmatch(b"\x23" + encoded(index, 5) + b"\x80\x00")
    assert not read.fullmatch(b"\x23" + encoded(index, 6))


def test_globals_beyond_the_first_127_are_found() -> None:
    other = "(global (mut i32) (i32.const 0))" * 130
    text = (Path(__file__).parent / "asyncified" / "instrumented.wat").read_text("utf-8")
    module = parse_module(bytes(wasmtime.wat2wasm(text.replace("(memory 1)", f"(memory 1) {other}"))))
    assert asyncify_globals(module) == AsyncifyGlobals(130, 131)
    assert [display_name(module, each) for each in instrumented_functions(module)] == ["task"]


def test_control_functions_are_missing_unless_exported_under_their_names() -> None:
    controls = ("start_unwind", "stop_unwind", "start_rewind", "stop_rewind")
    names = tuple(f"asyncify_{each}" for each in controls)
    for left_out in (None, *names):
        exports = "".join(f'(export "{each}" (func 0))' for each in names if each != left_out)
        module = parse_module(bytes(wasmtime.wat2wasm(f"(module (func) {exports})")))
        assert missing_control_exports(module) == (() if left_out is None else (left_out,))
