"""Judge what a backend saw of a case: the outcome, whether it is the expected one, and why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stackswitch.models.backend import BackendInfo
from stackswitch.models.case import Case
from stackswitch.models.expect import Expect, Outcome
from stackswitch.models.result import CaseResult, Observation, StepObservation
from stackswitch.models.values import same_value


def judge(case: Case, info: BackendInfo, seen: Observation) -> CaseResult:
    """Compare what was seen with what the case, or its difference for this backend, expects."""
    difference = case.difference(None, info)
    expected, of_steps = case.expectations(info)
    outcome, faults = _judge(case, seen, expected, of_steps)
    detail = "; ".join(faults) or seen.detail
    if outcome == "unsupported" and seen.unsupported is not None:
        feature = seen.unsupported.feature
        detail = f"{feature}: {seen.unsupported.where}"
        fits = expected.outcome == outcome and expected.feature in (None, feature)
        as_expected = fits or (feature in case.needs and expected.outcome != outcome)
    else:
        # A difference may say no more than that something comes out otherwise.
        as_expected = outcome == expected.outcome and (not faults or outcome == "wrong")
    if as_expected and difference is not None:
        detail = f"{detail} ({difference.reason})" if detail else difference.reason
    elif not as_expected and difference is not None:
        because = f"expected {_describe(expected)}: {difference.reason}"
        detail = f"{because}; but {detail or outcome}" if detail else f"{because}; but it {_past(outcome)}"
    elif not as_expected and not detail:
        detail = f"expected {_describe(expected)}"
    return CaseResult(
        case_id=case.id,
        backend=info.name,
        engine=info.engine,
        engine_version=info.engine_version,
        outcome=outcome,
        as_expected=as_expected,
        detail=detail,
        missing={name: tuple(sorted(names)) for name, names in sorted(seen.missing.items()) if names},
        warnings=seen.warnings,
        suspensions=seen.suspension_count,
        duration_ms=round(seen.duration_ms, 3),
    )


def _judge(
    case: Case, seen: Observation, expected: Expect, of_steps: tuple[Expect, ...]
) -> tuple[Outcome, list[str]]:
    """Return the outcome and what was not as expected."""
    if any(seen.missing.values()):
        return "needs-list-fix", list(_missing_faults(expected, seen))
    if seen.status != "finished":
        # Trouble of ours is no error that a case can expect.
        return seen.status, list(seen.problems) if seen.status == "error" else []
    faults: list[str] = []
    trapped = wrong = False
    for step in seen.steps:
        found = list(_step_faults(of_steps[step.step], step, counts=bool(case.steps)))
        if found and case.steps:
            found = [f"step {step.step}: {text}" for text in found]
        faults += found
        if found:
            trapped |= step.ended == "trapped"
            wrong |= step.ended != "trapped"
    whole = [*_case_faults(expected, seen), *seen.problems]
    faults += whole
    if trapped:
        return "trapped", faults
    if wrong or whole:
        # A short case that was to trap and returned is no wrong value: it "returned".
        expects_return = case.steps or expected.outcome in ("returned", "wrong")
        return ("wrong" if expects_return else "returned"), faults
    if expected.outcome == "trapped" and not case.steps:
        return "trapped", []
    return "returned", []


def _step_faults(wanted: Expect, seen: StepObservation, *, counts: bool) -> Iterator[str]:
    """Compare a step; its own count of suspensions only where the case's is not meant (``counts``)."""
    if seen.ended == "done":
        return
    if seen.trap is not None:
        told = f"{seen.trap.kind}: {seen.trap.message}" if seen.trap.message else seen.trap.kind
        if wanted.outcome != "trapped":
            yield f"trapped: {told}"
        elif wanted.trap not in (None, seen.trap.kind):
            yield f"expected the trap {wanted.trap}, got {told}"
        elif wanted.error not in (None, seen.trap.error):
            yield f"expected the failure {wanted.error!r}, got {seen.trap.error!r}"
    elif wanted.outcome == "trapped" and seen.ended == "returned":
        yield f"expected the trap {wanted.trap or '(any)'}, and it returned {_list(seen.values)}"
    elif wanted.values is not None and seen.ended == "cancelled":
        yield f"expected {_list(wanted.values)}, and it was cancelled"
    elif wanted.values is not None:
        same = len(wanted.values) == len(seen.values) and all(map(same_value, wanted.values, seen.values))
        if not same:
            yield f"expected {_list(wanted.values)}, got {_list(seen.values)}"
    if counts and wanted.suspensions not in (None, seen.suspensions):
        yield f"expected {wanted.suspensions} suspensions, saw {seen.suspensions}"
    for expected, actual in zip(wanted.memory, seen.memory, strict=False):
        if expected.hex != actual:
            yield f"memory at {expected.at:#x}: expected {expected.hex}, found {actual}"
    for name, value in wanted.globals.items():
        if name not in seen.globals or not same_value(value, seen.globals[name]):
            yield f"global {name}: expected {value}, found {seen.globals.get(name, 'nothing')}"


def _case_faults(expected: Expect, seen: Observation) -> Iterator[str]:
    if expected.suspensions not in (None, seen.suspension_count):
        yield f"expected {expected.suspensions} suspensions, saw {seen.suspension_count}"
    if expected.log is not None and expected.log != seen.log:
        yield f"expected the imports called to be {_list(expected.log)}, saw {_list(seen.log)}"
    if expected.stdout is not None and expected.stdout != seen.stdout:
        yield f"expected the output {_clip(expected.stdout)}, got {_clip(seen.stdout)}"


def _missing_faults(expected: Expect, seen: Observation) -> Iterator[str]:
    for name in sorted({*expected.missing, *seen.missing}):
        wanted, found = set(expected.missing.get(name, ())), set(seen.missing.get(name, ()))
        if wanted != found:
            yield f"{name} lacks {_list(sorted(found))}" + (
                f", expected {_list(sorted(wanted))}" if wanted else ""
            )


def _describe(expected: Expect) -> str:
    if expected.feature is not None:
        return f"{expected.outcome} ({expected.feature})"
    return f"{expected.outcome} ({expected.trap})" if expected.trap else expected.outcome


def _past(outcome: Outcome) -> str:
    return "passed: the difference has to go" if outcome == "returned" else f"came out as {outcome}"


def _list(items: Sequence[str]) -> str:
    return _clip(", ".join(items)) if items else "nothing"


def _clip(text: str, width: int = 300) -> str:
    if len(text) > width:
        return text[:width] + "…"
    return repr(text) if "\n" in text else text
