"""Where JSPI may ship: engines as they were probed, as the suite ran on them, and users by published data."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from stackswitch.analysis.facts import Obstacle
from stackswitch.models.engine import EngineReport
from stackswitch.models.matrix import Support
from stackswitch.models.readiness import CaseVerdict, EngineVerdict, Finding, Level, RunColumn, Users

from .rules import finding

POLYFILL = "the Asyncify build, behind the same glue, by the polyfill"
NO_FALLBACK = "none: Asyncify refuses the module"


def judge_engines(
    reports: Sequence[EngineReport],
    runs: Sequence[RunColumn],
    obstacles: Sequence[Obstacle],
    cases: Sequence[CaseVerdict] = (),
) -> tuple[tuple[EngineVerdict, ...], tuple[Finding, ...]]:
    """Give every engine its verdict; where one was probed and ran the suite too, it stands there once.

    :param obstacles: what of the module stands in a backend's way
    :param cases: those of the runs
    """
    needed = tuple(each.feature for each in obstacles if each.backend == "jspi")
    fallback = NO_FALLBACK if any(each.backend == "asyncify" for each in obstacles) else POLYFILL
    verdicts: dict[str, EngineVerdict] = {}
    findings: list[Finding] = []
    for report in reports:
        if report.engine == "wasmtime":
            continue
        verdict, rule = _probed(report, needed, fallback)
        verdicts[verdict.name] = verdict
        if rule:
            findings.append(finding(rule, f"{verdict.name}: {verdict.why}", subject=verdict.name))
    for at, run in enumerate(runs):
        if run.backend == "jspi" and run.cases:
            name = f"{run.engine} {run.engine_version}"
            levels = {each.level for each in cases if any(cell.run == at for cell in each.cells)}
            verdicts[name] = _ran(name, run, verdicts.get(name), fallback, levels)
    found = tuple(verdicts.values())
    asked = [each for each in found if each.level != "unknown"]
    if asked and all(each.level == "not-ready" for each in asked):
        findings.append(finding("nowhere", f"none of {len(asked)} engines can run it on JSPI"))
    if not reports:
        findings.append(finding("engines-not-asked", "no engine was probed for this report"))
    return found, tuple(findings)


def _probed(report: EngineReport, needed: Sequence[str], fallback: str) -> tuple[EngineVerdict, str]:
    """Return the verdict and the rule that applies; empty: none."""
    answer = report.answer("jspi")
    if report.problem or answer is None:
        why = report.problem or "JSPI was not probed"
        return EngineVerdict(name=report.name, level="unknown", why=why), ""
    lacking = [name for name in needed if (has := report.answer(name)) is not None and not has.works]
    level: Level = "not-ready"
    if answer.works and lacking:
        rule, why = "no-jspi", f"it lacks {', '.join(lacking)}, which the module needs"
    elif answer.shown == "yes":
        return EngineVerdict(name=report.name, level="ready", why="JSPI works without flags"), ""
    elif answer.shown == "with-flags":
        level, rule, why = "ready-with-changes", "jspi-by-flag", f"JSPI works with {' '.join(answer.flags)}"
    elif answer.shown == "no":
        rule, why = "no-jspi", "no JSPI"
    else:
        rule, why = "jspi-unsound", f"JSPI is {answer.words}"
    flags = answer.flags if rule == "jspi-by-flag" else ()
    verdict = EngineVerdict(name=report.name, level=level, why=why, flags=flags, fallback=fallback)
    return verdict, rule


def _ran(
    name: str, run: RunColumn, probed: EngineVerdict | None, fallback: str, levels: Collection[Level]
) -> EngineVerdict:
    """Return the verdict on an engine that ran cases.

    :param levels: of these cases; what a change of the program mends is not the engine's
    """
    count = run.count.replace(" work", " cases work", 1)
    if probed is not None:
        return probed.model_copy(update={"why": f"{probed.why}; {count}"})
    level: Level = "ready" if run.worked + run.meant == run.cases else "ready-with-changes"
    if not run.worked + run.meant and "ready-with-changes" not in levels:
        level = "not-ready"
    fallback = "" if level == "ready" else fallback
    return EngineVerdict(name=name, level=level, why=count, fallback=fallback, source="run")


def judge_users(support: Support | None, query: str) -> tuple[Users | None, tuple[Finding, ...]]:
    """Say how much of a query's use has JSPI."""
    if support is None or not support.use:
        return None, ()
    users = Users(
        query=query,
        share=round(support.use_with_jspi, 1),
        without=tuple((each.name, round(100 * each.share / support.use, 2)) for each in support.without_jspi),
        data=support.sources,
    )
    if users.share >= 100:
        return users, ()
    text = f"{100 - users.share:.1f}% of the use in “{query}” has no JSPI"
    return users, (finding("users-without", text, subject=query),)
