"""``stackswitch detect``: what engines support, found by running probes on them."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from stackswitch.engines.detect import detect as detect_engines
from stackswitch.engines.probes import all_probes
from stackswitch.engines.runtimes import RUNTIMES
from stackswitch.engines.spec import parse_engine
from stackswitch.models.engine import Answer, DetectResult, EngineReport, Shown
from stackswitch.reports.engines import engines_markdown
from stackswitch.reports.escape import json_text

from .command import EXIT_FAILED
from .console import Console
from .options import option, writes
from .output import append_outputs, github_file, open_outputs, write_text
from .progress import Progress


@dataclass(frozen=True)
class DetectOptions:
    """Probe what engines support: run real modules on them until they are optimised, in child processes."""

    engine: list[str] | None = option(
        "Probe this engine; may be repeated: NAME, NAME@VERSION (from npm), NAME:/path/to/it. "
        f"Names: {', '.join(RUNTIMES)}. Default: all that are found here."
    )
    require: list[str] | None = option(
        "Exit with 1 unless these work (jspi,exnref,…): on every engine named; if none is, on one.",
        metavar="NAMES",
    )
    deep: bool = option(
        "Also measure how many calls can wait at once, and how deep a stack can be.", default=False
    )
    fresh: bool = option("Probe again, even if the cache has results.", default=False)
    jobs: int | None = option("Engines at a time.", "-j", "--jobs", min=1, max=16)
    json: str | None = writes("the answers as JSON")
    markdown: str | None = writes("tables in Markdown")
    github_output: bool = option(
        "Append to $GITHUB_OUTPUT: per probe, the engines it works on.", default=False
    )


def detect(options: DetectOptions) -> None:
    """Probe engines and show what they support.

    :raises typer.Exit: a required feature is missing, or an engine could not be probed
    """
    console = open_outputs(options.json, options.markdown)
    required = _required_probes(options.require or [])
    outputs = github_file() if options.github_output else None
    specs = tuple(options.engine or ())
    for spec in specs:
        parse_engine(spec, RUNTIMES)
    with Progress(Console(stderr=True)) as progress:
        result = detect_engines(
            specs, deep=options.deep, fresh=options.fresh, jobs=options.jobs, progress=progress.say
        )
    for report in result.engines:
        _show(console, report)
    write_text(options.json, lambda: json_text(result))
    words = [*(f"--engine {spec}" for spec in specs), *["--deep"] * options.deep]
    command = " ".join(["stackswitch detect", *words, "--markdown", options.markdown or ""])
    write_text(options.markdown, lambda: engines_markdown(result, command=command))
    if outputs is not None:
        append_outputs(outputs, github_outputs(result))
    lacking = what_lacks(result, required, named=bool(specs))
    for line in lacking:
        console.message(line, style="red")
    problems = [report for report in result.engines if report.problem]
    if len(problems) == len(result.engines):
        console.print("no engine was probed", style="red")
    if lacking or (problems and specs) or len(problems) == len(result.engines):
        raise typer.Exit(EXIT_FAILED)


def _required_probes(values: list[str]) -> tuple[str, ...]:
    """Read ``--require``."""
    names = tuple(name.strip() for value in values for name in value.split(",") if name.strip())
    known = [probe.name for probe in all_probes()]
    for name in names:
        if name not in known:
            raise typer.BadParameter(
                f"no probe {name!r}; there are {', '.join(known)}", param_hint="--require"
            )
    return names


def what_lacks(result: DetectResult, required: tuple[str, ...], *, named: bool) -> list[str]:
    """Say which required features are missing, a line each.

    :param named: whether the engines were named; if so, each of them needs the feature, else one does
    """
    lines: list[str] = []
    for name in required:
        short = []
        for report in result.engines:
            answer = report.answer(name)
            if answer is None or not answer.works:
                words = answer.words if answer else report.problem or "it cannot run that probe"
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
    """Show an engine: its name, then its probes, those with the same result on one line."""
    if report.problem:
        console.message(f"✗ {report.spec}: {report.problem}", style="red")
        return
    console.message(f"{report.name} ({report.source})", style="bold")
    for note in report.notes:
        console.message(f"  {note}")
    by_words: dict[str, list[Answer]] = {}
    for answer in report.answers:
        by_words.setdefault(answer.words, []).append(answer)
    order = list(_STYLES)
    for words in sorted(by_words, key=lambda words: order.index(by_words[words][0].shown)):
        answers = by_words[words]
        names = ", ".join(answer.probe for answer in answers)
        console.message(f"  {names}: {words}", style=_STYLES[answers[0].shown])


_STYLES: dict[Shown, str] = {
    "yes": "green",
    "with-flags": "yellow",
    "unsound": "red",
    "crashed": "red",
    "no": "dim",
}
