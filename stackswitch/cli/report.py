"""``stackswitch report``: whether a module can move from Asyncify to JSPI, and what is in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from .command import EXIT_FAILED
from .console import Console
from .output import STDOUT, open_outputs
from .progress import Progress
from .report_options import FailOn, ReportOptions

if TYPE_CHECKING:
    from stackswitch.models.readiness import Level, Report


def report(options: ReportOptions) -> None:
    """Read the inputs, judge, and write the report in the requested formats.

    :raises typer.Exit: ``--fail-on`` applies
    """
    # Not at the top: they load most of the product, and `report --help` needs none of it.
    from .report_inputs import read_inputs
    from .report_modules import judge_modules
    from .report_output import show_verdict, write_formats

    console = open_outputs(
        options.html, options.markdown, options.json, options.junit, STDOUT if options.annotate else None
    )
    with Progress(Console(stderr=True)) as progress:
        inputs = read_inputs(options, progress.say)
        result = judge_modules(inputs)
    show_verdict(console, result)
    write_formats(options, inputs, result)
    if options.fail_on is not None and fails(result, options.fail_on):
        raise typer.Exit(EXIT_FAILED)


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
