"""The verdict of cases, engines and the whole; the way; what changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stackswitch.analysis.facts import NextTest
from stackswitch.models.readiness import CaseStatus, Level, Report
from stackswitch.models.result import CaseResult
from stackswitch.readiness.compare import compared
from stackswitch.readiness.verdict import judge
from stackswitch.readiness.verdict_inputs import VerdictInputs
from stackswitch.suite.shards import Conflict

from .conftest import analysis, both, engine, obstacle, result, seen, stack, users, well

MISSING = {"missing": {"ASYNCIFY_ONLY": ("leaf",)}, "detail": "ASYNCIFY_ONLY lacks leaf"}
KNOWN = {"as_expected": True, "detail": "a known difference"}


@pytest.mark.parametrize(
    ("results", "status", "level"),
    [
        ([result("asyncify"), result("jspi")], "both", "ready"),
        # To trap as expected on both is what the case is about: nothing shows that it could do better.
        ([result("asyncify", "trapped"), result("jspi", "trapped")], "as-meant", "ready"),
        ([result("asyncify"), result("jspi", "trapped", **KNOWN)], "asyncify-only", "not-ready"),
        ([result("asyncify", "needs-list-fix", **MISSING), result("jspi")], "needs-list", "ready"),
        (
            [result("asyncify"), result("jspi", "needs-list-fix", missing={"JSPI_EXPORTS": ("main",)})],
            "needs-list",
            "ready-with-changes",
        ),
        ([result("asyncify"), result("jspi", "hung")], "asyncify-only", "not-ready"),
        (
            [result("asyncify"), result("jspi", "unsupported", detail="gc: x")],
            "asyncify-only",
            "ready-with-changes",
        ),
        ([result("asyncify", "unsupported", **KNOWN), result("jspi")], "jspi-only", "ready"),
        ([result("asyncify", "crashed"), result("jspi", "hung")], "neither", "not-ready"),
        ([result("asyncify", "wrong"), result("jspi")], "silently-wrong", "ready"),
        ([result("asyncify"), result("jspi", "wrong")], "silently-wrong", "not-ready"),
        ([result("jspi")], "one-backend", "ready"),
        ([result("asyncify")], "one-backend", "unknown"),
        ([result("jspi", "hung")], "one-backend", "unknown"),
        (
            [result("asyncify"), result("jspi"), result("jspi", "hung", engine_version="20.0.0")],
            "both",
            "ready-with-changes",
        ),
    ],
)
def test_a_case(results: list[CaseResult], status: CaseStatus, level: Level) -> None:
    (case,) = judge(VerdictInputs("app", results=tuple(results))).cases
    assert (case.status, case.level) == (status, level)
    assert bool(case.why) == (level != "ready" or status != "both")


def test_what_fails_as_it_should_does_not_count_as_working() -> None:
    good = [result(each, case_id="a/good") for each in ("asyncify", "jspi")]
    about_a_trap = [result(each, "trapped", case_id="a/traps") for each in ("asyncify", "jspi")]
    report = judge(VerdictInputs("app", results=(*good, *about_a_trap)))
    assert (report.working("jspi"), report.meant("jspi")) == (1, 1)
    assert [(run.worked, run.meant, run.cases) for run in report.runs] == [(1, 1, 2)] * 2
    assert report.headline.startswith("1 of 2 cases work on JSPI as they are, 1 fails there as it should")
    assert report.point.working == {"asyncify": 1, "jspi": 1}


def test_a_flaky_case_is_flaky_whatever_the_kept_result_says() -> None:
    flaky = Conflict(
        case_id="a/case",
        backend="jspi",
        engine="node",
        engine_version="26.1.0",
        outcomes=("returned", "hung (unexpected)"),
    )
    (case,) = judge(VerdictInputs("app", results=both().results, flaky=(flaky,))).cases
    assert case.status == "flaky"
    assert "hung (unexpected)" in case.why


def test_cells_stand_by_backend_and_version() -> None:
    results = [result("jspi", engine_version=version) for version in ("26.0.0", "9.0.0")]
    report = judge(VerdictInputs("app", results=(*results, result("asyncify"))))
    assert [each.name for each in report.runs] == [
        "asyncify (wasmtime 50.0.1)",
        "jspi (node 9.0.0)",
        "jspi (node 26.0.0)",
    ]
    assert [each.run for each in report.cases[0].cells] == [0, 1, 2]


def test_findings_gather_cases_and_names() -> None:
    results = [
        result("asyncify", "needs-list-fix", case_id=case, missing={"ASYNCIFY_ONLY": names})
        for case, names in (("a", ("x", "y")), ("b", ("y", "z")))
    ] + [result("jspi", case_id=case) for case in "ab"]
    report = judge(VerdictInputs("app", results=tuple(results)))
    (finding,) = [each for each in report.findings if each.rule == "asyncify-list-missing"]
    assert finding.cases == ("a", "b")
    assert finding.names == {"ASYNCIFY_ONLY": ("x", "y", "z")}
    assert [(each.list, each.missing) for each in report.lists] == [("ASYNCIFY_ONLY", ("x", "y", "z"))]


@pytest.mark.parametrize(
    ("shown", "level", "fallback"),
    [
        ("yes", "ready", ""),
        ("with-flags", "ready-with-changes", "polyfill"),
        ("unsound", "not-ready", "polyfill"),
    ],
)
def test_an_engine(shown: str, level: Level, fallback: str) -> None:
    flags = ("--flag",) if shown == "with-flags" else ()
    (verdict,) = judge(engine(shown, flags)).engines  # type: ignore[arg-type]
    assert (verdict.name, verdict.level) == ("node 22.1.0", level)
    assert fallback in verdict.fallback
    assert verdict.flags == flags


def test_there_is_no_falling_back_on_what_asyncify_refuses() -> None:
    inputs = VerdictInputs(
        "app", engines=engine("no").engines, analysis=obstacle("asyncify", "tail-call").analysis
    )
    report = judge(inputs)
    assert "Asyncify refuses" in report.engines[0].fallback
    assert not any("both builds" in each.title for each in report.steps)


def test_what_asyncify_has_done_it_does_not_refuse() -> None:
    refused = obstacle("asyncify", "catch-suspension").analysis
    report = judge(
        VerdictInputs("app", results=both().results, engines=engine("no").engines, analysis=refused)
    )
    assert not any(each.rule == "asyncify-refuses" for each in report.findings)
    assert any("both builds" in each.title for each in report.steps)


@pytest.mark.parametrize(
    ("results", "refused"),
    [
        ((result("jspi"),), True),
        ((result("asyncify", "hung"), result("jspi")), True),
        ((result("asyncify"), result("asyncify", "trapped", case_id="a/traps")), False),
        ((result("asyncify", "trapped"),), False),
    ],
)
def test_only_a_run_on_asyncify_disproves_that_it_refuses(
    results: tuple[CaseResult, ...], *, refused: bool
) -> None:
    inputs = replace(obstacle("asyncify", "catch-suspension"), results=results)
    assert any(each.rule == "asyncify-refuses" for each in judge(inputs).findings) == refused


def test_a_list_matters_once_asyncify_has_to_stay() -> None:
    alone = seen_and_run()
    assert judge(alone).level == "ready"
    beside = VerdictInputs(**{**vars(alone), "support": users_without().support, "query": "defaults"})
    report = judge(beside)
    assert report.level == "ready-with-changes"
    assert [each.weight for each in report.findings if each.rule == "asyncify-list-missing"] == ["change"]


def test_a_list_that_a_case_lacks_matters_once_asyncify_has_to_stay() -> None:
    alone = VerdictInputs("app", results=(result("asyncify", "needs-list-fix", **MISSING), result("jspi")))
    beside = replace(alone, support=users_without().support, query="defaults")
    for inputs, weight in ((alone, "note"), (beside, "change")):
        findings = judge(inputs).findings
        assert [each.weight for each in findings if each.rule == "asyncify-list-missing"] == [weight]


def test_what_to_test_next_is_told_where_there_are_stacks_to_learn_from() -> None:
    next_tests = (NextTest(function="leaf", chance=0.5, brings=3),)
    stacks = {"a/case": (stack("leaf"),)}
    inputs = VerdictInputs("app", analysis=analysis(test_next=next_tests))
    assert judge(inputs).test_next == ()
    assert judge(replace(inputs, suspensions=stacks)).test_next == (("leaf", 0.5, 3),)
    assert judge(replace(inputs, analysis=None, suspensions=stacks)).test_next == ()


def users_without() -> VerdictInputs:
    from stackswitch.models.matrix import BrowserUse

    return users(
        BrowserUse(name="chrome 150", share=1, jspi=True), BrowserUse(name="safari 18", share=1, jspi=False)
    )


def seen_and_run() -> VerdictInputs:
    from stackswitch.readiness.call_tree import Instrumented

    return VerdictInputs(**{**vars(seen(Instrumented(names={"main"}))), "results": both().results})


def test_the_way_goes_from_small_to_large_and_carries_what_to_type() -> None:
    inputs = VerdictInputs(
        **{
            **vars(seen_and_run()),
            "engines": engine("no").engines,
            "module": well().module,
            "analysis": obstacle("jspi", "js-frames").analysis,
        }
    )
    steps = judge(inputs).steps
    assert [each.language for each in steps] == ["sh", "flags", "list", "js", "sh"]
    assert steps[0].code == "stackswitch reentrant MODULE --glue GLUE --invokes -o OUT"
    assert steps[1].code == '-sJSPI\n-sJSPI_EXPORTS=["main"]\n-sJSPI_IMPORTS=["wait"]'
    assert steps[2].code == "leaf"
    assert '"app.asyncify.wasm"' in steps[3].code


def test_nothing_but_a_module_says_what_to_run() -> None:
    report = judge(VerdictInputs("app", module=well().module, analysis=well().analysis))
    assert report.level == "unknown"
    assert "stackswitch test" in report.steps[0].code
    assert "app.wasm" in report.steps[2].code


def test_what_changed_since() -> None:
    old = judge(both(jspi="hung"))
    new = judge(well())
    report = compared(
        new.model_copy(update={"made_at": "b"}), old.model_copy(update={"made_at": "a"}), "old.json"
    )
    told = {each.subject: (each.before, each.after, each.better) for each in report.changes}
    assert told["the verdict"] == ("not ready", "ready", True)
    assert told["a/case"] == ("works on Asyncify alone", "works on both", True)
    assert [each.made_at for each in report.history] == ["a"]
    again = compared(new.model_copy(update={"made_at": "c"}), report, "report.json")
    assert [each.made_at for each in again.history] == ["a", "b"]
    assert again.changes == ()


def test_cases_that_came_and_went() -> None:
    old, new = (
        judge(VerdictInputs("app", results=(result("jspi", case_id=case),))) for case in ("old", "new")
    )
    changes = {(each.subject, each.before, each.better) for each in compared(new, old, "x").changes}
    assert ("new", "not there", None) in changes
    assert ("old", "not run on both backends", None) in changes


def test_it_goes_through_json_and_back() -> None:
    report = judge(well())
    assert Report.model_validate_json(report.model_dump_json()) == report


def test_no_case_at_all() -> None:
    report = judge(VerdictInputs("app"))
    assert report.level == "unknown"
    assert report.headline == "No case was run on JSPI."


@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize(("lost", "level"), [("jspi", "unknown"), ("asyncify", "ready")])
def test_what_was_skipped_was_not_run(allowed: bool, lost: str, level: Level) -> None:
    reason = {"as_expected": allowed, "detail": "no such engine\n  looked: PATH"}
    ran = "asyncify" if lost == "jspi" else "jspi"
    report = judge(VerdictInputs("app", results=(result(ran), result(lost, "skipped", **reason))))
    assert report.level == level
    assert [(each.status, each.why) for each in report.cases] == [
        ("one-backend", "skipped: no such engine"),
    ]
    found = {each.rule: each.text for each in report.findings}
    assert found[f"not-run-on-{lost}"].endswith(": no such engine")
    assert "nowhere" not in found
    assert ("not-run" in found) == (lost == "jspi")
    assert {run.backend: (run.cases, run.skipped) for run in report.runs} == {ran: (1, 0), lost: (0, 1)}
    assert all(each.source != "run" for each in report.engines) == (lost == "jspi")
    assert lost not in report.point.working
