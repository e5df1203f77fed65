"""Every rule, shown to apply where it should and to leave alone what is well."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stackswitch.analysis.facts import CheckedList, ObservedAndListed
from stackswitch.analysis.list_check import ListFinding
from stackswitch.errors import ConfigError
from stackswitch.models.matrix import BrowserUse
from stackswitch.models.readiness import (
    Finding,
    PolicyCoverage,
)
from stackswitch.readiness.call_tree import Instrumented
from stackswitch.readiness.rules import RULES
from stackswitch.readiness.verdict import judge, level_of
from stackswitch.readiness.verdict_inputs import VerdictInputs
from stackswitch.suite.shards import Conflict

from .conftest import (
    analysis,
    both,
    engine,
    facts,
    gain,
    obstacle,
    result,
    seen,
    stack,
    trapped,
    unused,
    users,
    well,
)

BETWEEN = "suspend-error: JavaScript lies between the promising export and the import that waits: {}"

APPLIES: dict[str, Callable[[], VerdictInputs]] = {
    "js-frames": lambda: both(
        jspi="trapped", as_expected=False, detail=BETWEEN.format("callback (app.js:3)")
    ),
    "invoke-glue": lambda: both(
        jspi="trapped", as_expected=False, detail=BETWEEN.format("invoke_iii (app.js:9)")
    ),
    "start-waits": lambda: both(jspi="unsupported", detail="start-suspension: func 2"),
    "jspi-fails": lambda: both(jspi="trapped", as_expected=False, detail="unreachable"),
    "jspi-fails-alone": lambda: VerdictInputs("app", results=(result("jspi", "hung"),)),
    "jspi-wrong": lambda: both(jspi="wrong", detail="7, expected 42"),
    "asyncify-wrong": lambda: both("wrong"),
    "engine-differs": lambda: VerdictInputs(
        "app",
        results=(
            result("asyncify"),
            result("jspi"),
            result("jspi", "crashed", engine_version="22.0.0", detail="signal 11"),
        ),
    ),
    "engine-lacks-feature": lambda: both(jspi="unsupported", detail="memory64: memory 0"),
    "asyncify-fails": lambda: both("hung"),
    "fails-on-both": lambda: both("hung", "hung"),
    "flaky": lambda: VerdictInputs(
        "app",
        results=both().results,
        flaky=(
            Conflict(
                case_id="a/case",
                backend="jspi",
                engine="node",
                engine_version="26.1.0",
                outcomes=("returned", "hung"),
            ),
        ),
    ),
    "not-run-on-jspi": lambda: VerdictInputs("app", results=(result("asyncify"),)),
    "not-run-on-asyncify": lambda: VerdictInputs("app", results=(result("jspi"),)),
    "jspi-list-missing": lambda: both(
        jspi="needs-list-fix", missing={"JSPI_EXPORTS": ("main",)}, detail="JSPI_EXPORTS lacks main"
    ),
    "asyncify-list-missing": lambda: seen(Instrumented(names={"main"})),
    "stale-names": lambda: VerdictInputs(
        "app",
        analysis=analysis(
            lists=(
                CheckedList(
                    list="ASYNCIFY_ONLY",
                    entries=3,
                    functions=2,
                    findings=(
                        ListFinding(list="ASYNCIFY_ONLY", entry="old", kind="absent", text="old: none"),
                    ),
                ),
            )
        ),
    ),
    "never-seen": lambda: VerdictInputs(
        "app",
        lists={"ASYNCIFY_ONLY": ("a", "b")},
        suspensions={"a/case": (stack("a"),)},
        analysis=analysis(seen=ObservedAndListed(missing=(), never_seen=1)),
    ),
    "thin-evidence": lambda: VerdictInputs(
        "app", confidence=(PolicyCoverage(policy="observed", functions=3, covered=0.5),)
    ),
    "truncated-stacks": lambda: VerdictInputs("app", suspensions={"": (stack("a", truncated=True),)}),
    "invoke-imports": lambda: obstacle("jspi", "js-frames"),
    "fibers": lambda: obstacle("jspi", "fibers"),
    "start-reaches-wait": lambda: obstacle("jspi", "start-suspension"),
    "asyncify-refuses": lambda: obstacle("asyncify", "tail-call"),
    "shared-stack": lambda: VerdictInputs("app", module=facts(shadow_stack="reachable")),
    "hidden-stack-pointer": lambda: VerdictInputs("app", module=facts(shadow_stack="hidden")),
    "entry-not-promising": lambda: trapped("SuspendError", "not-exported"),
    "trace-trap": lambda: trapped("RuntimeError"),
    "trace-incomplete": lambda: unused("no-name"),
    "trace-other-module": lambda: unused("other-module"),
    "shards-missing": lambda: VerdictInputs(
        "app", missing_shards=("jspi on node 24: 1 of 2 cases, from 1/2",)
    ),
    "no-names": lambda: VerdictInputs("app", module=facts(named=0)),
    "several-modules": lambda: VerdictInputs("app", other_modules={"ab" * 32: 3, "cd" * 32: 3}),
    "not-run": lambda: VerdictInputs("app"),
    "jspi-by-flag": lambda: engine("with-flags", ("--experimental-wasm-jspi",)),
    "jspi-unsound": lambda: engine("unsound"),
    "no-jspi": lambda: engine("no"),
    "nowhere": lambda: engine("no"),
    "users-without": lambda: users(
        BrowserUse(name="chrome 150", share=30, jspi=True), BrowserUse(name="safari 18", share=10, jspi=False)
    ),
    "engines-not-asked": lambda: VerdictInputs("app"),
    "no-gain": lambda: VerdictInputs("app", gain=gain(1.0)),
    "not-measured": lambda: VerdictInputs("app"),
}


def found(inputs: VerdictInputs, rule: str) -> list[Finding]:
    return [each for each in judge(inputs).findings if each.rule == rule]


def test_every_rule_is_tried_here() -> None:
    assert set(APPLIES) == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_it_applies(rule: str) -> None:
    findings = found(APPLIES[rule](), rule)
    assert findings
    assert all(each.text and each.mend for each in findings)


def test_none_applies_where_all_is_well() -> None:
    report = judge(well())
    assert report.findings == ()
    assert report.level == "ready"


@pytest.mark.parametrize("rule", RULES)
def test_it_does_to_the_verdict_what_it_says(rule: str) -> None:
    findings = found(APPLIES[rule](), rule)
    meant = {"blocks": "not-ready", "change": "ready-with-changes", "unknown": "unknown", "note": "ready"}
    assert level_of(findings) == meant[findings[0].weight]


@pytest.mark.parametrize("rule", RULES)
def test_a_project_can_silence_it_with_a_reason(rule: str) -> None:
    loud = APPLIES[rule]()
    silent = VerdictInputs(**{**vars(loud), "silence": {rule: "we know"}})
    findings = found(silent, rule)
    assert findings
    assert {each.silenced for each in findings} == {"we know"}
    assert level_of(findings) == "ready"


@pytest.mark.parametrize(
    ("silence", "told"), [({"no-such": "why"}, "no rule 'no-such'"), ({"flaky": " "}, "say why")]
)
def test_silencing_what_is_not_there_or_for_no_reason_is_refused(silence: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        judge(VerdictInputs("app", silence=silence))
