"""Judges an observation of a command: how it ended, whether the case expects that, and why not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stackswitch.models.backend import BackendInfo
from stackswitch.models.command import CommandCase, CommandExpect
from stackswitch.models.expect import Outcome
from stackswitch.models.result import CaseResult, CommandObservation

_ERROR = re.compile(r"^(?:Uncaught )?([\w.]*Error\b: .*)$", re.MULTILINE)
_LAST_LINES = 5
_MOST_SHOWN = 300


def judge_command(case: CommandCase, info: BackendInfo, observation: CommandObservation) -> CaseResult:
    """Compare an observation with what the case, or its difference for this backend, expects."""
    difference, expected = case.difference(info), case.expectation(info)
    faults = list(_faults(expected, observation))
    ending = _ending(expected, observation, faults)
    # If a list lacks names without any effect, that is reported, and the run counts as returned.
    short = (
        any(observation.missing.values())
        and ending != "returned"
        and observation.status in ("finished", "hung")
    )
    outcome: Outcome = "needs-list-fix" if short else ending
    if short:
        faults = [*_missing_faults(expected, observation), *faults]
    detail = "; ".join(faults) or observation.detail
    if outcome == "unsupported" and observation.unsupported is not None:
        feature = observation.unsupported.feature
        detail = f"{feature}: {observation.unsupported.where}"
        as_expected = feature in case.needs or (
            expected.outcome == outcome and expected.feature in (None, feature)
        )
    else:
        as_expected = outcome == expected.outcome and (
            outcome != "needs-list-fix" or _short_as_expected(expected, observation, ending)
        )
    if outcome == "returned" and any(observation.missing.values()) and not detail:
        count = sum(map(len, observation.missing.values()))
        detail = (
            f"it came out right, with {count} name{'s' if count > 1 else ''} on its stacks not instrumented"
        )
    if difference is not None:
        detail = _with_reason(difference.reason, expected, outcome, detail, as_expected=as_expected)
    elif not as_expected and not detail:
        detail = f"expected {expected.outcome}"
    return CaseResult(
        case_id=case.id,
        backend=info.name,
        engine=info.engine,
        engine_version=info.engine_version,
        build=info.build,
        module=observation.module,
        outcome=outcome,
        symptom=ending if short else None,
        as_expected=as_expected,
        detail=detail,
        missing={name: tuple(sorted(names)) for name, names in sorted(observation.missing.items()) if names},
        warnings=observation.warnings,
        suspensions=observation.suspension_count,
        duration_ms=round(observation.duration_ms, 3),
    )


def _ending(expected: CommandExpect, observation: CommandObservation, faults: list[str]) -> Outcome:
    """Return how it ended, regardless of missing names."""
    if observation.status != "finished":
        return observation.status
    if not faults:
        return "returned"
    if observation.signal is not None:
        return "crashed"
    if observation.exit_code not in (0, expected.exit_code) or observation.traps:
        return "trapped"
    return "wrong"


def _faults(expected: CommandExpect, observation: CommandObservation) -> Iterator[str]:
    if observation.status in ("unsupported", "error"):
        return
    if observation.status == "hung":
        yield (
            f"it did not end in time: {observation.detail}"
            if observation.detail
            else "it did not end in time"
        )
        return
    if observation.signal is not None:
        yield f"ended by signal {observation.signal}{_message(observation)}"
    elif observation.exit_code != expected.exit_code:
        yield f"exit status {observation.exit_code}{_message(observation)}"
    if expected.stdout is not None and observation.stdout != expected.stdout:
        yield _first_difference(expected.stdout, observation.stdout)
    if expected.suspensions not in (None, observation.suspension_count):
        yield f"expected {expected.suspensions} suspensions, saw {observation.suspension_count}"


def _message(observation: CommandObservation) -> str:
    """Return the engine's message of the trap, an error of the program, or the end of its standard error."""
    if observation.traps:
        trap = observation.traps[-1]
        told = f"{trap.error}: {trap.message}"
        return f": {_clip(told)}" + (f" ({trap.explanation})" if trap.explanation else "")
    if match := _ERROR.search(observation.stderr):
        return f": {_clip(match[1])}"
    lines = observation.stderr.strip().splitlines()[-_LAST_LINES:]
    return f": {_clip(' | '.join(line.strip() for line in lines))}" if lines else ""


def _first_difference(expected: str, actual: str) -> str:
    """Return the first line of standard output that is not as expected, both as expected and as it is."""
    wanted, got = expected.split("\n"), actual.split("\n")
    same = next(
        (at for at, (one, other) in enumerate(zip(wanted, got, strict=False)) if one != other),
        min(len(wanted), len(got)),
    )

    def shown(lines: list[str]) -> str:
        return _clip(repr(lines[same])) if same < len(lines) else "the end"

    if not actual:
        return f"nothing on standard output, expected {_clip(repr(expected))}"
    return f"standard output, line {same + 1}: expected {shown(wanted)}, got {shown(got)}"


def _missing_faults(expected: CommandExpect, observation: CommandObservation) -> Iterator[str]:
    for which, names in sorted(observation.missing.items()):
        if set(expected.missing.get(which, ())) != set(names):
            yield f"{which} lacks {_clip(', '.join(sorted(names)))}"


def _short_as_expected(expected: CommandExpect, observation: CommandObservation, ending: Outcome) -> bool:
    """Whether the missing names and the ending are as expected, if the case says which it expects."""
    wanted = {which: set(names) for which, names in expected.missing.items() if names}
    found = {which: set(names) for which, names in observation.missing.items() if names}
    return (not wanted or wanted == found) and expected.symptom in (None, ending)


def _with_reason(
    reason: str, expected: CommandExpect, outcome: Outcome, detail: str, *, as_expected: bool
) -> str:
    if as_expected:
        return f"{detail} ({reason})" if detail else reason
    if outcome == "returned" and not detail:
        detail = "it passed: the difference has to go"
    return f"expected {expected.outcome}: {reason}; but {detail or f'it came out as {outcome}'}"


def _clip(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
