"""Shows the report of ``stackswitch report``, and writes it in every format."""

from __future__ import annotations

from stackswitch.models.readiness import LEVELS, Level, Report
from stackswitch.models.result import SuiteResult
from stackswitch.reports.annotations import annotation_lines, report_annotations
from stackswitch.reports.escape import json_text
from stackswitch.reports.junit import junit_xml
from stackswitch.reports.page import report_page
from stackswitch.reports.readiness_markdown import readiness_markdown
from stackswitch.reports.text import counted

from .console import Console
from .output import STDOUT, write_output, write_text
from .report_inputs import ReportInputs
from .report_options import ReportOptions
from .trace_uses import show_uses

_STYLES: dict[Level, str] = {
    "ready": "bold green",
    "ready-with-changes": "bold yellow",
    "not-ready": "bold red",
    "unknown": "bold",
}


def write_formats(options: ReportOptions, inputs: ReportInputs, result: Report) -> None:
    """Write the files that options name.

    :raises OutputError: one cannot be written
    """
    write_text(options.html, lambda: report_page(result))
    write_text(options.markdown, lambda: readiness_markdown(result))
    write_text(options.json, lambda: json_text(result, indent=1))
    if options.junit is not None:
        write_output(options.junit, junit_xml(SuiteResult(results=inputs.common.results)))
    if options.annotate:
        write_text(STDOUT, lambda: annotation_lines(report_annotations(result, inputs.list_path)))


def show_verdict(console: Console, result: Report) -> None:
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
        if step.text:
            line(f"   {step.text}")
        for each in step.code.splitlines():
            line(f"     {each}", style="dim", wrap=False)
    if result.compared_with:
        worse = sum(each.better is False for each in result.changes)
        line()
        line(f"since {result.compared_with}: {counted(len(result.changes), 'change')}, {worse} for the worse")
