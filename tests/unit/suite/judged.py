"""Cases, and what was observed of them, for the tests of expectations."""

from __future__ import annotations

from typing import Any

from stackswitch.models.backend import BackendInfo
from stackswitch.models.case import Case
from stackswitch.models.result import CaseResult, Observation, StepObservation, Trap, Unsupported

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


def unsupported(feature: str) -> Observation:
    return Observation(status="unsupported", unsupported=Unsupported(feature=feature, where="function 3"))
