"""Reads the inputs of ``stackswitch report``: results, modules, lists, traces, measures, earlier reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import typer

from stackswitch.analysis.proposals import ModuleFiles
from stackswitch.analysis.trace_lines import TraceFile
from stackswitch.bench.suite_times import time_cases
from stackswitch.engines.measure import measure_builds
from stackswitch.engines.support import read_support
from stackswitch.errors import ConfigError
from stackswitch.fix.sources import Lists, ListSource
from stackswitch.models.bench import BenchResult
from stackswitch.models.engine import DetectResult
from stackswitch.models.readiness import Gain, Report, Source
from stackswitch.models.result import SuiteResult
from stackswitch.readiness.merging import merged, missing_shards
from stackswitch.readiness.verdict import judge
from stackswitch.readiness.verdict_inputs import VerdictInputs
from stackswitch.reports.text import counted
from stackswitch.suite.loader import load_suite
from stackswitch.tools.parsing import json_value
from stackswitch.tools.progress import Progress
from stackswitch.wasm.module import Module

from .inputs import read_input, read_model, read_module, read_results, read_traces
from .proposing import module_files, named_path
from .report_options import ReportOptions
from .resolve import lists_in, open_lists
from .settings import Settings, load_settings
from .signals import run_async

_MAGIC = b"\0asm"
_BACKENDS = ("asyncify", "jspi", "fiber")
_WAITS = ("suspension", "suspension in Node")
"""Groups of figures of ``bench`` that say by the clock what a wait costs."""


@dataclass(frozen=True)
class ReportModule:
    """A module that is judged, the lists for it, and the files that a command for it reads."""

    path: Path
    module: Module
    lists: Lists
    files: ModuleFiles

    @property
    def name(self) -> str:
        """Its name in the report."""
        return shown_name(self.path)


@dataclass(frozen=True)
class ReportInputs:
    """What a report is made from.

    :ivar common: what the verdicts on all modules have in common
    :ivar traces: each with its case; empty for none
    :ivar imports: those that may suspend
    :ivar list_path: the file with the first list; empty: there is none
    :ivar earlier: the report to compare with
    """

    common: VerdictInputs
    modules: list[ReportModule]
    traces: list[tuple[str, TraceFile]]
    imports: tuple[str, ...]
    list_path: str
    earlier: tuple[str, Report] | None


def read_inputs(options: ReportOptions, progress: Progress) -> ReportInputs:
    """Read every file that options or the configuration name, and measure what options ask to measure.

    :raises typer.BadParameter: the options do not go together
    :raises ConfigError: a file cannot be read, or the results have no case
    """
    settings = load_settings(Path.cwd())
    lists = open_lists(options.list_files, settings, options.variable, options.spelling)
    earlier = None if options.compare is None else (str(options.compare), _read_earlier(options.compare))
    progress("reading")
    files = _read_files(options.files or [])
    paths = [*files.modules, *(options.modules or ())]
    _check_inputs(options, files, paths, len(lists))
    if options.against is not None:
        read_module(options.against)
    traces = _read_traces(options, files)
    if paths:
        progress("reading the module" if len(paths) == 1 else "reading the modules")
    several = len(lists) > 1
    modules = []
    for at, path in enumerate(paths):
        source = lists[at if several else 0] if lists else None
        files_of = module_files(path, source, options.variable, options.spelling)
        stacks = ((), tuple(map(named_path, options.trace or ())))
        modules.append(
            ReportModule(path, read_module(path), lists_in(source), replace(files_of, stacks=stacks))
        )
    results, flaky, others = merged(files.results)
    query = options.browserslist or settings.browserslist or ""
    common = VerdictInputs(
        title=options.title or ", ".join(each.name for each in paths) or "the suite",
        results=results,
        flaky=flaky,
        missing_shards=missing_shards(files.results),
        lists=lists_in(lists[0] if lists else None),
        engines=None
        if options.detect is None
        else read_model(options.detect, DetectResult, "stackswitch detect --json"),
        support=read_support(query, progress=progress) if query else None,
        query=query,
        gain=_gain(options, paths, settings, progress),
        silence=settings.report.silence,
        sources=_sources(options, paths, files, lists),
        other_modules=others,
    )
    imports = tuple(options.imports or ())
    return ReportInputs(common, modules, traces, imports, str(lists[0].path) if lists else "", earlier)


@dataclass
class _Files:
    """The results and modules of the command line; ``texts``: what the results and traces contain."""

    results: list[SuiteResult] = field(default_factory=list)
    modules: list[Path] = field(default_factory=list)
    result_texts: list[tuple[Path, str]] = field(default_factory=list)
    trace_texts: list[tuple[Path, str]] = field(default_factory=list)


def shown_name(path: Path) -> str:
    """Return a file's name without the folders of this machine, for the report."""
    return path.name if path.is_absolute() else path.as_posix()


def _read_files(paths: Sequence[Path]) -> _Files:
    """Distinguish results from modules by content; a folder stands for all results (``*.json``) in it."""
    given = _Files()
    for path in paths:
        if not path.is_dir() and _is_module(path):
            given.modules.append(path)
            continue
        inside = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not inside:
            raise ConfigError(f"{path}: there are no results (*.json) in this folder")
        for each in inside:
            result = read_results(each)
            given.results.append(result)
            where = sorted({one.where for one in result.results})
            text = f"{counted(len(result.results), 'result')}: {', '.join(where)}" if where else "no result"
            given.result_texts.append((each, text))
    return given


def _is_module(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == _MAGIC
    except OSError:
        return False  # the next to read it says why


def _read_traces(options: ReportOptions, files: _Files) -> list[tuple[str, TraceFile]]:
    """Read traces, each with its case: its place in a folder that ``test --traces`` has written."""
    found: list[tuple[str, TraceFile]] = []
    for path in options.trace or ():
        traces = read_traces([path], shown_name)
        found += [(_case_of(place) if path.is_dir() else "", trace) for place, trace in traces]
        count = sum(len(trace.suspensions) for _, trace in traces)
        files.trace_texts.append((path, f"{counted(count, 'stack')} in {counted(len(traces), 'file')}"))
    return found


def _case_of(place: str) -> str:
    backend, _, rest = place.partition("/")
    return rest if rest and backend in _BACKENDS else place


def _check_inputs(options: ReportOptions, files: _Files, paths: list[Path], lists: int) -> None:
    """Check that the options go together."""
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


def _sources(
    options: ReportOptions, paths: list[Path], files: _Files, lists: list[ListSource]
) -> tuple[Source, ...]:
    """Return what the report names as its sources."""
    given: list[tuple[Path | None, str, str]] = [
        *((each, "module", "") for each in paths),
        *((path, "results", text) for path, text in files.result_texts),
        (options.against, "module", "the Asyncify build"),
        *((path, "trace", text) for path, text in files.trace_texts),
        *((each.path, "list", "") for each in lists),
        (options.detect, "engines", ""),
        (options.bench, "measures", ""),
    ]
    return tuple(
        Source.model_validate({"name": shown_name(path), "kind": kind, "text": text})
        for path, kind, text in given
        if path is not None
    )


def _gain(options: ReportOptions, paths: list[Path], settings: Settings, progress: Progress) -> Gain | None:
    """Measure what the options name, or read what was measured; None if there is neither."""
    gain, rounds = None, options.rounds
    if options.against is not None:
        gain = measure_builds(paths[0], options.against, rounds=rounds, progress=progress)
    if options.timed is not None:
        suite = load_suite(options.timed, data_only=settings.data_only)
        measures = run_async(time_cases(suite, rounds=rounds, say=progress))
        gain = gain or Gain(how="stackswitch report --time", rounds=rounds)
        gain = gain.model_copy(update={"measures": (*gain.measures, *measures)})
    if options.bench is not None:
        bench = read_model(options.bench, BenchResult, "stackswitch bench --json")
        engines = ", ".join(f"{name}: {version}" for name, version in bench.engines.items())
        waits_on = f"stackswitch bench, {bench.rounds} alternating rounds; Python {bench.python}; {engines}"
        waits = tuple(each for each in bench.figures if each.group in _WAITS)
        gain = (gain or Gain(how="stackswitch bench")).model_copy(
            update={"waits": waits, "waits_on": waits_on}
        )
    return gain


def _read_earlier(path: Path) -> Report:
    """Read an earlier report, or results, of which one is made."""
    try:
        keys = json_value(read_input(path, "report")).keys()
    except (ValueError, AttributeError):
        keys = {}.keys()
    if "results" not in keys:
        return read_model(path, Report, "stackswitch report --json")
    file = read_results(path)
    results, flaky, others = merged([file])
    shards = missing_shards([file])
    return judge(
        VerdictInputs(str(path), results=results, flaky=flaky, missing_shards=shards, other_modules=others)
    )
