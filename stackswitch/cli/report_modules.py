"""Judges each module that ``stackswitch report`` is given, with its traces, and all of them together."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from stackswitch import __version__
from stackswitch.analysis.analyse import AnalysisInputs, analyse
from stackswitch.analysis.proposals import propose, replaceable_invokes
from stackswitch.analysis.trace_lines import TraceFile
from stackswitch.analysis.traces import GivenModule, ModuleLines, require_use, use_trace
from stackswitch.models.readiness import Finding, ModuleFacts, ModuleVerdict, Proposal, Report
from stackswitch.models.trace import Suspension, TraceTrap
from stackswitch.models.trace_use import TraceUse
from stackswitch.readiness.call_tree import Instrumented, call_tree
from stackswitch.readiness.compare import compared
from stackswitch.readiness.facts import confidence, listed_names, module_facts, ways
from stackswitch.readiness.verdict import judge, worst
from stackswitch.readiness.verdict_inputs import VerdictInputs
from stackswitch.wasm.callgraph import call_graph

from .report_inputs import ReportInputs, ReportModule

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


def judge_modules(inputs: ReportInputs) -> Report:
    """Judge each module; of several, or of none, also all that was observed.

    :raises ConfigError: no trace belongs to a module
    """
    modules = inputs.modules
    by_module, uses = _traces_by_module(
        inputs.traces, [GivenModule(each.module, each.name) for each in modules]
    )
    common = replace(inputs.common, uses=uses)
    hashes = {each.module.sha256 for each in modules}
    reports = []
    for each, traces in zip(modules, by_module, strict=False):
        others = hashes - {each.module.sha256}
        results = tuple(one for one in common.results if one.module not in others)
        own = replace(common, results=results, lists=each.lists)
        reports.append((each.name, judge(_with_module(own, each, inputs.imports, traces))))
    if len(reports) == 1:
        result = reports[0][1]
    else:
        every = Traces()
        for traces in by_module:
            for case, stacks in traces.suspensions.items():
                every.add(case, stacks, traces.traps[case])
        whole = judge(_with_traces(common, every))
        result = _combined(whole, reports) if reports else whole
    now = datetime.datetime.now(tz=datetime.timezone.utc)
    result = result.model_copy(
        update={"made_at": now.strftime("%Y-%m-%d %H:%M UTC"), "made_with": f"stackswitch {__version__}"}
    )
    return result if inputs.earlier is None else compared(result, inputs.earlier[1], inputs.earlier[0])


def _traces_by_module(
    files: Sequence[tuple[str, TraceFile]], modules: Sequence[GivenModule]
) -> tuple[list[Traces], tuple[TraceUse, ...]]:
    """Match traces with modules; without a module, take all that is in them.

    :returns: what belongs to each module, in their order (without a module: one for all); how many lines of
        each trace were used
    """
    found = [Traces() for _ in range(len(modules) or 1)]
    used = [use_trace(file, modules) for _, file in files]
    for (case, file), trace in zip(files, used, strict=True):
        of_modules: Sequence[ModuleLines | TraceFile] = trace.modules if modules else [file]
        for traces, of in zip(found, of_modules, strict=True):
            traces.add(case, of.suspensions, of.traps)
    uses = [each.use for each in used]
    if not modules:
        uses = [each.model_copy(update={"used": each.lines, "unused": ()}) for each in uses]
    elif any(file.suspensions or file.traps for _, file in files):
        require_use(used, [file for _, file in files], modules)
    return found, tuple(uses)


def _with_traces(
    common: VerdictInputs,
    traces: Traces,
    listed: Collection[str] | None = None,
    possible: Iterable[Sequence[str]] = (),
) -> VerdictInputs:
    """Return the inputs of the verdict with the content of traces.

    :param listed: the functions that a list or the build instruments; None: there is neither
    :param possible: ways to a wait that the module's code allows
    """
    missing = {name for each in common.results for names in each.missing.values() for name in names}
    missing |= {name for of in traces.suspensions.values() for each in of for name in each.missing}
    picture = call_tree(traces.suspensions, Instrumented(names=listed, missing=missing), possible)
    return replace(common, suspensions=traces.suspensions, traps=traces.traps, picture=picture)


def _with_module(
    common: VerdictInputs, given: ReportModule, imports: tuple[str, ...], traces: Traces
) -> VerdictInputs:
    """Return the inputs of the verdict on a module, with the lists of ``common``."""
    module = given.module
    graph = call_graph(module)
    observed = tuple(each for stacks in traces.suspensions.values() for each in stacks)
    analysis = analyse(module, given.path.name, AnalysisInputs(imports, common.lists, observed))
    listed = listed_names(module, common.lists)
    facts = module_facts(module, analysis)
    return replace(
        _with_traces(common, traces, listed, ways(graph, analysis.imports)),
        module=facts,
        proposal=_proposal(given, facts, observed),
        analysis=analysis,
        confidence=confidence(graph, analysis.imports, traces.suspensions),
    )


def _proposal(given: ReportModule, facts: ModuleFacts, observed: Sequence[Suspension]) -> Proposal | None:
    """Try the re-entrant transform on a module; None: it has nothing to change, or is for another build."""
    files = given.files
    if facts.asyncified:
        return None
    glue = files.glue[1] if files.glue is not None else None
    if facts.shadow_stack == "none" and not replaceable_invokes(given.module, glue):
        return None
    known = facts.imports if facts.imports_from != "all" else ()
    return propose(given.module, replace(files, stacks=(observed, files.stacks[1]), imports=known))


def _combined(whole: Report, reports: Sequence[tuple[str, Report]]) -> Report:
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
