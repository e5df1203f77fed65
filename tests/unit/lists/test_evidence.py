from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wasmtime import wat2wasm

from stackswitch.lists.evidence import Evidence, EvidenceReader
from stackswitch.lists.holdout import leave_one_out
from stackswitch.lists.policies import ListBuilder, PolicyName, jspi_lists
from stackswitch.models.trace import Suspension
from stackswitch.wasm.callgraph import call_graph, call_sites
from stackswitch.wasm.module import parse_module
from tests.pass_options import built_list

MODULE = parse_module(
    bytes(
        wat2wasm(
            """(module
              (type $v (func)) (type $i (func (param i32)))
              (import "env" "wait" (func $wait)) (import "env" "log" (func $log))
              (memory (export "memory") 1)
              (table 8 funcref) (elem (i32.const 0) func $leaf $handler)
              (func $leaf call $wait)                                         ;; 2
              (func $mid call $leaf)                                          ;; 3
              (func $dispatch (call_indirect (type $v) (i32.const 0)))        ;; 4
              (func $main (export "main") call $mid call $dispatch)           ;; 5
              (func $handler (param i32) call $log)                           ;; 6
              (func $quiet (call_indirect (type $i) (i32.const 1) (i32.const 1))) ;; 7
              (func $both call $leaf (call_indirect (type $v) (i32.const 0)))) ;; 8
            """
        )
    )
)
GRAPH = call_graph(MODULE)
WAIT, LEAF, MID, DISPATCH, MAIN, HANDLER, QUIET, BOTH = 0, 2, 3, 4, 5, 6, 7, 8


def suspension(
    *frames: int | tuple[int, int], import_: str = "env.wait", truncated: bool = False
) -> Suspension:
    pairs = [frame if isinstance(frame, tuple) else (frame, -1) for frame in frames]
    return Suspension(
        module="m",
        backend="jspi",
        import_=import_,
        export="main",
        frames=tuple((index, offset, f"f{index}") for index, offset in pairs),
        truncated=truncated,
    )


def seen(*suspensions: Suspension) -> Evidence:
    return EvidenceReader(GRAPH).evidence(suspensions)


def site(function: int, at: int) -> tuple[int, int]:
    return function, call_sites(MODULE, function)[at].offset


def test_direct_callers_are_no_dispatchers() -> None:
    found = seen(suspension(LEAF, MID, MAIN))
    assert found == Evidence(frozenset({LEAF, MID, MAIN}), frozenset(), frozenset({WAIT}))


def test_who_calls_through_a_table_is_a_dispatcher() -> None:
    found = seen(suspension(LEAF, DISPATCH, MAIN, truncated=True))
    assert found.dispatchers == {DISPATCH}
    assert found.truncated == 1


def test_the_offset_tells_which_of_two_calls_it_was() -> None:
    assert seen(suspension(LEAF, site(BOTH, 0))).dispatchers == frozenset()
    assert seen(suspension(LEAF, site(BOTH, 1))).dispatchers == {BOTH}
    # Not known: it may have been through the table, so it has to be instrumented for that.
    assert seen(suspension(LEAF, BOTH)).dispatchers == {BOTH}


def test_a_frame_that_cannot_have_been_is_left_out() -> None:
    found = seen(suspension(LEAF, HANDLER, MID, MAIN))
    assert HANDLER not in found.functions
    assert found.dispatchers == frozenset()
    # Where nothing else fits, the stack is believed.
    assert HANDLER in seen(suspension(LEAF, HANDLER, QUIET)).functions


def test_a_frame_of_no_function_of_this_module_is_passed_over() -> None:
    assert seen(suspension(LEAF, 99, MID)).functions == {LEAF, MID}


@pytest.mark.parametrize(
    ("policy", "evidence", "functions"),
    [
        ("observed", [suspension(LEAF, DISPATCH)], {LEAF, DISPATCH}),
        ("dispatch", [], {LEAF, MID, MAIN, BOTH}),
        ("dispatch", [suspension(LEAF, DISPATCH)], {LEAF, MID, MAIN, BOTH, DISPATCH}),
        ("typed", [], {LEAF, MID, MAIN, BOTH, DISPATCH}),
        ("auto", [], {LEAF, MID, MAIN, BOTH, DISPATCH, QUIET}),
    ],
)
def test_policies(policy: PolicyName, evidence: Sequence[Suspension], functions: set[int]) -> None:
    drawn = built_list(ListBuilder(GRAPH, [WAIT]), policy, seen(*evidence))
    assert drawn.functions == functions
    assert drawn.options.lists["ASYNCIFY_IMPORTS"] == ("env.wait",)
    if policy == "observed":
        assert drawn.options.lists["ASYNCIFY_ONLY"] == ("dispatch", "leaf")


def test_what_was_seen_is_in_every_list() -> None:
    builder = ListBuilder(GRAPH, [WAIT])
    stacks = [suspension(LEAF, MID, MAIN), suspension(LEAF, DISPATCH, MAIN), suspension(LEAF, site(BOTH, 1))]
    evidence = seen(*stacks)
    policies: tuple[PolicyName, ...] = ("observed", "dispatch", "typed", "auto")
    for policy in policies:
        assert evidence.functions <= builder.build(policy, evidence)


def test_jspi_needs_the_ends_of_each_stack() -> None:
    stacks = [suspension(LEAF, MAIN), suspension(LEAF, import_="env.sleep"), suspension(MID)]
    assert jspi_lists(stacks) == {"JSPI_EXPORTS": ("main",), "JSPI_IMPORTS": ("env.sleep", "env.wait")}


def test_each_case_is_left_out_in_turn() -> None:
    cases = {
        "direct": seen(suspension(LEAF, MID, MAIN)),
        "direct again": seen(suspension(LEAF, MID, MAIN)),
        "table": seen(suspension(LEAF, DISPATCH, MAIN)),
    }
    builder = ListBuilder(GRAPH, [WAIT])
    found = leave_one_out(cases, lambda evidence: builder.build("observed", evidence))
    assert found.covered == ("direct", "direct again")
    assert found.missing == {"table": {DISPATCH}}
    assert found.share == pytest.approx(2 / 3)
    assert leave_one_out(cases, lambda evidence: builder.build("typed", evidence)).share == 1
    parts = leave_one_out(cases, lambda evidence: builder.build("observed", evidence), 2)
    assert parts.missing == {"table": {DISPATCH}}
    assert leave_one_out(cases, lambda evidence: evidence.functions, 1).missing == {
        "direct": {LEAF, MID, MAIN},
        "direct again": {LEAF, MID, MAIN},
        "table": {LEAF, DISPATCH, MAIN},
    }


@given(
    st.dictionaries(
        st.text("abc", min_size=1, max_size=2),
        st.builds(
            Evidence,
            st.frozensets(st.integers(0, 12), max_size=5),
            st.frozensets(st.integers(0, 12), max_size=2),
        ),
        max_size=6,
    ),
    st.integers(1, 3),
)
def test_leaving_out_agrees_with_doing_it_the_long_way(cases: dict[str, Evidence], parts: int) -> None:
    def draw(evidence: Evidence) -> frozenset[int]:
        return evidence.functions | {each + 1 for each in evidence.dispatchers} | evidence.dispatchers

    groups = {case: at % parts for at, case in enumerate(sorted(cases))}
    found = leave_one_out(cases, draw, parts)
    for case, own in cases.items():
        rest = Evidence()
        for other, theirs in cases.items():
            if groups[other] != groups[case]:
                rest = rest | theirs
        gap = own.functions - draw(rest)
        assert found.missing.get(case, frozenset()) == gap
        assert (case in found.covered) == (not gap)
