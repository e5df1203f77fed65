"""Judges an observation of a case: the outcome, whether the case expects it, and why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stackswitch.models.backend import BackendInfo
from stackswitch.models.case import Case
from stackswitch.models.command import CommandCase
from stackswitch.models.expect import Difference, Expect, Expectation, Outcome
from stackswitch.models.result import CaseResult, CommandObservation, Observation, StepObservation
from stackswitch.models.values import same_value


def judge(case: Case, info: BackendInfo, observation: Observation) -> CaseResult:
    """Compare an observation with what the case, or its difference for this backend, expects."""
    expected, of_steps = case.expectations(info)
    outcome, faults = _judge(case, observation, expected, of_steps)
    # A difference may say only that a result is wrong, and not which.
    fits = outcome == expected.outcome and (not faults or outcome == "wrong")
    difference = case.difference(None, info)
    return case_result(case, info, observation, expected, difference, outcome, faults, as_expected=fits)


def case_result(
    case: Case | CommandCase,
    info: BackendInfo,
    observation: Observation | CommandObservation,
    expected: Expectation,
    difference: Difference | None,
    outcome: Outcome,
    faults: Sequence[str],
    *,
    as_expected: bool,
) -> CaseResult:
    """Return the result of a case; its detail has the faults and the reason of the difference.

    :param as_expected: whether the outcome is, unless the case is unsupported: that is judged here
    """
    detail = "; ".join(faults) or observation.detail
    if outcome == "unsupported" and observation.unsupported is not None:
        feature = observation.unsupported.feature
        detail = f"{feature}: {observation.unsupported.where}"
        fits = expected.outcome == outcome and expected.feature in (None, feature)
        as_expected = fits or (feature in case.needs and expected.outcome != outcome)
    if as_expected and difference is not None:
        detail = f"{detail} ({difference.reason})" if detail else difference.reason
    elif difference is not None:
        detail = f"expected {_describe(expected)}: {difference.reason}; but {detail or _past(outcome)}"
    elif not as_expected and not detail:
        detail = f"expected {_describe(expected)}"
    return CaseResult(
        case_id=case.id,
        backend=info.name,
        engine=info.engine,
        engine_version=info.engine_version,
        build=info.build,
        outcome=outcome,
        as_expected=as_expected,
        detail=detail,
        missing={name: tuple(sorted(names)) for name, names in sorted(observation.missing.items()) if names},
        warnings=observation.warnings,
        suspensions=observation.suspension_count,
        duration_ms=round(observation.duration_ms, 3),
    )


def _judge(
    case: Case, observation: Observation, expected: Expect, of_steps: tuple[Expect, ...]
) -> tuple[Outcome, list[str]]:
    """Return the outcome, and the differences from what was expected."""
    if any(observation.missing.values()):
        return "needs-list-fix", list(missing_faults(expected, observation))
    if observation.status != "finished":
        # No case can expect trouble of ours.
        return observation.status, list(observation.problems) if observation.status == "error" else []
    faults: list[str] = []
    trapped = wrong = False
    for step in observation.steps:
        found = list(_step_faults(of_steps[step.step], step, counts=bool(case.steps)))
        if case.steps:
            found = [f"step {step.step}: {text}" for text in found]
        faults += found
        if found:
            trapped |= step.ended == "trapped"
            wrong |= step.ended != "trapped"
    whole = [*_case_faults(expected, observation), *observation.problems]
    faults += whole
    if trapped:
        return "trapped", faults
    if wrong or whole:
        # If a short case should trap and returns, that is not a wrong value: it "returned".
        expects_return = case.steps or expected.outcome in ("returned", "wrong")
        return ("wrong" if expects_return else "returned"), faults
    if expected.outcome == "trapped" and not case.steps:
        return "trapped", []
    return "returned", []


def _step_faults(wanted: Expect, step: StepObservation, *, counts: bool) -> Iterator[str]:
    """Return how a step differs from what was expected.

    :param counts: whether to compare its number of suspensions, too; else the case's is compared
    """
    if step.ended == "done":
        return
    if step.trap is not None:
        said = f"{step.trap.kind}: {step.trap.message}" if step.trap.message else step.trap.kind
        if wanted.outcome != "trapped":
            yield f"trapped: {said}"
        elif wanted.trap not in (None, step.trap.kind):
            yield f"expected the trap {wanted.trap}, got {said}"
        elif wanted.error not in (None, step.trap.error):
            yield f"expected the failure {wanted.error!r}, got {step.trap.error!r}"
    elif wanted.outcome == "trapped" and step.ended == "returned":
        yield f"expected the trap {wanted.trap or '(any)'}, and it returned {_list(step.values)}"
    elif wanted.values is not None and step.ended == "cancelled":
        yield f"expected {_list(wanted.values)}, and it was cancelled"
    elif wanted.values is not None:
        same = len(wanted.values) == len(step.values) and all(map(same_value, wanted.values, step.values))
        if not same:
            yield f"expected {_list(wanted.values)}, got {_list(step.values)}"
    if counts:
        yield from suspension_faults(wanted.suspensions, step.suspensions)
    for expected, actual in zip(wanted.memory, step.memory, strict=False):
        if expected.hex != actual:
            yield f"memory at {expected.at:#x}: expected {expected.hex}, found {actual}"
    for name, value in wanted.globals.items():
        if name not in step.globals or not same_value(value, step.globals[name]):
            yield f"global {name}: expected {value}, found {step.globals.get(name, 'nothing')}"


def _case_faults(expected: Expect, observation: Observation) -> Iterator[str]:
    yield from suspension_faults(expected.suspensions, observation.suspension_count)
    if expected.log is not None and expected.log != observation.log:
        yield f"expected the imports called to be {_list(expected.log)}, saw {_list(observation.log)}"
    if expected.stdout is not None and expected.stdout != observation.stdout:
        yield f"expected the output {clip(expected.stdout)}, got {clip(observation.stdout)}"


def suspension_faults(expected: int | None, seen: int) -> Iterator[str]:
    """Return whether the number of suspensions differs from what was expected."""
    if expected not in (None, seen):
        yield f"expected {expected} suspensions, saw {seen}"


def missing_faults(expected: Expectation, observation: Observation | CommandObservation) -> Iterator[str]:
    """Return how the names that lists lack differ from what was expected."""
    for name in sorted({*expected.missing, *observation.missing}):
        wanted, found = set(expected.missing.get(name, ())), set(observation.missing.get(name, ()))
        if wanted != found:
            yield f"{name} lacks {_list(sorted(found))}" + (
                f", expected {_list(sorted(wanted))}" if wanted else ""
            )


def _describe(expected: Expectation) -> str:
    what = expected.feature or (expected.trap if isinstance(expected, Expect) else None)
    return f"{expected.outcome} ({what})" if what else expected.outcome


def _past(outcome: Outcome) -> str:
    return "it passed: the difference has to go" if outcome == "returned" else f"it came out as {outcome}"


def _list(items: Sequence[str]) -> str:
    return clip(", ".join(items)) if items else "nothing"


def clip(text: str, width: int = 300) -> str:
    """Return a text on one line, cut if it is long."""
    if len(text) > width:
        return text[:width] + "…"
    return repr(text) if "\n" in text else text
