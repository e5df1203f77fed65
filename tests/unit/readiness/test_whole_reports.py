"""Whole reports, word for word, of inputs that have something of every kind.

The reports are in ``reports/``. Where one is to change: ``STACKSWITCH_BLESS=1 pytest`` writes it anew; read
the difference.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stackswitch.analysis.facts import CheckedList, NextTest, ObservedAndListed, Obstacle
from stackswitch.analysis.list_check import ListFinding
from stackswitch.models.engine import Answer, DetectResult, EngineReport
from stackswitch.models.matrix import BrowserUse, Support
from stackswitch.models.readiness import PolicyCoverage, Report, Source
from stackswitch.models.result import CaseResult
from stackswitch.models.trace import Suspension, TraceTrap
from stackswitch.models.trace_use import TraceUse, UnusedLines
from stackswitch.readiness.call_tree import Instrumented, call_tree
from stackswitch.readiness.compare import compared
from stackswitch.readiness.verdict import judge
from stackswitch.readiness.verdict_inputs import VerdictInputs
from stackswitch.suite.shards import Conflict

from .conftest import analysis, engine, facts, gain, result, stack, well

HERE = Path(__file__).parent / "reports"
BETWEEN = "suspend-error: JavaScript lies between the promising export and the import that waits: {}"


def cases() -> VerdictInputs:
    """A case of each kind, on two engines."""
    found: list[CaseResult] = []

    def case(case_id: str, asyncify: dict[str, Any] | None, *jspi: dict[str, Any]) -> None:
        for backend, each in [("asyncify", asyncify), *(("jspi", each) for each in jspi)]:
            if each is not None:
                found.append(result(backend, **{"outcome": "returned", "case_id": case_id, **each}))

    old = {"engine_version": "9.0.0"}
    case("both", {"suspensions": 2, "duration_ms": 1.5, "module": "sha256:" + "ab" * 32}, {}, old)
    case("both-2", {}, {}, {**old, "outcome": "unsupported", "detail": "gc: func 2"})
    case("differs", {}, {}, {**old, "outcome": "crashed", "detail": "signal 11"})
    case("traps-as-meant", {"outcome": "trapped"}, {"outcome": "trapped"})
    case("known-trap", {}, {"outcome": "trapped", "as_expected": True, "detail": "a known difference"})
    case(
        "list",
        {"outcome": "needs-list-fix", "missing": {"ASYNCIFY_ONLY": ["e", "d", "c", "b", "a"]}},
        {"outcome": "needs-list-fix", "missing": {"JSPI_EXPORTS": ["run"], "JSPI_IMPORTS": ["env.read"]}},
    )
    case("list-2", {"outcome": "needs-list-fix", "missing": {"ASYNCIFY_ONLY": ["f"]}}, {})
    case(
        "js-1", {}, {"outcome": "trapped", "as_expected": False, "detail": BETWEEN.format("cb (app.js:3); x")}
    )
    case("js-2", {}, {"outcome": "trapped", "as_expected": False, "detail": "trying to suspend JS frames"})
    case(
        "invoke", {}, {"outcome": "trapped", "as_expected": False, "detail": BETWEEN.format("invoke_vi (a)")}
    )
    case("start", {}, {"outcome": "unsupported", "detail": "start-suspension: func 2"})
    case("lacks", {}, {"outcome": "unsupported", "detail": "memory64: memory 0"})
    case("fails", {}, {"outcome": "hung", "as_expected": False})
    case("fails-2", {}, {"outcome": "trapped", "as_expected": False, "detail": "x" * 500})
    case("jspi-only", {"outcome": "hung", "detail": "30 s"}, {})
    case("neither", {"outcome": "crashed"}, {"outcome": "hung"})
    case("wrong", {"outcome": "wrong"}, {})
    case("wrong-jspi", {}, {"outcome": "wrong", "detail": "7, expected 42"})
    case("wrong-jspi-2", {}, {"outcome": "trapped", "as_expected": False, "symptom": "wrong"})
    case("alone", {})
    case("alone-jspi", None, {})
    case("skipped", {}, {"outcome": "skipped", "detail": "no node\nlooked: PATH", "as_expected": False})
    case("skipped-2", {"outcome": "skipped", "as_expected": False}, {})
    case("flaky", {}, {})
    flaky = Conflict(
        case_id="flaky",
        backend="jspi",
        engine="node",
        engine_version="26.1.0",
        outcomes=("returned", "hung (unexpected)"),
    )
    stacks = {"both": (stack("leaf", "main"),), "both-2": (stack("leaf", "main"), stack("mid", "main"))}
    return VerdictInputs(
        "app",
        results=tuple(found),
        flaky=(flaky,),
        suspensions=stacks,
        picture=call_tree(stacks, Instrumented(names={"main"}, missing={"leaf"})),
        lists={"ASYNCIFY_ONLY": ("main", "a"), "ASYNCIFY_REMOVE": ("x",)},
        missing_shards=("jspi on node 24: 1 of 2 cases, from 1/2", "jspi on deno 2: none"),
        silence={"flaky": "known for a year"},
    )


def module() -> VerdictInputs:
    """What the bytes, and the lists, may have in the way."""
    obstacles = tuple(
        Obstacle(
            backend=backend, feature=feature, text=f"there is {feature}", where=f"func {count}", count=count
        )  # type: ignore[arg-type]
        for count, (backend, feature) in enumerate(
            [
                ("jspi", "js-frames"),
                ("jspi", "start-suspension"),
                ("jspi", "fibers"),
                ("jspi", "memory64"),
                ("asyncify", "tail-call"),
            ],
            1,
        )
    )
    held = CheckedList(
        list="ASYNCIFY_ONLY",
        entries=5,
        functions=2,
        findings=tuple(
            ListFinding(list="ASYNCIFY_ONLY", entry=entry, kind=kind, text="x")  # type: ignore[arg-type]
            for entry, kind in (("old", "absent"), ("older", "absent"), ("s", "shadowed"))
        ),
    )
    one = CheckedList(
        list="ASYNCIFY_ADD",
        entries=1,
        functions=0,
        findings=(ListFinding(list="ASYNCIFY_ADD", entry="gone", kind="absent", text="x"),),
    )
    its = analysis(
        *obstacles,
        lists=(held, one),
        seen=ObservedAndListed(missing=(), never_seen=2),
        test_next=(NextTest(function="pick", chance=0.5, brings=3),),
    )
    stacks = {"": (stack("leaf", "main", truncated=True), stack("leaf", "run", truncated=True))}
    stacks[""] = (stacks[""][0], stacks[""][1].model_copy(update={"export": "run", "import_": "env.read"}))
    return VerdictInputs(
        "app",
        suspensions=stacks,
        picture=call_tree(stacks, Instrumented(names={"leaf", "main"}), [("go", "env.wait")]),
        module=facts(named=0, shadow_stack="hidden", name="build/my app.wasm"),
        analysis=its,
        lists={"ASYNCIFY_ONLY": ("leaf", "main", "a", "b", "c")},
        confidence=(
            PolicyCoverage(policy="observed", functions=3, covered=0.499),
            PolicyCoverage(policy="dispatch", functions=9, covered=0.9),
        ),
        gain=gain(1.0),
        other_modules={"ab" * 32: 3, "cd" * 32: 1},
        sources=(Source(name="app.wasm", kind="module"),),
    )


def engines() -> VerdictInputs:
    """Engines of all kinds, those of users too."""
    shown: list[tuple[str, tuple[Answer, ...], str]] = [
        ("yes", (Answer(probe="jspi", shown="yes"),), ""),
        ("flags", (Answer(probe="jspi", shown="with-flags", flags=("--a", "--b")),), ""),
        ("no", (Answer(probe="jspi", shown="no"),), ""),
        ("unsound", (Answer(probe="jspi", shown="unsound", why="it fails once hot"),), ""),
        ("problem", (), "it does not start"),
        ("unasked", (), ""),
        ("lacks", (Answer(probe="jspi", shown="yes"), Answer(probe="gc", shown="no")), ""),
        ("has", (Answer(probe="jspi", shown="yes"), Answer(probe="gc", shown="yes")), ""),
    ]
    reports = [
        EngineReport(spec=f"node@{at}", engine="node", version=f"{at}.0.0", answers=answers, problem=problem)
        for at, (_, answers, problem) in enumerate(shown, 20)
    ]
    reports.append(EngineReport(spec="wasmtime", engine="wasmtime", version="50.0.1", answers=()))
    needs = Obstacle(backend="jspi", feature="gc", text="it uses gc", where="func 1", count=1)
    results = [
        result("jspi", "returned", case_id="a", engine_version="20.0.0"),
        result("jspi", "returned", case_id="a"),
        result("jspi", "hung", case_id="b"),
        result("jspi", "hung", case_id="b", engine_version="28.0.0"),
        result("asyncify", "returned", case_id="a"),
    ]
    browsers = (
        BrowserUse(name="chrome 150", share=30, jspi=True),
        BrowserUse(name="safari 18", share=5, jspi=False),
        BrowserUse(name="firefox 140", share=10, jspi=False),
    )
    return VerdictInputs(
        "app",
        results=tuple(results),
        module=facts(),
        analysis=analysis(needs),
        engines=DetectResult(probes=(), engines=tuple(reports)),
        support=Support(versions={"mdn": "2", "caniuse": "1"}, node_lts=("24",), browsers=browsers),
        query="> 1%",
        gain=gain(1.6),
    )


def traces() -> VerdictInputs:
    """Traps and refused suspensions of traced programs, and lines that were not used."""

    def trap(**of: Any) -> TraceTrap:
        base = {
            "process": 1,
            "error": "SuspendError",
            "message": "no",
            "explanation": "because",
            "frames": (),
        }
        return TraceTrap.model_validate(base | of)

    traps = {
        "one": (
            trap(cause="js-frames", js_frames=("cb (a.js:1)", "main")),
            trap(cause="js-frames", js_frames=("x", "invoke_vi (a.js:1)")),
            trap(cause="not-promising", missing={"JSPI_EXPORTS": ("b", "a")}),
            trap(cause="not-instrumented", missing={"ASYNCIFY_ONLY": ("f",)}),
        ),
        "": (
            trap(cause="not-promising", missing={"JSPI_EXPORTS": ("c",)}),
            trap(cause="not-exported", export="run"),
            trap(cause="no-entry", frames=((1, 2, "inner"), (3, 4, "outer"))),
            trap(cause="no-entry"),
            trap(error="RuntimeError", message="unreachable"),
            trap(error="RuntimeError", message="other", explanation=""),
            trap(error="RangeError", message="stack", explanation=""),
        ),
    }
    waits = stack("leaf", "main").model_copy(update={"count": 3})
    uses = (
        TraceUse(
            trace="t.jsonl",
            lines=9,
            used=3,
            unused=(
                UnusedLines(reason="no-name", lines=1, numbers=(3,), what=("mid",)),
                UnusedLines(reason="other-module", lines=4),
            ),
        ),
        TraceUse(trace="u.jsonl", lines=1, used=1),
    )
    return VerdictInputs(
        "app", suspensions={"": (waits,)}, traps=traps, uses=uses, module=facts(shadow_stack="reachable")
    )


def one_trace() -> VerdictInputs:
    """A single wait, a single line not used."""
    use = TraceUse(trace="t.jsonl", lines=2, used=1, unused=(UnusedLines(reason="no-name", lines=1),))
    refused = Suspension(
        module="ab" * 32, backend="jspi", import_="env.wait", export="run-it", frames=(), refused=True
    )
    stacks = {"": (stack("leaf", "main").model_copy(update={"export": "run-it"}), refused)}
    traps = {
        "": (
            TraceTrap(
                process=1,
                error="SuspendError",
                message="no",
                cause="not-exported",
                export="go",
                explanation="because",
            ),
        )
    }
    return VerdictInputs(
        "app", suspensions=stacks, traps=traps, uses=(use,), module=facts(shadow_stack="reachable")
    )


def fallback() -> VerdictInputs:
    """The Asyncify build has to stay, and its list lacks many names."""
    names = tuple(f"f{at:02}" for at in range(14))
    stacks = {"a/case": (stack(*names, "main"),)}
    return replace(
        well(),
        suspensions=stacks,
        picture=call_tree(stacks, Instrumented(names={"main"})),
        engines=engine("no").engines,
        gain=None,
    )


WHOLE: dict[str, Callable[[], VerdictInputs]] = {
    "nothing": lambda: VerdictInputs("app"),
    "well": well,
    "cases": cases,
    "module": module,
    "engines": engines,
    "traces": traces,
    "one-trace": one_trace,
    "fallback": fallback,
}


def text_of(report: Report) -> str:
    """The report as JSON, an item a line, without what is the rules' own (``rules.toml``)."""
    plain = report.model_dump(mode="json", exclude_defaults=True)
    for each in (*plain.get("findings", ()), *plain.get("cases", ())):
        each.pop("mend", None)
    lines: list[str] = []
    for key, value in plain.items():
        if isinstance(value, list):
            lines.append(f"{key}:")
            lines += [f"  {json.dumps(each, ensure_ascii=False)}" for each in value]
        else:
            lines.append(f"{key}: {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def check(name: str, text: str) -> None:
    path = HERE / f"{name}.txt"
    if os.environ.get("STACKSWITCH_BLESS"):
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize("name", WHOLE)
def test_a_report(name: str) -> None:
    check(name, text_of(judge(WHOLE[name]())))


@pytest.mark.parametrize(("new", "old"), [("cases", "well"), ("well", "cases"), ("engines", "module")])
def test_what_changed(new: str, old: str) -> None:
    one, other = judge(WHOLE[new]()), judge(WHOLE[old]())
    other = other.model_copy(update={"made_at": "before"})
    report = compared(one, other, "old.json")
    changes = [each.model_dump(mode="json") for each in report.changes]
    lines = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in changes)
    check(f"{new}-since-{old}", lines)
    assert (report.compared_with, [each.made_at for each in report.history]) == ("old.json", ["before"])


def test_engines_change_too() -> None:
    better, worse = judge(engine("yes")), judge(engine("no"))
    changes = {each.subject: each for each in compared(better, worse, "old").changes}
    assert (changes["node 22.1.0"].before, changes["node 22.1.0"].after) == ("not ready", "ready")
    assert changes["node 22.1.0"].better
    changes = {each.subject: each for each in compared(worse, better, "old").changes}
    assert changes["node 22.1.0"].better is False
    assert not compared(worse, worse, "old").changes


def test_another_module_is_told_by_its_size() -> None:
    old = judge(VerdictInputs("app", module=facts(size_bytes=1234)))
    new = judge(VerdictInputs("app", module=facts(size_bytes=999, sha256="cd" * 32)))
    (change,) = compared(new, old, "old").changes
    assert (change.subject, change.before, change.after, change.better) == (
        "the module",
        "1,234 bytes",
        "999 bytes",
        None,
    )


def test_history_ends_after_200_reports() -> None:
    report = judge(well())
    for _ in range(203):
        report = compared(report, report, "old")
    assert len(report.history) == 200
