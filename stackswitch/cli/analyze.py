"""``stackswitch analyze``: what can be said of a module, its lists and its traces without running it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stackswitch.analysis.analyse import Material, analyse
from stackswitch.analysis.markdown import analysis_markdown, analysis_text
from stackswitch.analysis.trace_lines import read_trace
from stackswitch.analysis.traces import GivenModule, require_use, use_trace
from stackswitch.lists.assertions import Assertions
from stackswitch.models.trace import Suspension
from stackswitch.reports.escape import json_text
from stackswitch.reports.trace_use import unused_line, use_line
from stackswitch.wasm.names import binaryen_names

from .inputs import read_input, read_module, trace_files
from .options import ListFile, ReadBy, Symbols, TraceFiles, Variable, lists_in, named_module, open_list
from .output import check_writable, console_for, write_output
from .settings import load_settings

EXIT_FINDINGS = 1


def analyze(
    module: Annotated[Path, typer.Argument(help="A module: as it was before any Asyncify, or a build.")],
    imports: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODULE.NAME",
            help="An import that may suspend, * for any characters; repeatable. Default: as the list, the "
            "trace or the build says; else all.",
        ),
    ] = None,
    trace: TraceFiles = None,
    list_file: ListFile = None,
    variable: Variable = None,
    spelling: ReadBy = "binaryen",
    symbols: Symbols = None,
    why: Annotated[
        str | None,
        typer.Option(metavar="FUNCTION", help="Show the shortest way from an export through it to a wait."),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with 1 if an entry of a list matches nothing, or one lacks."),
    ] = False,
    json: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the analysis as JSON; - is stdout.")
    ] = None,
    markdown: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write it as Markdown; - is stdout.")
    ] = None,
) -> None:
    """Report what each policy instruments, what brings in most functions, and what is wrong with a list."""
    console = console_for([json, markdown])
    check_writable([json, markdown])
    lists = lists_in(open_list(list_file, variable, spelling))
    parsed = read_module(module)
    settings = load_settings(Path.cwd())
    assertions = Assertions(settings.lists.never, settings.lists.always)
    cases: dict[str, tuple[Suspension, ...]] = {}
    notes = []
    named = named_module(parsed, symbols)
    given = [GivenModule(parsed, str(module), binaryen_names(named))]
    files = [read_trace(read_input(path, "trace"), str(path)) for path in trace_files(trace or ())]
    used = [use_trace(file, given) for file in files]
    if any(file.suspensions for file in files):
        require_use(used, files, given)
    for each in used:
        cases[each.use.trace] = each.suspensions
        notes.append(use_line(each.use))
        notes += [f"{each.use.trace}: {unused_line(unused)}" for unused in each.use.unused]
        if each.use.by_name:
            notes.append(f"{each.use.trace} was taken on another build: its functions are matched by name")
    analysis = analyse(
        named,
        str(module),
        Material(
            tuple(imports or ()),
            lists,
            tuple(each for stacks in cases.values() for each in stacks),
            why,
            {} if why else cases,
            assertions,
        ),
    )
    analysis = analysis.model_copy(update={"notes": (*analysis.notes, *notes)})
    console.block(analysis_text(analysis, console.width))
    write_output(json, json_text(analysis).encode())
    write_output(markdown, analysis_markdown(analysis).encode())
    stale = any(each.kind != "shadowed" for held in analysis.lists for each in held.findings)
    if strict and (stale or (analysis.seen is not None and analysis.seen.missing)):
        raise typer.Exit(EXIT_FINDINGS)
