"""Every line of a trace counts: as used, or as unused with a reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
import wasmtime
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.analysis.trace_lines import read_trace_file
from stackswitch.analysis.traces import GivenModule, UsedTrace, require_use, use_trace
from stackswitch.errors import ConfigError
from stackswitch.lists.policies import jspi_lists
from stackswitch.reports.trace_use import summed, unused_line, use_line
from stackswitch.wasm.callgraph import call_sites
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.module import Module, parse_module


def module(text: str) -> Module:
    return parse_module(bytes(wasmtime.wat2wasm(text)))


MAIN = module("""(module
  (type $t (func (param i32) (result i32)))
  (import "env" "js_wait" (func $js_wait (type $t)))
  (import "env" "other" (func $other (param i32 i32) (result i32)))
  (import "side" "wait" (func $side_wait (type $t)))
  (import "env" "invoke_ii" (func $invoke_ii (param i32 i32) (result i32)))
  (table 2 funcref) (elem (i32.const 0) $other)
  (func $leaf (type $t) (call $js_wait (local.get 0)))
  (func $through (type $t)
    (call_indirect (param i32 i32) (result i32) (local.get 0) (local.get 0) (i32.const 0)))
  (func $tried (type $t) (call $invoke_ii (i32.const 0) (local.get 0)))
  (func $to_side (type $t) (call $side_wait (local.get 0)))
  (func $main (export "main") (type $t) (call $leaf (local.get 0))))""")
SIDE = module("""(module
  (import "env" "js_wait" (func $js_wait (param i32) (result i32)))
  (func $inner (param i32) (result i32) (call $js_wait (local.get 0)))
  (func $wait (export "wait") (param i32) (result i32) (call $inner (local.get 0))))""")
GIVEN = {MAIN.sha256: MAIN, SIDE.sha256: SIDE}


def frame(name: str, of: Module = MAIN) -> list[Any]:
    index = binaryen_names(of).index(name)
    return [index, call_sites(of, index)[0].offset, name]


def waited(
    *frames: list[Any], import_: str = "env.js_wait", of: str = MAIN.sha256, **rest: Any
) -> dict[str, Any]:
    return {
        "kind": "suspension",
        "module": of,
        "backend": "jspi",
        "import": import_,
        "export": "main",
        "frames": list(frames),
        **rest,
    }


def trapped(*frames: list[Any], of: str = MAIN.sha256, **rest: Any) -> dict[str, Any]:
    return {
        "kind": "trap", "process": 1, "module": of, "error": "RuntimeError", "message": "unreachable",
        "frames": list(frames), **rest,
    }  # fmt: skip


def taken(*lines: dict[str, Any], modules: tuple[Module, ...] = (MAIN,)) -> UsedTrace:
    data = "".join(json.dumps(each) + "\n" for each in lines).encode()
    return use_trace(read_trace_file(data, "t.jsonl"), [GivenModule(each) for each in modules])


LEAF = (frame("leaf"), frame("main"))
OTHER = "sha256:" + "0" * 64
BOTH = waited(
    frame("inner", SIDE),
    frame("wait", SIDE),
    frame("to_side"),
    frame_modules=[SIDE.sha256, SIDE.sha256, MAIN.sha256],
    of=SIDE.sha256,
)

LINES: dict[str, tuple[dict[str, Any], str | None]] = {
    "start": ({"kind": "start", "process": 1, "engine": "node", "engine_version": "26"}, None),
    "module": ({"kind": "module", "module": OTHER, "size_bytes": 3}, None),
    "error": ({"kind": "error", "message": "something was missed"}, None),
    "end": ({"kind": "end", "process": 1, "left_out": 2}, None),
    "wait": (waited(*LEAF), None),
    "by the name of the JavaScript function": (waited(*LEAF, import_="?._js_wait"), None),
    "by an object's method": (waited(*LEAF, import_="?.Object.js_wait"), None),
    "by the call": (waited(*LEAF, import_="?.ret.<computed>"), None),
    "by the type of the call": (waited(frame("through"), import_="?.(anonymous)"), None),
    "through invoke": (waited(frame("tried"), import_="env.js_wait", through="env.invoke_ii"), None),
    "invoke alone, on Asyncify": (waited(frame("tried"), import_="env.invoke_ii", backend="asyncify"), None),
    "invoke alone, on JSPI": (waited(frame("tried"), import_="env.invoke_ii"), "unknown-import"),
    "no import": (waited([binaryen_names(MAIN).index("leaf"), -1, "leaf"], import_="?.f"), "unknown-import"),
    "no frames": (waited(), "no-frames"),
    "a function that is not there": (waited([99, 1, "leaf"]), "bad-frame"),
    "an import as a frame": (waited([0, 1, "js_wait"]), "bad-frame"),
    "another module": (waited([1, 2, "strange"], of=OTHER), "other-module"),
    "an unknown module": (waited([1, 2, "func[1]"], of=""), "unknown-module"),
    "two modules": (BOTH, "other-module"),
    "trap": (trapped(*LEAF), None),
    "trap without a stack": (trapped(of=""), None),
    "trap of another module": (trapped([1, 2, "strange"], of=OTHER), "other-module"),
    "refused": (trapped(*LEAF, error="SuspendError", cause="not-promising"), None),
    "refused, of old": (trapped(*LEAF, error="SuspendError"), None),
}  # fmt: skip


@pytest.mark.parametrize("kind", LINES)
def test_a_line_of_each_kind(kind: str) -> None:
    line, reason = LINES[kind]
    use = taken(line, waited(*LEAF)).use
    assert [each.reason for each in use.unused] == ([] if reason is None else [reason])
    assert (use.lines, use.used, use.complete) == (2, 2 - (reason is not None), reason is None)
    for unused in use.unused:
        assert unused.numbers == (1,)
        assert "1 line not used, or in part only (line 1" in unused_line(unused)


@given(st.lists(st.sampled_from(sorted(LINES)), max_size=30), st.booleans())
def test_used_and_unused_are_all_lines(kinds: list[str], side: bool) -> None:
    lines = [LINES[each] for each in kinds]
    modules = (MAIN, SIDE) if side else (MAIN,)
    found = taken(*(line for line, _ in lines), modules=modules)
    use = found.use
    assert use.used + use.not_used == use.lines == len(kinds)
    expected = [
        None if side and kind == "two modules" else reason
        for kind, (_, reason) in zip(kinds, lines, strict=True)
    ]
    assert use.complete == (not any(expected))
    assert use.used == sum(reason is None for reason in expected)
    numbers = {number for each in use.unused for number in each.numbers}
    assert all(expected[number - 1] for number in numbers)
    waits = [line for line, _ in lines if line["kind"] == "suspension"]
    assert use.waits == len(waits)
    assert f"{len(kinds):,} line" in use_line(use)
    assert f"{use.used:,} of " in summed([use])


def test_what_is_known_of_the_import() -> None:
    found = taken(*(LINES[kind][0] for kind in LINES if kind != "invoke alone, on JSPI"))
    imports = {(each.import_, each.through) for each in found.suspensions}
    assert imports == {
        ("env.js_wait", ""),
        ("env.other", ""),
        ("env.js_wait", "env.invoke_ii"),
        ("?.env.invoke_ii", "env.invoke_ii"),
        ("?.f", ""),
        ("env.js_wait", "side.wait"),
    }
    assert jspi_lists(found.suspensions) == {
        "JSPI_EXPORTS": ("main",),
        "JSPI_IMPORTS": ("env.js_wait", "env.other"),
    }


def test_each_module_has_its_own_part_of_a_stack() -> None:
    found = taken(BOTH, modules=(MAIN, SIDE))
    assert found.use.complete
    of_main, of_side = (each.suspensions[0] for each in found.modules)
    assert [name for _, _, name in of_main.frames] == ["to_side"]
    assert [name for _, _, name in of_side.frames] == ["inner", "wait"]
    assert (of_main.through, of_main.export) == ("side.wait", "main")
    assert (of_side.through, of_side.export, of_side.import_) == ("", "", "env.js_wait")


def test_another_build_goes_by_name_and_what_it_lacks_is_said() -> None:
    other = [
        waited([7, 1, "leaf"], [9, 2, "main"], of=OTHER),
        waited([7, 1, "gone"], [9, 2, "main"], of=OTHER),
    ]
    use = taken(*other).use
    assert (use.by_name, use.used) == (True, 1)
    assert [(each.reason, each.what, each.numbers) for each in use.unused] == [("no-name", ("gone",), (2,))]


def test_names_that_several_given_modules_have_are_no_proof() -> None:
    same = module('(module (import "env" "js_wait" (func)) (func $leaf (call 0)) (func $main (call 0)))')
    use = taken(waited([7, 1, "leaf"], [9, 2, "main"], of=OTHER), modules=(MAIN, same)).use
    assert [each.reason for each in use.unused] == ["ambiguous-module"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([waited([1, 2, "a"], [2, 3, "leaf"], of=OTHER)], "1 of the 2 functions on its stacks is in"),
        ([waited([1, 2, "func[1]"], of=OTHER)], "0 of the 1 function on its stacks are in"),
        ([LINES["start"][0]], "1 line was read, and none records a wait or a trap"),
        ([], "0 lines were read"),
    ],
)
def test_a_trace_of_which_nothing_can_be_used_is_rejected(lines: list[dict[str, Any]], told: str) -> None:
    data = "".join(json.dumps(each) + "\n" for each in lines).encode()
    file, modules = read_trace_file(data, "t.jsonl"), [GivenModule(MAIN, "m.wasm")]
    with pytest.raises(ConfigError, match=told):
        require_use([use_trace(file, modules)], [file], modules)
