"""``stackswitch instrument``: an Asyncify build from any list."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stackswitch.analysis.imports import function_import_names, import_indexes, imports_matching
from stackswitch.analysis.list_check import ListFinding, check_lists
from stackswitch.binaryen.asyncify import AsyncifyRequest, AsyncifyResult, open_binaryen
from stackswitch.errors import ConfigError
from stackswitch.lists.namelist import NameIndex
from stackswitch.models.base import Frozen
from stackswitch.models.expect import ListName
from stackswitch.reports.escape import json_text
from stackswitch.wasm.asyncified import instrumented_functions, is_asyncified, suspending_imports
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.names import binaryen_names
from stackswitch.wasm.obstacles import asyncify_obstacles, asyncify_path
from stackswitch.wasm.reporting import with_report

from .console import Console
from .ending import run_async
from .inputs import read_module
from .options import (
    ListFile,
    ReadBy,
    Symbols,
    Variable,
    WasmOpt,
    lists_in,
    named_module,
    open_list,
)
from .output import check_writable, console_for, write_output
from .progress import Progress
from .settings import load_settings

EXIT_FINDINGS = 1
_MOST_SHOWN = 20


class InstrumentReport(Frozen):
    """``instrument --json``: what was made, and what was found of the lists."""

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


def instrument(
    module: Annotated[Path, typer.Argument(help="The module as it was before any Asyncify.")],
    output: Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="The build; - is stdout.")],
    list_file: ListFile = None,
    variable: Variable = None,
    spelling: ReadBy = "binaryen",
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Instrument this and nothing else; repeatable.")
    ] = None,
    add: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Instrument this as well; repeatable.")
    ] = None,
    symbols: Symbols = None,
    remove: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Never instrument this; repeatable.")
    ] = None,
    imports: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODULE.NAME", help="An import that may suspend, * for any characters; repeatable."
        ),
    ] = None,
    ignore_indirect: Annotated[
        bool, typer.Option("--ignore-indirect", help="Suppose that no indirect call leads to a wait.")
    ] = False,
    propagate_add: Annotated[
        bool, typer.Option("--propagate-add", help="Instrument the callers of what is added, too.")
    ] = False,
    asserts: Annotated[
        bool, typer.Option("--asserts", help="Trap in the very function that is missing from the list.")
    ] = False,
    report: Annotated[
        bool,
        typer.Option(
            "--report", help="Say in the build what is instrumented, for a hook in the host to compare."
        ),
    ] = False,
    optimize: Annotated[
        int, typer.Option("-O", min=0, max=4, metavar="LEVEL", help="Optimise what is instrumented.")
    ] = 1,
    emit_exnref: Annotated[
        bool, typer.Option("--emit-exnref", help="Turn legacy exceptions into the new ones (wasmtime).")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if an entry of a list matches nothing.")
    ] = False,
    wasm_opt: WasmOpt = None,
    json: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the findings as JSON; - is stdout.")
    ] = None,
) -> None:
    """Make an Asyncify build of a module from any list, and say what is wrong with the list."""
    settings = load_settings(Path.cwd())
    console = Console(stderr=True)
    console_for([output, json])
    check_writable([output, json])
    lists = lists_in(open_list(list_file, variable, spelling))
    parsed = named_module(read_module(module), symbols)
    if is_asyncified(parsed):
        if not report or lists or only or add or remove:
            raise ConfigError(
                f"{module} is an Asyncify build already: give the module as it was before"
                + ("; to a build, --report alone can be added" if report else "")
            )
        write_output(output, _reporting(parsed, tuple(imports or ())))
        console.print("the build as it was, and what it has instrumented said in it")
        return
    given: dict[ListName, list[str] | None] = {
        "ASYNCIFY_ONLY": only,
        "ASYNCIFY_ADD": add,
        "ASYNCIFY_REMOVE": remove,
    }
    for which, names in given.items():
        if names is not None:
            lists[which] = (*lists.get(which, ()), *names)
    patterns = tuple(imports or lists.get("ASYNCIFY_IMPORTS", ()))
    waiting = imports_matching(parsed, patterns) if patterns else function_import_names(parsed)
    request = AsyncifyRequest(
        wasm=parsed.data,
        imports=waiting,
        only=lists.get("ASYNCIFY_ONLY"),
        add=lists.get("ASYNCIFY_ADD"),
        remove=lists.get("ASYNCIFY_REMOVE"),
        ignore_indirect=ignore_indirect,
        propagate_add=propagate_add,
        asserts=asserts,
        optimize_level=optimize,
        emit_exnref=emit_exnref,
    )
    request.lists()
    index = NameIndex(binaryen_names(parsed), parsed.imported_function_count)
    findings = check_lists(lists, index)
    obstacles = _obstacles(parsed, request, index)
    result = run_async(_instrument(request, wasm_opt or settings.wasm_opt, Console(stderr=True)))
    wasm = with_report(result.wasm, parsed, waiting) if report else result.wasm
    stale_lines = {each.entry for each in findings}
    build = parse_module(wasm)
    found = InstrumentReport(
        module=str(module),
        size_bytes=len(wasm),
        size_before_bytes=len(parsed.data),
        functions=parsed.function_count - parsed.imported_function_count,
        instrumented=len(instrumented_functions(build)),
        imports=waiting,
        findings=findings,
        obstacles=obstacles,
        warnings=tuple(
            line for line in result.warnings if not any(line.endswith(entry) for entry in stale_lines)
        ),
    )
    write_output(output, wasm)
    _show(console, found, everything=not patterns)
    write_output(json, json_text(found).encode())
    if strict and any(each.kind != "shadowed" for each in findings):
        raise typer.Exit(EXIT_FINDINGS)


def _reporting(build: Module, patterns: tuple[str, ...]) -> bytes:
    """Return a build made elsewhere (by emcc) that reports."""
    names = [f"{each.module}.{each.name}" for each in build.function_imports()]
    found = sorted(suspending_imports(build) or ())
    imports = imports_matching(build, patterns) if patterns else tuple(names[each] for each in found)
    return with_report(build.data, build, imports)


async def _instrument(request: AsyncifyRequest, wasm_opt: Path | None, console: Console) -> AsyncifyResult:
    with Progress(console) as progress:
        binaryen = await open_binaryen(wasm_opt=wasm_opt, progress=progress.say)
        try:
            return await binaryen.asyncify(request)
        finally:
            await binaryen.aclose()


def _obstacles(module: Module, request: AsyncifyRequest, index: NameIndex) -> tuple[str, ...]:
    """Say what in the module the pass breaks in silence, or will refuse."""
    graph = call_graph(module)
    waiting = import_indexes(module, request.imports)

    def matching(names: tuple[str, ...] | None) -> frozenset[int]:
        return frozenset[int]().union(*map(index.matching, names or ()))

    if request.only is not None:
        chosen = matching(request.only)
    else:
        path = asyncify_path(graph, waiting, ignore_indirect=request.ignore_indirect)
        chosen = (frozenset(path) | matching(request.add)) - matching(request.remove)
    found = asyncify_obstacles(graph, waiting, instrumented=chosen, ignore_indirect=request.ignore_indirect)
    return tuple(f"{feature}: {place.describe(module)}" for feature, place in found)


def _show(console: Console, report: InstrumentReport, *, everything: bool) -> None:
    if everything:
        console.print("no --imports: every import may suspend, as for Binaryen", style="yellow")
    lines = [f"{each.list}: {each.text}" for each in report.findings]
    for title, told in (
        ("Found in the lists:", lines),
        ("What Asyncify cannot do in this module:", report.obstacles),
        ("Binaryen says:", report.warnings),
    ):
        if told:
            console.print(title, style="bold")
            for line in told[:_MOST_SHOWN]:
                console.print(f"  {line}")
            if len(told) > _MOST_SHOWN:
                console.print(f"  and {len(told) - _MOST_SHOWN} more (--json has all)")
    ratio = report.size_bytes / report.size_before_bytes
    console.print(
        f"{report.instrumented} of {report.functions} functions instrumented, {report.size_bytes} bytes, "
        f"{ratio:.2f} times the module",
    )
