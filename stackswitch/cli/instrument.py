"""``stackswitch instrument``: an Asyncify build from any list."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import typer

from stackswitch.analysis.imports import function_import_names, import_indexes, imports_matching
from stackswitch.analysis.list_check import ListFinding, check_lists
from stackswitch.binaryen.asyncify import AsyncifyRequest, AsyncifyResult, open_binaryen
from stackswitch.errors import ConfigError
from stackswitch.fix.sources import Lists
from stackswitch.lists.namelist import NameIndex
from stackswitch.models.base import Frozen
from stackswitch.models.expect import ListName
from stackswitch.reports.escape import json_text
from stackswitch.transform.instrument import chosen_functions, request_by_lists
from stackswitch.wasm.asyncified import instrumented_functions, is_asyncified, suspending_imports
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.obstacles import asyncify_obstacles
from stackswitch.wasm.report_section import with_report_section

from .command import EXIT_FAILED
from .console import Console
from .inputs import read_module
from .options import Imports, ListFile, ReadBy, Symbols, Variable, WasmOpt, argument, option, writes
from .output import open_outputs, write_output, write_text
from .progress import Progress
from .resolve import lists_in, named_module, open_list
from .settings import load_settings
from .signals import run_async

_MOST_SHOWN = 20


class InstrumentReport(Frozen):
    """``instrument --json``: the build, and the findings on the lists."""

    schema_version: int = 1
    module: str
    size_bytes: int
    size_before_bytes: int
    functions: int
    instrumented: int
    imports: tuple[str, ...]
    findings: tuple[ListFinding, ...] = ()
    obstacles: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class InstrumentOptions:
    """Make an Asyncify build of a module from any list, and say what is wrong with the list."""

    module: Path = argument("The module as it was before any Asyncify.", default=...)
    output: str = option("The build; - is stdout.", "-o", "--output", metavar="FILE", default=...)
    list_file: ListFile = None
    variable: Variable = None
    spelling: ReadBy = "binaryen"
    only: list[str] | None = option("Instrument this and nothing else; repeatable.", metavar="NAME")
    add: list[str] | None = option("Instrument this as well; repeatable.", metavar="NAME")
    symbols: Symbols = None
    remove: list[str] | None = option("Never instrument this; repeatable.", metavar="NAME")
    imports: Imports = None
    ignore_indirect: bool = option("Suppose that no indirect call leads to a wait.", default=False)
    propagate_add: bool = option("Instrument the callers of what is added, too.", default=False)
    asserts: bool = option("Trap in the very function that is missing from the list.", default=False)
    report: bool = option(
        "Say in the build what is instrumented, for a hook in the host to compare.", default=False
    )
    optimize: int = option("Optimise what is instrumented.", "-O", min=0, max=4, metavar="LEVEL", default=1)
    emit_exnref: bool = option("Turn legacy exceptions into the new ones (wasmtime).", default=False)
    strict: bool = option("Exit with 1 if an entry of a list matches nothing.", default=False)
    wasm_opt: WasmOpt = None
    json: str | None = writes("the findings as JSON")


def instrument(options: InstrumentOptions) -> None:
    """Make the build, and show the findings.

    :raises typer.Exit: with ``--strict``, a list has a finding
    """
    settings = load_settings(Path.cwd())
    console = Console(stderr=True)
    open_outputs(options.output, options.json)
    lists = lists_in(open_list(options.list_file, options.variable, options.spelling))
    module = named_module(read_module(options.module), options.symbols)
    if is_asyncified(module):
        _add_report(options, module, lists)
        console.print("the build as it was, with a section that says what is instrumented")
        return
    given: dict[ListName, list[str] | None] = {
        "ASYNCIFY_ONLY": options.only,
        "ASYNCIFY_ADD": options.add,
        "ASYNCIFY_REMOVE": options.remove,
    }
    lists |= {which: (*lists.get(which, ()), *names) for which, names in given.items() if names is not None}
    patterns = tuple(options.imports or lists.get("ASYNCIFY_IMPORTS", ()))
    request = _request(options, module, lists, patterns)
    request.lists()
    index = NameIndex.of(module)
    findings = check_lists(lists, index)
    obstacles = _obstacles(module, request, index)
    result = run_async(_instrument(request, options.wasm_opt or settings.wasm_opt, console))
    wasm = with_report_section(result.wasm, module, request.imports) if options.report else result.wasm
    stale = {each.entry for each in findings}
    found = InstrumentReport(
        module=str(options.module),
        size_bytes=len(wasm),
        size_before_bytes=len(module.data),
        functions=module.function_count - module.imported_function_count,
        instrumented=len(instrumented_functions(parse_module(wasm))),
        imports=request.imports,
        findings=findings,
        obstacles=obstacles,
        warnings=tuple(line for line in result.warnings if not any(line.endswith(entry) for entry in stale)),
    )
    write_output(options.output, wasm)
    _show(console, found, every_import=not patterns)
    write_text(options.json, lambda: json_text(found))
    if options.strict and any(each.kind != "shadowed" for each in findings):
        raise typer.Exit(EXIT_FAILED)


def _request(
    options: InstrumentOptions, module: Module, lists: Lists, patterns: tuple[str, ...]
) -> AsyncifyRequest:
    """Return the request to Binaryen.

    :param patterns: the imports that may suspend; none: all
    """
    waiting = imports_matching(module, patterns) if patterns else function_import_names(module)
    return request_by_lists(
        module.data,
        {**lists, "ASYNCIFY_IMPORTS": waiting},
        ignore_indirect=options.ignore_indirect,
        propagate_add=options.propagate_add,
        asserts=options.asserts,
        optimize_level=options.optimize,
        emit_exnref=options.emit_exnref,
    )


def _add_report(options: InstrumentOptions, build: Module, lists: Lists) -> None:
    """Write an Asyncify build, also one made by emcc, with a section that says what is instrumented."""
    if not options.report or lists or options.only or options.add or options.remove:
        hint = "; to a build, --report alone can be added" if options.report else ""
        raise ConfigError(
            f"{options.module} is an Asyncify build already: give the module as it was before{hint}"
        )
    if options.imports:
        imports = imports_matching(build, options.imports)
    else:
        imports = tuple(build.import_names[each] for each in sorted(suspending_imports(build) or ()))
    write_output(options.output, with_report_section(build.data, build, imports))


async def _instrument(request: AsyncifyRequest, wasm_opt: Path | None, console: Console) -> AsyncifyResult:
    with Progress(console) as progress:
        async with aclosing(await open_binaryen(wasm_opt=wasm_opt, progress=progress.say)) as binaryen:
            return await binaryen.asyncify(request)


def _obstacles(module: Module, request: AsyncifyRequest, index: NameIndex) -> tuple[str, ...]:
    """Return what in the module the pass rejects, or breaks without a message."""
    graph = call_graph(module)
    waiting = import_indexes(module, request.imports)
    chosen = chosen_functions(graph, index, request, waiting)
    found = asyncify_obstacles(graph, waiting, instrumented=chosen, ignore_indirect=request.ignore_indirect)
    return tuple(f"{feature}: {place.describe(module)}" for feature, place in found)


def _show(console: Console, report: InstrumentReport, *, every_import: bool) -> None:
    if every_import:
        console.print("no --imports: every import may suspend, as for Binaryen", style="yellow")
    lines = [f"{each.list}: {each.text}" for each in report.findings]
    for title, texts in (
        ("Found in the lists:", lines),
        ("What Asyncify cannot do in this module:", report.obstacles),
        ("Binaryen says:", report.warnings),
    ):
        if texts:
            console.print(title, style="bold")
            for line in texts[:_MOST_SHOWN]:
                console.print(f"  {line}")
            if len(texts) > _MOST_SHOWN:
                console.print(f"  and {len(texts) - _MOST_SHOWN} more (--json has all)")
    ratio = report.size_bytes / report.size_before_bytes
    console.print(
        f"{report.instrumented} of {report.functions} functions instrumented, {report.size_bytes} bytes, "
        f"{ratio:.2f} times the module",
    )
