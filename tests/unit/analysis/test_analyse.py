"""What is said of a module, its lists and its traces."""

from __future__ import annotations

import json

import pytest
import wasmtime

from stackswitch.analysis.analyse import AnalysisInputs, analyse
from stackswitch.analysis.facts import Analysis
from stackswitch.analysis.markdown import analysis_markdown, analysis_text
from stackswitch.analysis.trace_lines import read_trace_file
from stackswitch.analysis.traces import GivenModule, UsedTrace, require_use, use_trace
from stackswitch.errors import ConfigError
from stackswitch.wasm.callgraph import call_graph, call_sites
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.module import parse_module

WAT = """(module
  (type $t (func (param i32) (result i32)))
  (import "env" "wait" (func $wait (type $t)))
  (import "env" "log" (func $log (type $t)))
  (import "env" "invoke_ii" (func $invoke (type $t)))
  (table 1 funcref) (elem (i32.const 0) $leaf)
  (func $leaf (type $t) (call $wait (local.get 0)))
  (func $mid (type $t) (call_indirect (type $t) (local.get 0) (i32.const 0)))
  (func $other (type $t) (call $log (call $mid (local.get 0))))
  (func $alone (type $t) (call $log (local.get 0)))
  (func $main (export "main") (type $t) (call $mid (call $alone (local.get 0)))))"""
MODULE = parse_module(bytes(wasmtime.wat2wasm(WAT)))
NAMES = binaryen_names(MODULE)
GRAPH = call_graph(MODULE)


def offset(caller: str, at: int = 0) -> int:
    return call_sites(MODULE, NAMES.index(caller))[at].offset


def line(module: str = MODULE.sha256, names: tuple[str, ...] = ("leaf", "mid", "main")) -> bytes:
    places = {"leaf": 0, "mid": 0, "main": 1}
    frames = [[NAMES.index(each), offset(each, places[each]), each] for each in names]
    return (
        json.dumps(
            {
                "kind": "suspension",
                "module": module,
                "backend": "jspi",
                "import": "env.wait",
                "export": "main",
                "frames": frames,
            }
        ).encode()
        + b"\n"
    )


def used(trace: bytes) -> UsedTrace:
    """Take a trace for the module; one of which nothing can be used is refused."""
    file, given = read_trace_file(trace, "t.jsonl"), [GivenModule(MODULE)]
    found = use_trace(file, given)
    if file.suspensions:
        require_use([found], [file], given)
    return found


def analysed(*trace: bytes, **material: object) -> Analysis:
    suspensions = used(b"".join(trace)).suspensions
    return analyse(MODULE, "m.wasm", AnalysisInputs(suspensions=suspensions, **material))  # type: ignore[arg-type]


def test_policies_and_what_brings_in() -> None:
    found = analysed(imports=("env.wait",))
    assert (found.imports, found.imports_from) == (("env.wait",), "given")
    assert {each.policy: each.functions for each in found.policies} == {
        "direct calls only (unsafe)": 1,
        "typed": 4,
        "auto": 4,
    }
    assert [(each.through, each.functions, each.callee) for each in found.brings_in] == [
        ("wait", 4, None),
        ("leaf", 4, "wait"),
        ("calls through a table of type (i32) -> (i32)", 3, "leaf"),
        ("mid", 3, None),
    ]
    assert [(each.backend, each.feature) for each in found.obstacles] == [("jspi", "js-frames")]


def test_imports_come_from_what_there_is() -> None:
    assert analysed().imports_from == "all"
    assert analysed(line()).imports == ("env.wait",)
    assert analysed(line()).imports_from == "trace"
    listed = analysed(line(), lists={"ASYNCIFY_IMPORTS": ("env.*",)})
    assert (len(listed.imports), listed.imports_from) == (3, "list")
    with pytest.raises(ConfigError, match=r"no function env\.nothing; it imports env\.wait, env\.log"):
        analysed(imports=("env.nothing",))


def test_a_trace_gives_the_policies_that_go_by_what_was_seen() -> None:
    sizes = {each.policy: each.functions for each in analysed(line()).policies}
    assert (sizes["observed"], sizes["dispatch"]) == (3, 4)


def test_a_list_against_module_and_trace() -> None:
    found = analysed(line(), lists={"ASYNCIFY_ONLY": ("mid", "other", "_main", "wait", "m*")})
    (held,) = found.lists
    assert (held.entries, held.functions) == (5, 3)
    assert [(each.entry, each.kind) for each in held.findings] == [
        ("_main", "leading-underscore"),
        ("wait", "imported"),
        ("mid", "shadowed"),
    ]
    assert found.seen is not None
    assert (found.seen.missing, found.seen.never_seen) == (("leaf",), 1)


def test_why() -> None:
    way = analysed(line(), imports=("env.wait",), why="mid").why
    assert way is not None
    assert (way.export, way.frames_seen) == ("main", 1)
    assert [each.function for each in way.reached] == ["main", "mid"]
    assert [(each.function, each.kind) for each in way.waits] == [
        ("mid", "direct"),
        ("leaf", "indirect"),
        ("wait", "direct"),
    ]
    alone = analysed(imports=("env.wait",), why="alone").why
    assert alone is not None
    assert not alone.waits
    with pytest.raises(ConfigError, match="no function 'MAI'; there are 'main'"):
        analysed(why="MAI")


def test_a_trace_of_another_build_goes_by_name() -> None:
    found = used(line("sha256:other"))
    assert found.use.by_name
    assert [[frame[0] for frame in each.frames] for each in found.suspensions] == [
        [NAMES.index(each) for each in ("leaf", "mid", "main")]
    ]
    strange = line("sha256:other").replace(b'"leaf"', b'"x"').replace(b'"mid"', b'"y"')
    with pytest.raises(ConfigError, match="recorded on another module: 1 of the 3 functions"):
        used(strange)
    own = used(line() + line("sha256:other"))
    assert (len(own.suspensions), own.use.by_name) == (1, False)
    assert [(each.reason, each.lines, each.numbers) for each in own.use.unused] == [("other-module", 1, (2,))]


def test_a_line_that_is_none() -> None:
    with pytest.raises(ConfigError, match=r"t\.jsonl: line 2 is no line of a trace"):
        read_trace_file(line() + b'{"kind": "nothing"}\n', "t.jsonl")


def test_markdown_says_it_all() -> None:
    text = analysis_markdown(analysed(line(), lists={"ASYNCIFY_ONLY": ("mid", "gone")}))
    for words in (
        "5 functions (5 with a name)",
        "(observed to wait in the trace): env.wait",
        "| observed ",
        "`calls through a table of type (i32) -> (i32)`",
        "'gone' matches nothing: no function has this name",
        "On a stack at a wait, and not listed: leaf, main",
        "jspi: js-frames",
    ):
        assert words in text
    why = analysis_markdown(analysed(line(), why="leaf"))
    assert "- `main`\n  - calls `mid`\n  - calls through a table `leaf`\n  - calls `wait`\n" in why
    assert "It is on 1 stacks of the trace" in why


def test_a_table_that_is_wider_than_the_terminal_becomes_a_list() -> None:
    found = analysed(line())
    wide, narrow = analysis_text(found, 200), analysis_text(found, 40)
    assert "| observed " in wide
    assert "| " not in narrow
    assert "- observed\n    functions: 3\n" in narrow
