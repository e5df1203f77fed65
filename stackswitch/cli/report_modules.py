"""What ``stackswitch report`` finds in each module, and in the traces of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from stackswitch.analysis.analyse import AnalysisInputs, analyse
from stackswitch.analysis.trace_lines import TraceFile
from stackswitch.analysis.traces import GivenModule, UsedTrace, require_use, use_trace
from stackswitch.models.readiness import Finding, ModuleVerdict, Report
from stackswitch.models.result import CaseResult
from stackswitch.models.trace import Suspension, TraceTrap
from stackswitch.models.trace_use import TraceUse
from stackswitch.readiness.facts import confidence, listed_names, module_facts, ways
from stackswitch.readiness.material import Material
from stackswitch.readiness.picture import Instrumented, draw_picture
from stackswitch.readiness.verdict import worst
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import Module

Cases = dict[str, tuple[Suspension, ...]]


@dataclass
class Traces:
    """What traces contain of one module, or of all, by case; ``""`` for those of no case."""

    suspensions: Cases = field(default_factory=dict)
    traps: dict[str, tuple[TraceTrap, ...]] = field(default_factory=dict)

    def add(self, case: str, suspensions: Sequence[Suspension], traps: Sequence[TraceTrap]) -> None:
        """Add the content of one trace."""
        self.suspensions[case] = (*self.suspensions.get(case, ()), *suspensions)
        self.traps[case] = (*self.traps.get(case, ()), *traps)


def traces_by_module(
    files: Sequence[tuple[str, TraceFile]], modules: Sequence[GivenModule]
) -> tuple[list[Traces], tuple[TraceUse, ...]]:
    """Match traces with modules; without a module, take all that is in them.

    :returns: what belongs to each module, in their order (without a module: one for all); how many lines of
        each trace were used
    :raises ConfigError: no trace belongs to a module
    """
    found = [Traces() for _ in range(len(modules) or 1)]
    used: list[UsedTrace] = []
    for case, file in files:
        trace = use_trace(file, modules)
        used.append(trace)
        for traces, of in zip(found, trace.modules, strict=False):
            traces.add(case, of.suspensions, of.traps)
        if not modules:
            found[0].add(case, file.suspensions, file.traps)
    if not modules:
        whole = [each.use.model_copy(update={"used": each.use.lines, "unused": ()}) for each in used]
        return found, tuple(whole)
    if any(file.suspensions or file.traps for _, file in files):
        require_use(used, [file for _, file in files], modules)
    return found, tuple(each.use for each in used)


def with_traces(
    common: Material,
    traces: Traces,
    listed: Collection[str] | None = None,
    possible: Iterable[Sequence[str]] = (),
) -> Material:
    """Return the material of a report with the content of traces.

    :param listed: the functions that a list or the build instruments; None: there is neither
    :param possible: ways to a wait that the module's code allows
    """
    missing = {name for each in common.results for names in each.missing.values() for name in names}
    missing |= {name for of in traces.suspensions.values() for each in of for name in each.missing}
    picture = draw_picture(traces.suspensions, Instrumented(names=listed, missing=missing), possible)
    return replace(common, suspensions=traces.suspensions, traps=traces.traps, picture=picture)


def with_module(
    common: Material, module: Module, name: str, imports: Sequence[str], traces: Traces
) -> Material:
    """Return the material of the report on a module, with the lists of ``common``."""
    graph = call_graph(module)
    observed = tuple(each for stacks in traces.suspensions.values() for each in stacks)
    analysis = analyse(module, name, AnalysisInputs(tuple(imports), common.lists, observed))
    listed = listed_names(module, common.lists)
    return replace(
        with_traces(common, traces, listed, ways(graph, analysis.imports)),
        module=module_facts(module, analysis),
        analysis=analysis,
        confidence=confidence(graph, analysis.imports, traces.suspensions),
    )


def results_on(results: Sequence[CaseResult], module: str, modules: Sequence[str]) -> tuple[CaseResult, ...]:
    """Return the results that are not of another of the modules.

    :param module: a hash, as ``modules`` has those of all
    """
    others = set(modules) - {module}
    return tuple(each for each in results if each.module not in others)


def combined(whole: Report, reports: Sequence[tuple[str, Report]]) -> Report:
    """Return a report on several modules: the worst of their verdicts, and each of its own.

    :param whole: on all that was observed, without a module
    :param reports: on each module, with its name
    """
    verdicts = tuple(
        ModuleVerdict(
            name=name,
            sha256="" if each.module is None else each.module.sha256,
            level=each.level,
            headline=each.headline,
            findings=each.findings,
            steps=each.steps,
            lists=each.lists,
        )
        for name, each in reports
    )
    findings: dict[tuple[str, str, str], Finding] = {}
    for name, each in reports:
        for found in each.findings:
            own = found.scope in ("module", "list") and not found.rule.startswith("trace-")
            text = f"{name}: {found.text}" if own else found.text
            key = found.rule, found.subject, text
            findings.setdefault(key, found.model_copy(update={"text": text}))
    return whole.model_copy(
        update={
            "level": worst(each.level for each in verdicts),
            "headline": " ".join(f"{each.name}: {each.headline}" for each in verdicts),
            "findings": tuple(findings.values()),
            "steps": tuple(
                step.model_copy(update={"title": f"{each.name}: {step.title}"})
                for each in verdicts
                for step in each.steps
            ),
            "modules": verdicts,
        }
    )
