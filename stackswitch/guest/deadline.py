"""A deadline for what a guest does: a call, or the making of an instance."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from stackswitch.backends.guest_protocol import CallState
from stackswitch.backends.notes import add_note
from stackswitch.errors import GuestTimeoutError

ResultT = TypeVar("ResultT")
_CHECK_S = 0.05
"""How often ``_end`` checks whether a cancelled guest has gone on instead (seconds)."""


async def run_with_deadline(
    work: Coroutine[Any, Any, ResultT],
    state: CallState,
    deadline_s: float,
    *,
    discard: Callable[[ResultT], Awaitable[None]] | None = None,
) -> ResultT:
    """Run work in a task of its own, and cancel the task when the deadline has passed.

    :param state: the call's
    :param deadline_s: how long it may take, from now (seconds)
    :param discard: gets a result that nobody else does, since the awaiting task was cancelled just then
    :raises GuestTimeoutError: the deadline has passed
    """
    state.ends = time.monotonic() + deadline_s
    state.awaited_by = asyncio.current_task()
    task = asyncio.ensure_future(work)
    waiting = None
    try:
        done, _ = await asyncio.wait((task,), timeout=deadline_s)
        waiting = state.waiting
    except BaseException:
        await _end(task, state)
        if not task.cancelled() and task.exception() is None and discard is not None:
            await discard(task.result())
        raise
    finally:
        state.awaited_by = None  # else the two refer to each other
    if not done:
        await _end(task, state)
        if task.cancelled():
            raise _timeout(state, deadline_s, waiting)
    return task.result()


def _timeout(state: CallState, deadline_s: float, waiting: str | None) -> GuestTimeoutError:
    place = f", waiting in {waiting}" if waiting else ""
    error = GuestTimeoutError(
        f"{state.export} was not done after {deadline_s:g} s{place}",
        frames=state.stack if waiting else state.stopped,
    )
    if state.stopped_problem:
        add_note(error, state.stopped_problem)
    return error


async def _end(task: asyncio.Task[Any], state: CallState) -> None:
    """Cancel a task and wait until it has ended.

    A host function may take as long as it needs to clean up. If it suppresses the cancellation, the guest
    continues; then the guest itself is cancelled.
    """
    while not task.done():
        suspension = state.waiting, state.since
        if state.waiting is not None:  # else the guest computes, and is stopped at once
            state.ends = time.monotonic()
        task.cancel()
        await asyncio.wait((task,), timeout=_CHECK_S)
        while not task.done() and (state.waiting, state.since) == suspension:
            await asyncio.wait((task,), timeout=_CHECK_S)
