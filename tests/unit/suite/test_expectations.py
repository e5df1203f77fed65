from __future__ import annotations

from typing import Any

import pytest

from stackswitch.models.backend import BackendInfo
from stackswitch.models.case import Case
from stackswitch.models.result import CaseResult, Observation, StepObservation, Trap, Unsupported
from stackswitch.suite.expectations import judge

JSPI = BackendInfo(name="jspi", engine="node", engine_version="v24.19.0")
ASYNCIFY = BackendInfo(name="asyncify", engine="wasmtime", engine_version="50.0.1")


def case(**changes: Any) -> Case:
    base = {"id": "a", "why": "x", "source": "a.wat"}
    if "step" not in changes:
        base["export"] = "main"
    return Case.model_validate(base | changes)


def returned(*values: str, step: int = 0, **changes: Any) -> StepObservation:
    return StepObservation(step=step, ended="returned", values=values, **changes)


def trapped(kind: Any, *, step: int = 0, error: str | None = None) -> StepObservation:
    return StepObservation(step=step, ended="trapped", trap=Trap(kind=kind, message="m", error=error))


def finished(*steps: StepObservation, **changes: Any) -> Observation:
    return Observation(status="finished", steps=steps, **changes)


def check(result: CaseResult, outcome: str, as_expected: bool, says: str = "") -> None:
    assert (result.outcome, result.as_expected) == (outcome, as_expected), result
    assert says in result.detail


EXPECT_42 = {"values": ["i32:42"], "suspensions": 1}


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


def unsupported(feature: str) -> Observation:
    return Observation(status="unsupported", unsupported=Unsupported(feature=feature, where="function 3"))


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
