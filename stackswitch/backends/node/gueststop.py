"""Where a guest computed when its time was up. To find out pauses its thread for some milliseconds."""

from __future__ import annotations

import time
from bisect import bisect_right
from typing import TYPE_CHECKING

from stackswitch.backends.library import CallState
from stackswitch.wasm.module import Module

from .guestcall import guest_frames
from .guestchild import GuestChild

if TYPE_CHECKING:
    from .library import JspiModule


async def note_stopped(child: GuestChild, state: CallState, owner: JspiModule) -> None:
    """Note where a call computes whose time is up, if the plan asks for stacks."""
    if not owner.stacks or state.ends is None or time.monotonic() < state.ends:
        return
    if state.waiting is not None or child.broken is not None:
        return
    found = await child.stack()
    if "problem" in found:
        state.stopped_problem = f"where it computed is not known: {found['problem']}"
        return
    running = owner.running
    pairs = []
    for size, at in found["frames"]:
        index = function_at(running, at)
        if size == len(running.data) and index is not None:
            pairs.append((index, at))
    state.stopped = guest_frames(pairs, owner.module, owner.offset)


def function_at(module: Module, offset: int) -> int | None:
    """Return the function that the instruction at an offset belongs to; None: it is of none."""
    at = bisect_right(module.bodies, (offset, len(module.data))) - 1
    if at < 0 or offset >= module.bodies[at][1]:
        return None
    return module.imported_function_count + at
