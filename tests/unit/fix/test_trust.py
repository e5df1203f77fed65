from __future__ import annotations

from wasmtime import wat2wasm

from stackswitch.fix.seen import SourceSeen, Stacks
from stackswitch.fix.trust import MOST_DRAWS, confidence
from stackswitch.lists.assertions import Assertions
from stackswitch.models.case import AsyncifyOptions
from stackswitch.models.trace import Suspension

DATA = bytes(
    wat2wasm(
        '(module (import "env" "wait" (func $wait)) (func $leaf (call $wait)) (func $a (call $leaf))'
        "(func $b (call $leaf)) (func $unseen (call $leaf)))"
    )
)


def seen(*stacks: tuple[str, tuple[int, ...]]) -> SourceSeen:
    found = SourceSeen()
    for case, frames in stacks:
        named = tuple((each, -1, "") for each in frames)
        wait = Suspension(module="m", backend="jspi", import_="env.wait", export="x", frames=named)
        found.take(Stacks(case, DATA, AsyncifyOptions(only=()), (), (wait,)), Assertions())
    return found


def test_cases_that_others_cover_and_cases_that_stand_alone() -> None:
    found = confidence(
        "f", seen(("one", (1, 2)), ("two", (1, 2)), ("three", (1, 3))), "observed", Assertions()
    )
    assert found is not None
    assert (found.cases, found.covered, found.groups) == (3, 2, None)
    assert found.uncovered == {"three": ("b",)}


def test_dispatch_knows_callers_that_nobody_has_seen() -> None:
    found = confidence("f", seen(("one", (1, 2)), ("three", (1, 3))), "dispatch", Assertions())
    assert found is not None
    assert (found.cases, found.covered) == (2, 2)


def test_one_case_says_nothing_and_many_go_out_in_parts() -> None:
    assert confidence("f", seen(("one", (1, 2))), "observed", Assertions()) is None
    many = [(f"case{at}", (1, 2)) for at in range(MOST_DRAWS + 5)]
    found = confidence("f", seen(*many), "observed", Assertions())
    assert found is not None
    assert (found.covered, found.groups) == (MOST_DRAWS + 5, MOST_DRAWS)
