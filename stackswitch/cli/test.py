"""``stackswitch test``: one suite, on every backend."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from stackswitch.backends.registry import BACKENDS, CommandOptions, backend_spec
from stackswitch.errors import ConfigError
from stackswitch.models.backend import BuildKind
from stackswitch.reports.escape import json_text
from stackswitch.reports.junit import junit_xml
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.suite.loader import Suite, load_suite
from stackswitch.suite.shards import parse_shard, recorded_durations, take_shard

from .console import Console
from .inputs import read_results
from .options import (
    CaseGlobs,
    DataOnly,
    Jobs,
    SuiteFolder,
    Timeout,
    WasmOpt,
    backend_options,
    data_only_holds,
    lists_in,
    one_of,
    open_list,
)
from .output import check_writable, console_for, write_output
from .results import show_results
from .running import SuiteRun, run
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
    build: Annotated[
        str | None,
        typer.Option(
            help="Which Asyncify build commands run: own (theirs), or instrumented (the module of JSPI, made"
            " ready by --list). Default: as suite.toml says, or own."
        ),
    ] = None,
    list_file: Annotated[
        Path | None,
        typer.Option(
            "--list", metavar="FILE", help="The lists of an instrumented build, wherever they live."
        ),
    ] = None,
    traces: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep each case's trace there, as CASE.jsonl.")
    ] = None,
    data_only: DataOnly = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Show only what is not as expected.")] = False,
) -> None:
    """Run a suite on every backend; say where they differ and which names are missing."""
    settings = load_settings(Path.cwd())
    console = console_for([json, junit])
    check_writable([json, junit])
    data_only = data_only_holds(settings, data_only, engine=engine, wasm_opt=wasm_opt)
    loaded = load_suite(suite or settings.suite or CONFORMANCE_SUITE, tuple(k or ()), data_only=data_only)
    loaded = _shard(loaded, shard, durations, backend or settings.backends, console)
    lists = lists_in(open_list(list_file, None, "binaryen"))
    common = backend_options(settings, engine=engine, jobs=jobs, wasm_opt=wasm_opt)
    options = CommandOptions(**dict(common), build=_build(build), lists=lists)
    for name, given in (("--build", build), ("--list", list_file)):
        if given is not None and not loaded.commands:
            raise typer.BadParameter("it concerns commands, and the suite has none", param_hint=name)
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
    plan = SuiteRun(
        suite=loaded,
        names=tuple(name for name in names if loaded.cases or backend_spec(name).commands),
        asked=asked,
        required=required,
        options=options,
        timeout_s=timeout or settings.timeout_s,
        traces=traces,
    )
    result, skipped = run(plan, Console(stderr=True))
    show_results(console, result, skipped, quiet=quiet)
    write_output(json, json_text(result).encode())
    if junit is not None:
        write_output(junit, junit_xml(result))
    if not all(each.as_expected for each in result.results):
        raise typer.Exit(EXIT_UNEXPECTED)


def _build(name: str | None) -> BuildKind | None:
    if name is not None:
        one_of(name, get_args(BuildKind), "--build")
    return cast("BuildKind | None", name)


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
    console.print(f"shard {part}: {len(taken.ids)} of {len(suite.ids)} cases", style="dim")
    return taken
