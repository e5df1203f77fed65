"""Which traps of the traces a list fixes, and why none fixes the others: pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stackswitch.analysis.traces import UsedTrace
from stackswitch.lists.emscripten_imports import INVOKE
from stackswitch.models.expect import ListName
from stackswitch.models.trace import TraceTrap

from .report import UnfixedTrap
from .sources import ListSource

_OTHERWISE: dict[ListName, tuple[ListName, ...]] = {"ASYNCIFY_ONLY": ("ASYNCIFY_ONLY", "ASYNCIFY_ADD")}
"""Lists of which one with the names is enough."""


def unfixed_traps(traces: Iterable[UsedTrace], lists: Sequence[ListSource]) -> tuple[UnfixedTrap, ...]:
    """Return the traps that no name in the lists fixes.

    :param lists: by module, in their order: the file with its list, as it now is
    """
    found: dict[str, UnfixedTrap] = {}
    for trace in traces:
        concerned: dict[int, tuple[TraceTrap, list[ListSource]]] = {}
        for of, source in zip(trace.modules, lists, strict=True):
            for trap in of.traps:
                concerned.setdefault(id(trap), (trap, []))[1].append(source)
        for trap, sources in concerned.values():
            left = [_left(trace.use.trace, trap, each) for each in sources]
            first = left[0]
            if first is None or None in left:
                continue
            key = first.model_dump_json()
            known = found.get(key, first.model_copy(update={"count": 0}))
            found[key] = known.model_copy(update={"count": known.count + 1})
    return tuple(found.values())


def _left(trace: str, trap: TraceTrap, source: ListSource) -> UnfixedTrap | None:
    """Say why the lists of a file do not fix a trap; None: they do."""
    lacking: dict[ListName, tuple[str, ...]] = {}
    for which, names in trap.missing.items():
        present = [each for each in _OTHERWISE.get(which, (which,)) if each in source.variables]
        own = tuple(each for each in names if "!" not in each)  # the others are of another module
        if not present:
            lacking[which] = own
        elif any(source.lacking(each, own) == [] for each in present):
            continue
        else:
            lacking[which] = tuple(source.lacking(present[0], own))
    if trap.missing and not lacking:
        return None
    why = trap.explanation or "nothing in the trace says that a list is the cause"
    if lacking:
        absent = [which for which in lacking if which not in source.variables]
        lack = "; ".join(f"{which} lacks {', '.join(names)}" for which, names in lacking.items())
        lists = " or ".join(absent)
        why = f"{lack}, and {source.path} has no list {lists}: add an empty one" if absent else lack
    return UnfixedTrap(
        trace=trace,
        error=trap.error,
        message=trap.message,
        cause=trap.cause,
        why=why,
        missing=lacking,
        invoke=next((each.split(" (")[0] for each in trap.js_frames if each.startswith(INVOKE)), ""),
    )
