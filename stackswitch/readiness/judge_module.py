"""What the rules say of the module itself and of its lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stackswitch.analysis.facts import CheckedList, Obstacle
from stackswitch.lists.policies import jspi_lists
from stackswitch.models.expect import ListName
from stackswitch.models.picture import Function
from stackswitch.models.readiness import Finding, Gain, ListReport, ModuleFacts, Weight
from stackswitch.models.trace import Suspension
from stackswitch.reports.text import counted

from .judge_traces import ran_on_jspi
from .reentrant import weights_of
from .rules import finding, merged_names
from .verdict_inputs import VerdictInputs

_COVERED_WELL = 0.9
_SEEN = ("seen", "missing", "instrumented")
"""States of functions that were on a stack at a wait: together the smallest list for what was seen."""
_SMALLER = 0.98
"""A ratio of Asyncify to plain above this is no gain in size worth the name."""


def judge_module(inputs: VerdictInputs) -> Iterator[Finding]:
    """Apply the rules of the module."""
    facts, analysis = inputs.module, inputs.analysis
    if len(inputs.other_modules) > 1:
        yield finding("several-modules", f"results of {len(inputs.other_modules)} builds of one module")
    if analysis is not None:
        yield from _obstacles(analysis.obstacles, inputs)
    if facts is not None:
        yield from _shadow_stack(facts, inputs)
        if not facts.named and facts.functions:
            yield finding("no-names", f"none of its {facts.functions} functions has a name")


def _obstacles(obstacles: Iterable[Obstacle], inputs: VerdictInputs) -> Iterator[Finding]:
    ran, weights = ran_on_jspi(inputs), weights_of(inputs)
    rules = {"js-frames": "invoke-imports", "start-suspension": "start-reaches-wait", "fibers": "fibers"}
    for each in obstacles:
        more = f" (and {each.count - 1} more)" if each.count > 1 else ""
        if each.backend == "jspi" and each.feature in rules:
            # If it ran on JSPI, a possible call in the code is no blocker.
            weight: Weight = "change" if ran and each.feature == "js-frames" else weights[rules[each.feature]]
            yield finding(rules[each.feature], f"{each.where}{more}", subject=each.feature, weight=weight)
        elif each.backend == "asyncify":
            yield finding("asyncify-refuses", f"{each.text}: {each.where}{more}", subject=each.feature)


def _shadow_stack(facts: ModuleFacts, inputs: VerdictInputs) -> Iterator[Finding]:
    if facts.shadow_stack == "none":
        return
    exports = {each.export for stacks in inputs.suspensions.values() for each in stacks} - {""}
    several = f", {len(exports)} exports wait" if len(exports) > 1 else ""
    yield finding("shared-stack", f"the C stack is shared by all calls{several}")
    if facts.shadow_stack == "hidden":
        yield finding("hidden-stack-pointer", "__stack_pointer is not exported")


def judge_lists(
    inputs: VerdictInputs, functions: Iterable[Function], *, fallback: bool
) -> tuple[tuple[ListReport, ...], tuple[Finding, ...]]:
    """Compare the lists with what was observed, and derive those of JSPI.

    :param fallback: the Asyncify build has to stay for some engines
    """
    functions = tuple(functions)
    seen = [each for stacks in inputs.suspensions.values() for each in stacks]
    findings: list[Finding] = []
    reports: dict[ListName, ListReport] = {}

    def note(which: ListName, **facts: object) -> None:
        reports[which] = reports.get(which, ListReport(list=which)).model_copy(update=facts)

    for which, names in inputs.lists.items():
        note(which, entries=len(names))
    traps = [each for of in inputs.traps.values() for each in of]
    jspi = [{which: of for which, of in each.missing.items() if which.startswith("JSPI_")} for each in traps]
    missing_names = merged_names([*(each.missing for each in inputs.results), *jspi])
    for which, of in missing_names.items():
        note(which, missing=of)
    missing = tuple(each.name for each in functions if each.state == "missing")
    if missing:
        note("ASYNCIFY_ONLY", missing=tuple(sorted({*missing_names.get("ASYNCIFY_ONLY", ()), *missing})))
        found = finding(
            "asyncify-list-missing",
            f"{counted(len(missing), 'function')} seen at a wait, not instrumented",
            subject="ASYNCIFY_ONLY",
            names={"ASYNCIFY_ONLY": missing},
            weight="change" if fallback else None,
        )
        findings.append(found)
    if seen:
        for which, names in jspi_lists(seen).items():
            if names or which in reports:
                note(which, derived=names)
        note("ASYNCIFY_ONLY", derived=tuple(sorted(each.name for each in functions if each.state in _SEEN)))
    analysis = inputs.analysis
    for checked in () if analysis is None else analysis.lists:
        stale = tuple(each.entry for each in checked.findings if each.kind != "shadowed")
        note(checked.list, entries=checked.entries, stale=stale)
        if stale:
            findings.append(_stale(checked, stale))
    if analysis is not None and analysis.seen is not None and seen and analysis.seen.never_seen:
        unseen = analysis.seen.never_seen
        note("ASYNCIFY_ONLY", never_seen=unseen)
        text = (
            f"{counted(unseen, 'listed function')} {'was' if unseen == 1 else 'were'} on no stack at a wait"
        )
        findings.append(finding("never-seen", text, subject="ASYNCIFY_ONLY"))
    findings += _confidence(inputs, seen)
    return tuple(reports[which] for which in sorted(reports)), tuple(findings)


def _stale(checked: CheckedList, stale: tuple[str, ...]) -> Finding:
    return finding(
        "stale-names",
        f"{len(stale)} of {checked.entries} entr{'y' if checked.entries == 1 else 'ies'} of {checked.list} "
        f"stand{'s' if len(stale) == 1 else ''} for no function",
        subject=checked.list,
        names={checked.list: stale},
    )


def _confidence(inputs: VerdictInputs, seen: list[Suspension]) -> Iterator[Finding]:
    for each in inputs.confidence:
        if each.covered < _COVERED_WELL:
            text = f"a list computed as “{each.policy}” covers {each.covered:.0%} of the cases left out"
            yield finding("thin-evidence", text, subject=each.policy)
    truncated = sum(each.truncated for each in seen)
    if truncated:
        yield finding("truncated-stacks", f"{counted(truncated, 'stack')} went on, unseen")


def judge_gain(gain: Gain | None) -> Iterator[Finding]:
    """Say whether moving gains anything."""
    if gain is None or not gain.measures:
        yield finding("not-measured", "no build was measured for this report")
    elif all(each.ratio.median <= 1 / _SMALLER for each in gain.measures):
        yield finding("no-gain", "in nothing that was measured is the plain build better")
