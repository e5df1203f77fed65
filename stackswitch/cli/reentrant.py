"""``stackswitch reentrant``: a JSPI build whose calls may overlap."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from stackswitch.analysis.boundaries import Boundaries
from stackswitch.analysis.traces import GivenModule, require_use, use_trace
from stackswitch.models.base import Frozen
from stackswitch.reports.escape import json_text
from stackswitch.reports.text import some
from stackswitch.transform.reentrant import ReentrantRequest, ReentrantResult, make_reentrant
from stackswitch.transform.reentrant.model import REGION_BYTES
from stackswitch.wasm.module import Module

from .console import Console
from .inputs import read_input, read_module, read_traces
from .options import ListFile, ReadBy, Symbols, TraceFiles, Variable, argument, option, reads, writes
from .output import open_outputs, write_output, write_text
from .resolve import lists_in, named_module, open_list

_MOST_SHOWN = 12
_SOURCES = "--glue, --list, --trace, --suspend or --all-imports"


class ReentrantReport(Frozen):
    """``reentrant --json``: the build, and what was wrapped on whose word."""

    schema_version: int = 1
    module: str
    size_bytes: int
    size_before_bytes: int
    region_bytes: int
    own_stack_bytes: int
    stack_pointer: int
    evidence: str
    sources: tuple[str, ...]
    suspending: tuple[str, ...]
    promising: tuple[str, ...]
    table_functions: tuple[str, ...]
    restoring: tuple[str, ...]
    invokes: tuple[str, ...]
    throwing: tuple[str, ...]
    notes: tuple[str, ...]


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
        "A main module of dynamic linking; no side module has a suspending import or a promising export.",
        default=False,
    )
    invokes: bool = option(
        "Replace Emscripten's invoke_* (C++ exceptions, longjmp), so that calls below them may wait.",
        default=False,
    )
    region: int = option("The C stack of a call.", min=1024, metavar="BYTES", default=REGION_BYTES)
    malloc: str | None = option("The module's allocator, if it has another name.", metavar="NAME")
    exnref: bool = option(
        "Catch exceptions as standardised (try_table). Default: as the module does.", default=False
    )
    symbols: Symbols = None
    json: str | None = writes("what was done as JSON")


def reentrant(options: ReentrantOptions) -> None:
    """Make the build, and say what was wrapped.

    :raises typer.BadParameter: nothing says which imports may suspend
    """
    console = Console(stderr=True)
    open_outputs(options.output, options.json)
    module = named_module(read_module(options.module), options.symbols)
    found = _boundaries(options, module)
    request = ReentrantRequest(
        wasm=module.data,
        suspend=tuple(sorted(found.suspend)),
        promise=tuple(sorted(found.promise)),
        promise_table=tuple(options.promise_table or ()),
        region_bytes=options.region + -options.region % 16,
        malloc=options.malloc,
        main_module=options.main_module,
        invokes=options.invokes,
        invoke_names=found.import_names,
        new_exceptions=True if options.exnref else None,
    )
    result = make_reentrant(request)
    report = _report(options, module, request, result, found)
    write_output(options.output, result.wasm)
    _show(console, report)
    write_text(options.json, lambda: json_text(report))


def _boundaries(options: ReentrantOptions, module: Module) -> Boundaries:
    """Return where calls begin and wait, by all options that say so.

    :raises typer.BadParameter: none does
    :raises ConfigError: one of the files is something else, or a pattern matches nothing
    """
    found = Boundaries(module)
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
    if options.all_imports:
        found.add_every_import(options.never or ())
    if not found.suspend:
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
        own_stack_bytes=result.own_stack_bytes,
        stack_pointer=result.stack_pointer,
        evidence=result.evidence,
        sources=tuple(found.sources),
        suspending=result.suspending,
        promising=result.promising,
        table_functions=result.table_functions,
        restoring=result.restoring,
        invokes=result.invokes,
        throwing=result.throwing,
        notes=result.notes,
    )


def _show(console: Console, report: ReentrantReport) -> None:
    for source in report.sources:
        console.print(f"from {source}")
    console.print(f"may suspend: {some(report.suspending, _MOST_SHOWN)}")
    console.print(f"promising: {some((*report.promising, *report.table_functions), _MOST_SHOWN) or 'none'}")
    if report.invokes:
        console.print(f"now in WebAssembly: {some(report.invokes, _MOST_SHOWN)}")
    console.print(f"C stack pointer: global {report.stack_pointer} ({report.evidence})")
    for note in report.notes:
        console.print(f"note: {note}", style="yellow")
    grown = report.size_bytes - report.size_before_bytes
    console.print(f"{report.size_bytes} bytes, {grown} more than before; a call has {report.region_bytes}")
