"""``stackswitch explore``: generated programs under observation: evidence for lists."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Annotated

import typer

from stackswitch.errors import ConfigError, EngineError
from stackswitch.explore.drive import Exploration, Explored, environment_with
from stackswitch.explore.programs import programs_of
from stackswitch.observe.engine import engine_program

from .console import Console
from .output import write_output
from .progress import PLAIN_EVERY_S, Progress


def explore(
    generator: Annotated[
        str,
        typer.Argument(
            help="What writes programs: a command, quoted as one word, or a file that ends in .jsonl; a line "
            'each: {"id": …, "program": …}.'
        ),
    ],
    runner: Annotated[
        list[str],
        typer.Argument(
            metavar="RUNNER…",
            help="After --: the command that runs them on JSPI: it reads such lines, and answers each with "
            '{"id": …, "ok": true}.',
        ),
    ],
    output: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where the trace, the journal and the crashes go.")
    ] = Path("explore"),
    seconds: Annotated[float, typer.Option(min=1, help="How long to explore.")] = 300,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that one program may take.")] = 10,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Runners at once.")] = 1,
    engine: Annotated[
        str | None, typer.Option(help="What `node` is in the runner's command: node@26, node:/path/to/node.")
    ] = None,
) -> None:
    """Run generated programs on JSPI under observation, for more evidence than a suite has.

    What was explored is kept in the folder: run it again, and it goes on. Programs that break the module or
    the runner are set apart in FOLDER/crashes; the stacks are FOLDER/trace.jsonl, a trace as any other.
    """
    console = Console(stderr=True)
    program = None
    if engine is not None:
        with Progress(console) as progress:
            program = engine_program(engine, progress.say)
    environment = environment_with(program)
    found = shutil.which(runner[0], path=environment["PATH"])
    command = [found or runner[0], *runner[1:]]
    exploration = Exploration(output)
    told = time.monotonic()

    def tell(so_far: Explored) -> None:
        nonlocal told
        if time.monotonic() - told > PLAIN_EVERY_S:
            told = time.monotonic()
            console.print(f"{so_far.ran:,} programs run, {so_far.crashed} crashed")

    written = False
    try:
        with programs_of(generator) as programs:
            done = exploration.run(
                programs, command, environment, seconds=seconds, timeout_s=timeout, jobs=jobs, tell=tell
            )
        if not done.ran and not done.known:
            if done.out_of_time:
                raise EngineError(f"no program came to its end within the {seconds:g} s of --seconds")
            raise ConfigError(f"{generator}: wrote no program: there is nothing to explore")
        write_output(str(output / "trace.jsonl"), exploration.trace(done))
        written = True
    finally:
        exploration.close(keep_parts=not written)
    for problem in done.problems[:5]:
        console.message(f"stackswitch: {problem}", style="yellow")
    why = "the time is over" if done.out_of_time else "all programs are run"
    console.print(
        f"stackswitch: {why}: {done.ran:,} run ({done.known:,} known before), {done.crashed} crashed"
        f" → {output / 'crashes'}",
    )
    console.print(
        f"stackswitch: {done.functions:,} functions on {done.stacks:,} stacks, {done.new_functions:,} new"
        f" → {output / 'trace.jsonl'}",
    )
