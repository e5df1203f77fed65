"""``stackswitch analyze``: what can be said of a module, its lists and its traces without running it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from stackswitch.analysis.analyse import AnalysisInputs, analyse
from stackswitch.analysis.markdown import analysis_markdown, analysis_text
from stackswitch.analysis.traces import GivenModule, UsedTrace, require_use, use_trace
from stackswitch.lists.assertions import Assertions
from stackswitch.reports.escape import json_text
from stackswitch.reports.trace_use import unused_line, use_line
from stackswitch.wasm.function_names import binaryen_names

from .command import EXIT_FAILED
from .inputs import read_module, read_traces
from .options import (
    ImportsOrAsFound,
    ListFile,
    ReadBy,
    Symbols,
    TraceFiles,
    Variable,
    argument,
    option,
    writes,
)
from .output import open_outputs, write_text
from .resolve import lists_in, named_module, open_list
from .settings import load_settings


@dataclass(frozen=True)
class AnalyzeOptions:
    """Report what each policy instruments, what brings in most functions, and what is wrong with a list."""

    module: Path = argument("A module: as it was before any Asyncify, or a build.", default=...)
    imports: ImportsOrAsFound = None
    trace: TraceFiles = None
    list_file: ListFile = None
    variable: Variable = None
    spelling: ReadBy = "binaryen"
    symbols: Symbols = None
    why: str | None = option("Show the shortest way from an export through it to a wait.", metavar="FUNCTION")
    strict: bool = option(
        "Exit with 1 if an entry of a list matches nothing, or an entry is missing.", default=False
    )
    json: str | None = writes("the analysis as JSON")
    markdown: str | None = writes("it as Markdown")


def analyze(options: AnalyzeOptions) -> None:
    """Analyse a module and show the result.

    :raises typer.Exit: with ``--strict``, a list has a finding
    """
    console = open_outputs(options.json, options.markdown)
    lists = lists_in(open_list(options.list_file, options.variable, options.spelling))
    module = read_module(options.module)
    settings = load_settings(Path.cwd())
    named = named_module(module, options.symbols)
    given = [GivenModule(module, str(options.module), binaryen_names(named))]
    files = [file for _, file in read_traces(options.trace or ())]
    used = [use_trace(file, given) for file in files]
    if any(file.suspensions for file in files):
        require_use(used, files, given)
    cases = {each.use.trace: each.suspensions for each in used}
    analysis = analyse(
        named,
        str(options.module),
        AnalysisInputs(
            tuple(options.imports or ()),
            lists,
            tuple(each for stacks in cases.values() for each in stacks),
            options.why,
            {} if options.why else cases,
            Assertions(settings.lists.never, settings.lists.always),
        ),
    )
    notes = (line for each in used for line in _notes(each))
    analysis = analysis.model_copy(update={"notes": (*analysis.notes, *notes)})
    console.block(analysis_text(analysis, console.width))
    write_text(options.json, lambda: json_text(analysis))
    write_text(options.markdown, lambda: analysis_markdown(analysis))
    stale = any(each.kind != "shadowed" for checked in analysis.lists for each in checked.findings)
    if options.strict and (stale or (analysis.seen is not None and analysis.seen.missing)):
        raise typer.Exit(EXIT_FAILED)


def _notes(trace: UsedTrace) -> list[str]:
    """Say how much of a trace was used, and why the rest was not."""
    use = trace.use
    notes = [use_line(use), *(f"{use.trace}: {unused_line(unused)}" for unused in use.unused)]
    if use.by_name:
        notes.append(f"{use.trace} was recorded on another build: its functions are matched by name")
    return notes
