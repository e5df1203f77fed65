"""``stackswitch matrix``: what CI has to run."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from stackswitch.engines.detect import detect
from stackswitch.engines.matrix import (
    DEFAULT_BACKENDS,
    DEFAULT_POLICY,
    NODE_LTS,
    SuiteRun,
    expand_policy,
    plan_matrix,
)
from stackswitch.engines.support import read_support
from stackswitch.reports.matrix import FORMATS
from stackswitch.suite.loader import load_suite
from stackswitch.suite.needs import suite_needs
from stackswitch.suite.shards import MAX_SHARDS

from .console import Console
from .github import append_outputs, github_file
from .options import OwnSuite, suite_folder
from .output import STDOUT, check_writable, write_output
from .progress import Progress
from .settings import load_settings

EXIT_MISSING = 1
Format = Enum("Format", {name: name for name in FORMATS}, type=str)  # type: ignore[misc]


def matrix(
    suite: OwnSuite = None,
    engine: Annotated[
        list[str] | None,
        typer.Option(help=f"Support this engine; may be repeated. Default: configured, or {DEFAULT_POLICY}."),
    ] = None,
    backend: Annotated[list[str] | None, typer.Option(help="Only this backend; may be repeated.")] = None,
    browserslist: Annotated[
        str | None, typer.Option(metavar="QUERY", help="Say of these browsers how much of use has JSPI.")
    ] = None,
    shards: Annotated[
        int, typer.Option(min=1, max=MAX_SHARDS, metavar="N", help="Divide the suite among N jobs.")
    ] = 1,
    durations: Annotated[
        str | None, typer.Option(metavar="FILE", help="What the jobs divide it by: as `test` takes it.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format("markdown"),
    output: Annotated[str, typer.Option(metavar="FILE", help="Where to; - is stdout.")] = STDOUT,
    github_output: Annotated[
        bool, typer.Option("--github-output", help="Append to $GITHUB_OUTPUT: matrix, for fromJSON.")
    ] = False,
) -> None:
    """Write the jobs that CI must run for the engines to support; each engine is probed."""
    settings = load_settings(Path.cwd())
    check_writable([output])
    outputs = github_file() if github_output else None
    folder = suite_folder(suite, settings, "matrix")
    tested = SuiteRun(
        suite=str(suite) if suite else "",
        needs=suite_needs(load_suite(folder)),
        shards=shards,
        durations=durations or "",
    )
    policy = tuple(engine or settings.engines) or DEFAULT_POLICY
    query = browserslist or settings.browserslist or ""
    with Progress(Console(stderr=True)) as progress:
        support = read_support(query, progress=progress.say) if query or NODE_LTS in policy else None
        result = detect(expand_policy(policy, support), progress=progress.say)
    planned = plan_matrix(
        result,
        backends=tuple(backend or settings.backends or DEFAULT_BACKENDS),
        tested=tested,
        support=support,
    )
    write_output(output, FORMATS[form.value](planned).encode())
    if outputs is not None:
        append_outputs(outputs, {"matrix": FORMATS["github"](planned).strip()})
    problems = [report for report in result.engines if report.problem]
    for report in problems:
        Console(stderr=True).message(f"✗ {report.spec}: {report.problem}")
    if not planned.jobs:
        Console(stderr=True).print("✗ there is no job: CI would run nothing. Left out:")
        for each in planned.left_out:
            Console(stderr=True).message(f"{each.backend} on {each.engine}: {each.reason}", indent=2)
    if problems or not planned.jobs:
        raise typer.Exit(EXIT_MISSING)
