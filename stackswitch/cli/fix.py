"""``stackswitch fix``: the lists drawn from what the suite shows, written where they live, and proved."""

from __future__ import annotations

import asyncio
from difflib import unified_diff
from pathlib import Path
from typing import Annotated, cast, get_args

import typer
from rich.console import Console

from stackswitch.backends.base import Backend
from stackswitch.backends.registry import open_backend
from stackswitch.errors import OutputError, StackswitchError
from stackswitch.fix.loop import DEFAULT_ROUNDS, Fixer
from stackswitch.fix.report import VERDICTS, FixReport
from stackswitch.fix.sources import ListSource
from stackswitch.lists.policies import PolicyName
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.suite.loader import load_suite

from .options import (
    CaseGlobs,
    Jobs,
    ReadBy,
    SuiteFolder,
    Timeout,
    Variable,
    WasmOpt,
    backend_options,
    one_of,
    open_list,
)
from .output import check_writable, console_for, write_output
from .progress import Progress
from .settings import load_settings

EXIT_NOT_VERIFIED = 1
OBSERVERS = ("auto", "jspi", "asyncify")
_MOST_NAMES = 20


def fix(
    suite: SuiteFolder = None,
    list_file: Annotated[
        Path | None,
        typer.Option(
            "--list",
            metavar="FILE",
            help="The file in which the list lives, for all cases that have none of their own: a Dockerfile, "
            "Makefile, CMake file, script, JSON, TOML, or a name a line. One that is not there yet is made.",
        ),
    ] = None,
    variable: Variable = None,
    spelling: ReadBy = "binaryen",
    policy: Annotated[
        str, typer.Option(help=f"How an only-list is drawn: {', '.join(get_args(PolicyName))}.")
    ] = "observed",
    observe: Annotated[
        str, typer.Option(help="Where stacks are looked at: jspi, asyncify; auto: jspi if it can be had.")
    ] = "auto",
    k: CaseGlobs = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 where a list falls short.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show the edit of each file.")] = False,
    rounds: Annotated[
        int, typer.Option(min=1, max=20, help="How often lists may be drawn.")
    ] = DEFAULT_ROUNDS,
    engine: Annotated[
        str | None, typer.Option(help="The engine for jspi: node, node@24 (from npm), node:/path/to/node.")
    ] = None,
    jobs: Jobs = None,
    timeout: Timeout = None,
    wasm_opt: WasmOpt = None,
    json: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the report as JSON; - is stdout.")
    ] = None,
) -> None:
    """Draw the lists from what the suite shows, write them where they live, and prove them on Asyncify."""
    one_of(policy, get_args(PolicyName), "--policy")
    one_of(observe, OBSERVERS, "--observe")
    settings = load_settings(Path.cwd())
    console = console_for([json])
    check_writable([json])
    which = variable or (settings.list_variable if list_file is None else None)
    shared = open_list(list_file or settings.lists, which, spelling, made=True)
    loaded = load_suite(suite or settings.suite or CONFORMANCE_SUITE, tuple(k or ()))
    options = backend_options(settings, engine=engine, jobs=jobs, wasm_opt=wasm_opt)

    async def work() -> tuple[Fixer, FixReport]:
        backends: list[Backend] = []
        with Progress(Console(stderr=True)) as progress:
            try:
                backends.append(await open_backend("asyncify", options, progress.say))
                observer = None
                if observe != "asyncify":
                    try:
                        observer = await open_backend("jspi", options, progress.say)
                        backends.append(observer)
                    except StackswitchError as error:
                        if observe == "jspi" or "jspi" in settings.require:
                            raise
                        progress.say(f"stacks are looked at on asyncify, for want of jspi: {error}")
                fixer = Fixer(
                    loaded,
                    shared,
                    backends[0],
                    observer,
                    policy=cast("PolicyName", policy),
                    jobs=options.jobs,
                    timeout_s=timeout or settings.timeout_s,
                    on_result=progress.result,
                    on_more=progress.expect,
                    say=progress.say,
                )
                return fixer, await (fixer.check() if check else fixer.fix(rounds))
            finally:
                for each in backends:
                    await each.aclose()

    fixer, report = asyncio.run(work())
    if diff:
        for source in fixer.sources:
            _show_diff(console, source)
    written = not check and report.verdict != "no-progress" and _write(fixer.sources)
    _show(console, report, written=written, check=check)
    write_output(json, (report.model_dump_json(indent=2) + "\n").encode())
    if report.verdict != "verified":
        raise typer.Exit(EXIT_NOT_VERIFIED)


def _write(sources: list[ListSource]) -> bool:
    """Write the files that change, each whole or not at all; none, if one was edited by others meanwhile.

    :raises OutputError: a file has changed since it was read, or cannot be written
    """
    changed = [each for each in sources if each.changed]
    for source in changed:
        there = source.path.read_bytes() if source.path.is_file() else None
        if there != source.before:
            raise OutputError(
                f"{source.path}: has changed while the suite ran; nothing was written: run again"
            )
    check_writable([str(each.path) for each in changed])
    for source in changed:
        write_output(str(source.path), source.data)
    return bool(changed)


def _show_diff(console: Console, source: ListSource) -> None:
    before, after = ((data or b"").decode("utf-8") for data in (source.before, source.data))
    for line in unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{source.path}",
        f"b/{source.path}",
    ):
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[0], "")
        console.print(line.rstrip("\n"), style=style, markup=False, soft_wrap=True)


def _show(console: Console, report: FixReport, *, written: bool, check: bool) -> None:
    for edit in report.edits:
        console.print(f"{edit.path}: {edit.list}", style="bold", markup=False, soft_wrap=True)
        for sign, names, style in (("+", edit.added, "green"), ("-", edit.removed, "red")):
            for name in names[:_MOST_NAMES]:
                cases = edit.needed_by.get(name, ())
                seen = f"  (seen in {cases[0]}{f' and {len(cases) - 1} more' if len(cases) > 1 else ''})"
                console.print(
                    f"  {sign} {name}{seen if cases else ''}", style=style, markup=False, soft_wrap=True
                )
            if len(names) > _MOST_NAMES:
                console.print(f"  {sign} {len(names) - _MOST_NAMES} more", style=style)
    style = "bold green" if report.verdict == "verified" else "bold red"
    console.print(VERDICTS[report.verdict] + _circumstances(report, check=check), style=style, markup=False)
    if report.reason and report.verdict != "falls-short":
        for line in report.reason.splitlines():
            console.print(f"  {line}", markup=False, soft_wrap=True)
    if report.changed and not check and not written:
        console.print("nothing was written", style="yellow")


def _circumstances(report: FixReport, *, check: bool) -> str:
    good = sum(each.as_expected for each in report.results)
    told = f"{good} of {len(report.results)} cases as expected on Asyncify" if report.results else ""
    names = sum(len(each.added) for each in report.edits)
    if check:
        short = f"{names} names are missing" if names else ""
        told = ", ".join(filter(None, (short, told)))
    elif not report.changed:
        told += ", no list changed"
    elif report.rounds:
        told += f", in {report.rounds} round{'s' if report.rounds > 1 else ''}"
    return f": {told}, {report.duration_s:.1f} s"
