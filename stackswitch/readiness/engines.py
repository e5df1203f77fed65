"""Where JSPI may ship: engines as they were probed, as the suite ran on them, and users by published data."""

from __future__ import annotations

from collections.abc import Sequence

from stackswitch.analysis.facts import Obstacle
from stackswitch.models.engine import EngineReport
from stackswitch.models.matrix import Support
from stackswitch.models.readiness import EngineVerdict, Finding, Level, RunColumn, Users

from .rules import finding

POLYFILL = "the Asyncify build, behind the same glue, by the polyfill"
NO_FALLBACK = "none: Asyncify refuses the module"


def judge_engines(
    reports: Sequence[EngineReport],
    runs: Sequence[RunColumn],
    obstacles: Sequence[Obstacle],
) -> tuple[tuple[EngineVerdict, ...], tuple[Finding, ...]]:
    """Give every engine its verdict; where one was probed and ran the suite too, it stands there once.

    :param obstacles: what of the module stands in a backend's way
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
    for run in runs:
        if run.backend == "jspi" and run.cases:
            name = f"{run.engine} {run.engine_version}"
            verdicts[name] = _ran(run, verdicts.get(name), fallback)
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
    if answer.works and lacking:
        why = f"it lacks {', '.join(lacking)}, which the module needs"
        return EngineVerdict(name=report.name, level="not-ready", why=why, fallback=fallback), "no-jspi"
    if answer.shown == "yes":
        return EngineVerdict(name=report.name, level="ready", why="JSPI works without flags"), ""
    if answer.shown == "with-flags":
        why = f"JSPI works with {' '.join(answer.flags)}"
        verdict = EngineVerdict(
            name=report.name, level="ready-with-changes", why=why, flags=answer.flags, fallback=fallback
        )
        return verdict, "jspi-by-flag"
    rule = "no-jspi" if answer.shown == "no" else "jspi-unsound"
    why = "no JSPI" if answer.shown == "no" else f"JSPI is {answer.words}"
    return EngineVerdict(name=report.name, level="not-ready", why=why, fallback=fallback), rule


def _ran(run: RunColumn, probed: EngineVerdict | None, fallback: str) -> EngineVerdict:
    count = run.count.replace(" work", " cases work", 1)
    if probed is not None:
        return probed.model_copy(update={"why": f"{probed.why}; {count}"})
    level: Level = "ready" if run.worked + run.meant == run.cases else "ready-with-changes"
    if not run.worked + run.meant:
        level = "not-ready"
    return EngineVerdict(
        name=f"{run.engine} {run.engine_version}",
        level=level,
        why=count,
        fallback="" if level == "ready" else fallback,
        source="run",
    )


def judge_users(support: Support | None, query: str) -> tuple[Users | None, tuple[Finding, ...]]:
    """Say how much of a query's use has JSPI."""
    total = sum(each.share for each in support.browsers) if support else 0.0
    if support is None or not total:
        return None, ()
    having = sum(each.share for each in support.browsers if each.jspi)
    lacking = sorted((each for each in support.browsers if not each.jspi), key=lambda each: -each.share)
    users = Users(
        query=query,
        share=round(100 * having / total, 1),
        without=tuple((each.name, round(100 * each.share / total, 2)) for each in lacking),
        data=", ".join(f"{name} {version}" for name, version in sorted(support.versions.items())),
    )
    if users.share >= 100:
        return users, ()
    text = f"{100 - users.share:.1f}% of the use in “{query}” has no JSPI"
    return users, (finding("users-without", text, subject=query),)
