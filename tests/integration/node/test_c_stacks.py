"""Calls that overlap on one instance: with a C stack each they keep their data, on one they do not."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from stackswitch.backends.node.cases.jspi import JspiBackend, open_jspi
from stackswitch.models.result import CaseResult, Observation
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.suite.expectations import judge
from stackswitch.suite.loader import load_suite
from stackswitch.suite.runner import observe_case
from stackswitch.wasm.callgraph import call_sites
from stackswitch.wasm.module import parse_module

Run = Callable[[Coroutine[Any, Any, Any]], Any]
TOPIC = load_suite(CONFORMANCE_SUITE, ("c-stack/*",))
IDS = [each.case.id for each in TOPIC.cases]
KEPT_BY_ORDER = {
    "c-stack/second-ends-first",
    "c-stack/call-within-a-wait",
    "c-stack/plain-call-while-two-wait",
    "c-stack/rejected-in-a-region",
}
"""What holds on one stack as well: last in, first out."""


def _seen(backend: JspiBackend, name: str, run: Run) -> tuple[Observation, CaseResult]:
    (loaded,) = load_suite(CONFORMANCE_SUITE, (f"c-stack/{name.rpartition('/')[2]}",)).cases
    seen: Observation = run(observe_case(loaded, backend, timeout_s=10))
    return seen, judge(loaded.case, backend.info, seen)


@pytest.fixture(scope="module")
def shared(run: Run) -> Any:
    """A backend whose calls share one C stack, as in a host that knows nothing of it."""
    backend = run(open_jspi(separate_stacks=False))
    yield backend
    run(backend.aclose())


@pytest.mark.parametrize("name", IDS)
def test_a_stack_each(jspi: JspiBackend, run: Run, name: str) -> None:
    assert _seen(jspi, name, run)[1].as_expected


@pytest.mark.parametrize("name", [each for each in IDS if each not in KEPT_BY_ORDER])
def test_one_stack_for_all_loses_data(shared: JspiBackend, run: Run, name: str) -> None:
    seen, result = _seen(shared, name, run)
    if result.outcome == "unsupported":
        pytest.skip("this engine has no memories of 64 bits")
    assert not result.as_expected, name
    assert seen.status == "finished"


def test_how_many_of_two_hundred_lose_data(jspi: JspiBackend, shared: JspiBackend, run: Run) -> None:
    lost = {}
    for backend in (shared, jspi):
        seen, _ = _seen(backend, "two-hundred-at-once", run)
        calls = [each for each in seen.steps if each.ended == "returned"][:200]
        lost[backend is jspi] = sum(each.values != ("i32:0",) for each in calls)
    assert lost[True] == 0
    assert lost[False] > 100


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("pointer-hidden", "neither exported nor named"),
        ("no-room-for-another", "no room for another C stack"),
    ],
)
def test_the_result_says_why_calls_ran_one_after_another(
    jspi: JspiBackend, run: Run, name: str, why: str
) -> None:
    (warning,) = _seen(jspi, name, run)[1].warnings
    assert warning.startswith("calls ran one after another: ")
    assert why in warning


def test_stacks_are_told_by_the_offsets_of_the_module_as_it_was_given(jspi: JspiBackend, run: Run) -> None:
    (loaded,) = load_suite(CONFORMANCE_SUITE, ("c-stack/pointer-named-only",)).cases
    seen = run(observe_case(loaded, jspi))
    module = parse_module(loaded.main)
    assert module.export_named("__stack_pointer") is None
    (suspension,) = seen.suspensions
    assert suspension.module == module.sha256
    ((index, offset, name),) = suspension.frames
    assert name == "rounds"
    assert offset in {each.offset for each in call_sites(module, index)}
