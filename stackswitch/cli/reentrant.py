"""``stackswitch reentrant``: a JSPI build whose calls may overlap."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from stackswitch.analysis.boundaries import Boundaries
from stackswitch.analysis.traces import GivenModule, require_use, use_trace
from stackswitch.engines.overlap import OverlapRun
from stackswitch.errors import ModuleRefusedError
from stackswitch.lists.emscripten_imports import full_import_name
from stackswitch.reports.escape import json_text
from stackswitch.reports.text import some
from stackswitch.transform.reentrant import ReentrantRequest, ReentrantResult, make_reentrant
from stackswitch.transform.reentrant.adapter import refusal
from stackswitch.transform.reentrant.model import MOST_REGION_BYTES, REGION_BYTES, ReentrantSummary
from stackswitch.wasm.module import Module

from .command import EXIT_FAILED
from .console import Console
from .debug_files import debug_file
from .inputs import read_input, read_module, read_traces
from .options import ListFile, ReadBy, Symbols, TraceFiles, Variable, argument, option, reads, writes
from .output import check_writable, open_outputs, write_output, write_text
from .reentrant_proof import calls_to_prove, proof_lines, prove
from .resolve import lists_in, named_module, open_list

_MOST_SHOWN = 12
_SOURCES = "--glue, --list, --trace, --suspend or --all-imports"


class ReentrantReport(ReentrantSummary):
    """``reentrant --json``: the build, and what was wrapped on whose word."""

    schema_version: int = 1
    module: str
    size_bytes: int
    size_before_bytes: int
    region_bytes: int
    sources: tuple[str, ...]
    files: tuple[str, ...] = ()
    before: OverlapRun | None = None
    after: OverlapRun | None = None


@dataclass(frozen=True)
class ReentrantOptions:
    """Make a JSPI build re-entrant: each promising call has a C stack of its own. The glue stays as it is."""

    module: Path = argument("A linked module that runs on JSPI.", default=...)
    output: str = option("The build; - is stdout.", "-o", "--output", metavar="FILE", default=...)
    glue: Path | None = reads("Emscripten's glue of this build: it says what suspends and what is promising.")
    list_file: ListFile = None
    variable: Variable = None
    spelling: ReadBy = "emscripten"
    trace: TraceFiles = None
    suspend: list[str] | None = option(
        "An import that may suspend, * for any characters; repeatable.", metavar="MODULE.NAME"
    )
    promise: list[str] | None = option(
        "An export that is promising, * for any characters; repeatable. Default, if nothing says so: all "
        "from which an import that suspends can be reached.",
        metavar="NAME",
    )
    promise_table: list[str] | None = option(
        "A function that JavaScript takes from the table and makes promising; repeatable.", metavar="NAME"
    )
    all_imports: bool = option("Any import may suspend, but for those that never do.", default=False)
    never: list[str] | None = option(
        "With --all-imports: an import that never suspends, * for any characters; repeatable.",
        metavar="MODULE.NAME",
    )
    main_module: bool = option(
        "A main module of dynamic linking. Side modules with suspending imports or promising exports need "
        "--side-of.",
        default=False,
    )
    side_of: Path | None = reads("A side module of dynamic linking: its main module, made by --main-module.")
    invokes: bool = option(
        "Replace Emscripten's invoke_* (C++ exceptions, longjmp), so that calls below them may wait.",
        default=False,
    )
    region: int = option(
        "The C stack of a call.", min=1024, max=MOST_REGION_BYTES, metavar="BYTES", default=REGION_BYTES
    )
    malloc: str | None = option("The module's allocator, if it has another name.", metavar="NAME")
    exnref: bool = option(
        "Catch exceptions as standardised (try_table). Default: as the module does.", default=False
    )
    prove: list[str] | None = option(
        "Overlap calls before and after, and count those that end otherwise than alone: go, go(1, 2), the "
        "folder of a suite, a trace (.jsonl: each export that waited, with zeros); repeatable. Imports that "
        "suspend return their first number, the others zeros. Calls whose result does not depend on the C "
        "stack show nothing.",
        metavar="CALL|SUITE|TRACE",
    )
    symbols: Symbols = None
    json: str | None = writes("what was done as JSON")


def reentrant(options: ReentrantOptions) -> None:
    """Make the build, and say what was wrapped.

    :raises typer.BadParameter: nothing says which imports may suspend
    :raises typer.Exit: ``--prove`` found calls that end otherwise than alone
    """
    console = Console(stderr=True)
    open_outputs(options.output, options.json)
    module = named_module(read_module(options.module), options.symbols)
    source_map = debug_file("sourceMappingURL", module, options.module, options.output)
    debug_module = debug_file("external_debug_info", module, options.module, options.output)
    files = tuple(each.output for each in (source_map, debug_module) if each is not None)
    check_writable(files)
    main = None if options.side_of is None else read_module(options.side_of)
    found = _boundaries(options, module, main)
    request = ReentrantRequest(
        wasm=module.data,
        suspend=tuple(sorted(found.suspend | found.addresses)),
        promise=tuple(sorted(found.promise)),
        promise_table=tuple(options.promise_table or ()),
        region_bytes=options.region + -options.region % 16,
        malloc=options.malloc,
        main_module=options.main_module,
        side_of=None if main is None else main.data,
        invokes=options.invokes,
        invoke_names=found.import_names,
        new_exceptions=True if options.exnref else None,
        source_map=source_map and source_map.data,
        source_map_url=source_map.url if source_map else "",
        debug_module=debug_module and debug_module.data,
        debug_module_url=debug_module.url if debug_module else "",
    )
    calls = calls_to_prove(module, options.module, options.prove or ())
    try:
        result = make_reentrant(request)
    except ModuleRefusedError as error:
        raise ModuleRefusedError(error.reason, f"{options.module}: {error}") from None
    _refuse_left_out(options, request, result)
    report = _report(options, module, request, result, found).model_copy(update={"files": files})
    if calls:
        report = report.model_copy(update=prove(request, result, calls, console))
    write_output(options.output, result.wasm)
    for made, file in ((result.source_map, source_map), (result.debug_module, debug_module)):
        if made is not None and file is not None:
            write_output(file.output, made)
    _show(console, report)
    write_text(options.json, lambda: json_text(report))
    if report.after is not None and report.after.wrong:
        raise typer.Exit(EXIT_FAILED)


def _refuse_left_out(options: ReentrantOptions, request: ReentrantRequest, result: ReentrantResult) -> None:
    """Check that the imports which options name, not only match, are wrapped.

    :raises ModuleRefusedError: one is not
    """
    named = {full_import_name(each) for each in options.suspend or ()}.intersection(request.suspend)
    missing = sorted(named.difference(result.suspending, result.invokes))
    if missing and options.side_of is None:
        error = refusal("allocator", names=", ".join(missing))
        raise ModuleRefusedError(error.reason, f"{options.module}: {error}")


def _boundaries(options: ReentrantOptions, module: Module, main: Module | None) -> Boundaries:
    """Return where calls begin and wait, by all options that say so.

    :raises typer.BadParameter: none does, or --never is without --all-imports
    :raises ConfigError: one of the files is something else, or a pattern matches nothing
    """
    found = Boundaries(module, linked=() if main is None else main.exported_functions)
    if options.glue is not None:
        text = read_input(options.glue, "glue").decode("utf-8", "replace")
        found.add_glue(text, str(options.glue))
    if options.list_file is not None:
        source = open_list(options.list_file, options.variable, options.spelling)
        found.add_lists(lists_in(source), str(options.list_file))
    if options.trace:
        given = GivenModule(module, str(options.module))
        files = [file for _, file in read_traces(options.trace)]
        used = [use_trace(file, [given]) for file in files]
        require_use(used, files, [given])
        for file, each in zip(files, used, strict=True):
            found.add_stacks(each.suspensions, file.name)
    found.add_patterns(options.suspend or (), options.promise or ())
    if options.never and not options.all_imports:
        raise typer.BadParameter("it needs --all-imports", param_hint="--never")
    if options.all_imports:
        found.add_every_import(options.never or ())
    if not found.suspend and not (found.sources and (options.main_module or options.side_of)):
        said = "; ".join(found.sources)
        raise typer.BadParameter(
            f"none of them names an import of this module that may suspend ({said})"
            if said
            else f"say which imports may suspend: {_SOURCES}",
            param_hint=_SOURCES.split(",")[0],
        )
    found.complete()
    return found


def _report(
    options: ReentrantOptions,
    module: Module,
    request: ReentrantRequest,
    result: ReentrantResult,
    found: Boundaries,
) -> ReentrantReport:
    return ReentrantReport(
        module=str(options.module),
        size_bytes=len(result.wasm),
        size_before_bytes=len(module.data),
        region_bytes=request.region_bytes,
        sources=tuple(found.sources),
        **{name: getattr(result, name) for name in ReentrantSummary.model_fields},
    )


def _show(console: Console, report: ReentrantReport) -> None:
    for source in report.sources:
        console.print(f"from {source}")
    console.print(f"may suspend: {some(report.suspending, _MOST_SHOWN)}")
    console.print(f"promising: {some((*report.promising, *report.table_functions), _MOST_SHOWN) or 'none'}")
    if report.invokes:
        console.print(f"now in WebAssembly: {some(report.invokes, _MOST_SHOWN)}")
    pointer = "none" if report.stack_pointer is None else f"global {report.stack_pointer}"
    console.print(f"C stack pointer: {pointer} ({report.evidence})")
    for file in report.files:
        console.print(f"for debuggers: {file}")
    for note in report.notes:
        console.print(f"note: {note}", style="yellow")
    if report.before is not None and report.after is not None:
        for line in proof_lines(report.before, report.after):
            console.print(line)
    grown = report.size_bytes - report.size_before_bytes
    console.print(f"{report.size_bytes} bytes, {grown} more than before; a call has {report.region_bytes}")
