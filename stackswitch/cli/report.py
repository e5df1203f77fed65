"""``stackswitch report``: can the module leave Asyncify, and what is in the way?"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from stackswitch import __version__
from stackswitch.analysis.analyse import Material as AnalysisMaterial
from stackswitch.analysis.analyse import analyse
from stackswitch.analysis.facts import Analysis
from stackswitch.analysis.traces import trace_of_module
from stackswitch.engines.support import read_support
from stackswitch.errors import ConfigError
from stackswitch.fix.sources import Lists
from stackswitch.models.readiness import LEVELS, Confidence, Level, Report, Source
from stackswitch.models.result import SuiteResult
from stackswitch.models.trace import Suspension, TraceSuspension
from stackswitch.readiness.compare import compared
from stackswitch.readiness.facts import confidence, listed_names, module_facts, ways
from stackswitch.readiness.material import Material
from stackswitch.readiness.merging import merged
from stackswitch.readiness.picture import Instrumented, draw_picture
from stackswitch.readiness.verdict import judge
from stackswitch.reports.annotations import annotation_lines
from stackswitch.reports.escape import json_text
from stackswitch.reports.junit import junit_xml
from stackswitch.reports.page import report_page
from stackswitch.reports.readiness_markdown import readiness_markdown
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import Module

from .console import Console
from .inputs import read_module
from .options import ListFile, ReadBy, Variable, lists_in, one_of, open_list
from .output import STDOUT, check_writable, console_for, write_output
from .progress import Progress
from .report_gain import measured
from .report_inputs import read_bench, read_earlier, read_engines, read_traces, shown, sort_out
from .settings import load_settings

EXIT_FAILED = 1
FAIL_ON = ("not-ready", "unknown", "changes", "worse", "unexpected")
_STYLES: dict[Level, str] = {
    "ready": "bold green",
    "ready-with-changes": "bold yellow",
    "not-ready": "bold red",
    "unknown": "bold",
}


def report(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[RESULTS…] [MODULE]",
            help="What `stackswitch test --json` wrote, in any number (of shards, engines, days; a folder "
            "stands for the *.json in it), and the module as it is before Asyncify. Either alone will do.",
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
    list_file: ListFile = None,
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
    source = open_list(list_file or settings.lists.file, variable, spelling)
    earlier = None if compare is None else read_earlier(compare)
    with Progress(Console(stderr=True)) as progress:
        progress.say("reading")
        given = sort_out(files or [])
        if not given.results and given.module is None and not trace:
            raise typer.BadParameter(
                "give it results, a module, or a trace; `stackswitch test --json F` makes results"
            )
        if against is not None:
            if given.module is None:
                raise typer.BadParameter(
                    "it is held against the module: give that too", param_hint="--against"
                )
            read_module(against)
            given.sources.append(Source(name=shown(against), kind="module", text="the Asyncify build"))
        results, flaky, others = merged(given.results)
        if given.results and not results:
            raise ConfigError("the results given contain no case: nothing was run that could be reported")
        traces, trace_sources = read_traces(trace or [])
        sources = [*given.sources, *trace_sources]
        lists = lists_in(source)
        static = None
        if given.module is not None:
            progress.say("reading the module")
            static = _Static(given.module, lists, imports or [], traces)
            sources.insert(0, Source(name=shown(given.module), kind="module"))
            traces_used: dict[str, tuple[Suspension, ...]] = static.suspensions
        else:
            traces_used = dict(traces)
        if source is not None:
            sources.append(Source(name=shown(source.path), kind="list"))
        if detect is not None:
            sources.append(Source(name=shown(detect), kind="engines"))
        if bench is not None:
            sources.append(Source(name=shown(bench), kind="measures"))
        query = browserslist or settings.browserslist or ""
        drawn = judge(
            Material(
                title=title or (given.module.name if given.module else "the suite"),
                results=results,
                flaky=flaky,
                suspensions=traces_used,
                module=None if static is None else module_facts(static.module, static.analysis),
                analysis=None if static is None else static.analysis,
                lists=lists,
                picture=draw_picture(
                    traces_used,
                    Instrumented(
                        names=None if static is None else listed_names(static.module, lists),
                        missing={
                            *(name for each in results for names in each.missing.values() for name in names),
                            *(name for of in traces_used.values() for each in of for name in each.missing),
                        },
                    ),
                    ways=() if static is None else ways(static.graph, static.analysis.imports),
                ),
                confidence=() if static is None else static.confidence(),
                engines=None if detect is None else read_engines(detect),
                support=read_support(query, progress=progress.say) if query else None,
                query=query,
                gain=measured(
                    given.module,
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
        )
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


class _Static:
    """What the module's bytes say."""

    def __init__(
        self,
        path: Path,
        lists: Lists,
        imports: Sequence[str],
        traces: dict[str, tuple[TraceSuspension, ...]],
    ) -> None:
        self.module: Module = read_module(path)
        self.graph = call_graph(self.module)
        self.suspensions = {
            case: trace_of_module(
                lines, self.module, f"the trace of {case}" if case else "the trace"
            ).suspensions
            for case, lines in traces.items()
        }
        seen = [each for of in self.suspensions.values() for each in of]
        material = AnalysisMaterial(tuple(imports), lists, tuple(seen))
        found: Analysis = analyse(self.module, path.name, material)
        self.analysis = found

    def confidence(self) -> tuple[Confidence, ...]:
        """How far a list drawn from these cases can be trusted."""
        return confidence(self.graph, self.analysis.imports, self.suspensions)


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
        console.print(text, style=style, markup=False, soft_wrap=True)

    line(f"{drawn.title}: {LEVELS[drawn.level]}", _STYLES[drawn.level])
    line(drawn.headline)
    for number, step in enumerate(drawn.steps, 1):
        line()
        line(f"{number}. {step.title}", "bold")
        for each in step.code.splitlines():
            line(f"     {each}", "dim")
    if drawn.compared_with:
        worse = sum(each.better is False for each in drawn.changes)
        line()
        line(f"since {drawn.compared_with}: {len(drawn.changes)} changes, {worse} for the worse")
