"""A trace reduced to those of thousands of stacks that show something new."""

from __future__ import annotations

from collections.abc import Iterable

from stackswitch.models.trace import TraceSuspension


def distil(suspensions: Iterable[TraceSuspension]) -> list[TraceSuspension]:
    """Keep a stack if it shows a function, a call, an import or an export for the first time.

    The evidence for lists (``lists.evidence``) is the same before and after: it consists of these.
    """
    known: set[tuple[object, ...]] = set()
    stacks = []
    for each in suspensions:
        shown = set(_shown(each))
        if not shown <= known:
            known |= shown
            stacks.append(each)
    return stacks


def _shown(one: TraceSuspension) -> Iterable[tuple[object, ...]]:
    owners = one.frame_modules or (one.module,) * len(one.frames)
    yield ("export", one.module, one.export)
    callee: tuple[object, ...] = (one.module, one.import_)
    for owner, (index, offset, _) in zip(owners, one.frames, strict=False):
        caller = (owner, index)
        yield (caller, offset, callee)
        callee = caller
    if one.truncated:
        yield ("truncated", one.module)
