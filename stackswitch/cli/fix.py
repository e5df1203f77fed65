"""``stackswitch fix``: computes lists from observed stacks, writes them where they live, verifies them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from stackswitch.analysis.proposals import replaceable_invokes
from stackswitch.fix.file_restore import FileRestorer
from stackswitch.fix.report import PROVED
from stackswitch.fix.sources import ListSource
from stackswitch.models.readiness import Proposal
from stackswitch.readiness.facts import shadow_stack
from stackswitch.reports.escape import json_text

from .command import EXIT_FAILED
from .fix_options import FixOptions
from .fix_output import show_diff, show_report, write_lists
from .fix_work import FixInputs, fix_lists_of
from .inputs import read_module, read_traces
from .output import open_outputs, write_text
from .proposing import propose_for, show_proposal
from .resolve import allowed_skips, only_data_may_run, open_lists, suite_folder
from .settings import load_settings

_OR_TRACES = ", or give --trace and --module to compute the list from traces"


def fix(options: FixOptions) -> None:
    """Compute the lists, write them, and show what was done.

    :raises typer.Exit: a list is incomplete, or was not verified
    """
    settings = load_settings(Path.cwd())
    data_only = only_data_may_run(
        settings, options.data_only, engine=options.engine, wasm_opt=options.wasm_opt
    )
    if data_only and options.build is not None:
        raise typer.BadParameter("it starts a program, and only data may run", param_hint="--build")
    console = open_outputs(options.json)
    _check_traces(options)
    folder = None if options.only_traces else suite_folder(options.suite, settings, "fix", or_else=_OR_TRACES)
    allowed = allowed_skips(options.allow_skip, settings)
    configured = None if options.list_files else settings.lists.variable or settings.list_variable
    variable = options.variable or configured
    lists = open_lists(options.list_files, settings, variable, options.spelling, made=True)
    with FileRestorer() as restorer:
        fixed = fix_lists_of(FixInputs(options, settings, lists, allowed, restorer, data_only), folder)
        report = fixed.report
        if options.diff:
            for source in fixed.sources:
                show_diff(console, source)
        written = not options.check and report.verdict not in ("no-progress", "falls-short")
        if written:
            written = report.build is not None or write_lists(fixed.sources)
            restorer.keep()
    of_invokes = any(each.invoke for each in report.traps)
    proposals = _proposals(options, lists, of_invokes=of_invokes)
    report = report.model_copy(update={"proposals": proposals})
    show_report(console, report, written=written, check=options.check)
    for each in report.proposals:
        show_proposal(console, each, of_invokes=of_invokes)
    write_text(options.json, lambda: json_text(report))
    if report.verdict not in PROVED:
        raise typer.Exit(EXIT_FAILED)


def _proposals(options: FixOptions, lists: Sequence[ListSource], *, of_invokes: bool) -> tuple[Proposal, ...]:
    """Try the re-entrant transform on modules whose traces show what no list fixes, or that run on JSPI.

    :param of_invokes: a trap is a matter of ``invoke_*``
    """
    found = []
    paths = options.trace or ()
    files = [file for _, file in read_traces(paths)]
    for at, path in enumerate(options.modules or ()):
        source = lists[at if len(lists) > 1 else 0]
        of_jspi = any(each.startswith("JSPI_") for each in source.variables)
        module = read_module(path)
        if (of_invokes and replaceable_invokes(module)) or (of_jspi and shadow_stack(module) != "none"):
            found.append(propose_for(path, module, files, paths, source, options.variable, options.spelling))
    return tuple(each for each in found if each is not None)


def _check_traces(options: FixOptions) -> None:
    """Check that the options about traces go together."""
    if options.trace and not options.modules:
        raise typer.BadParameter("say which module the traces are of", param_hint="--module")
    if not options.trace:
        for value, name in ((options.modules, "--module"), (options.built, "--built")):
            if value:
                raise typer.BadParameter("it goes with --trace", param_hint=name)
    if options.only_traces and options.engine is not None:
        raise typer.BadParameter("traces are read and nothing is run", param_hint="--engine")
