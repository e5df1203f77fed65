from __future__ import annotations

from typing import Any

import pytest

from stackswitch.models.result import Observation, StepObservation
from stackswitch.suite.expectations import judge

from .judged import ASYNCIFY, EXPECT_42, JSPI, case, check, finished, returned, trapped, unsupported


def test_all_as_expected() -> None:
    result = judge(case(expect=EXPECT_42), JSPI, finished(returned("i32:42"), suspension_count=1))
    check(result, "returned", True)
    assert result.suspensions == 1
    assert result.detail == ""


@pytest.mark.parametrize(
    ("expect", "seen", "says"),
    [
        (EXPECT_42, finished(returned("i32:41"), suspension_count=1), "expected i32:42, got i32:41"),
        (EXPECT_42, finished(returned("i32:42"), suspension_count=2), "expected 1 suspensions, saw 2"),
        (EXPECT_42, finished(returned(), suspension_count=1), "got nothing"),
        ({"log": ["e.w"]}, finished(returned(), log=("e.w", "e.w")), "imports called"),
        ({"stdout": "hi"}, finished(returned(), stdout="ho"), "output"),
        ({"memory": [{"at": 4, "hex": "00ff"}]}, finished(returned(memory=("0000",))), "memory at 0x4"),
        ({"globals": {"g": "i32:1"}}, finished(returned(globals={"g": "i32:2"})), "global g"),
        ({"globals": {"g": "i32:1"}}, finished(returned()), "found nothing"),
        ({}, finished(returned(), problems=("env.w: got i32:1, expected i32:2",)), "env.w: got"),
    ],
)
def test_each_departure_is_wrong_and_says_what(expect: dict[str, Any], seen: Observation, says: str) -> None:
    check(judge(case(expect=expect), JSPI, seen), "wrong", False, says)


def test_a_trap_where_values_were_expected() -> None:
    result = judge(case(expect=EXPECT_42), JSPI, finished(trapped("unreachable")))
    check(result, "trapped", False, "unreachable")


def test_an_expected_trap_and_its_kind() -> None:
    expecting = case(expect={"trap": "host-error", "error": "boom"})
    check(judge(expecting, JSPI, finished(trapped("host-error", error="boom"))), "trapped", True)
    check(
        judge(expecting, JSPI, finished(trapped("unreachable"))),
        "trapped",
        False,
        "expected the trap host-error",
    )
    check(judge(expecting, JSPI, finished(trapped("host-error", error="bang"))), "trapped", False, "'boom'")
    check(judge(expecting, JSPI, finished(returned("i32:0"))), "returned", False, "it returned i32:0")


def test_missing_names_come_first_and_must_be_exactly_the_expected_ones() -> None:
    seen = finished(returned(), missing={"ASYNCIFY_ONLY": ("leaf", "mid")})
    exact = case(expect={"missing": {"ASYNCIFY_ONLY": ["mid", "leaf"]}})
    check(judge(exact, ASYNCIFY, seen), "needs-list-fix", True)
    assert judge(exact, ASYNCIFY, seen).missing == {"ASYNCIFY_ONLY": ("leaf", "mid")}
    fewer = case(expect={"missing": {"ASYNCIFY_ONLY": ["leaf"]}})
    check(judge(fewer, ASYNCIFY, seen), "needs-list-fix", False, "lacks leaf, mid, expected leaf")
    other = case(expect={"missing": {"JSPI_EXPORTS": ["leaf", "mid"]}})
    check(judge(other, ASYNCIFY, seen), "needs-list-fix", False)
    none = case()
    check(judge(none, ASYNCIFY, seen), "needs-list-fix", False, "ASYNCIFY_ONLY lacks leaf, mid")
    check(judge(exact, ASYNCIFY, finished(returned())), "returned", False, "expected needs-list-fix")


@pytest.mark.parametrize("status", ["hung", "crashed", "error"])
def test_a_run_that_did_not_finish(status: Any) -> None:
    seen = Observation(status=status, detail="why")
    check(judge(case(), JSPI, seen), status, False, "why")
    check(judge(case(expect={"outcome": status}), JSPI, seen), status, True, "why")


def test_unsupported_is_as_expected_only_where_it_was_declared() -> None:
    check(judge(case(needs=["gc"]), JSPI, unsupported("gc")), "unsupported", True, "gc: function 3")
    check(judge(case(needs=["simd"]), JSPI, unsupported("gc")), "unsupported", False)
    check(judge(case(), JSPI, unsupported("gc")), "unsupported", False)


TAIL_CALL = {"backend": "asyncify", "expect": {"feature": "tail-call"}, "reason": "the pass refuses them"}


def test_a_difference_replaces_what_is_expected_on_its_backend_alone() -> None:
    differing = case(expect=EXPECT_42, differs=[TAIL_CALL])
    check(judge(differing, ASYNCIFY, unsupported("tail-call")), "unsupported", True, "the pass refuses them")
    check(judge(differing, JSPI, unsupported("tail-call")), "unsupported", False)
    check(judge(differing, JSPI, finished(returned("i32:42"), suspension_count=1)), "returned", True)


def test_a_feature_that_is_expected_to_be_lacking_is_not_any_that_is_needed() -> None:
    differing = case(needs=["gc"], differs=[TAIL_CALL])
    check(
        judge(differing, ASYNCIFY, unsupported("gc")),
        "unsupported",
        False,
        "expected unsupported (tail-call)",
    )


def test_an_unexpected_pass_fails() -> None:
    differing = case(expect=EXPECT_42, differs=[TAIL_CALL])
    result = judge(differing, ASYNCIFY, finished(returned("i32:42"), suspension_count=1))
    check(result, "returned", False, "the difference has to go")


@pytest.mark.parametrize(
    ("engine", "version", "fits"),
    [
        ("node", "v24.19.0", True),
        ("deno", "v24.19.0", False),
        ("node<24", "v24.19.0", False),
        ("node<=24", "v24.19.0", True),
        ("node<24.20", "v24.19.0", True),
        ("node>=24.19.1", "v24.19.0", False),
        ("node==24", "v24.19.0", True),
    ],
)
def test_an_engine_bound_compares_versions_part_by_part(engine: str, version: str, fits: bool) -> None:
    info = JSPI.model_copy(update={"engine_version": version})
    differing = case(differs=[{"engine": engine, "expect": {"trap": "unreachable"}, "reason": "r"}])
    assert judge(differing, info, finished(trapped("unreachable"))).as_expected is fits


def test_steps_are_judged_each_by_its_own_expectation() -> None:
    steps = [{"call": "a", "expect": {"trap": "unreachable"}}, {"call": "b", "expect": {"values": ["i32:1"]}}]
    two = case(step=steps, expect={"suspensions": 3})
    good = finished(trapped("unreachable"), returned("i32:1", step=1), suspension_count=3)
    check(judge(two, JSPI, good), "returned", True)
    bad = finished(trapped("unreachable"), returned("i32:2", step=1), suspension_count=2)
    check(judge(two, JSPI, bad), "wrong", False, "step 1: expected i32:1")
    assert "expected 3 suspensions, saw 2" in judge(two, JSPI, bad).detail
    late = finished(trapped("unreachable"), trapped("unreachable", step=1), suspension_count=3)
    check(judge(two, JSPI, late), "trapped", False, "step 1")


def test_a_step_may_differ_by_backend() -> None:
    steps = [{"call": "a", "expect": {"values": ["i32:1"]}}]
    differing = case(
        step=steps, differs=[{"backend": "jspi", "step": 0, "expect": {"values": ["i32:2"]}, "reason": "r"}]
    )
    check(judge(differing, JSPI, finished(returned("i32:2"))), "returned", True)
    check(judge(differing, ASYNCIFY, finished(returned("i32:2"))), "wrong", False)


def test_a_step_counts_its_own_call_and_the_case_all_of_them() -> None:
    both = case(step=[{"call": "a", "expect": {"suspensions": 1}}], expect={"suspensions": 2})
    check(judge(both, JSPI, finished(returned(suspensions=1), suspension_count=2)), "returned", True)
    check(judge(both, JSPI, finished(returned(suspensions=2), suspension_count=2)), "wrong", False, "step 0")
    short = case(expect={"suspensions": 2})
    check(judge(short, JSPI, finished(returned(suspensions=1), suspension_count=2)), "returned", True)


def test_a_cancelled_call_has_no_values() -> None:
    steps = [{"start": "a", "export": "f"}, {"cancel": "a", "expect": {"values": ["i32:1"]}}]
    cancelled = finished(StepObservation(step=0, ended="done"), StepObservation(step=1, ended="cancelled"))
    check(judge(case(step=steps), JSPI, cancelled), "wrong", False, "it was cancelled")
    check(judge(case(step=[*steps[:1], {"cancel": "a"}]), JSPI, cancelled), "returned", True)


def test_a_difference_may_say_no_more_than_wrong() -> None:
    differs = [{"backend": "jspi", "expect": {"outcome": "wrong"}, "reason": "it grows"}]
    departing = finished(returned("i32:42"), suspension_count=1, problems=("env.w: got i32:1",))
    check(judge(case(expect=EXPECT_42, differs=differs), JSPI, departing), "wrong", True, "it grows")
    same = finished(returned("i32:42"), suspension_count=1)
    check(judge(case(expect=EXPECT_42, differs=differs), JSPI, same), "returned", False, "has to go")
    check(judge(case(expect=EXPECT_42, differs=differs), ASYNCIFY, departing), "wrong", False)


def test_no_case_is_satisfied_by_trouble_of_ours() -> None:
    wants_error = case(expect={"outcome": "error"})
    check(judge(wants_error, JSPI, Observation(status="error", detail="bad list")), "error", True)
    trouble = Observation(status="error", detail="no descriptors", problems=("no descriptors",))
    check(judge(wants_error, JSPI, trouble), "error", False, "no descriptors")


def test_no_case_can_expect_to_be_skipped() -> None:
    with pytest.raises(ValueError, match="outcome"):
        case(expect={"outcome": "skipped"})
