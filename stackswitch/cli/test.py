"""``stackswitch test``: one suite, on every backend."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from stackswitch.backends.registry import BACKENDS, CommandOptions, backend_spec
from stackswitch.errors import BackendUnavailableError, ConfigError
from stackswitch.models.backend import BuildKind
from stackswitch.models.result import ShardOfSuite, SuiteResult
from stackswitch.reports.escape import json_text
from stackswitch.reports.junit import junit_xml
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.suite.loader import Suite, load_suite
from stackswitch.suite.shards import parse_shard, recorded_durations, take_shard

from .console import Console
from .inputs import read_results
from .options import (
    DEFAULT_BACKENDS,
    AllowSkip,
    CaseGlobs,
    DataOnly,
    Jobs,
    SuiteFolder,
    Timeout,
    WasmOpt,
    allowed_skips,
    backend_options,
    backends_to_run,
    data_only_holds,
    engine_for,
    lists_in,
    one_of,
    open_list,
    uses_of,
)
from .output import check_writable, console_for, write_output
from .results import show_results, show_shard
from .running import SuiteRun, run
from .settings import Settings, load_settings

EXIT_UNEXPECTED = 1


def run_test(
    suite: SuiteFolder = None,
    backend: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Run on this backend; may be repeated. One of: {', '.join(BACKENDS)}."
            f" Default: {', '.join(DEFAULT_BACKENDS)}."
        ),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            help="The engine: node, node@24 (from npm), node:/path/to/node. Asyncify runs there only if it is"
            " named by --backend."
        ),
    ] = None,
    allow_skip: AllowSkip = None,
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
    asked = _asked(backend, settings)
    loaded = load_suite(suite or settings.suite or CONFORMANCE_SUITE, tuple(k or ()), data_only=data_only)
    names = backends_to_run(asked, settings)
    common = backend_options(
        settings,
        engine=engine_for(engine, settings, names, named=backend or (), uses=uses_of(loaded)),
        jobs=jobs,
        wasm_opt=wasm_opt,
    )
    allowed = allowed_skips(allow_skip, settings)
    for name, given in (("--build", build), ("--list", list_file)):
        if given is not None and not loaded.commands:
            raise typer.BadParameter("it concerns commands, and the suite has none", param_hint=name)
    lists = lists_in(open_list(list_file, None, "binaryen"))
    options = CommandOptions(**dict(common), build=_build(build), lists=lists)
    part, of_suite = _shard(loaded, shard, durations, asked)
    if of_suite is not None:
        show_shard(console, of_suite)
    plan = SuiteRun(
        suite=part,
        names=names,
        asked=asked,
        allowed=allowed,
        options=options,
        timeout_s=timeout or settings.timeout_s,
        traces=traces,
    )
    result = run(plan, Console(stderr=True)) if part.ids else SuiteResult()
    result = result.model_copy(update={"shard": of_suite})
    if part.ids:
        show_results(console, result, quiet=quiet)
    write_output(json, json_text(result).encode())
    if junit is not None:
        write_output(junit, junit_xml(result))
    check_results(result)


def check_results(result: SuiteResult) -> None:
    """End with the exit status of a run; a case that failed goes before a backend that could not be had.

    :raises typer.Exit: a case is not as expected
    :raises BackendUnavailableError: a backend was skipped and may not be
    """
    unexpected = [each for each in result.results if not each.as_expected]
    if any(each.outcome != "skipped" for each in unexpected):
        raise typer.Exit(EXIT_UNEXPECTED)
    if unexpected:
        reasons = dict.fromkeys((each.backend, each.detail) for each in unexpected)
        ran = any(each.outcome != "skipped" for each in result.results)
        told = "" if ran else "no backend can run here\n"
        raise BackendUnavailableError(told + "\n".join(f"{name}: {reason}" for name, reason in reasons))


def _asked(flags: list[str] | None, settings: Settings) -> tuple[str, ...]:
    """Return the backends that are named.

    :raises typer.BadParameter: a flag names one that we do not know
    :raises ConfigError: the configuration does
    """
    for name in flags or settings.backends:
        try:
            backend_spec(name)
        except ConfigError as error:
            if flags:
                raise typer.BadParameter(str(error), param_hint="--backend") from None
            raise
    return tuple(flags or settings.backends)


def _build(name: str | None) -> BuildKind | None:
    if name is not None:
        one_of(name, get_args(BuildKind), "--build")
    return cast("BuildKind | None", name)


def _shard(
    suite: Suite, shard: str | None, durations: Path | None, backends: Collection[str]
) -> tuple[Suite, ShardOfSuite | None]:
    """Return the part of the suite that is to run, and which that is; None: all of it."""
    if shard is None:
        if durations is not None:
            raise typer.BadParameter("it divides a suite: give --shard too", param_hint="--durations")
        return suite, None
    try:
        part = parse_shard(shard)
    except ConfigError as error:
        raise typer.BadParameter(str(error), param_hint="--shard") from None
    recorded = recorded_durations(read_results(durations), backends) if durations is not None else {}
    taken = take_shard(suite, part, recorded)
    return taken, ShardOfSuite(
        index=part.index, count=part.count, cases=len(taken.ids), suite_cases=len(suite.ids)
    )
