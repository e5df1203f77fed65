"""What is said of a judged case, word for word."""

from __future__ import annotations

from typing import Any

import pytest

from stackswitch.models.result import Observation, StepObservation, Trap, Unsupported
from stackswitch.suite.expectations import judge

from .judged import EXPECT_42, JSPI, case, check, finished, returned, trapped, unsupported

LONG, LINES = "x" * 300, "a\n" + "x" * 298
STEPS = [{"call": "a", "expect": {"trap": "unreachable"}}, {"call": "b", "expect": {"values": ["i32:1"]}}]
TRAP = StepObservation(step=0, ended="trapped", trap=Trap(kind="unreachable", message=""))


@pytest.mark.parametrize(
    ("wanted", "seen", "outcome", "detail"),
    [
        ({}, finished(trapped("unreachable")), "trapped", "trapped: unreachable: m"),
        ({}, finished(TRAP), "trapped", "trapped: unreachable"),
        ({"trap": "unreachable"}, finished(TRAP), "trapped", ""),
        ({"outcome": "trapped"}, finished(TRAP), "trapped", ""),
        (
            {"trap": "host-error"},
            finished(trapped("unreachable")),
            "trapped",
            "expected the trap host-error, got unreachable: m",
        ),
        (
            {"trap": "host-error", "error": "boom"},
            finished(trapped("host-error", error="bang")),
            "trapped",
            "expected the failure 'boom', got 'bang'",
        ),
        ({"trap": "host-error"}, finished(trapped("host-error", error="bang")), "trapped", ""),
        (
            {"trap": "unreachable"},
            finished(returned("i32:1", "i32:2")),
            "returned",
            "expected the trap unreachable, and it returned i32:1, i32:2",
        ),
        (
            {"outcome": "trapped"},
            finished(returned()),
            "returned",
            "expected the trap (any), and it returned nothing",
        ),
        (
            {"values": ["i32:1", "i32:2"]},
            finished(returned("i32:1", "i32:3")),
            "wrong",
            "expected i32:1, i32:2, got i32:1, i32:3",
        ),
        ({"values": []}, finished(returned("i32:1")), "wrong", "expected nothing, got i32:1"),
        ({"log": ["a.b"]}, finished(returned(), log=("a.b",)), "returned", ""),
        (
            {"log": ["a.b"]},
            finished(returned(), log=()),
            "wrong",
            "expected the imports called to be a.b, saw nothing",
        ),
        ({"stdout": "hi"}, finished(returned(), stdout="hi"), "returned", ""),
        (
            {"stdout": "hi"},
            finished(returned(), stdout="a\nb"),
            "wrong",
            r"expected the output hi, got 'a\nb'",
        ),
        (
            {"stdout": LONG},
            finished(returned(), stdout=LINES),
            "wrong",
            f"expected the output {LONG}, got {LINES!r}",
        ),
        (
            {"stdout": LONG + "y"},
            finished(returned(), stdout=LINES + "y"),
            "wrong",
            f"expected the output {LONG}…, got {LINES}…",
        ),
        (
            {"memory": [{"at": 4, "hex": "00"}, {"at": 32, "hex": "01"}]},
            finished(returned(memory=("00", "02"))),
            "wrong",
            "memory at 0x20: expected 01, found 02",
        ),
        (
            {"globals": {"a": "i32:1", "b": "i32:2", "c": "i32:3"}},
            finished(returned(globals={"a": "i32:1", "b": "i32:0"})),
            "wrong",
            "global b: expected i32:2, found i32:0; global c: expected i32:3, found nothing",
        ),
        (
            {"suspensions": 1, "values": ["i32:1"]},
            finished(returned("i32:2"), suspension_count=2, problems=("odd",)),
            "wrong",
            "expected i32:1, got i32:2; expected 1 suspensions, saw 2; odd",
        ),
        ({}, finished(returned(), detail="seen"), "returned", "seen"),
        ({"trap": "unreachable"}, Observation(status="hung"), "hung", "expected trapped (unreachable)"),
        ({"outcome": "trapped"}, Observation(status="hung"), "hung", "expected trapped"),
        ({"feature": "gc"}, Observation(status="hung"), "hung", "expected unsupported (gc)"),
        ({"outcome": "hung"}, finished(returned()), "returned", "expected hung"),
        ({}, Observation(status="hung", problems=("odd",)), "hung", "expected returned"),
        ({}, Observation(status="error", problems=("odd", "even")), "error", "odd; even"),
    ],
)
def test_what_is_said(wanted: dict[str, Any], seen: Observation, outcome: str, detail: str) -> None:
    result = judge(case(expect=wanted), JSPI, seen)
    assert (result.outcome, result.detail) == (outcome, detail)


@pytest.mark.parametrize(
    ("seen", "outcome", "as_expected", "detail"),
    [
        (finished(trapped("unreachable"), returned("i32:1", step=1)), "returned", True, ""),
        (
            finished(trapped("unreachable"), returned("i32:2", step=1)),
            "wrong",
            False,
            "step 1: expected i32:1, got i32:2",
        ),
        (
            finished(returned(), returned("i32:1", step=1)),
            "wrong",
            False,
            "step 0: expected the trap unreachable, and it returned nothing",
        ),
        (
            finished(trapped("unreachable"), trapped("unreachable", step=1)),
            "trapped",
            False,
            "step 1: trapped: unreachable: m",
        ),
        (
            finished(StepObservation(step=0, ended="cancelled"), StepObservation(step=1, ended="cancelled")),
            "wrong",
            False,
            "step 1: expected i32:1, and it was cancelled",
        ),
        (
            finished(StepObservation(step=0, ended="done"), StepObservation(step=1, ended="done")),
            "returned",
            True,
            "",
        ),
    ],
)
def test_what_is_said_of_steps(seen: Observation, outcome: str, *, as_expected: bool, detail: str) -> None:
    result = judge(case(step=STEPS), JSPI, seen)
    assert (result.outcome, result.as_expected, result.detail) == (outcome, as_expected, detail)


def test_a_case_of_steps_that_was_to_trap_and_returned_is_wrong() -> None:
    steps = [{"call": "a", "expect": {"values": ["i32:1"]}}]
    result = judge(case(step=steps, expect={"outcome": "trapped"}), JSPI, finished(returned("i32:2")))
    assert (result.outcome, result.as_expected) == ("wrong", False)
    same = judge(case(step=steps, expect={"outcome": "trapped"}), JSPI, finished(returned("i32:1")))
    assert (same.outcome, same.as_expected) == ("returned", False)


GROWS = {"backend": "jspi", "expect": {"outcome": "wrong"}, "reason": "it grows"}


@pytest.mark.parametrize(
    ("differs", "seen", "as_expected", "detail"),
    [
        (GROWS, finished(returned(), problems=("odd",)), True, "odd (it grows)"),
        (
            GROWS,
            finished(returned("i32:42"), suspension_count=1),
            False,
            "expected wrong: it grows; but it passed: the difference has to go",
        ),
        (GROWS, Observation(status="hung"), False, "expected wrong: it grows; but it came out as hung"),
        (GROWS, Observation(status="hung", detail="9 s"), False, "expected wrong: it grows; but 9 s"),
        (
            {**GROWS, "expect": {"outcome": "hung"}},
            Observation(status="hung"),
            True,
            "it grows",
        ),
        (
            {**GROWS, "expect": {"feature": "gc"}},
            unsupported("gc"),
            True,
            "gc: function 3 (it grows)",
        ),
        (
            {**GROWS, "expect": {"outcome": "unsupported"}},
            unsupported("gc"),
            True,
            "gc: function 3 (it grows)",
        ),
        (
            {**GROWS, "expect": {"feature": "simd"}},
            unsupported("gc"),
            False,
            "expected unsupported (simd): it grows; but gc: function 3",
        ),
    ],
)
def test_what_is_said_of_a_difference(
    differs: dict[str, Any], seen: Observation, *, as_expected: bool, detail: str
) -> None:
    result = judge(case(expect=EXPECT_42, differs=[differs]), JSPI, seen)
    assert (result.as_expected, result.detail) == (as_expected, detail)


def test_unsupported_without_a_feature_is_judged_by_its_name() -> None:
    seen = Observation(status="unsupported", detail="none")
    check(judge(case(expect={"outcome": "unsupported"}), JSPI, seen), "unsupported", True, "none")
    other = Observation(status="hung", unsupported=Unsupported(feature="gc", where="function 3"))
    assert judge(case(), JSPI, other).detail == "expected returned"


def test_missing_names_are_told_list_by_list_in_order() -> None:
    names = ("JSPI_IMPORTS", "ASYNCIFY_ADD", "JSPI_EXPORTS", "ASYNCIFY_REMOVE", "ASYNCIFY_ONLY")
    result = judge(case(), JSPI, finished(returned(), missing=dict.fromkeys(names, ("x",))))
    assert result.detail == "; ".join(f"{name} lacks x" for name in sorted(names))


def test_a_result_carries_what_was_measured() -> None:
    missing = {"JSPI_IMPORTS": ("b", "a"), "ASYNCIFY_ONLY": ("z", "y"), "JSPI_EXPORTS": ()}
    seen = finished(
        returned(), missing=missing, warnings=("careful",), suspension_count=7, duration_ms=1.23456
    )
    result = judge(case(), JSPI, seen)
    assert list(result.missing.items()) == [("ASYNCIFY_ONLY", ("y", "z")), ("JSPI_IMPORTS", ("a", "b"))]
    assert result.detail == "ASYNCIFY_ONLY lacks y, z; JSPI_IMPORTS lacks a, b"
    assert (result.warnings, result.suspensions, result.duration_ms) == (("careful",), 7, 1.235)
    assert (result.case_id, result.backend) == ("a", "jspi")
    assert (result.engine, result.engine_version) == ("node", "v24.19.0")
