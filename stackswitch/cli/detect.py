"""``stackswitch detect``: what engines do, found by doing."""

from __future__ import annotations

from typing import Annotated

import typer

from stackswitch.engines.detect import detect as detect_engines
from stackswitch.engines.probes import all_probes
from stackswitch.engines.runtimes import RUNTIMES
from stackswitch.engines.spec import parse_engine
from stackswitch.models.engine import Answer, DetectResult, EngineReport, Shown
from stackswitch.reports.engines import engines_markdown
from stackswitch.reports.escape import json_text

from .console import Console
from .github import append_outputs, github_file
from .output import check_writable, console_for, write_output
from .progress import Progress

EXIT_LACKING = 1


def detect(
    engine: Annotated[
        list[str] | None,
        typer.Option(
            help="Probe this engine; may be repeated: NAME, NAME@VERSION (from npm), NAME:/path/to/it. "
            f"Names: {', '.join(RUNTIMES)}. Default: all that are found here."
        ),
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            help="Exit with 1 unless these work (jspi,exnref,…): on every engine named; if none is, on one.",
        ),
    ] = None,
    deep: Annotated[
        bool,
        typer.Option(
            "--deep", help="Also measure how many calls can wait at once, and how deep a stack can be."
        ),
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Probe again, even if the cache has results.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("-j", "--jobs", min=1, max=16, help="Engines at a time.")
    ] = None,
    json: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the answers as JSON; - is stdout.")
    ] = None,
    markdown: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write tables in Markdown; - is stdout.")
    ] = None,
    github_output: Annotated[
        bool,
        typer.Option("--github-output", help="Append to $GITHUB_OUTPUT: per probe, the engines it works on."),
    ] = False,
) -> None:
    """Probe what engines support: run real modules on them until they are optimised, in child processes."""
    console = console_for([json, markdown])
    check_writable([json, markdown])
    required = _known(require or [])
    outputs = github_file() if github_output else None
    specs = tuple(engine or ())
    for spec in specs:
        parse_engine(spec, RUNTIMES)
    with Progress(Console(stderr=True)) as progress:
        result = detect_engines(specs, deep=deep, fresh=fresh, jobs=jobs, progress=progress.say)
    for report in result.engines:
        _show(console, report)
    write_output(json, json_text(result).encode())
    if markdown is not None:
        arguments = [*(f"--engine {spec}" for spec in specs), *(["--deep"] if deep else [])]
        command = " ".join(["stackswitch detect", *arguments, "--markdown", markdown])
        write_output(markdown, engines_markdown(result, command=command).encode())
    if outputs is not None:
        append_outputs(outputs, github_outputs(result))
    lacking = what_lacks(result, required, named=bool(specs))
    for line in lacking:
        console.message(line, style="red")
    problems = [report for report in result.engines if report.problem]
    if len(problems) == len(result.engines):
        console.print("no engine was asked", style="red")
    if lacking or (problems and specs) or len(problems) == len(result.engines):
        raise typer.Exit(EXIT_LACKING)


def _known(words: list[str]) -> tuple[str, ...]:
    names = tuple(name.strip() for word in words for name in word.split(",") if name.strip())
    known = [probe.name for probe in all_probes()]
    for name in names:
        if name not in known:
            raise typer.BadParameter(
                f"no probe {name!r}; there are {', '.join(known)}", param_hint="--require"
            )
    return names


def what_lacks(result: DetectResult, required: tuple[str, ...], *, named: bool) -> list[str]:
    """Say what was required and is not there, a line each.

    :param named: whether the engines were named: then each of them has to have it, else one has to
    """
    lines: list[str] = []
    for name in required:
        short = []
        for report in result.engines:
            answer = report.answer(name)
            if answer is None or not answer.works:
                words = answer.words if answer else report.problem or "it cannot be asked that"
                short.append(f"{report.name}: {name} is required: {words}")
        if not result.engines:
            lines.append(f"{name} is required, and there is no engine here")
        elif named or len(short) == len(result.engines):
            lines += short
    return lines


def github_outputs(result: DetectResult) -> dict[str, str]:
    """Return the outputs of a step: a JSON list of engines per probe; ``json``, everything."""
    outputs = {}
    for probe in result.probes:
        answers = {report.spec: report.answer(probe.name) for report in result.engines}
        works = [spec for spec, each in answers.items() if each and each.works]
        outputs[probe.name] = json_text(works, indent=None).strip()
    return outputs | {"json": json_text(result, indent=None).strip()}


def _show(console: Console, report: EngineReport) -> None:
    """Show an engine: what it has in one line, then what needs words, the same words once."""

    def line(text: str, style: str | None = None) -> None:
        console.message(text, style=style)

    if report.problem:
        line(f"✗ {report.spec}: {report.problem}", "red")
        return
    line(f"{report.name} ({report.source})", "bold")
    for note in report.notes:
        line(f"  {note}")
    by_words: dict[str, list[Answer]] = {}
    for answer in report.answers:
        by_words.setdefault(answer.words, []).append(answer)
    for words in sorted(by_words, key=lambda words: _ORDER.index(by_words[words][0].shown)):
        answers = by_words[words]
        names = ", ".join(answer.probe for answer in answers)
        line(f"  {names}: {words}", _STYLES[answers[0].shown])


_ORDER: tuple[Shown, ...] = ("yes", "with-flags", "unsound", "crashed", "no")
_STYLES: dict[Shown, str] = {
    "yes": "green",
    "with-flags": "yellow",
    "unsound": "red",
    "crashed": "red",
    "no": "dim",
}
