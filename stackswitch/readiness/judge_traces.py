"""What the rules say of traces: waits on JSPI, suspensions that the engine refused, traps, lines not used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from stackswitch.analysis.traces import is_refused
from stackswitch.lists.emscripten_imports import INVOKE
from stackswitch.models.readiness import Finding
from stackswitch.models.trace import TraceTrap
from stackswitch.reports.text import counted

from .reentrant import weights_of
from .rules import finding, merged_names
from .verdict_inputs import VerdictInputs

_OF_OTHERS = ("other-module", "unknown-module")
"""Reasons for which a line says nothing of the module of the report."""


def ran_on_jspi(inputs: VerdictInputs) -> bool:
    """Whether a case or a traced program ran on JSPI."""
    ran = any(each.backend == "jspi" and each.outcome != "skipped" for each in inputs.results)
    return ran or traced_on_jspi(inputs)


def traced_on_jspi(inputs: VerdictInputs) -> bool:
    """Whether a traced program waited on JSPI, or was refused to."""
    waits = any(each.backend == "jspi" for of in inputs.suspensions.values() for each in of)
    return waits or any(map(is_refused, _traps(inputs)))


def waits_on_jspi(inputs: VerdictInputs) -> tuple[int, int]:
    """Return how many waits the traces show on JSPI, and how many suspensions the engine refused."""
    stacks = [each for of in inputs.suspensions.values() for each in of if each.backend == "jspi"]
    return sum(each.count for each in stacks if not each.refused), sum(map(is_refused, _traps(inputs)))


def _traps(inputs: VerdictInputs) -> list[TraceTrap]:
    return [each for of in inputs.traps.values() for each in of]


def judge_traces(inputs: VerdictInputs) -> Iterator[Finding]:
    """Apply the rules of traces."""
    by_rule: dict[tuple[str, str], list[tuple[str, TraceTrap]]] = defaultdict(list)
    for case, traps in inputs.traps.items():
        for trap in traps:
            found = _rule(trap)
            if found is not None:
                by_rule[found].append((case, trap))
    weights = weights_of(inputs)
    for (rule, subject), of in by_rule.items():
        yield _of_traps(rule, subject, of).model_copy(update={"weight": weights[rule]})
    for use in inputs.uses:
        for unused in use.unused:
            rule = "trace-other-module" if unused.reason in _OF_OTHERS else "trace-incomplete"
            yield finding(
                rule,
                f"{use.trace}: {counted(unused.lines, 'line')} not used, or in part only: {unused.text}",
                subject=use.trace,
            )


def _rule(trap: TraceTrap) -> tuple[str, str] | None:
    """Return the rule that a trap is a matter of, and its subject; None: another says it already."""
    if trap.cause == "js-frames":
        invoke = next((each for each in trap.js_frames if each.startswith(INVOKE)), None)
        return ("js-frames", trap.js_frames[0]) if invoke is None else ("invoke-glue", invoke.split(" (")[0])
    if trap.cause == "not-promising":
        return "jspi-list-missing", "JSPI_EXPORTS"
    if is_refused(trap):
        return "entry-not-promising", trap.export or (trap.frames[-1][2] if trap.frames else "")
    if trap.cause == "not-instrumented":
        return None  # the stacks themselves show the names
    return "trace-trap", trap.error


def _of_traps(rule: str, subject: str, of: list[tuple[str, TraceTrap]]) -> Finding:
    count = len(of)
    what = "a suspension was" if count == 1 else f"{count:,} suspensions were"
    first = of[0][1]
    text = f"in the traces, {what} refused: {first.explanation}"
    if rule == "trace-trap":
        times = "once" if count == 1 else f"{count:,} times"
        more = f" ({first.explanation})" if first.explanation else ""
        text = f"a traced program trapped {times}: {first.error}: {first.message}{more}"
    return finding(
        rule,
        text,
        subject=subject,
        cases=tuple(dict.fromkeys(case for case, _ in of if case)),
        names=merged_names(trap.missing for _, trap in of),
    )
