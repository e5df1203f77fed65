"""Where a guest computed when its time was up. To find out pauses its thread for some milliseconds."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stackswitch.backends.guest_protocol import CallState
from stackswitch.errors import GuestFrame
from stackswitch.wasm.module import Module

from .call import guest_frames
from .child import GuestChild

if TYPE_CHECKING:
    from .module import JspiModule


async def note_stopped(
    child: GuestChild,
    state: CallState,
    owner: JspiModule,
    ended: asyncio.Future[Sequence[Sequence[int]]] | None = None,
) -> None:
    """Note where a call computes whose time is up, if the plan asks for stacks.

    :param ended: comes true with the frames if the call, which was abandoned, ends meanwhile
    """
    if not owner.stacks or state.ends is None or time.monotonic() < state.ends:
        return
    if state.waiting is not None or child.broken is not None:
        return
    looked = asyncio.ensure_future(child.stack())
    try:
        await asyncio.wait(
            [each for each in (looked, ended) if each is not None], return_when=asyncio.FIRST_COMPLETED
        )
        if ended is not None and ended.done():
            state.stopped = guest_frames(ended.result(), owner.module, owner.offset)
            return
        found = looked.result()
    finally:
        looked.cancel()
    if "problem" in found:
        state.stopped_problem = f"where it computed is not known: {found['problem']}"
        return
    state.stopped = _named(found, owner)


def _named(found: Mapping[str, Any], owner: JspiModule) -> tuple[GuestFrame, ...]:
    """Name the frames that the child has found."""
    if "functions" in found:  # of shared processes: where each function starts
        first = owner.module.imported_function_count
        starts = {start: index for index, (start, _) in enumerate(owner.running.bodies, first)}
        indexes = [starts[each] for each in found["functions"] if each in starts]
        return guest_frames([(each, -1) for each in indexes], owner.module, None)
    pairs = []
    for size, at in found["frames"]:
        index = function_at(owner.running, at)
        if size == len(owner.running.data) and index is not None:
            pairs.append((index, at))
    return guest_frames(pairs, owner.module, owner.offset)


def function_at(module: Module, offset: int) -> int | None:
    """Return the function that the instruction at an offset belongs to; None: it is of none."""
    at = bisect_right(module.bodies, (offset, len(module.data))) - 1
    if at < 0 or offset >= module.bodies[at][1]:
        return None
    return module.imported_function_count + at
