"""Traces made of parts: names, modules, what is missing. The stacks are written by hand over real modules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import wasmtime

from stackswitch.models.trace import TRACE_LINE, TraceStart
from stackswitch.observe.parts import PART_VERSION
from stackswitch.observe.run import observed_environment
from stackswitch.observe.trace import merge_trace_parts
from stackswitch.wasm.callgraph import call_sites
from stackswitch.wasm.module import Module, parse_module

INSTRUMENTED = "(if (global.get $state) (then (i32.store (global.get $data) (i32.const 0))))"
"""What makes a function an instrumented one, in the eyes of ``wasm.asyncified``."""


def asyncified() -> Module:
    """outer → mid → leaf → env.wait, mid not instrumented; other calls through the table."""
    return parse_module(
        bytes(
            wasmtime.wat2wasm(f"""(module
              (import "env" "wait" (func $wait))
              (import "env" "invoke" (func $invoke))
              (memory 1) (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
              (func $leaf (call $wait)
                (if (i32.eq (global.get $state) (i32.const 1)) (then (nop))) {INSTRUMENTED})
              (func $mid (call $leaf))
              (func $outer (export "run") (call $mid) {INSTRUMENTED})
              (func $through_js (export "js") (call $invoke) {INSTRUMENTED})
              (func $stranger (call $outer))
              (func (export "asyncify_start_unwind") (param i32)
                (global.set $state (i32.const 1))
                (global.set $data (local.get 0)) (drop (global.get $data))))""")
        )
    )


LEAF, MID, OUTER, THROUGH_JS, STRANGER = 2, 3, 4, 5, 6


def frame(module: Module, function: int, url: int = 0) -> list[int]:
    return [url, function, call_sites(module, function)[0].offset]


class Folder:
    """Parts, as the observer leaves them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "modules").mkdir()

    def keep(self, module: Module) -> dict[str, Any]:
        (self.path / "modules" / f"{module.sha256[7:]}.wasm").write_bytes(module.data)
        return {
            "kind": "module",
            "sha256": module.sha256,
            "size": len(module.data),
            "how": "Module",
            "kept": True,
        }

    def part(self, *lines: dict[str, Any], process: int = 1, end: bool = True) -> None:
        start = {"kind": "start", "part_version": PART_VERSION, "process": process, "thread": 0,
                 "parent": 0, "engine": "node", "engine_version": "26", "argv": ["node"]}  # fmt: skip
        last = [{"kind": "end", "status": 0, "suspensions": 3, "taken": 3, "left_out": 0}] if end else []
        text = "".join(json.dumps(each) + "\n" for each in [start, *lines, *last])
        (self.path / f"{process}-0-x.part.jsonl").write_text(text)


def stack(
    frames: list[list[int]], how: str = "asyncify", gaps: list[Any] | None = None, id_: int = 1
) -> dict[str, Any]:
    flat = [number for each in frames for number in each]
    told = {"how": how, "import": None, "frames": flat, "gaps": gaps or [], "truncated": False}
    return {"kind": "stack", "id": id_, **told}


def test_the_missing_name_is_found_at_the_first_wait(tmp_path: Path) -> None:
    folder, module = Folder(tmp_path), asyncified()
    frames = [frame(module, each) for each in (LEAF, MID, OUTER)]
    folder.part(folder.keep(module), stack(frames), {"kind": "count", "id": 1, "count": 3})
    trace = merge_trace_parts(tmp_path)
    [seen] = trace.suspensions
    assert (seen.import_, seen.export, seen.missing, seen.count) == ("env.wait", "run", ("mid",), 3)
    assert [name for _, _, name in seen.frames] == ["leaf", "mid", "outer"]
    assert seen.missing_imports == ()
    assert trace.missing == {"ASYNCIFY_ONLY": ("mid",)}
    assert trace.modules[0].instrumented == 3


def test_a_frame_that_cannot_have_been_is_not_named(tmp_path: Path) -> None:
    folder, module = Folder(tmp_path), asyncified()
    # `stranger` calls only `outer`: it cannot lie between `mid` and `outer`, which calls `mid` itself.
    frames = [frame(module, each) for each in (LEAF, MID, STRANGER, OUTER)]
    folder.part(folder.keep(module), stack(frames))
    assert merge_trace_parts(tmp_path).missing == {"ASYNCIFY_ONLY": ("mid",)}


def test_javascript_between_is_kept_and_its_import_must_be_known(tmp_path: Path) -> None:
    folder, module = Folder(tmp_path), asyncified()
    frames = [frame(module, each) for each in (LEAF, THROUGH_JS)]
    folder.part(folder.keep(module), stack(frames, gaps=[[0, "wait (g.js:1)"], [1, "invoke (g.js:2)"]]))
    [seen] = merge_trace_parts(tmp_path).suspensions
    assert seen.js_frames == ("invoke (g.js:2)",)
    assert (seen.missing, seen.missing_imports) == ((), ("env.invoke",))


def test_equal_stacks_of_two_processes_are_one(tmp_path: Path) -> None:
    folder, module = Folder(tmp_path), asyncified()
    for process in (1, 2):
        folder.part(folder.keep(module), stack([frame(module, LEAF), frame(module, MID)]), process=process)
    trace = merge_trace_parts(tmp_path)
    assert [each.count for each in trace.suspensions] == [2]
    assert [each.process for each in trace.starts] == [1, 2]


def test_modules_are_told_apart_by_where_their_functions_lie(tmp_path: Path) -> None:
    folder, module = Folder(tmp_path), asyncified()
    side = parse_module(bytes(wasmtime.wat2wasm(
        '(module (import "main" "run" (func $run)) (func $side (export "side") (nop) (nop) (call $run)))'
    )))  # fmt: skip
    frames = [frame(module, LEAF), frame(module, MID), frame(module, OUTER), frame(side, 1, url=1)]
    folder.part(folder.keep(side), folder.keep(module), stack(frames))
    [seen] = merge_trace_parts(tmp_path).suspensions
    assert seen.frame_modules == (module.sha256,) * 3 + (side.sha256,)
    assert seen.frames[-1][2] == f"{side.sha256[7:15]}!side"
    assert seen.missing == ("mid", f"{side.sha256[7:15]}!side")
    assert seen.export == "side"


ALIKE = '(module (import "{}" "f" (func $f)) (func $in {} (call $f)) (func $out (export "{}") (call $in)))'


def test_modules_alike_are_told_apart_by_where_they_call(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    side, main = (
        parse_module(bytes(wasmtime.wat2wasm(ALIKE.format(*each))))
        for each in (("env", "(nop)", "f"), ("side", "", "run"))
    )
    frames = [frame(side, 1), frame(side, 2), frame(main, 1, url=1), frame(main, 2, url=1)]
    promising = {"kind": "promising", "index": 2}
    for process, kept in enumerate(([side, main], [main, side])):
        lines = [*map(folder.keep, kept), promising, stack(frames, "jspi")]
        folder.part(*lines, process=process)
    [seen] = merge_trace_parts(tmp_path).suspensions
    assert seen.frame_modules == (side.sha256,) * 2 + (main.sha256,) * 2
    assert (seen.import_, seen.export, seen.count) == ("env.f", "run", 2)


def test_a_full_error_may_hold_a_part_of_the_stack(tmp_path: Path) -> None:
    folder, module = Folder(tmp_path), asyncified()
    trap = {"kind": "trap", "error": "SuspendError", "message": "no", "where": "uncaught", "gaps": []}
    causes = []
    for depth, gaps in ((9, []), (10, []), (9, [[9, "main (a.js:1)"]])):
        flat = [number for _ in range(depth) for number in frame(module, LEAF)]
        folder.part(folder.keep(module), {**trap, "frames": flat, "gaps": gaps})
        causes.append(merge_trace_parts(tmp_path).traps[0].cause)
    assert causes == ["not-exported", "no-entry", "not-exported"]


def test_below_javascript_a_guest_without_asyncify_is_no_part_of_the_stack(tmp_path: Path) -> None:
    folder, module = Folder(tmp_path), asyncified()
    other = parse_module(bytes(wasmtime.wat2wasm(
        '(module (import "js" "f" (func $f)) (func (export "bundler") (nop) (nop) (nop) (call $f)))'
    )))  # fmt: skip
    frames = [frame(module, LEAF), frame(module, OUTER), frame(other, 1, url=1)]
    folder.part(folder.keep(other), folder.keep(module), stack(frames, gaps=[[2, "load (x.js:1)"]]))
    [seen] = merge_trace_parts(tmp_path).suspensions
    assert (len(seen.frames), seen.missing, seen.export) == (2, (), "run")


def test_a_call_below_no_promising_export_is_no_suspension(tmp_path: Path) -> None:
    folder, module = Folder(tmp_path), asyncified()
    kept = folder.keep(module)
    frames = [frame(module, LEAF), frame(module, MID)]
    folder.part(kept, {"kind": "promising", "index": OUTER}, stack(frames, "jspi"))
    trace = merge_trace_parts(tmp_path)
    assert trace.suspensions == []
    assert "below mid, which is not promising" in trace.traps[0].message
    assert (trace.traps[0].cause, trace.traps[0].import_, trace.traps[0].missing) == (
        "not-exported",
        "env.wait",
        {},
    )


def test_a_trap_is_explained_by_what_was_missing(tmp_path: Path) -> None:
    folder, module = Folder(tmp_path), asyncified()
    trap = {"kind": "trap", "error": "RuntimeError", "message": "unreachable", "where": "uncaught",
            "frames": frame(module, OUTER), "gaps": []}  # fmt: skip
    folder.part(folder.keep(module), stack([frame(module, LEAF), frame(module, MID)]), trap)
    [seen] = merge_trace_parts(tmp_path).traps
    assert seen.frames[0][2] == "outer"
    assert seen.explanation.endswith("not instrumented: mid")


def test_without_a_modules_bytes_there_are_numbers_and_no_guess(tmp_path: Path) -> None:
    folder, module = Folder(tmp_path), asyncified()
    gone = {"kind": "module", "sha256": "sha256:00", "size": 1, "how": "Module", "kept": False}
    folder.part(
        gone, stack([frame(module, LEAF)], gaps=[[0, "handleSleep (g.js:1)"], [0, "_sleep (g.js:9)"]])
    )
    [seen] = merge_trace_parts(tmp_path).suspensions
    assert (seen.module, seen.import_, seen.frames[0][2], seen.missing) == ("", "?._sleep", "func[2]", ())


def test_bytes_that_are_no_module_are_told(tmp_path: Path) -> None:
    folder, module = Folder(tmp_path), asyncified()
    (tmp_path / "modules" / "00.wasm").write_bytes(b"\0asm")
    gone = {"kind": "module", "sha256": "sha256:00", "size": 4, "how": "Module", "kept": True}
    folder.part(gone, folder.keep(module), stack([frame(module, LEAF)]))
    trace = merge_trace_parts(tmp_path)
    assert "cannot be read" in trace.errors[0].message
    assert trace.suspensions[0].frames[0][2] == "leaf"


def test_a_part_without_an_end_is_told(tmp_path: Path) -> None:
    folder, module = Folder(tmp_path), asyncified()
    folder.part(folder.keep(module), stack([frame(module, LEAF)]), end=False)
    trace = merge_trace_parts(tmp_path)
    assert "killed" in trace.errors[0].message
    assert trace.ends == []
    assert len(trace.suspensions) == 1


def test_every_line_of_a_file_is_one_of_the_models(tmp_path: Path) -> None:
    folder, module = Folder(tmp_path), asyncified()
    folder.part(folder.keep(module), stack([frame(module, LEAF)]), {"kind": "error", "message": "x"})
    trace = merge_trace_parts(tmp_path)
    lines = trace.to_jsonl().splitlines()
    assert [TRACE_LINE.validate_json(line) for line in lines] == trace.lines
    assert isinstance(TRACE_LINE.validate_json(lines[0]), TraceStart)
    assert all(line.startswith(b'{"kind":"') for line in lines)


def test_the_users_node_options_stay() -> None:
    environment = observed_environment({"NODE_OPTIONS": "--no-warnings", "A": "b"}, Path("x"), sample=3)
    assert environment["NODE_OPTIONS"].startswith("--require ")
    assert environment["NODE_OPTIONS"].endswith("observe.cjs --no-warnings")
    assert environment["STACKSWITCH_TRACE"] == str(Path("x").absolute())
    assert (environment["STACKSWITCH_TRACE_SAMPLE"], environment["A"]) == ("3", "b")
