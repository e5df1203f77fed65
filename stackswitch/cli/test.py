"""``stackswitch test``: runs one suite on every backend."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import typer

from stackswitch.backends.registry import CommandOptions, backend_spec
from stackswitch.errors import BackendUnavailableError, ConfigError
from stackswitch.models.backend import BuildKind
from stackswitch.models.result import ShardOfSuite, SuiteResult
from stackswitch.reports.escape import json_text
from stackswitch.reports.junit import junit_xml
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.suite.loader import Suite, load_suite
from stackswitch.suite.shards import parse_shard, recorded_durations, take_shard

from .command import EXIT_FAILED
from .console import Console
from .inputs import read_results
from .options import (
    DEFAULT_BACKENDS,
    ENGINES_OF_TESTS,
    AllowSkip,
    CaseGlobs,
    DataOnly,
    Jobs,
    SuiteFolder,
    Timeout,
    WasmOpt,
    backends_option,
    option,
    reads,
    writes,
)
from .output import open_outputs, write_output, write_text
from .resolve import (
    allowed_skips,
    backend_options,
    backends_to_run,
    engine_for,
    lists_in,
    only_data_may_run,
    open_list,
    uses_of,
)
from .results import show_results, show_shard
from .running import RunRequest, run_request
from .settings import Settings, load_settings


@dataclass(frozen=True)
class TestOptions:
    """Run a suite on every backend; say where they differ and which names are missing."""

    suite: SuiteFolder = None
    backend: list[str] | None = backends_option(
        f"Run on this backend; may be repeated. Default: {', '.join(DEFAULT_BACKENDS)}."
    )
    engine: str | None = option(
        f"The engine: {ENGINES_OF_TESTS}. Asyncify runs there only if it is named by --backend."
    )
    allow_skip: AllowSkip = None
    case_globs: CaseGlobs = None
    jobs: Jobs = None
    timeout: Timeout = None
    wasm_opt: WasmOpt = None
    shard: str | None = option("Only the K-th of N parts of the suite.", metavar="K/N")
    durations: Path | None = reads("An earlier --json: makes the parts of --shard equally long.")
    json: str | None = writes("the results as JSON")
    junit: str | None = writes("a JUnit report")
    build: BuildKind | None = option(
        "Which Asyncify build commands run: own (theirs), or instrumented (the module of JSPI, made"
        " ready by --list). Default: as suite.toml says, or own."
    )
    list_file: Path | None = reads("The lists of an instrumented build, wherever they live.", "--list")
    traces: Path | None = option("Keep each case's trace there, as CASE.jsonl.", metavar="FOLDER")
    data_only: DataOnly = False
    quiet: bool = option("Show only what is not as expected.", "-q", "--quiet", default=False)


def test(options: TestOptions) -> None:
    """Run the suite, and show the results.

    :raises typer.Exit: a case is not as expected
    :raises BackendUnavailableError: a backend was skipped and may not be
    """
    settings = load_settings(Path.cwd())
    console = open_outputs(options.json, options.junit)
    run, of_suite = _run_request(options, settings)
    if of_suite is not None:
        show_shard(console, of_suite)
    result = run_request(run, Console(stderr=True)) if run.suite.ids else SuiteResult()
    result = result.model_copy(update={"shard": of_suite})
    if run.suite.ids:
        show_results(console, result, quiet=options.quiet)
    write_text(options.json, lambda: json_text(result))
    if options.junit is not None:
        write_output(options.junit, junit_xml(result))
    check_results(result)


def _run_request(options: TestOptions, settings: Settings) -> tuple[RunRequest, ShardOfSuite | None]:
    """Return what to run, and which part of the suite that is; None: all of it."""
    data_only = only_data_may_run(
        settings, options.data_only, engine=options.engine, wasm_opt=options.wasm_opt
    )
    named = _named_backends(options.backend, settings)
    folder = options.suite or settings.suite or CONFORMANCE_SUITE
    suite = load_suite(folder, tuple(options.case_globs or ()), data_only=data_only)
    names = backends_to_run(named, settings)
    engine = engine_for(options.engine, settings, names, named=options.backend or (), uses=uses_of(suite))
    common = backend_options(settings, engine=engine, jobs=options.jobs, wasm_opt=options.wasm_opt)
    allowed = allowed_skips(options.allow_skip, settings)
    for name, given in (("--build", options.build), ("--list", options.list_file)):
        if given is not None and not suite.commands:
            raise typer.BadParameter("it concerns commands, and the suite has none", param_hint=name)
    lists = lists_in(open_list(options.list_file, None, "binaryen"))
    part, of_suite = _shard(suite, options.shard, options.durations, named)
    run = RunRequest(
        suite=part,
        names=names,
        named=named,
        allowed=allowed,
        options=CommandOptions(**dict(common), build=options.build, lists=lists),
        timeout_s=options.timeout or settings.timeout_s,
        traces=options.traces,
    )
    return run, of_suite


def check_results(result: SuiteResult) -> None:
    """End with the status of a run. A case that failed has priority over a backend that is not available.

    :raises typer.Exit: a case is not as expected
    :raises BackendUnavailableError: a backend was skipped and may not be
    """
    unexpected = [each for each in result.results if not each.as_expected]
    if any(each.outcome != "skipped" for each in unexpected):
        raise typer.Exit(EXIT_FAILED)
    if unexpected:
        reasons = dict.fromkeys((each.backend, each.detail) for each in unexpected)
        ran = any(each.outcome != "skipped" for each in result.results)
        head = "" if ran else "no backend can run here\n"
        raise BackendUnavailableError(head + "\n".join(f"{name}: {reason}" for name, reason in reasons))


def _named_backends(flags: list[str] | None, settings: Settings) -> tuple[str, ...]:
    """Return the backends of ``--backend``, else the configured ones."""
    for name in flags or settings.backends:
        try:
            backend_spec(name)
        except ConfigError as error:
            if flags:
                raise typer.BadParameter(str(error), param_hint="--backend") from None
            raise
    return tuple(flags or settings.backends)


def _shard(
    suite: Suite, shard: str | None, durations: Path | None, backends: Collection[str]
) -> tuple[Suite, ShardOfSuite | None]:
    """Return the part of the suite to run, and which part that is; None: all of it."""
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
