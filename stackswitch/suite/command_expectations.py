"""Judge what a backend saw of a command: how it ended, whether that was expected, and why not."""

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


def judge_command(case: CommandCase, info: BackendInfo, seen: CommandObservation) -> CaseResult:
    """Compare what was seen with what the case, or its difference for this backend, expects."""
    difference, expected = case.difference(info), case.expectation(info)
    faults = list(_faults(expected, seen))
    ending = _ending(expected, seen, faults)
    # A list that falls short and harms nothing is told, and the run is as good as any.
    short = any(seen.missing.values()) and ending != "returned" and seen.status in ("finished", "hung")
    outcome: Outcome = "needs-list-fix" if short else ending
    if short:
        faults = [*_missing_faults(expected, seen), *faults]
    detail = "; ".join(faults) or seen.detail
    if outcome == "unsupported" and seen.unsupported is not None:
        feature = seen.unsupported.feature
        detail = f"{feature}: {seen.unsupported.where}"
        as_expected = feature in case.needs or (
            expected.outcome == outcome and expected.feature in (None, feature)
        )
    else:
        as_expected = outcome == expected.outcome and (
            outcome != "needs-list-fix" or _short_as_expected(expected, seen, ending)
        )
    if outcome == "returned" and any(seen.missing.values()) and not detail:
        count = sum(map(len, seen.missing.values()))
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
        module=seen.module,
        outcome=outcome,
        symptom=ending if short else None,
        as_expected=as_expected,
        detail=detail,
        missing={name: tuple(sorted(names)) for name, names in sorted(seen.missing.items()) if names},
        warnings=seen.warnings,
        suspensions=seen.suspension_count,
        duration_ms=round(seen.duration_ms, 3),
    )


def _ending(expected: CommandExpect, seen: CommandObservation, faults: list[str]) -> Outcome:
    """How it ended, names that are missing left aside."""
    if seen.status != "finished":
        return seen.status
    if not faults:
        return "returned"
    if seen.signal is not None:
        return "crashed"
    if seen.exit_code not in (0, expected.exit_code) or seen.traps:
        return "trapped"
    return "wrong"


def _faults(expected: CommandExpect, seen: CommandObservation) -> Iterator[str]:
    if seen.status in ("unsupported", "error"):
        return
    if seen.status == "hung":
        yield f"it did not end in time: {seen.detail}" if seen.detail else "it did not end in time"
        return
    if seen.signal is not None:
        yield f"ended by signal {seen.signal}{_said(seen)}"
    elif seen.exit_code != expected.exit_code:
        yield f"exit status {seen.exit_code}{_said(seen)}"
    if expected.stdout is not None and seen.stdout != expected.stdout:
        yield _first_difference(expected.stdout, seen.stdout)
    if expected.suspensions not in (None, seen.suspension_count):
        yield f"expected {expected.suspensions} suspensions, saw {seen.suspension_count}"


def _said(seen: CommandObservation) -> str:
    """The trap, in the engine's words; an error of the program's; or the end of its standard error."""
    if seen.traps:
        trap = seen.traps[-1]
        told = f"{trap.error}: {trap.message}"
        return f": {_clip(told)}" + (f" ({trap.explanation})" if trap.explanation else "")
    if match := _ERROR.search(seen.stderr):
        return f": {_clip(match[1])}"
    lines = seen.stderr.strip().splitlines()[-_LAST_LINES:]
    return f": {_clip(' | '.join(line.strip() for line in lines))}" if lines else ""


def _first_difference(expected: str, actual: str) -> str:
    """Where standard output is other than expected: the first line that differs, both ways."""
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


def _missing_faults(expected: CommandExpect, seen: CommandObservation) -> Iterator[str]:
    for which, names in sorted(seen.missing.items()):
        if set(expected.missing.get(which, ())) != set(names):
            yield f"{which} lacks {_clip(', '.join(sorted(names)))}"


def _short_as_expected(expected: CommandExpect, seen: CommandObservation, ending: Outcome) -> bool:
    """Whether the names, and how it ended, are the expected ones, where the case says which."""
    wanted = {which: set(names) for which, names in expected.missing.items() if names}
    found = {which: set(names) for which, names in seen.missing.items() if names}
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
