"""Judges an observation of a command: how it ended, whether the case expects that, and why not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from stackswitch.models.backend import BackendInfo
from stackswitch.models.command import CommandCase, CommandExpect
from stackswitch.models.expect import Outcome
from stackswitch.models.result import CaseResult, CommandObservation

from .expectations import case_result, clip, missing_faults, suspension_faults

_ERROR = re.compile(r"^(?:Uncaught )?([\w.]*Error\b: .*)$", re.MULTILINE)
_LAST_LINES = 5


def judge_command(case: CommandCase, info: BackendInfo, observation: CommandObservation) -> CaseResult:
    """Compare an observation with what the case, or its difference for this backend, expects."""
    difference, expected = case.difference(info), case.expectation(info)
    faults = list(_faults(expected, observation))
    outcome = ending = _ending(expected, observation, faults)
    missing = sum(map(len, observation.missing.values()))
    fits = outcome == expected.outcome
    # If a list lacks names without any effect, that is reported, and the run counts as returned.
    if missing and ending != "returned" and observation.status in ("finished", "hung"):
        outcome = "needs-list-fix"
        faults = [*missing_faults(expected, observation), *faults]
        fits = outcome == expected.outcome and _short_as_expected(expected, observation, ending)
    elif missing and outcome == "returned" and not observation.detail:
        faults = [
            f"it came out right, with {missing} name{'s' * (missing > 1)} on its stacks not instrumented"
        ]
    result = case_result(case, info, observation, expected, difference, outcome, faults, as_expected=fits)
    symptom = None if outcome == ending else ending
    return result.model_copy(update={"module": observation.module, "symptom": symptom})


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
        yield "it did not end in time" + (f": {observation.detail}" if observation.detail else "")
        return
    if observation.signal is not None:
        yield f"ended by signal {observation.signal}{_message(observation)}"
    elif observation.exit_code != expected.exit_code:
        yield f"exit status {observation.exit_code}{_message(observation)}"
    if expected.stdout is not None and observation.stdout != expected.stdout:
        yield _first_difference(expected.stdout, observation.stdout)
    yield from suspension_faults(expected.suspensions, observation.suspension_count)


def _message(observation: CommandObservation) -> str:
    """Return the engine's message of the trap, an error of the program, or the end of its standard error."""
    if observation.traps:
        trap = observation.traps[-1]
        return f": {clip(f'{trap.error}: {trap.message}')}" + (
            f" ({trap.explanation})" if trap.explanation else ""
        )
    if match := _ERROR.search(observation.stderr):
        return f": {clip(match[1])}"
    lines = observation.stderr.strip().splitlines()[-_LAST_LINES:]
    return f": {clip(' | '.join(line.strip() for line in lines))}" if lines else ""


def _first_difference(expected: str, actual: str) -> str:
    """Return the first line of standard output that is not as expected, both as expected and as it is."""
    if not actual:
        return f"nothing on standard output, expected {clip(repr(expected))}"
    pairs = enumerate(zip_longest(expected.split("\n"), actual.split("\n")), 1)
    number, lines = next((number, pair) for number, pair in pairs if pair[0] != pair[1])
    wanted, got = ["the end" if line is None else clip(repr(line)) for line in lines]
    return f"standard output, line {number}: expected {wanted}, got {got}"


def _short_as_expected(expected: CommandExpect, observation: CommandObservation, ending: Outcome) -> bool:
    """Whether the missing names and the ending are as expected, if the case says which it expects."""
    wanted = {which: set(names) for which, names in expected.missing.items() if names}
    found = {which: set(names) for which, names in observation.missing.items() if names}
    return (not wanted or wanted == found) and expected.symptom in (None, ending)
