"""The verdict: all rules applied to all that is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from stackswitch.models.readiness import Finding, Level, Report
from stackswitch.reports.text import counted

from .judge_cases import CasesFound, judge_cases
from .judge_engines import judge_engines, judge_users
from .judge_module import judge_gain, judge_lists, judge_module
from .judge_traces import judge_traces, ran_on_jspi, traced_on_jspi, waits_on_jspi
from .reentrant import with_proposal
from .rules import finding, level_by, merged_names, silenced
from .steps import steps_of
from .verdict_inputs import VerdictInputs

_ORDER = ("blocks", "unknown", "change", "note")


def judge(inputs: VerdictInputs) -> Report:
    """Judge, and return the report. It has no clock and no history: the caller adds those.

    :raises ConfigError: a rule is silenced that does not exist, or without a reason
    """
    cases = judge_cases(inputs)
    inputs = _without_disproved(inputs, cases)
    obstacles = () if inputs.analysis is None else inputs.analysis.obstacles
    probed = () if inputs.engines is None else inputs.engines.engines
    engines, of_engines = judge_engines(probed, cases.runs, obstacles, cases.cases)
    users, of_users = judge_users(inputs.support, inputs.query)
    fallback = bool(of_users) or any(each.level == "not-ready" for each in engines)
    lists, of_lists = judge_lists(inputs, inputs.picture.functions, fallback=fallback)
    of_cases = [
        each.model_copy(update={"weight": "change"})
        if fallback and each.rule == "asyncify-list-missing"
        else each
        for each in cases.findings
    ]
    of_traces = list(judge_traces(inputs))
    found = [
        *_once([*of_cases, *of_traces], of_lists),
        *judge_module(inputs),
        *of_engines,
        *of_users,
        *judge_gain(inputs.gain),
    ]
    if inputs.missing_shards:
        found.append(finding("shards-missing", "; ".join(inputs.missing_shards)))
    if not ran_on_jspi(inputs):
        found.append(finding("not-run", "no case was run on JSPI"))
    found.sort(key=lambda each: _ORDER.index(each.weight))
    findings = silenced(with_proposal(found, inputs), inputs.silence)
    level = level_of(findings)
    report = Report(
        title=inputs.title,
        level=level,
        headline="",
        statuses=cases.counts,
        runs=cases.runs,
        cases=cases.cases,
        findings=findings,
        steps=steps_of(inputs, findings, lists, engines),
        engines=engines,
        users=users,
        lists=lists,
        confidence=inputs.confidence,
        test_next=()
        if inputs.analysis is None or not inputs.suspensions
        else tuple((each.function, each.chance, each.brings) for each in inputs.analysis.test_next),
        picture=inputs.picture,
        gain=inputs.gain,
        module=inputs.module,
        other_modules=dict(inputs.other_modules),
        sources=inputs.sources,
        traces=inputs.uses,
    )
    return report.model_copy(update={"headline": _headline(report, inputs)})


def _without_disproved(inputs: VerdictInputs, cases: CasesFound) -> VerdictInputs:
    """Leave out obstacles to Asyncify in the code if an Asyncify build has run cases well."""
    if inputs.analysis is None or not any(
        run.worked + run.meant for run in cases.runs if run.backend == "asyncify"
    ):
        return inputs
    real = tuple(each for each in inputs.analysis.obstacles if each.backend != "asyncify")
    analysis = inputs.analysis.model_copy(update={"obstacles": real})
    return replace(inputs, analysis=analysis)


def level_of(findings: Sequence[Finding]) -> Level:
    """Return the level of findings; silenced ones do not count."""
    return level_by({each.weight for each in findings if not each.silenced})


def worst(levels: Iterable[Level]) -> Level:
    """Return the worst of several verdicts."""
    order: tuple[Level, ...] = ("not-ready", "unknown", "ready-with-changes", "ready")
    return min(levels, key=order.index)


def _once(of_cases: Sequence[Finding], of_lists: Sequence[Finding]) -> list[Finding]:
    """Merge findings of cases and of stacks about one list."""
    merged: dict[tuple[str, str], Finding] = {}
    for each in (*of_cases, *of_lists):
        key = each.rule, each.subject
        other = merged.get(key)
        if other is None:
            merged[key] = each
            continue
        names = merged_names((other.names, each.names))
        merged[key] = other.model_copy(update={"names": names, "text": f"{other.text}; {each.text}"})
    return list(merged.values())


def _headline(report: Report, inputs: VerdictInputs) -> str:
    """The verdict's reason, in one or two sentences."""
    level, total = report.level, len(report.cases)
    count = [each for each in report.findings if not each.silenced]
    parts = []
    if any(run.backend == "jspi" and run.cases for run in report.runs):
        meant = report.meant("jspi")
        fail = f", {meant:,} fail{'s' if meant == 1 else ''} there as it should" if meant else ""
        parts.append(f"{report.working('jspi'):,} of {total:,} cases work on JSPI as they are{fail}")
    elif traced_on_jspi(inputs):
        parts.append(_of_traces(inputs))
    # The findings are in the order of their weights: the first one decides.
    if level == "not-ready":
        parts.append(f"the obstacle: {count[0].text}")
    elif level == "unknown":
        parts.append(count[0].text)
    elif level == "ready-with-changes" and not total:
        parts.append(f"to change: {count[0].text}")
    unused = sum(each.not_used for each in inputs.uses)
    if unused:
        were = "was" if unused == 1 else "were"
        parts.append(f"incomplete: {counted(unused, 'line')} of the traces {were} not used, or in part only")
    asked = [each for each in report.engines if each.level != "unknown"]
    if asked and level != "not-ready":
        fit = sum(each.level != "not-ready" for each in asked)
        parts.append(f"{fit} of {len(asked)} engines can run it")
    text = "; ".join(parts) or "no obstacle was found"
    return text[0].upper() + text[1:] + "."


def _of_traces(inputs: VerdictInputs) -> str:
    """What the traces show of JSPI, in counts."""
    waits, refused = waits_on_jspi(inputs)
    of = f" of {counted(len(inputs.uses), 'trace')}" if inputs.uses else ""
    suspensions = (
        f"{counted(refused, 'suspension')} {'was' if refused == 1 else 'were'}" if refused else "none was"
    )
    return f"{counted(waits, 'wait')}{of} went well on JSPI, {suspensions} refused"
