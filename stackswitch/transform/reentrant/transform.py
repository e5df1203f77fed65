"""Makes a finished JSPI module re-entrant: each promising call gets a C stack of its own.

The module's bytes are patched: functions are added, calls of imports that suspend go to wrappers, and so do
exports that are promising. Glue stays as it is. ``regions.wat`` says how the stacks are switched.
"""

from __future__ import annotations

from collections.abc import Iterator

from stackswitch.wasm.module import parse_module
from stackswitch.wasm.types import FuncType

from .adapter import Links, adapter, linked, mistake, names, note, refusal
from .additions import Additions
from .custom_sections import custom_sections
from .debug_info import moved_files
from .facts import Facts
from .invokes import Invokes
from .left_out import allocating_imports, stack_exports
from .linking import LINKED, refuse_addresses
from .model import CALL_FAILED, NEXT_CALL, RECLAIM, TRAPS, ReentrantRequest, ReentrantResult
from .patch import assembled, patched_sections
from .pointer import setters
from .side import make_side_module
from .stack_size import own_stack_bytes
from .wrappers import Wrappers, has_new_exceptions

_TRAP = f"${TRAPS}"
"""How the names of functions that only trap begin: they are the message."""


def make_reentrant(request: ReentrantRequest) -> ReentrantResult:
    """Return the module in which promising calls may overlap.

    :raises WasmFormatError: the bytes are no module, or are malformed
    :raises ModuleRefusedError: the module cannot be changed soundly; the message says why and what to do
    :raises ConfigError: an import, an export or a function that is named does not exist
    """
    module = parse_module(request.wasm)
    if request.side_of is not None:
        return make_side_module(module, request, request.side_of)
    if not request.suspend and not request.invokes and not request.main_module:
        raise mistake("nothing")
    facts = Facts(module, request.malloc, main_module=request.main_module, for_host=request.for_host)
    if facts.linked:
        refuse_addresses(module, request.suspend)
        if request.invokes:
            raise refusal("dynamic-linking:invokes")
    growing = allocating_imports(module, request, facts.functions.malloc)
    of_stack = stack_exports(module, request, facts.pointer.index)
    own_stack = own_stack_bytes(module, facts.pointer.initial or 0)
    additions = Additions(module)
    regions = _add_regions(additions, facts, request, own_stack)
    new_exceptions = request.new_exceptions
    if new_exceptions is None:
        new_exceptions = has_new_exceptions(module)
    invokes: tuple[str, ...] = ()
    throwing: tuple[str, ...] = ()
    if request.invokes:
        replaced = Invokes(additions, facts, request.invoke_names, regions, new_exceptions).replace()
        invokes, throwing = replaced
    wrappers = Wrappers(additions, regions, facts.address, new_exceptions, linked=facts.linked)
    suspending = wrappers.wrap_imports(_without(request.suspend, (*invokes, *growing)))
    promising = wrappers.wrap_exports(_without(request.promise, of_stack))
    table_functions = wrappers.wrap_table(request.promise_table)
    restoring = tuple(setters(module, facts.pointer.index))
    additions.exports.update(dict.fromkeys(restoring, regions["$restore"]))
    if facts.threads:
        additions.exports.update(dict.fromkeys(facts.limits_exports, regions["$set_thread"]))
    setting = {each.index for each in module.exports if each.kind == "func" and each.name in restoring}
    additions.references.update(dict.fromkeys(setting, regions["$restore"]))
    offered = (*names("hooks"), NEXT_CALL, CALL_FAILED, RECLAIM, *LINKED)
    additions.new_exports.update({each: regions[f"${each}"] for each in offered if f"${each}" in regions})
    patched = patched_sections(additions)
    custom = custom_sections(module, request, _added_names(additions), patched.moves)
    wasm = assembled(patched.sections, custom)
    files = moved_files(request, module, wasm, patched.moves, patched.sections)
    return ReentrantResult(
        wasm=wasm,
        suspending=suspending,
        promising=promising,
        table_functions=table_functions,
        restoring=restoring,
        invokes=invokes,
        throwing=throwing,
        call_sites=patched.call_sites,
        stack_pointer=facts.pointer.index,
        evidence=facts.pointer.evidence,
        own_stack_bytes=own_stack,
        notes=(
            *_left_out_notes(growing, of_stack),
            *_notes(request, facts, own_stack),
            *custom.notes,
            *files.notes,
        ),
        source_map=files.source_map,
        debug_module=files.debug_module,
    )


def _add_regions(
    additions: Additions, facts: Facts, request: ReentrantRequest, own_stack: int
) -> dict[str, int]:
    """Add the functions and globals of ``regions.wat``; return their indexes by name."""
    found = facts.functions
    has = {
        "exceptions": found.exceptions is not None,
        "limits": found.set_limits is not None,
        "checks": found.set_checked_limits is not None,
        "invokes": request.invokes,
        "malloc": found.malloc is not None,
        "pages": found.malloc is None,
        "host": request.for_host,
        "glue": not request.for_host,
        "linked": facts.linked,
        "threads": facts.threads,
        "references": bool(request.promise_table) or facts.linked,
        "pointer_imported": facts.pointer.initial is None,
        "bounds": found.get_base is not None and found.get_end is not None,
    }
    has["state"] = has["exceptions"] or has["limits"] or has["checks"]
    declared = adapter().regions[facts.address]
    wanted = {name for name, there in has.items() if there}
    globals_ = {
        name: additions.add_global(kind) for name, kind, when in declared.globals if wanted.issuperset(when)
    }
    functions = [each for each in declared.functions if wanted.issuperset(each.when)]
    first = additions.next_function
    indexes = {each.name: first + at for at, each in enumerate(functions)}
    sizes = adapter().sizes
    region = request.region_bytes
    links = Links(
        indexes={**found.by_name(), **indexes, **globals_, "$sp": facts.pointer.index},
        constants={
            "SPAN": region - sizes["canary"],
            "REGION": region,
            "ROOM": region + sizes["header"],
            "TOP": facts.pointer.initial or 0,
            "SLACK": min(own_stack or region, region) // 2,
        },
        has=wanted,
    )
    for each in functions:
        type_index = additions.type_index(FuncType(each.params, each.results))
        additions.add_function(each.name, type_index, linked(each.code, links), each.locals)
    return {**globals_, **indexes}


def _added_names(additions: Additions) -> list[tuple[int, str]]:
    """Return index and name of what was added: all functions if the module has names, else the messages."""
    first = additions.module.function_count
    named = "name" in additions.module.custom_sections
    return [
        (first + at, name.removeprefix("$"))
        for at, (name, _, _) in enumerate(additions.functions)
        if named or name.startswith(_TRAP)
    ]


def _without(names: tuple[str, ...], left_out: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(each for each in names if each not in left_out)


def _left_out_notes(growing: tuple[str, ...], of_stack: tuple[str, ...]) -> Iterator[str]:
    if growing:
        yield note("growing", names=", ".join(growing))
    if of_stack:
        yield note("of_stack", names=", ".join(of_stack))


def _notes(request: ReentrantRequest, facts: Facts, own_stack: int) -> Iterator[str]:
    if facts.linked:
        yield note("main")
    if own_stack > request.region_bytes:
        yield note("own_stack", own=own_stack, region=request.region_bytes)
    if request.invokes:
        yield note("invokes")
    if facts.module.tags and facts.functions.exceptions is None:
        yield note("exceptions")
