"""``stackswitch bench``: what it costs, against what a user would take instead."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stackswitch.backends.registry import backend_spec
from stackswitch.bench.benchmark import run_benchmark
from stackswitch.bench.measurement import BACKENDS
from stackswitch.bench.plot import plot
from stackswitch.bench.tables import tables
from stackswitch.errors import BackendUnavailableError
from stackswitch.guest.opening import why_unavailable
from stackswitch.models.bench import BenchResult
from stackswitch.reports.escape import json_text

from .console import Console
from .ending import run_async
from .options import AllowSkip, allowed_skips
from .output import check_writable, console_for, write_output
from .progress import Progress
from .settings import load_settings


def bench(
    backend: Annotated[list[str] | None, typer.Option(help="Only this backend; may be repeated.")] = None,
    allow_skip: AllowSkip = None,
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="Rounds, in which all hosts take turns.")] = 7,
    quick: Annotated[bool, typer.Option("--quick", help="A tenth of the work.")] = False,
    json: Annotated[str | None, typer.Option(metavar="FILE", help="Write JSON; - is stdout.")] = None,
    markdown: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the tables as Markdown; - is stdout.")
    ] = None,
    svg: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a plot of suspensions by depth; - is stdout.")
    ] = None,
) -> None:
    """Measure suspensions, calls, memory and instances on each backend, in alternating rounds."""
    console = console_for([json, markdown, svg])
    check_writable([json, markdown, svg])
    names = tuple(dict.fromkeys(backend or BACKENDS))
    for name in names:
        backend_spec(name)
    allowed = allowed_skips(allow_skip, load_settings(Path.cwd()))
    for name in names:
        if name not in allowed and (why := run_async(why_unavailable(name))) is not None:
            raise BackendUnavailableError(f"{name}: {why}")
    with Progress(Console(stderr=True)) as progress:
        result = run_async(run_benchmark(names, rounds, quick=quick, say=progress.say))
    _show(console, result)
    write_output(json, json_text(result).encode())
    if markdown is not None:
        write_output(markdown, (tables(result) + "\n").encode())
    if svg is not None:
        write_output(svg, plot(result).encode())
    must = {name for name in names if name not in allowed}
    lost = [line for line in result.skipped if line.partition(":")[0] in must]
    if lost:
        raise BackendUnavailableError("not all was measured\n" + "\n".join(lost))
    if not result.figures:
        raise BackendUnavailableError("nothing was measured: every backend was skipped")


def _show(console: Console, result: BenchResult) -> None:
    engines = ", ".join(f"{name}: {version}" for name, version in result.engines.items())
    console.print(
        f"Python {result.python}; {engines}; load average {result.load_average}; {result.rounds} rounds",
    )
    heading = ""
    for each in result.figures:
        if (group := f"{each.group}: {each.case} ({each.unit})") != heading:
            heading = group
            console.print(group, style="bold")
        line = (
            f"  {each.host:<28} best {each.best:10.2f}  median {each.median:10.2f}  worst {each.worst:10.2f}"
        )
        if each.ratio is not None:
            spread = f"{each.ratio.least:.2f} to {each.ratio.greatest:.2f}"
            line += f"  {each.ratio.median:.2f} ({spread}) of {each.ratio.against}"
        console.print(line)
    for line in result.skipped:
        console.message(f"skipped: {line}")
    if result.goals:
        console.print("Goals", style="bold")
    for goal in result.goals:
        reached = f"{goal.reached:.4g} {goal.unit} ({goal.least:.4g} to {goal.greatest:.4g})"
        line = (
            f"  {goal.name:<48} {goal.bound} {goal.goal:g}: {reached}{'' if goal.holds else ', not reached'}"
        )
        console.print(line)
