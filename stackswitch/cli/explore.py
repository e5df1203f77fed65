"""``stackswitch explore``: observes generated programs, for more evidence than a suite has."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from stackswitch.errors import ConfigError, EngineError
from stackswitch.explore.drive import Exploration, ExplorationResult
from stackswitch.explore.programs import programs_of

from .console import Console
from .options import argument, option
from .output import write_output
from .progress import PLAIN_EVERY_S
from .resolve import command_on


@dataclass(frozen=True)
class ExploreOptions:
    """Run generated programs on JSPI under observation, for more evidence than a suite has.

    The folder keeps what was explored: run it again, and it goes on. Programs that break the module or
    the runner are put into FOLDER/crashes; the stacks are FOLDER/trace.jsonl, a trace as any other.
    """

    generator: str = argument(
        "What writes programs: a command, quoted as one word, or a file that ends in .jsonl; a line "
        'each: {"id": …, "program": …}.',
        default=...,
    )
    runner: list[str] = argument(
        "After --: the command that runs them on JSPI: it reads such lines, and answers each with "
        '{"id": …, "ok": true}.',
        metavar="RUNNER…",
        default=...,
    )
    output: Path = option(
        "Where the trace, the journal and the crashes go.", metavar="FOLDER", default=Path("explore")
    )
    seconds: float = option("How long to explore.", min=1, default=300)
    timeout: float = option("Seconds that one program may take.", min=0.1, default=10)
    jobs: int = option("Runners at once.", "--jobs", "-j", min=1, default=1)
    engine: str | None = option("What `node` is in the runner's command: node@26, node:/path/to/node.")


def explore(options: ExploreOptions) -> None:
    """Run programs until the time is over, and write the trace.

    :raises EngineError: no program ended in time
    :raises ConfigError: the generator wrote no program
    """
    console = Console(stderr=True)
    command, environment = command_on(options.engine, options.runner, os.environ, console)
    exploration = Exploration(options.output)
    trace = options.output / "trace.jsonl"
    written = False
    try:
        explored = _run(options, exploration, command, environment, console)
        write_output(str(trace), exploration.trace(explored))
        written = True
    finally:
        exploration.close(keep_parts=not written)
    for problem in explored.problems[:5]:
        console.message(f"stackswitch: {problem}", style="yellow")
    why = "the time is over" if explored.out_of_time else "all programs are run"
    console.print(
        f"stackswitch: {why}: {explored.ran:,} run ({explored.known:,} known before),"
        f" {explored.crashed} crashed → {options.output / 'crashes'}",
    )
    console.print(
        f"stackswitch: {explored.functions:,} functions on {explored.stacks:,} stacks,"
        f" {explored.new_functions:,} new → {trace}",
    )


def _run(
    options: ExploreOptions,
    exploration: Exploration,
    command: list[str],
    environment: dict[str, str],
    console: Console,
) -> ExplorationResult:
    """Run programs, and report from time to time."""
    reported = time.monotonic()

    def report(so_far: ExplorationResult) -> None:
        nonlocal reported
        if time.monotonic() - reported > PLAIN_EVERY_S:
            reported = time.monotonic()
            console.print(f"{so_far.ran:,} programs run, {so_far.crashed} crashed")

    with programs_of(options.generator) as programs:
        explored = exploration.run(
            programs,
            command,
            environment,
            seconds=options.seconds,
            timeout_s=options.timeout,
            jobs=options.jobs,
            on_progress=report,
        )
    if explored.ran or explored.known:
        return explored
    if explored.out_of_time:
        raise EngineError(f"no program came to its end within the {options.seconds:g} s of --seconds")
    raise ConfigError(f"{options.generator}: wrote no program: there is nothing to explore")
