"""``stackswitch test``: one suite, on every backend."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stackswitch.backends.base import Backend
from stackswitch.backends.registry import BACKENDS, BackendOptions, backend_spec, open_backend
from stackswitch.errors import BackendUnavailableError, ConfigError, StackswitchError
from stackswitch.models.result import SuiteResult
from stackswitch.reports.junit import junit_xml
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.suite.loader import Suite, load_suite
from stackswitch.suite.runner import run_suite
from stackswitch.suite.shards import parse_shard, recorded_durations, take_shard

from .inputs import read_results
from .options import CaseGlobs, Jobs, SuiteFolder, Timeout, WasmOpt, backend_options
from .output import check_writable, console_for, write_output
from .progress import Progress
from .results import show_results
from .settings import load_settings

EXIT_UNEXPECTED = 1
_DEFAULT = [name for name, spec in BACKENDS.items() if spec.default]


def run_test(
    suite: SuiteFolder = None,
    backend: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Run on this backend; may be repeated. One of: {', '.join(BACKENDS)}."
            f" Default: {', '.join(_DEFAULT)}."
        ),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            help="The engine: node, node@24 (from npm), node:/path/to/node. Asyncify runs there only if it is"
            " named by --backend."
        ),
    ] = None,
    k: CaseGlobs = None,
    jobs: Jobs = None,
    timeout: Timeout = None,
    wasm_opt: WasmOpt = None,
    shard: Annotated[
        str | None, typer.Option(metavar="K/N", help="Only the K-th of N parts of the suite.")
    ] = None,
    durations: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An earlier --json: makes the parts of --shard equally long."),
    ] = None,
    json: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the results as JSON; - is stdout.")
    ] = None,
    junit: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a JUnit report; - is stdout.")
    ] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Show only what is not as expected.")] = False,
) -> None:
    """Run a suite on every backend; say where they differ and which names are missing."""
    settings = load_settings(Path.cwd())
    console = console_for([json, junit])
    check_writable([json, junit])
    loaded = load_suite(suite or settings.suite or CONFORMANCE_SUITE, tuple(k or ()))
    loaded = _shard(loaded, shard, durations, backend or settings.backends, console)
    options = backend_options(settings, engine=engine, jobs=jobs, wasm_opt=wasm_opt)
    asked = {*(backend or settings.backends)}
    for name in sorted({*asked, *settings.require}):
        try:
            backend_spec(name)
        except ConfigError as error:
            if name in (backend or ()):
                raise typer.BadParameter(str(error), param_hint="--backend") from None
            raise
    names = [name for name in BACKENDS if name in (asked or _DEFAULT)]
    required = {*asked, *settings.require}
    result, skipped = asyncio.run(
        _run(loaded, names, asked, required, options, timeout or settings.timeout_s, Console(stderr=True))
    )
    show_results(console, result, skipped, quiet=quiet)
    write_output(json, (result.model_dump_json(indent=2) + "\n").encode())
    if junit is not None:
        write_output(junit, junit_xml(result))
    if not all(each.as_expected for each in result.results):
        raise typer.Exit(EXIT_UNEXPECTED)


def _shard(
    suite: Suite, shard: str | None, durations: Path | None, backends: Collection[str], console: Console
) -> Suite:
    if shard is None:
        if durations is not None:
            raise typer.BadParameter("it divides a suite: give --shard too", param_hint="--durations")
        return suite
    try:
        part = parse_shard(shard)
    except ConfigError as error:
        raise typer.BadParameter(str(error), param_hint="--shard") from None
    recorded = recorded_durations(read_results(durations), backends) if durations is not None else {}
    taken = take_shard(suite, part, recorded)
    console.print(f"shard {part}: {len(taken.cases)} of {len(suite.cases)} cases", style="dim")
    return taken


async def _run(
    suite: Suite,
    names: Sequence[str],
    asked: set[str],
    required: set[str],
    options: BackendOptions,
    timeout_s: float | None,
    stderr: Console,
) -> tuple[SuiteResult, dict[str, str]]:
    """Open the backends, run, close; a backend that cannot be had is skipped unless it is required."""
    backends: list[Backend] = []
    skipped: dict[str, str] = {}
    with Progress(stderr) as progress:
        try:
            for name in names:
                engine = backend_spec(name).engine_meant(options.engine, named=name in asked)
                chosen = options.model_copy(update={"engine": engine})
                try:
                    backends.append(await open_backend(name, chosen, progress.say))
                except StackswitchError as error:
                    if name in required:
                        raise
                    skipped[name] = str(error)
            if not backends:
                reasons = "\n".join(f"{name}: {reason}" for name, reason in skipped.items())
                raise BackendUnavailableError(f"no backend can run here\n{reasons}")
            progress.expect(len(suite.cases) * len(backends))
            result = await run_suite(
                suite, backends, jobs=options.jobs, timeout_s=timeout_s, on_result=progress.result
            )
        finally:
            for each in backends:
                await each.aclose()
    return result, skipped
