from __future__ import annotations

from wasmtime import wat2wasm

from stackswitch.fix.confidence import MOST_LISTS, confidence
from stackswitch.fix.list_evidence import ListEvidence, Stacks
from stackswitch.models.case import AsyncifyOptions
from stackswitch.models.trace import Suspension

DATA = bytes(
    wat2wasm(
        '(module (import "env" "wait" (func $wait)) (func $leaf (call $wait)) (func $a (call $leaf))'
        "(func $b (call $leaf)) (func $unseen (call $leaf)))"
    )
)


def evidence(*stacks: tuple[str, tuple[int, ...]]) -> ListEvidence:
    found = ListEvidence()
    for case, frames in stacks:
        named = tuple((each, -1, "") for each in frames)
        wait = Suspension(module="m", backend="jspi", import_="env.wait", export="x", frames=named)
        found.add_stacks(Stacks(case, DATA, AsyncifyOptions(only=()), (), (wait,)))
    return found


def test_cases_that_others_cover_and_cases_that_stand_alone() -> None:
    found = confidence("f", evidence(("one", (1, 2)), ("two", (1, 2)), ("three", (1, 3))), "observed")
    assert found is not None
    assert (found.cases, found.covered, found.groups) == (3, 2, None)
    assert found.uncovered == {"three": ("b",)}


def test_dispatch_knows_callers_that_nobody_has_seen() -> None:
    found = confidence("f", evidence(("one", (1, 2)), ("three", (1, 3))), "dispatch")
    assert found is not None
    assert (found.cases, found.covered) == (2, 2)


def test_one_case_says_nothing_and_many_go_out_in_parts() -> None:
    assert confidence("f", evidence(("one", (1, 2))), "observed") is None
    many = [(f"case{at}", (1, 2)) for at in range(MOST_LISTS + 5)]
    found = confidence("f", evidence(*many), "observed")
    assert found is not None
    assert (found.covered, found.groups) == (MOST_LISTS + 5, MOST_LISTS)
