"""``stackswitch report``: can the module leave Asyncify, and what is in the way?"""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from stackswitch import __version__
from stackswitch.analysis.traces import GivenModule
from stackswitch.engines.support import read_support
from stackswitch.errors import ConfigError
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
from stackswitch.reports.trace_use import summed, unused_line, use_line

from .console import Console
from .inputs import read_module
from .options import ReadBy, Variable, lists_in, one_of, open_list
from .output import STDOUT, check_writable, console_for, write_output
from .progress import Progress
from .report_gain import measured
from .report_inputs import read_bench, read_earlier, read_engines, read_traces, shown, sort_out
from .report_modules import Static, Traces, of_module, of_traces, put_together, results_of, take_traces
from .settings import load_settings

EXIT_FAILED = 1
FAIL_ON = ("not-ready", "unknown", "changes", "worse", "unexpected")
_MOST_TRACES = 20
_STYLES: dict[Level, str] = {
    "ready": "bold green",
    "ready-with-changes": "bold yellow",
    "not-ready": "bold red",
    "unknown": "bold",
}


def report(  # noqa: C901
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[RESULTS…] [MODULE]",
            help="What `stackswitch test --json` wrote, in any number (of shards, engines, days; a folder "
            "stands for the *.json in it), and the module as it is before Asyncify, or several. Either alone "
            "will do.",
        ),
    ] = None,
    trace: Annotated[
        list[Path] | None,
        typer.Option(
            "--trace",
            "--traces",
            metavar="FILE|DIR",
            help="A trace, or the folder of `test --traces`; repeatable.",
        ),
    ] = None,
    modules: Annotated[
        list[Path] | None,
        typer.Option("--module", metavar="FILE", help="A module; repeatable: a verdict for each."),
    ] = None,
    list_files: Annotated[
        list[Path] | None,
        typer.Option(
            "--list", metavar="FILE", help="A file with lists in it: one for all modules, or one for each."
        ),
    ] = None,
    variable: Variable = None,
    spelling: ReadBy = "binaryen",
    imports: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODULE.NAME", help="An import that may suspend, * for any characters; repeatable."
        ),
    ] = None,
    detect: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What `stackswitch detect --json` wrote.")
    ] = None,
    browserslist: Annotated[
        str | None, typer.Option(metavar="QUERY", help="Say how many of these users have JSPI.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="BUILD.wasm",
            help="The Asyncify build of the module: measure both, in alternating runs (stackswitch "
            "instrument makes one).",
        ),
    ] = None,
    timed: Annotated[
        Path | None,
        typer.Option(
            "--time",
            metavar="SUITE",
            help="A folder of cases that compute and hardly wait: time each on both builds, in alternating "
            "runs on one engine.",
        ),
    ] = None,
    rounds: Annotated[
        int, typer.Option(min=1, max=1000, help="How often what is measured takes its turn.")
    ] = 11,
    bench: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What `stackswitch bench --json` wrote: what a wait costs."),
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="What the report is about. Default: the module's name.")
    ] = None,
    html: Annotated[str | None, typer.Option(metavar="FILE", help="Write the page; - is stdout.")] = None,
    markdown: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write Markdown for a comment or a job summary; - is stdout."),
    ] = None,
    json: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write everything as JSON; - is stdout.")
    ] = None,
    junit: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write JUnit XML, a test per case and backend; - is stdout."),
    ] = None,
    annotate: Annotated[
        bool, typer.Option("--annotations", help="Print the findings as annotations of GitHub Actions.")
    ] = False,
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="OLD.json", help="An earlier --json (of report or test): say what changed since."
        ),
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT",
            help=f"Exit with 1 if it is so: {', '.join(FAIL_ON)}. Each of the first three holds for those "
            f"before it.",
        ),
    ] = None,
) -> None:
    """Say whether a module can move from Asyncify to JSPI, what is in the way, and what to do, in order."""
    if fail_on is not None:
        one_of(fail_on, FAIL_ON, "--fail-on")
    outputs = [html, markdown, json, junit, STDOUT if annotate else None]
    console = console_for(outputs)
    check_writable([html, markdown, json, junit])
    settings = load_settings(Path.cwd())
    files_of_lists = list_files or ([settings.lists.file] if settings.lists.file else [])
    opened = [open_list(each, variable, spelling) for each in files_of_lists]
    if variable is not None and not opened:
        open_list(None, variable, spelling)
    source = opened[0] if opened else None
    earlier = None if compare is None else read_earlier(compare)
    with Progress(Console(stderr=True)) as progress:
        progress.say("reading")
        given = sort_out(files or [])
        paths = [*given.modules, *(modules or ())]
        if not given.results and not paths and not trace:
            raise typer.BadParameter(
                "give it results, a module, or a trace; `stackswitch test --json F` makes results"
            )
        if len(opened) > 1 and len(opened) != len(paths):
            raise typer.BadParameter("give one list for all modules, or one for each", param_hint="--list")
        if against is not None:
            if len(paths) != 1:
                raise typer.BadParameter(
                    "it is held against the module: give that too, and no other", param_hint="--against"
                )
            read_module(against)
            given.sources.append(Source(name=shown(against), kind="module", text="the Asyncify build"))
        results, flaky, others = merged(given.results)
        if given.results and not results:
            raise ConfigError("the results given contain no case: nothing was run that could be reported")
        traces, trace_sources = read_traces(trace or [])
        sources = [Source(name=shown(each), kind="module") for each in paths]
        sources += [*given.sources, *trace_sources]
        sources += [Source(name=shown(each.path), kind="list") for each in opened if each is not None]
        if detect is not None:
            sources.append(Source(name=shown(detect), kind="engines"))
        if bench is not None:
            sources.append(Source(name=shown(bench), kind="measures"))
        query = browserslist or settings.browserslist or ""
        if paths:
            progress.say("reading the module" if len(paths) == 1 else "reading the modules")
        read = [read_module(each) for each in paths]
        hashes = [each.sha256 for each in read]
        found, uses = take_traces(traces, list(map(GivenModule, read, map(shown, paths))))
        lists = [
            lists_in(opened[at if len(opened) > 1 else 0] if opened else None) for at in range(len(found))
        ]
        common = Material(
            title=title or (", ".join(each.name for each in paths) if paths else "the suite"),
            results=results,
            flaky=flaky,
            missing_shards=missing_shards(given.results),
            uses=uses,
            lists=lists[0],
            engines=None if detect is None else read_engines(detect),
            support=read_support(query, progress=progress.say) if query else None,
            query=query,
            gain=measured(
                paths[0] if paths else None,
                against,
                timed,
                None if bench is None else read_bench(bench),
                rounds=rounds,
                progress=progress.say,
                data_only=settings.data_only,
            ),
            silence=settings.report.silence,
            sources=tuple(sources),
            other_modules=others,
        )
        reports = []
        for path, module, of, own in zip(paths, read, found, lists, strict=False):
            static = Static(path, module, own, imports or [], of)
            mine = results_of(results, module.sha256, hashes)
            reports.append((shown(path), judge(of_module(replace(common, results=mine, lists=own), static))))
        if len(reports) == 1:
            drawn = reports[0][1]
        else:
            every = Traces()
            for of in found:
                for case, stacks in of.suspensions.items():
                    every.add(case, stacks, of.traps[case])
            drawn = judge(of_traces(common, every))
            drawn = put_together(drawn, reports) if reports else drawn
    now = datetime.datetime.now(tz=datetime.timezone.utc)
    drawn = drawn.model_copy(
        update={"made_at": now.strftime("%Y-%m-%d %H:%M UTC"), "made_with": f"stackswitch {__version__}"}
    )
    if earlier is not None:
        drawn = compared(drawn, earlier, str(compare))
    _show(console, drawn)
    if html is not None:
        write_output(html, report_page(drawn).encode("utf-8", "replace"))
    if markdown is not None:
        write_output(markdown, readiness_markdown(drawn).encode("utf-8", "replace"))
    if json is not None:
        write_output(json, json_text(drawn, indent=1).encode())
    if junit is not None:
        write_output(junit, junit_xml(SuiteResult(results=results)))
    if annotate:
        at = "" if source is None else str(source.path)
        write_output(STDOUT, annotation_lines(drawn, at).encode("utf-8", "replace"))
    if fail_on is not None and fails(drawn, fail_on):
        raise typer.Exit(EXIT_FAILED)


def fails(drawn: Report, fail_on: str) -> bool:
    """Whether a report is what ``--fail-on`` says it must not be."""
    if fail_on == "worse":
        return any(each.better is False for each in drawn.changes)
    if fail_on == "unexpected":
        return any(not cell.known for case in drawn.cases for cell in case.cells)
    worst: dict[str, tuple[Level, ...]] = {
        "not-ready": ("not-ready",),
        "unknown": ("not-ready", "unknown"),
        "changes": ("not-ready", "unknown", "ready-with-changes"),
    }
    return drawn.level in worst[fail_on]


def _show(console: Console, drawn: Report) -> None:
    """Show the verdict and the way in a few lines."""

    def line(text: str = "", style: str | None = None) -> None:
        console.print(text, style=style)

    line(f"{drawn.title}: {LEVELS[drawn.level]}", _STYLES[drawn.level])
    for module in drawn.modules:
        line(f"{module.name}: {LEVELS[module.level]}", _STYLES[module.level])
        line(f"  {module.headline}")
    if not drawn.modules:
        line(drawn.headline)
    for use in drawn.traces[:_MOST_TRACES]:
        if len(drawn.traces) <= _MOST_TRACES or not use.complete:
            line(use_line(use), "dim")
        for unused in use.unused:
            line(f"  {unused_line(unused)}", "red")
        for said in use.says:
            line(f"  says of itself: {said}", "yellow")
    if len(drawn.traces) > _MOST_TRACES:
        line(summed(drawn.traces), "dim")
    for number, step in enumerate(drawn.steps, 1):
        line()
        line(f"{number}. {step.title}", "bold")
        for each in step.code.splitlines():
            line(f"     {each}", "dim")
    if drawn.compared_with:
        worse = sum(each.better is False for each in drawn.changes)
        line()
        line(f"since {drawn.compared_with}: {counted(len(drawn.changes), 'change')}, {worse} for the worse")
