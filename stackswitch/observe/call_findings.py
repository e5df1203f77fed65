"""What the calls of a process show to be wrong: overlap, calls that did not return, the protocol: pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stackswitch.models.expect import ListName
from stackswitch.models.finding import FindingStack, TraceFinding
from stackswitch.models.trace import TraceSuspension
from stackswitch.reports.text import counted

from .findings import stack_of
from .parts import Part
from .rules import finding

Stacks = Mapping[int, TraceSuspension]
"""The stacks of a part, by their numbers there."""


def find_in_calls(part: Part, stacks: Stacks, *, trapped: bool) -> Iterator[TraceFinding]:
    """Give the findings of one process or worker.

    :param trapped: whether WebAssembly trapped there
    """
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in part.events:
        by_kind[each["kind"]].append(each)
    pending = {
        which: [each for each in by_kind["pending"] if _backend(stacks, each["stack"]) == which]
        for which in ("asyncify", "jspi")
    }
    lost = bool(pending["asyncify"] or by_kind["overwritten"] or trapped)
    for each in by_kind["overlap"]:
        how = "one of them did not return" if lost else "both were brought back"
        yield finding(
            "re-entered",
            f"a call waits while another one on the same instance waits; {how}",
            severity="error" if lost else "note",
            **_place(part, stacks, each["second"]),
            stacks=_pair(stacks, each),
        )
    for each in by_kind["overwritten"]:
        text = "a saved stack was overwritten before it was used"
        yield _of(part, stacks, "saved-stack-overwritten", text, each)
    # Where calls overlap on Asyncify, `re-entered` says that one did not return.
    for each in (*pending["jspi"], *(pending["asyncify"] if not by_kind["overlap"] else ())):
        severity = "warning" if each["idle"] else "note"
        why = "and nothing was left to do" if each["idle"] else "by itself or by an error"
        text = f"a call was still suspended when the program ended, {why}"
        yield _of(part, stacks, "pending-at-exit", text, each, severity=severity)
    for each in by_kind["protocol"]:
        yield _of(part, stacks, "protocol", f"{each['step']}: {each['problem']}", each)
    for each in by_kind["unfinished"]:
        text = f"an instance was still {each['state']} when the process ended"
        yield _of(part, stacks, "protocol", text, {"stack": None})
    yield from _of_c_stacks(part, stacks, by_kind)


def _of_c_stacks(
    part: Part, stacks: Stacks, by_kind: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Iterator[TraceFinding]:
    """Calls on JSPI that use the C stack of one another."""
    # A pair is written again when it has come again; what was lost goes before what only may be.
    pairs = {
        (each["first"], each["second"], each["index"], each["lost"] > 0): each for each in by_kind["shared"]
    }
    for (*pair, lost), each in pairs.items():
        if not lost and (*pair, True) in pairs:
            continue
        what = f"{counted(each['lost'], 'byte')} changed" if lost else "nothing was lost this time"
        yield finding(
            "shared-c-stack",
            f"calls that overlap use the same {each['bytes']:,} bytes of the C stack; {what}",
            severity="error" if lost else "warning",
            **_place(part, stacks, each["first"]),
            stacks=_pair(stacks, each),
            evidence={key: each[key] for key in ("address", "bytes", "lost", "index")},
            count=each["count"],
        )
    for each in by_kind["unjudged"]:
        text = "calls overlap, and no pointer is exported that would show whether they share the C stack"
        fix = "Link with --export=__stack_pointer, or export emscripten_stack_get_current."
        yield _of(part, stacks, "shared-c-stack", text, each, severity="note", fix=fix)
    for each in by_kind["drift"]:
        lower = f"{counted(abs(each['bytes']), 'byte')} {'lower' if each['bytes'] > 0 else 'higher'}"
        text = f"the C stack pointer is {lower} than before the first call, though no call is open"
        yield _of(
            part, stacks, "stack-pointer-drift", text, {"stack": None}, evidence={"bytes": each["bytes"]}
        )


def _pair(stacks: Stacks, event: Mapping[str, Any]) -> tuple[FindingStack, ...]:
    """Return the stacks of two calls; of the second only its function, if it did not wait."""
    first = _stack(stacks, event["first"], "first call")
    second = _stack(stacks, event["second"], "second call")
    return tuple(each for each in (first, second) if each is not None)


def _of(
    part: Part, stacks: Stacks, rule: str, text: str, event: Mapping[str, Any], **more: object
) -> TraceFinding:
    stack = _stack(stacks, event["stack"], "the wait")
    shown = () if stack is None else (stack,)
    return finding(rule, text, **_place(part, stacks, event["stack"]), stacks=shown, **more)


def _stack(stacks: Stacks, number: int | None, label: str) -> FindingStack | None:
    found = None if number is None else stacks.get(number)
    return None if found is None else stack_of(found, label)


def _backend(stacks: Stacks, number: int | None) -> str:
    found = None if number is None else stacks.get(number)
    return "" if found is None else found.backend


def _place(part: Part, stacks: Stacks, number: int | None) -> dict[str, Any]:
    """Return the fields that say where a finding is."""
    place: dict[str, Any] = {"process": part.process, "thread": part.thread}
    found = None if number is None else stacks.get(number)
    if found is not None:
        place |= {
            "backend": found.backend,
            "module": found.module,
            "import_": found.import_,
            "export": found.export,
            "call_site": found.call_site,
        }
    return place


def conversion(stack: FindingStack, *, promising: bool, asyncified: bool, **place: Any) -> TraceFinding:
    """Return the finding that a promise became a number.

    :param stack: where the import was called
    :param promising: the promise is that of a promising call, which another module imports
    :param asyncified: the module is an Asyncify build
    :param place: ``process``, ``thread``, ``module``, ``count``
    """
    of: dict[str, Any] = {"import_": stack.import_, "export": stack.export, "call_site": stack.call_site}
    of |= {"backend": "asyncify" if asyncified else "jspi", "stacks": (stack,), **place}
    text = f"{stack.import_} returned a promise, which became the number NaN, or 0"
    if promising:
        return finding("promising-as-import", text, **of)
    which: ListName = "ASYNCIFY_IMPORTS" if asyncified else "JSPI_IMPORTS"
    fix = f"Add {stack.import_} to {which}, or wrap it: {_WRAPPED[asyncified]}."
    return finding("promise-to-number", text, names={which: (stack.import_,)}, fix=fix, **of)


_WRAPPED = {
    True: "call it by Asyncify.handleAsync, or return no promise",
    False: "new WebAssembly.Suspending(host)",
}
