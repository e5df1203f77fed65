"""``stackswitch matrix``: the jobs that CI must run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
from stackswitch.reports.matrix import FORMATS, FormatName
from stackswitch.suite.loader import load_suite
from stackswitch.suite.needs import suite_needs
from stackswitch.suite.shards import MAX_SHARDS

from .command import EXIT_FAILED
from .console import Console
from .options import OwnSuite, backends_option, option, reads
from .output import STDOUT, append_outputs, check_writable, github_file, write_output
from .progress import Progress
from .resolve import suite_folder
from .settings import load_settings


@dataclass(frozen=True)
class MatrixOptions:
    """Write the jobs that CI must run for the engines to support; each engine is probed."""

    suite: OwnSuite = None
    engine: list[str] | None = option(
        f"Support this engine; may be repeated. Default: configured, or {', '.join(DEFAULT_POLICY)}."
    )
    backend: list[str] | None = backends_option("Only this backend; may be repeated.")
    browserslist: str | None = option(
        "Say which share of the users of these browsers has JSPI.", metavar="QUERY"
    )
    shards: int = option("Divide the suite among N jobs.", min=1, max=MAX_SHARDS, metavar="N", default=1)
    durations: str | None = reads("What the jobs divide it by: as `test` takes it.")
    form: FormatName = option("The format of the output.", "--format", default="markdown")
    output: str = option("Where to write it; - is stdout.", metavar="FILE", default=STDOUT)
    github_output: bool = option("Append to $GITHUB_OUTPUT: matrix, for fromJSON.", default=False)


def matrix(options: MatrixOptions) -> None:
    """Probe the engines and write the jobs.

    :raises typer.Exit: an engine could not be probed, or there is no job
    """
    settings = load_settings(Path.cwd())
    check_writable([options.output])
    outputs = github_file() if options.github_output else None
    folder = suite_folder(options.suite, settings, "matrix")
    tested = SuiteRun(
        suite=str(options.suite) if options.suite else "",
        needs=suite_needs(load_suite(folder)),
        shards=options.shards,
        durations=options.durations or "",
    )
    policy = tuple(options.engine or settings.engines) or DEFAULT_POLICY
    query = options.browserslist or settings.browserslist or ""
    stderr = Console(stderr=True)
    with Progress(stderr) as progress:
        support = read_support(query, progress=progress.say) if query or NODE_LTS in policy else None
        result = detect(expand_policy(policy, support), progress=progress.say)
    planned = plan_matrix(
        result,
        backends=tuple(options.backend or settings.backends or DEFAULT_BACKENDS),
        tested=tested,
        support=support,
    )
    write_output(options.output, FORMATS[options.form](planned).encode())
    if outputs is not None:
        append_outputs(outputs, {"matrix": FORMATS["github"](planned).strip()})
    problems = [report for report in result.engines if report.problem]
    for report in problems:
        stderr.message(f"✗ {report.spec}: {report.problem}")
    if not planned.jobs:
        stderr.print("✗ there is no job: CI would run nothing. Left out:")
        for each in planned.left_out:
            stderr.message(f"{each.backend} on {each.engine}: {each.reason}", indent=2)
    if problems or not planned.jobs:
        raise typer.Exit(EXIT_FAILED)
