"""``stackswitch fix``: computes lists from observed stacks, writes them where they live, verifies them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import typer

from stackswitch.fix.command_evidence import Proof
from stackswitch.fix.evidence import DEFAULT_ROUNDS, FixRequest
from stackswitch.fix.guard import Guard
from stackswitch.fix.loop import Fixed
from stackswitch.fix.report import PROVED
from stackswitch.fix.sources import ListSource
from stackswitch.lists.assertions import Assertions
from stackswitch.lists.formats import names as format_names
from stackswitch.lists.policies import PolicyName
from stackswitch.reports.escape import json_text
from stackswitch.suite.loader import load_suite

from .command import EXIT_FAILED
from .fix_commands import fix_commands, read_traced
from .fix_output import show_diff, show_report, write_lists
from .fix_work import FixInputs, fix_from_traces, fix_suite
from .options import (
    AllowSkip,
    CaseGlobs,
    DataOnly,
    Jobs,
    JspiEngine,
    OwnSuite,
    ReadBy,
    Symbols,
    Timeout,
    TraceFiles,
    Variable,
    WasmOpt,
    option,
    reads,
    writes,
)
from .output import check_writable, console_for, write_text
from .resolve import (
    allowed_skips,
    backend_options,
    engine_for,
    only_data_may_run,
    open_list,
    suite_folder,
    uses_of,
)
from .settings import Settings, config_folder, load_settings

_OR_TRACES = ", or give --trace and --module to compute the list from traces"


@dataclass(frozen=True)
class FixOptions:
    """Complete the lists from observed stacks, write them where they live, and verify them on Asyncify."""

    suite: OwnSuite = None
    list_files: list[Path] | None = reads(
        "The file in which the list lives, for all cases that have none of their own: "
        f"{format_names()}, or a name a line. A missing file is created, with a name a line. "
        "With several --module: one for all, or one for each, in their order.",
        "--list",
    )
    variable: Variable = None
    spelling: ReadBy = "binaryen"
    policy: PolicyName | None = option(
        "How an only-list is computed. Default: observed; ranked for a large module without a list."
    )
    observe: Literal["auto", "jspi", "asyncify"] = option(
        "The backend on which stacks are observed. auto: jspi, or asyncify if jspi may be skipped.",
        default="auto",
    )
    allow_skip: AllowSkip = None
    case_globs: CaseGlobs = None
    check: bool = option("Change nothing; exit with 1 if a list is incomplete.", default=False)
    minimize: bool = option(
        "Remove entries that no observed stack needs, and verify the list without them.", default=False
    )
    prove: Proof = option(
        "Of commands: all, or cover: few cases that show every function that any of them shows.",
        default="all",
    )
    diff: bool = option("Show the edit of each file.", default=False)
    rounds: int = option("How often lists may be computed.", min=1, max=20, default=DEFAULT_ROUNDS)
    engine: JspiEngine = None
    jobs: Jobs = None
    timeout: Timeout = None
    wasm_opt: WasmOpt = None
    build: str | None = option(
        "A shell command that rebuilds the modules that are Asyncify builds.", metavar="COMMAND"
    )
    trace: TraceFiles = None
    modules: list[Path] | None = reads(
        "The module that the traces are of; nothing is run. Repeatable: a list for each.", "--module"
    )
    built: Path | None = reads("With --trace and --build: the module that it makes.")
    symbols: Symbols = None
    data_only: DataOnly = False
    json: str | None = writes("the report as JSON")

    @property
    def only_traces(self) -> bool:
        """Whether traces are read and nothing is run."""
        return bool(self.trace) and self.suite is None


def fix(options: FixOptions) -> None:
    """Compute the lists, write them, and show what was done.

    :raises typer.Exit: a list is incomplete, or was not verified
    """
    settings = load_settings(Path.cwd())
    data_only = only_data_may_run(
        settings, options.data_only, engine=options.engine, wasm_opt=options.wasm_opt
    )
    if data_only and options.build is not None:
        raise typer.BadParameter("it starts a program, and only data may run", param_hint="--build")
    check_writable([options.json])
    _check_traces(options)
    folder = None if options.only_traces else suite_folder(options.suite, settings, "fix", or_else=_OR_TRACES)
    allowed = allowed_skips(options.allow_skip, settings)
    lists = _open_lists(options, settings)
    inputs = _inputs(options, settings, lists)
    console = console_for([options.json])
    with Guard() as guard:
        if folder is None:
            wasm_opt, built = options.wasm_opt or settings.wasm_opt, options.built or settings.fix.built
            trace, modules = options.trace or [], options.modules or []
            fixed = fix_from_traces(inputs, trace, modules, lists, built, wasm_opt, guard)
        else:
            if len(lists) > 1:
                raise typer.BadParameter("a suite has one shared list: give one file", param_hint="--list")
            fixed = _fix_suite(options, settings, folder, inputs, allowed, guard, data_only=data_only)
        report = fixed.report
        if options.diff:
            for source in fixed.sources:
                show_diff(console, source)
        written = not options.check and report.verdict not in ("no-progress", "falls-short")
        if written:
            written = report.build is not None or write_lists(fixed.sources)
            guard.keep()
    show_report(console, report, written=written, check=options.check)
    write_text(options.json, lambda: json_text(report))
    if report.verdict not in PROVED:
        raise typer.Exit(EXIT_FAILED)


def _check_traces(options: FixOptions) -> None:
    """Check that the options about traces go together.

    :raises typer.BadParameter: they do not
    """
    if options.trace and not options.modules:
        raise typer.BadParameter("say which module the traces are of", param_hint="--module")
    if not options.trace:
        for value, name in ((options.modules, "--module"), (options.built, "--built")):
            if value:
                raise typer.BadParameter("it goes with --trace", param_hint=name)
    if options.only_traces and options.engine is not None:
        raise typer.BadParameter("traces are read and nothing is run", param_hint="--engine")


def _open_lists(options: FixOptions, settings: Settings) -> list[ListSource]:
    """Read the files of ``--list``, or the configured one; missing ones are created later."""
    if options.list_files:
        files, variable = list(options.list_files), options.variable
        opened = [open_list(each, variable, options.spelling, made=True) for each in files]
    else:
        variable = options.variable or settings.lists.variable or settings.list_variable
        opened = [open_list(settings.lists.file, variable, options.spelling, made=True)]
    return [each for each in opened if each is not None]


def _inputs(options: FixOptions, settings: Settings, lists: list[ListSource]) -> FixInputs:
    """Return what suites and traces are fixed with."""
    assertions = Assertions(settings.lists.never, settings.lists.always)
    request = FixRequest(options.policy, assertions, options.minimize, options.check, options.rounds)
    folder = Path.cwd() if options.build else config_folder(Path.cwd()) or Path.cwd()
    shared = lists[0] if lists else None
    return FixInputs(request, shared, options.build or settings.fix.build, folder, options.symbols)


def _fix_suite(
    options: FixOptions,
    settings: Settings,
    folder: Path,
    inputs: FixInputs,
    allowed: frozenset[str],
    guard: Guard,
    *,
    data_only: bool,
) -> Fixed:
    """Fix the lists of a suite: of commands, or of cases that call exports.

    :raises typer.BadParameter: ``--trace`` beside a suite that has no commands
    """
    suite = load_suite(folder, tuple(options.case_globs or ()), data_only=data_only)
    backends = ("asyncify",) if options.observe == "asyncify" else ("asyncify", "jspi")
    engine = engine_for(options.engine, settings, backends, uses=uses_of(suite))
    opening = backend_options(settings, engine=engine, jobs=options.jobs, wasm_opt=options.wasm_opt)
    timeout_s = options.timeout or settings.timeout_s
    if suite.commands:
        traced = read_traced(options.trace, options.modules or [], suite) if options.trace else None
        return fix_commands(inputs, suite, opening, timeout_s, options.prove, traced)
    if options.trace:
        what = "a suite of cases that call exports is run, or traces are read: not both"
        raise typer.BadParameter(what, param_hint="--trace")
    required = options.observe == "jspi" or "jspi" not in allowed
    observer = None if options.observe == "asyncify" else required
    return fix_suite(inputs, suite, opening, timeout_s, observer=observer, guard=guard)
