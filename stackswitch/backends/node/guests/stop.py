"""Where a guest computed when its time was up. To find out pauses its thread for some milliseconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from stackswitch.backends.guest_protocol import CallState
from stackswitch.errors import GuestFrame

from .child import GuestChild
from .prepared import PreparedModule

_ENDED_TIMEOUT_S = 1.0


async def note_stopped(
    child: GuestChild,
    state: CallState,
    prepared: PreparedModule,
    ended: asyncio.Future[Sequence[Sequence[int]]] | None = None,
) -> None:
    """Note where a call computes whose time is up, if stacks were requested.

    :param ended: comes true with the frames if the call, which was abandoned, ends meanwhile
    """
    if not prepared.request.stacks or state.ends is None or time.monotonic() < state.ends:
        return
    if state.waiting is not None or child.broken is not None:
        return
    stack = asyncio.ensure_future(child.stack())
    waited_for: list[asyncio.Future[Any]] = [stack] if ended is None else [stack, ended]
    found: Mapping[str, Any] = {}
    try:
        await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
        if ended is None or not ended.done():
            found = stack.result()
            state.stopped = _named(found, prepared)
            if ended is not None and not state.stopped and child.broken is None:
                # The thread may have left the guest: the message that the call has ended is on its way.
                await asyncio.wait([ended], timeout=_ENDED_TIMEOUT_S)
        if ended is not None and ended.done():
            state.stopped = prepared.frames(ended.result())
    finally:
        stack.cancel()
    if not state.stopped:
        problem = found.get("problem", "its thread was in no function of the module")
        state.stopped_problem = f"where it computed is not known: {problem}"


def _named(found: Mapping[str, Any], prepared: PreparedModule) -> tuple[GuestFrame, ...]:
    """Name the frames that the child has found."""
    running = prepared.running
    if "problem" in found:
        return ()
    if "functions" in found:  # of shared processes: where each function starts
        first = running.imported_function_count
        starts = {start: index for index, (start, _) in enumerate(running.bodies, first)}
        return prepared.frames([(starts[each], -1) for each in found["functions"] if each in starts])
    pairs = []
    for size, at in found["frames"]:
        index = running.function_at(at)
        if size == len(running.data) and index is not None:
            pairs.append((index, at))
    return prepared.frames(pairs)
