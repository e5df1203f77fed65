"""What a trace shows to be wrong, as findings: pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from stackswitch.lists.emscripten_imports import INVOKE
from stackswitch.models.expect import ListName
from stackswitch.models.finding import FindingStack, TraceFinding
from stackswitch.models.trace import TraceSuspension, TraceTrap
from stackswitch.reports.findings import MOST_NAMED
from stackswitch.reports.text import counted, some
from stackswitch.transform.reentrant.other_schemes import c_stack_schemes

from .modules import ObservedModule
from .rules import RULES, finding

_MOST_STACKS = 3

FindModule = Callable[[str], ObservedModule | None]


def find(
    suspensions: Sequence[TraceSuspension], traps: Sequence[TraceTrap], module: FindModule
) -> list[TraceFinding]:
    """Return the findings of a run, those that explain others first.

    :param module: returns the module of a hash; None: its bytes were not kept
    """
    return [
        *_missing(suspensions, module),
        *_of_saved_stacks(suspensions),
        *_of_several_states(suspensions, module),
        *_of_schemes(suspensions, module),
        *_of_traps(traps),
    ]


def explained(findings: Sequence[TraceFinding]) -> list[TraceFinding]:
    """Return findings, where those that another one explains are notes.

    A build that lacks names, or a stack that did not fit, makes the program break Asyncify's protocol.
    """
    causes = [each for each in findings if each.severity == "error" and each.rule in _CAUSES]
    # One thing that switches C stacks (a note) puts frames back where trace does not see it.
    causes += [each for each in findings if each.rule == _SWITCHED and each.severity == "note"]

    def judged(found: TraceFinding) -> TraceFinding:
        of = (each for each in causes if found.rule in _CAUSES[each.rule] and _same_place(each, found))
        cause = next(of, None)
        if cause is None:
            return found
        return found.model_copy(update={"severity": "note", "caused_by": cause.rule})

    return [judged(each) for each in findings]


def _same_place(cause: TraceFinding, found: TraceFinding) -> bool:
    """Whether a finding can follow from another one: of one module; if one has none, of one process."""
    if cause.module and found.module:
        return cause.module == found.module
    return cause.process is None or cause.process == found.process


_SWITCHED = "mixed-stack-conventions"
_OF_A_LIST = ("protocol", "re-entered", "saved-stack-overwritten", "pending-at-exit")
_CAUSES: Mapping[str, Sequence[str]] = {
    "missing-import": _OF_A_LIST,
    "missing-function": _OF_A_LIST,
    "removed-function": _OF_A_LIST,
    "saved-stack-overflow": _OF_A_LIST,
    "saved-stack-overwritten": ("protocol", "pending-at-exit"),
    "shared-c-stack": ("stack-pointer-drift",),
    "re-entered": ("protocol",),
    _SWITCHED: ("shared-c-stack",),
}
"""By rule: the rules whose findings follow from it."""


def _of_several_states(suspensions: Sequence[TraceSuspension], module: FindModule) -> Iterator[TraceFinding]:
    """Stacks that go through modules of which each has an Asyncify state."""
    crossing: dict[tuple[str, ...], list[TraceSuspension]] = defaultdict(list)
    for each in suspensions:
        if each.backend == "asyncify" and each.frame_modules:
            builds = [(sha256, module(sha256)) for sha256 in sorted(set(each.frame_modules))]
            own = [sha256 for sha256, found in builds if found is not None and found.has_own_state]
            shared = any(
                found is not None and found.asyncified and not found.has_own_state for _, found in builds
            )
            if len(own) + shared > 1:
                crossing[tuple(own)].append(each)
    text = "a stack crosses modules of which each has an Asyncify state"
    for stacks in crossing.values():
        yield _of_stacks("two-states", text, stacks, {})


_SCHEMES = {
    "hooks": "the hooks of Binaryen or Emscripten",
    "wasm-bindgen": "wasm-bindgen",
    "pyodide": "Pyodide",
    "hooks:made": "stackswitch reentrant",
}


def _of_schemes(suspensions: Sequence[TraceSuspension], module: FindModule) -> Iterator[TraceFinding]:
    """Modules on JSPI whose C stacks something switches already."""
    for sha256 in dict.fromkeys(each.module for each in suspensions if each.backend == "jspi"):
        found = module(sha256)
        schemes = dict(c_stack_schemes(found.module)) if found is not None else {}
        if not schemes or list(schemes) == ["hooks:made"]:
            continue
        who = " and ".join(f"{_SCHEMES[each]} ({name})" for each, name in schemes.items())
        stacks = [each for each in suspensions if each.module == sha256]
        severity = "warning" if len(schemes) > 1 else "note"
        text = f"the module's C stacks are switched by {who}"
        yield _of_stacks("mixed-stack-conventions", text, stacks, {}, severity=severity)


def _of_saved_stacks(suspensions: Sequence[TraceSuspension]) -> Iterator[TraceFinding]:
    """Stacks that were larger than the buffer that Asyncify saves them in, or nearly."""
    by_module: dict[str, list[TraceSuspension]] = defaultdict(list)
    for each in suspensions:
        if each.saved_bytes is not None and each.saved_room is not None:
            by_module[each.module].append(each)
    for of in by_module.values():
        deepest = sorted(of, key=lambda each: each.saved_bytes or 0, reverse=True)[:_MOST_SAVED]
        needed, room = deepest[0].saved_bytes or 0, deepest[0].saved_room or 0
        if needed > room:
            rule, text = "saved-stack-overflow", f"a stack of {needed:,} bytes does not fit into {room:,}"
        elif needed >= _NEARLY_FULL * room:
            rule, text = "saved-stack-size", f"a stack took {needed:,} of {room:,} bytes"
        else:
            continue
        size = 1 << (needed * 2 - 1).bit_length()
        yield finding(
            rule,
            text,
            module=deepest[0].module,
            import_=deepest[0].import_,
            export=deepest[0].export,
            call_site=deepest[0].call_site,
            fix=f"Build with -sASYNCIFY_STACK_SIZE={size}, or enlarge the buffer that the glue allocates.",
            stacks=tuple(stack_of(each, f"{each.saved_bytes:,} bytes") for each in deepest),
            evidence={"needed_bytes": needed, "room_bytes": room},
        )


_NEARLY_FULL = 0.75
_MOST_SAVED = 5


def _missing(suspensions: Sequence[TraceSuspension], module: FindModule) -> Iterator[TraceFinding]:
    by_module: dict[str, list[TraceSuspension]] = defaultdict(list)
    for each in suspensions:
        if each.missing or each.missing_imports:
            by_module[each.module].append(each)
    for sha256, stacks in by_module.items():
        found = module(sha256)
        imports = {id(each): each.missing_imports or _plain_import(each, found) for each in stacks}
        of_imports = [each for each in stacks if imports[id(each)]]
        if of_imports:
            names = _sorted(imports.values())
            text = f"ASYNCIFY_IMPORTS lacks {some(names, MOST_NAMED)}: no call of it unwinds"
            yield _of_stacks("missing-import", text, of_imports, {"ASYNCIFY_IMPORTS": names})
        others = [each for each in stacks if each.missing and not imports[id(each)]]
        yield from _missing_functions(others, found)
        known = {name for each in others for name in each.missing}
        rest = tuple(each for each in _sorted(each.missing for each in of_imports) if each not in known)
        if rest:
            text = f"{counted(len(rest), 'function')} on the stacks of such an import not instrumented: "
            fix = "Add the import first, build again, and complete the list with what is then still missing."
            more = {"severity": "note", "caused_by": "missing-import", "fix": fix}
            yield _of_stacks("missing-function", text + some(rest, MOST_NAMED), of_imports, {}, **more)


def _plain_import(stack: TraceSuspension, module: ObservedModule | None) -> tuple[str, ...]:
    """Return the import that a stack waits in, if the build seems to take it for one that does not wait."""
    if module is None or not stack.missing:
        return ()
    index, offset, _ = stack.frames[0]
    imported = module.called_import(index, offset) if index not in module.instrumented else None
    return (imported.full_name,) if imported is not None and module.takes_for_plain(imported.index) else ()


def _missing_functions(
    stacks: Sequence[TraceSuspension], module: ObservedModule | None
) -> Iterator[TraceFinding]:
    names = _sorted(each.missing for each in stacks)
    for of_build, listed in _by_list(names, module).items():
        has = "names" if of_build == "ASYNCIFY_REMOVE" else "lacks"
        text = f"{of_build} {has} {counted(len(listed), 'function')} on the stacks of waits: "
        concerned = [each for each in stacks if set(listed) & set(each.missing)]
        rule = "removed-function" if of_build == "ASYNCIFY_REMOVE" else "missing-function"
        yield _of_stacks(rule, text + some(listed, MOST_NAMED), concerned, {of_build: listed})


def _by_list(names: Sequence[str], module: ObservedModule | None) -> dict[ListName, tuple[str, ...]]:
    """Return the names by the list that has to change; ``ASYNCIFY_ONLY`` for those of another module."""
    found: dict[ListName, list[str]] = defaultdict(list)
    lists: dict[str, ListName] = {}
    wanted = set(names)
    if module is not None:
        lists = {name: module.list_for(at) for at, name in enumerate(module.list_names) if name in wanted}
    for name in names:
        found[lists.get(name, "ASYNCIFY_ONLY")].append(name)
    return {which: tuple(of) for which, of in found.items()}


def _sorted(names: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(sorted({name for each in names for name in each}))


def _of_stacks(
    rule: str,
    text: str,
    stacks: Sequence[TraceSuspension],
    names: dict[ListName, tuple[str, ...]],
    **more: object,
) -> TraceFinding:
    imports = {each.import_ for each in stacks}
    exports = {each.export for each in stacks}
    return finding(
        rule,
        text,
        module=stacks[0].module,
        import_=imports.pop() if len(imports) == 1 else "",
        export=exports.pop() if len(exports) == 1 else "",
        names=names,
        stacks=tuple(
            stack_of(each, f"a wait, {counted(each.count, 'time')}") for each in stacks[:_MOST_STACKS]
        ),
        call_site=next((each.call_site for each in stacks if each.call_site), ""),
        evidence={"distinct_stacks": len(stacks)},
        count=sum(each.count for each in stacks),
        **more,
    )


def stack_of(of: TraceSuspension | TraceTrap, label: str) -> FindingStack:
    """Return a stack of the trace for a finding."""
    return FindingStack(
        label=label,
        import_=of.import_,
        export=of.export,
        frames=of.frames,
        js_frames=of.js_frames,
        call_site=of.call_site,
    )


def _of_traps(traps: Sequence[TraceTrap]) -> Iterator[TraceFinding]:
    """One finding for traps of one kind at one place."""
    grouped: dict[tuple[str, ...], list[TraceTrap]] = defaultdict(list)
    for trap in traps:
        rule = _rule_of(trap)
        if rule:
            between = trap.js_frames[0] if trap.js_frames else ""
            grouped[rule, trap.module, trap.export, trap.import_, between].append(trap)
    for (rule, *_), alike in grouped.items():
        yield _of_trap(rule, alike)


def _rule_of(trap: TraceTrap) -> str:
    """Return the rule that explains a trap; empty: none, or the stacks of waits show it."""
    if trap.cause == "js-frames":
        return (
            "invoke-between"
            if any(each.startswith(INVOKE) for each in trap.js_frames)
            else "javascript-between"
        )
    return {
        "not-promising": "not-promising",
        "not-exported": "not-promising",
        "no-entry": "not-promising",
        "engine-stack": "engine-stack-overflow",
        "no-jspi": "no-jspi",
    }.get(trap.cause, "")


def _of_trap(rule: str, alike: Sequence[TraceTrap]) -> TraceFinding:
    trap = alike[0]
    caught = all(each.caught for each in alike)
    return finding(
        rule,
        trap.explanation,
        severity="warning" if caught else RULES[rule].severity,
        process=trap.process,
        thread=trap.thread,
        module=trap.module,
        import_=trap.import_,
        export=trap.export,
        fix=_fix_of(trap) or RULES[rule].fix,
        names=trap.missing,
        stacks=(stack_of(trap, f"{trap.error}: {trap.message}"),),
        call_site=trap.js_frames[0] if trap.js_frames else trap.call_site,
        count=len(alike),
    )


_CONSTRUCTORS = ("__wasm_call_ctors", "_initialize")
"""Exports that run constructors. Glue calls them by itself, and does not await them."""


def _fix_of(trap: TraceTrap) -> str:
    if trap.export in _CONSTRUCTORS:
        return f"Add {trap.export} to JSPI_EXPORTS and await it, or move the wait out of the constructor."
    if trap.cause == "not-promising":
        return f"Add {trap.export} to JSPI_EXPORTS."
    if trap.cause == "not-exported":
        where = f" at {trap.call_site}" if trap.call_site else " where JavaScript calls it"
        return f"Wrap the function in WebAssembly.promising{where}; no list can name it."
    return ""
