"""What we say stands in Asyncify's way, against what the pass refuses."""

from __future__ import annotations

from typing import Any

import pytest

from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.obstacles import asyncify_obstacles
from tests.obstacle_cases import CASES, HEAD

REFUSED = {"tail-call", "exnref", "gc", "function-references", "reference-locals"}
"""What makes the pass fail; the other findings build, and go wrong when run."""
HELD = {
    "ref held over": (
        '(func (export "m") (result i32) (table.get $et (i32.const 0)) (drop (call $wait (i32.const '
        "1))) (ref.is_null))",
        {"reference-locals"},
    ),
}
"""Binaryen's text has no operand stack: it puts what waits there into a local."""
UNSEEN = {
    "select ref": (
        '(func (export "m") (result i32) (ref.is_null (select (result externref) (ref.null extern) '
        "(table.get $et (i32.const 0)) (call $wait (i32.const 1)))))"
    ),
    "if ref": (
        '(func (export "m") (result i32) (ref.is_null (if (result externref) (call $wait (i32.const '
        "1)) (then (ref.null extern)) (else (table.get $et (i32.const 0))))))"
    ),
    "legacy catch ref payload": (
        '(func (export "m") (result i32) (try (result externref) (do (drop (call $wait (i32.const '
        "1))) (ref.null extern)) (catch $er)) (ref.is_null))"
    ),
}
"""References that the pass has to keep and that only it sees (see the module's docstring)."""


def refusal(body: str, wasm_opt: Any) -> tuple[bytes, str]:
    """Return the module as a binary, and what the pass says against it."""
    plain = wasm_opt(f"{HEAD}{body})".encode())
    assert plain.status == 0, plain.stderr_text
    data = plain.files["out.wasm"]
    done = wasm_opt(data, "--asyncify", "--pass-arg=asyncify-imports@env.wait,env.rw")
    return data, "" if done.status == 0 else done.stderr_text


@pytest.mark.parametrize("case", list(CASES | HELD))
def test_what_is_found_is_what_is_refused(case: str, wasm_opt: Any) -> None:
    body, features = (CASES | HELD)[case]
    data, said = refusal(body, wasm_opt)
    found = asyncify_obstacles(call_graph(parse_module(data)), [0, 1])
    assert {feature for feature, _ in found} == features
    assert bool(features & REFUSED) == bool(said), said
    for _, place in found:
        assert 0 < place.offset < len(data)


@pytest.mark.parametrize("case", list(UNSEEN))
def test_what_is_not_found_is_still_told_by_the_pass(case: str, wasm_opt: Any) -> None:
    data, said = refusal(UNSEEN[case], wasm_opt)
    assert "non-number types" in said
    assert asyncify_obstacles(call_graph(parse_module(data)), [0, 1]) == []


def test_a_start_function_that_waits_is_found(wasm_opt: Any) -> None:
    data, said = refusal("(start $s) (func $s (drop (call $wait (i32.const 1))))", wasm_opt)
    assert not said
    ((feature, place),) = asyncify_obstacles(call_graph(parse_module(data)), [0])
    assert (feature, place.function) == ("start-suspension", 2)
    assert asyncify_obstacles(call_graph(parse_module(data)), [1]) == []
