"""``stackswitch bench``: what stack switching costs, compared with what a user would write instead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
from .options import AllowSkip, backends_option, option, writes
from .output import open_outputs, write_text
from .progress import Progress
from .resolve import allowed_skips
from .settings import load_settings
from .signals import run_async


@dataclass(frozen=True)
class BenchOptions:
    """Measure suspensions, calls, memory and instances on each backend, in alternating rounds."""

    backend: list[str] | None = backends_option("Only this backend; may be repeated.")
    allow_skip: AllowSkip = None
    rounds: int = option("Rounds; every host is measured in each.", min=1, max=1000, default=7)
    quick: bool = option("A tenth of the work.", default=False)
    json: str | None = writes("the figures as JSON")
    markdown: str | None = writes("the tables as Markdown")
    svg: str | None = writes("a plot of suspensions by depth")


def bench(options: BenchOptions) -> None:
    """Measure and show the figures.

    :raises BackendUnavailableError: a backend is not available and may not be skipped
    """
    console = open_outputs(options.json, options.markdown, options.svg)
    names = tuple(dict.fromkeys(options.backend or BACKENDS))
    for name in names:
        backend_spec(name)
    allowed = allowed_skips(options.allow_skip, load_settings(Path.cwd()))
    for name in names:
        if name not in allowed and (why := run_async(why_unavailable(name))) is not None:
            raise BackendUnavailableError(f"{name}: {why}")
    with Progress(Console(stderr=True)) as progress:
        result = run_async(run_benchmark(names, options.rounds, quick=options.quick, say=progress.say))
    _show(console, result)
    write_text(options.json, lambda: json_text(result))
    write_text(options.markdown, lambda: tables(result) + "\n")
    write_text(options.svg, lambda: plot(result))
    required = {name for name in names if name not in allowed}
    lost = [line for line in result.skipped if line.partition(":")[0] in required]
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
