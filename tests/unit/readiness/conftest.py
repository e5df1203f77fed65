"""VerdictInputs for verdicts, small and whole."""

from __future__ import annotations

from typing import Any

from stackswitch.analysis.facts import Analysis, ObservedAndListed, Obstacle
from stackswitch.models.engine import Answer, DetectResult, EngineReport, Shown
from stackswitch.models.matrix import BrowserUse, Support
from stackswitch.models.readiness import (
    Gain,
    Measure,
    ModuleFacts,
    PolicyCoverage,
    Spread,
)
from stackswitch.models.result import CaseResult
from stackswitch.models.trace import Suspension, TraceTrap, TrapCause
from stackswitch.models.trace_use import TraceUse, UnusedLines, UnusedReason
from stackswitch.readiness.call_tree import Instrumented, call_tree
from stackswitch.readiness.verdict_inputs import VerdictInputs


def result(backend: str, outcome: str = "returned", **rest: Any) -> CaseResult:
    engine, version = ("wasmtime", "50.0.1") if backend == "asyncify" else ("node", "26.1.0")
    return CaseResult.model_validate(
        {
            "case_id": "a/case",
            "backend": backend,
            "engine": engine,
            "engine_version": version,
            "outcome": outcome,
            "as_expected": outcome in ("returned", "trapped"),
            **rest,
        }
    )


def both(asyncify: str = "returned", jspi: str = "returned", **of_jspi: Any) -> VerdictInputs:
    return VerdictInputs("app", results=(result("asyncify", asyncify), result("jspi", jspi, **of_jspi)))


def analysis(*obstacles: Obstacle, **rest: Any) -> Analysis:
    return Analysis(
        module="app.wasm",
        sha256="ab" * 32,
        size_bytes=1000,
        code_bytes=800,
        functions=10,
        named=10,
        asyncified=False,
        imports=("env.wait",),
        imports_from="given",
        obstacles=obstacles,
        **rest,
    )


def obstacle(backend: str, feature: str) -> VerdictInputs:
    found = Obstacle(backend=backend, feature=feature, text="it is there", where="func 3", count=2)
    return VerdictInputs("app", analysis=analysis(found))


def facts(**rest: Any) -> ModuleFacts:
    return ModuleFacts(
        **{
            "name": "app.wasm",
            "sha256": "ab" * 32,
            "size_bytes": 1000,
            "functions": 10,
            "named": 10,
            **rest,
        }
    )


def engine(shown: Shown, flags: tuple[str, ...] = ()) -> VerdictInputs:
    answer = Answer(probe="jspi", shown=shown, flags=flags, why="it fails once hot")
    report = EngineReport(spec="node@22", engine="node", version="22.1.0", answers=(answer,))
    return VerdictInputs("app", engines=DetectResult(probes=(), engines=(report,)))


def stack(*names: str, truncated: bool = False) -> Suspension:
    frames = tuple((at, -1, name) for at, name in enumerate(names))
    return Suspension(
        module="ab" * 32,
        backend="jspi",
        import_="env.wait",
        export="main",
        frames=frames,
        truncated=truncated,
    )


def seen(instrumented: Instrumented) -> VerdictInputs:
    stacks = {"a/case": (stack("leaf", "main"),)}
    return VerdictInputs("app", suspensions=stacks, picture=call_tree(stacks, instrumented))


def trapped(error: str, cause: TrapCause = "", **rest: Any) -> VerdictInputs:
    trap = TraceTrap(
        process=1, error=error, message="it traps", cause=cause, frames=((3, 9, "tick"),), **rest
    )
    return VerdictInputs("app", traps={"": (trap,)})


def unused(reason: UnusedReason) -> VerdictInputs:
    lines = UnusedLines(reason=reason, lines=1, numbers=(3,), what=("mid",))
    return VerdictInputs("app", uses=(TraceUse(trace="t.jsonl", lines=4, used=3, unused=(lines,)),))


def gain(ratio: float) -> Gain:
    one = Spread(low=1, median=1, high=1)
    of = Spread(low=ratio, median=ratio, high=ratio)
    return Gain(measures=(Measure(id="size", what="size", unit="bytes", plain=one, asyncify=of, ratio=of),))


def users(*browsers: BrowserUse) -> VerdictInputs:
    support = Support(versions={"data": "1"}, node_lts=("24",), browsers=browsers)
    return VerdictInputs("app", support=support, query="defaults")


def well() -> VerdictInputs:
    """All is as it should be."""
    stacks = {"a/case": (stack("leaf", "main"),)}
    return VerdictInputs(
        "app",
        results=both().results,
        suspensions=stacks,
        picture=call_tree(stacks, Instrumented(names={"leaf", "main"})),
        module=facts(),
        analysis=analysis(seen=ObservedAndListed(missing=(), never_seen=0)),
        lists={"ASYNCIFY_ONLY": ("leaf", "main")},
        confidence=(PolicyCoverage(policy="observed", functions=2, covered=1.0),),
        engines=engine("yes").engines,
        support=users(BrowserUse(name="chrome 150", share=30, jspi=True)).support,
        query="defaults",
        gain=gain(1.6),
    )
