"""``stackswitch report``: whether a module can move from Asyncify to JSPI, and what is in the way."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import typer

from stackswitch import __version__
from stackswitch.analysis.traces import GivenModule
from stackswitch.engines.support import read_support
from stackswitch.errors import ConfigError
from stackswitch.fix.sources import Lists, ListSource
from stackswitch.models.bench import BenchResult
from stackswitch.models.engine import DetectResult
from stackswitch.models.readiness import LEVELS, Level, Report, Source
from stackswitch.models.result import SuiteResult
from stackswitch.readiness.compare import compared
from stackswitch.readiness.material import Material
from stackswitch.readiness.merging import merged, missing_shards
from stackswitch.readiness.verdict import judge
from stackswitch.reports.annotations import annotation_lines
from stackswitch.reports.escape import json_text
from stackswitch.reports.junit import junit_xml
from stackswitch.reports.page import report_page
from stackswitch.reports.readiness_markdown import readiness_markdown
from stackswitch.reports.text import counted
from stackswitch.tools.progress import Progress as Callback
from stackswitch.wasm.module import Module

from .command import EXIT_FAILED
from .console import Console
from .inputs import read_model, read_module
from .options import Imports, ReadBy, Variable, argument, option, reads, writes
from .output import STDOUT, open_outputs, write_output, write_text
from .progress import Progress
from .report_gain import measure_gain
from .report_inputs import (
    GivenFiles,
    read_earlier,
    read_files,
    read_traces,
    shown_name,
)
from .report_modules import (
    Traces,
    combined,
    results_on,
    traces_by_module,
    with_module,
    with_traces,
)
from .resolve import lists_in, open_list
from .settings import Settings, load_settings
from .trace_uses import show_uses

FailOn = Literal["not-ready", "unknown", "changes", "worse", "unexpected"]
_STYLES: dict[Level, str] = {
    "ready": "bold green",
    "ready-with-changes": "bold yellow",
    "not-ready": "bold red",
    "unknown": "bold",
}


@dataclass(frozen=True)
class ReportOptions:
    """Say whether a module can move from Asyncify to JSPI, what is in the way, and what to do, in order."""

    files: list[Path] | None = argument(
        "What `stackswitch test --json` wrote, in any number (of shards, engines, days; a folder "
        "stands for the *.json in it), and the module as it is before Asyncify, or several. Either alone "
        "will do.",
        metavar="[RESULTS…] [MODULE]",
    )
    trace: list[Path] | None = option(
        "A trace, or the folder of `test --traces`; repeatable.", "--trace", "--traces", metavar="FILE|DIR"
    )
    modules: list[Path] | None = reads("A module; repeatable: a verdict for each.", "--module")
    list_files: list[Path] | None = reads(
        "A file with lists in it: one for all modules, or one for each.", "--list"
    )
    variable: Variable = None
    spelling: ReadBy = "binaryen"
    imports: Imports = None
    detect: Path | None = reads("What `stackswitch detect --json` wrote.")
    browserslist: str | None = option("Say how many of these users have JSPI.", metavar="QUERY")
    against: Path | None = option(
        "The Asyncify build of the module: measure both, in alternating runs (stackswitch "
        "instrument makes one).",
        metavar="BUILD.wasm",
    )
    timed: Path | None = option(
        "A folder of cases that compute and hardly wait: time each on both builds, in alternating "
        "runs on one engine.",
        "--time",
        metavar="SUITE",
    )
    rounds: int = option("How often each build is measured.", min=1, max=1000, default=11)
    bench: Path | None = reads("What `stackswitch bench --json` wrote: what a wait costs.")
    title: str | None = option("What the report is about. Default: the module's name.")
    html: str | None = writes("the page")
    markdown: str | None = writes("Markdown for a comment or a job summary")
    json: str | None = writes("everything as JSON")
    junit: str | None = writes("JUnit XML, a test per case and backend")
    annotate: bool = option(
        "Print the findings as annotations of GitHub Actions.", "--annotations", default=False
    )
    compare: Path | None = option(
        "An earlier --json (of report or test): say what changed since.", metavar="OLD.json"
    )
    fail_on: FailOn | None = option(
        "Exit with 1 if it is so. Each of the first three includes those before it."
    )


_Given = tuple[Path, Module, Lists]
"""A module of the report, with its file and its lists."""


def report(options: ReportOptions) -> None:
    """Read the inputs, judge, and write the report in the formats asked for.

    :raises typer.Exit: ``--fail-on`` applies
    """
    console = open_outputs(
        options.html, options.markdown, options.json, options.junit, STDOUT if options.annotate else None
    )
    settings = load_settings(Path.cwd())
    list_sources = _open_lists(options, settings)
    earlier = None if options.compare is None else read_earlier(options.compare)
    with Progress(Console(stderr=True)) as progress:
        material, modules, traces = _read_inputs(options, list_sources, progress.say)
        common = _with_measures(material, options, settings, modules, progress.say)
        result = _judge(options, common, modules, traces)
    now = datetime.datetime.now(tz=datetime.timezone.utc)
    result = result.model_copy(
        update={"made_at": now.strftime("%Y-%m-%d %H:%M UTC"), "made_with": f"stackswitch {__version__}"}
    )
    if earlier is not None:
        result = compared(result, earlier, str(options.compare))
    _show(console, result)
    write_text(options.html, lambda: report_page(result))
    write_text(options.markdown, lambda: readiness_markdown(result))
    write_text(options.json, lambda: json_text(result, indent=1))
    if options.junit is not None:
        write_output(options.junit, junit_xml(SuiteResult(results=common.results)))
    if options.annotate:
        list_path = str(list_sources[0].path) if list_sources else ""
        write_text(STDOUT, lambda: annotation_lines(result, list_path))
    if options.fail_on is not None and fails(result, options.fail_on):
        raise typer.Exit(EXIT_FAILED)


def _open_lists(options: ReportOptions, settings: Settings) -> list[ListSource]:
    """Read the files of ``--list``, or the configured one."""
    files: Sequence[Path | None] = options.list_files or [settings.lists.file]
    opened = [open_list(each, options.variable, options.spelling) for each in files]
    return [each for each in opened if each is not None]


def _read_inputs(
    options: ReportOptions, list_sources: list[ListSource], progress: Callback
) -> tuple[Material, list[_Given], list[Traces]]:
    """Read results, modules and traces, and match the traces with the modules.

    :returns: what the verdicts on all modules have in common; the modules; what the traces contain of each
        module, without a module, of all
    :raises typer.BadParameter: the options do not go together
    :raises ConfigError: a file cannot be read, or the results have no case
    """
    progress("reading")
    files = read_files(options.files or [])
    paths = [*files.modules, *(options.modules or ())]
    _check_inputs(options, files, paths, len(list_sources))
    if options.against is not None:
        read_module(options.against)
    traces, trace_sources = read_traces(options.trace or [])
    if paths:
        progress("reading the module" if len(paths) == 1 else "reading the modules")
    modules = [read_module(each) for each in paths]
    by_module, uses = traces_by_module(traces, list(map(GivenModule, modules, map(shown_name, paths))))
    several = len(list_sources) > 1
    lists = [
        lists_in(list_sources[at if several else 0] if list_sources else None) for at in range(len(by_module))
    ]
    sources = _sources(options, paths, files.sources, trace_sources, list_sources)
    results, flaky, others = merged(files.results)
    common = Material(
        title=options.title or ", ".join(each.name for each in paths) or "the suite",
        results=results,
        flaky=flaky,
        missing_shards=missing_shards(files.results),
        uses=uses,
        lists=lists[0],
        sources=sources,
        other_modules=others,
    )
    return common, list(zip(paths, modules, lists, strict=False)), by_module


def _sources(
    options: ReportOptions,
    paths: list[Path],
    results: list[Source],
    traces: list[Source],
    lists: list[ListSource],
) -> tuple[Source, ...]:
    """Return what the report names as its sources."""
    sources = [Source(name=shown_name(each), kind="module") for each in paths]
    sources += results
    if options.against is not None:
        sources.append(Source(name=shown_name(options.against), kind="module", text="the Asyncify build"))
    sources += traces
    sources += [Source(name=shown_name(each.path), kind="list") for each in lists]
    if options.detect is not None:
        sources.append(Source(name=shown_name(options.detect), kind="engines"))
    if options.bench is not None:
        sources.append(Source(name=shown_name(options.bench), kind="measures"))
    return tuple(sources)


def _check_inputs(options: ReportOptions, files: GivenFiles, paths: list[Path], lists: int) -> None:
    """Check that the options go together.

    :raises typer.BadParameter: they do not
    :raises ConfigError: the results have no case
    """
    if not files.results and not paths and not options.trace:
        raise typer.BadParameter(
            "give it results, a module, or a trace; `stackswitch test --json F` makes results"
        )
    if lists > 1 and lists != len(paths):
        raise typer.BadParameter("give one list for all modules, or one for each", param_hint="--list")
    if options.against is not None and len(paths) != 1:
        raise typer.BadParameter(
            "it is compared with the module: give that too, and no other", param_hint="--against"
        )
    if files.results and not any(each.results for each in files.results):
        raise ConfigError("the results given contain no case: nothing was run that could be reported")


def _with_measures(
    material: Material, options: ReportOptions, settings: Settings, modules: list[_Given], progress: Callback
) -> Material:
    """Return the material with what is known of engines, users and costs; measures what was asked for."""
    query = options.browserslist or settings.browserslist or ""
    engines = bench = None
    if options.detect is not None:
        engines = read_model(options.detect, DetectResult, "stackswitch detect --json")
    if options.bench is not None:
        bench = read_model(options.bench, BenchResult, "stackswitch bench --json")
    return replace(
        material,
        engines=engines,
        support=read_support(query, progress=progress) if query else None,
        query=query,
        gain=measure_gain(
            modules[0][0] if modules else None,
            options.against,
            options.timed,
            bench,
            rounds=options.rounds,
            progress=progress,
            data_only=settings.data_only,
        ),
        silence=settings.report.silence,
    )


def _judge(
    options: ReportOptions, common: Material, modules: list[_Given], by_module: list[Traces]
) -> Report:
    """Judge each module; of several, or of none, also all that was observed."""
    hashes = [module.sha256 for _, module, _ in modules]
    reports = []
    for (path, module, lists), traces in zip(modules, by_module, strict=False):
        own = replace(common, results=results_on(common.results, module.sha256, hashes), lists=lists)
        own = with_module(own, module, path.name, options.imports or (), traces)
        reports.append((shown_name(path), judge(own)))
    if len(reports) == 1:
        return reports[0][1]
    every = Traces()
    for traces in by_module:
        for case, stacks in traces.suspensions.items():
            every.add(case, stacks, traces.traps[case])
    whole = judge(with_traces(common, every))
    return combined(whole, reports) if reports else whole


def fails(result: Report, fail_on: FailOn) -> bool:
    """Whether ``--fail-on`` applies to a report."""
    if fail_on == "worse":
        return any(each.better is False for each in result.changes)
    if fail_on == "unexpected":
        return any(not cell.known for case in result.cases for cell in case.cells)
    levels: dict[FailOn, tuple[Level, ...]] = {
        "not-ready": ("not-ready",),
        "unknown": ("not-ready", "unknown"),
        "changes": ("not-ready", "unknown", "ready-with-changes"),
    }
    return result.level in levels[fail_on]


def _show(console: Console, result: Report) -> None:
    """Show the verdict and the steps in a few lines."""
    line = console.print
    line(f"{result.title}: {LEVELS[result.level]}", style=_STYLES[result.level])
    for module in result.modules:
        line(f"{module.name}: {LEVELS[module.level]}", style=_STYLES[module.level])
        line(f"  {module.headline}")
    if not result.modules:
        line(result.headline)
    show_uses(console, result.traces)
    for number, step in enumerate(result.steps, 1):
        line()
        line(f"{number}. {step.title}", style="bold")
        for each in step.code.splitlines():
            line(f"     {each}", style="dim")
    if result.compared_with:
        worse = sum(each.better is False for each in result.changes)
        line()
        line(f"since {result.compared_with}: {counted(len(result.changes), 'change')}, {worse} for the worse")
