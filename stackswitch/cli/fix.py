"""``stackswitch fix``: lists computed from observed stacks, written where they live, and verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from stackswitch.fix.command_evidence import Proof
from stackswitch.fix.evidence import DEFAULT_ROUNDS, FixRequest
from stackswitch.fix.guard import Guard
from stackswitch.fix.report import PROVED
from stackswitch.lists.assertions import Assertions
from stackswitch.lists.formats import names as format_names
from stackswitch.lists.policies import PolicyName
from stackswitch.reports.escape import json_text
from stackswitch.suite.loader import load_suite

from .fix_commands import PROOFS, fix_commands, read_traced
from .fix_output import show_diff, show_report, write_lists
from .fix_work import FixInputs, fix_from_traces, fix_suite
from .options import (
    AllowSkip,
    CaseGlobs,
    DataOnly,
    Jobs,
    OwnSuite,
    ReadBy,
    Symbols,
    Timeout,
    TraceFiles,
    Variable,
    WasmOpt,
    allowed_skips,
    backend_options,
    data_only_holds,
    engine_for,
    one_of,
    open_list,
    suite_folder,
    uses_of,
)
from .output import check_writable, console_for, write_output
from .settings import config_folder, load_settings

EXIT_NOT_VERIFIED = 1
OBSERVERS = ("auto", "jspi", "asyncify")
_OR_TRACES = ", or give --trace and --module to compute the list from traces"


def fix(
    suite: OwnSuite = None,
    list_files: Annotated[
        list[Path] | None,
        typer.Option(
            "--list",
            metavar="FILE",
            help="The file in which the list lives, for all cases that have none of their own: "
            f"{format_names()}, or a name a line. One that is not there yet is made, with a name a line. "
            "With several --module: one for all, or one for each, in their order.",
        ),
    ] = None,
    variable: Variable = None,
    spelling: ReadBy = "binaryen",
    policy: Annotated[
        str | None,
        typer.Option(
            help=f"How an only-list is computed: {', '.join(get_args(PolicyName))}. Default: observed; for "
            "an empty list of a large module, ranked."
        ),
    ] = None,
    observe: Annotated[
        str,
        typer.Option(
            help="The backend on which stacks are observed: jspi, asyncify; auto: jspi, or asyncify if jspi "
            "may be skipped."
        ),
    ] = "auto",
    allow_skip: AllowSkip = None,
    k: CaseGlobs = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 where a list falls short.")
    ] = False,
    minimize: Annotated[
        bool,
        typer.Option(
            "--minimize",
            help="Remove entries that no observed stack needs, and verify the list without them.",
        ),
    ] = False,
    prove: Annotated[
        str,
        typer.Option(
            help="Of commands: all, or cover: few cases that show every function that any of them shows."
        ),
    ] = "all",
    diff: Annotated[bool, typer.Option("--diff", help="Show the edit of each file.")] = False,
    rounds: Annotated[
        int, typer.Option(min=1, max=20, help="How often lists may be computed.")
    ] = DEFAULT_ROUNDS,
    engine: Annotated[
        str | None, typer.Option(help="The engine for jspi: node, node@24 (from npm), node:/path/to/node.")
    ] = None,
    jobs: Jobs = None,
    timeout: Timeout = None,
    wasm_opt: WasmOpt = None,
    build: Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND", help="A shell command that rebuilds the modules that are Asyncify builds."
        ),
    ] = None,
    trace: TraceFiles = None,
    modules: Annotated[
        list[Path] | None,
        typer.Option(
            "--module",
            metavar="FILE",
            help="The module that the traces are of; nothing is run. Repeatable: a list for each.",
        ),
    ] = None,
    built: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --trace and --build: the module that it makes.")
    ] = None,
    symbols: Symbols = None,
    data_only: DataOnly = False,
    json: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the report as JSON; - is stdout.")
    ] = None,
) -> None:
    """Complete the lists from observed stacks, write them where they live, and verify them on Asyncify."""
    if policy is not None:
        one_of(policy, get_args(PolicyName), "--policy")
    one_of(observe, OBSERVERS, "--observe")
    one_of(prove, PROOFS, "--prove")
    settings = load_settings(Path.cwd())
    data_only = data_only_holds(settings, data_only, engine=engine, wasm_opt=wasm_opt)
    if data_only and build is not None:
        raise typer.BadParameter("it starts a program, and only data may run", param_hint="--build")
    check_writable([json])
    if trace and not modules:
        raise typer.BadParameter("say which module the traces are of", param_hint="--module")
    if not trace:
        for value, name in ((modules, "--module"), (built, "--built")):
            if value:
                raise typer.BadParameter("it goes with --trace", param_hint=name)
    from_traces = trace is not None and suite is None
    if from_traces and engine is not None:
        raise typer.BadParameter("traces are read and nothing is run", param_hint="--engine")
    folder = None if from_traces else suite_folder(suite, settings, "fix", or_else=_OR_TRACES)
    allowed = allowed_skips(allow_skip, settings)
    which = variable or settings.lists.variable or settings.list_variable
    sources = [open_list(each, variable, spelling, made=True) for each in list_files or ()]
    if not list_files:
        sources = [open_list(settings.lists.file, which, spelling, made=True)]
    opened = [each for each in sources if each is not None]
    shared = opened[0] if opened else None
    assertions = Assertions(settings.lists.never, settings.lists.always)
    request = FixRequest(cast("PolicyName | None", policy), assertions, minimize, check, rounds)
    folder_of_build = Path.cwd() if build else config_folder(Path.cwd()) or Path.cwd()
    inputs = FixInputs(request, shared, build or settings.fix.build, folder_of_build, symbols)
    console = console_for([json])
    with Guard() as guard:
        if folder is None:
            assert trace is not None
            assert modules is not None
            wasm_opt = wasm_opt or settings.wasm_opt
            fixed = fix_from_traces(
                inputs, trace, modules, opened, built or settings.fix.built, wasm_opt, guard
            )
        else:
            if len(opened) > 1:
                raise typer.BadParameter("a suite has one shared list: give one file", param_hint="--list")
            loaded = load_suite(folder, tuple(k or ()), data_only=data_only)
            backends = ("asyncify",) if observe == "asyncify" else ("asyncify", "jspi")
            chosen = engine_for(engine, settings, backends, uses=uses_of(loaded))
            options = backend_options(settings, engine=chosen, jobs=jobs, wasm_opt=wasm_opt)
            limit = timeout or settings.timeout_s
            if loaded.commands:
                proves = cast("Proof", prove)
                traced = read_traced(trace, modules, loaded) if trace and modules else None
                fixed = fix_commands(inputs, loaded, options, limit, proves, traced)
            elif trace:
                what = "a suite of cases that call exports is run, or traces are read: not both"
                raise typer.BadParameter(what, param_hint="--trace")
            else:
                must = observe == "jspi" or "jspi" not in allowed
                observer = None if observe == "asyncify" else must
                fixed = fix_suite(inputs, loaded, options, limit, observer=observer, guard=guard)
        report = fixed.report
        if diff:
            for source in fixed.sources:
                show_diff(console, source)
        written = not check and report.verdict not in ("no-progress", "falls-short")
        if written:
            written = report.build is not None or write_lists(fixed.sources)
            guard.keep()
    show_report(console, report, written=written, check=check)
    write_output(json, json_text(report).encode())
    if report.verdict not in PROVED:
        raise typer.Exit(EXIT_NOT_VERIFIED)
