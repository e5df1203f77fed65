"""Work for a guest that has to be done in a given time: a call, or the making of an instance."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from stackswitch.backends.guest_protocol import CallState
from stackswitch.backends.notes import add_note
from stackswitch.errors import GuestTimeoutError

ResultT = TypeVar("ResultT")
_LOOK_S = 0.05
"""How often it is looked whether a guest that is to end goes on instead."""


async def in_time(
    work: Coroutine[Any, Any, ResultT],
    state: CallState,
    deadline_s: float,
    *,
    unwanted: Callable[[ResultT], Awaitable[None]] | None = None,
) -> ResultT:
    """Run work in a task of its own, which is cancelled when its time is up.

    :param state: of the call that it is
    :param unwanted: told the result if nobody gets it: the awaiting task was cancelled just then
    :raises GuestTimeoutError: its time was up
    """
    state.ends = time.monotonic() + deadline_s
    state.awaited_by = asyncio.current_task()
    task = asyncio.ensure_future(work)
    where = None
    try:
        done, _ = await asyncio.wait((task,), timeout=deadline_s)
        where = state.waiting
    except BaseException:
        await _ended(task, state)
        if not task.cancelled() and task.exception() is None and unwanted is not None:
            await unwanted(task.result())
        raise
    finally:
        state.awaited_by = None  # the two know each other
    if not done:
        await _ended(task, state)
        if task.cancelled():
            waiting = f", waiting in {where}" if where else ""
            frames = state.stack if where else state.stopped
            error = GuestTimeoutError(
                f"{state.export} was not done after {deadline_s:g} s{waiting}", frames=frames
            )
            if state.stopped_problem:
                add_note(error, state.stopped_problem)
            raise error
    return task.result()


async def _ended(task: asyncio.Task[Any], state: CallState) -> None:
    """Cancel a task and wait until it has ended.

    A host function has the time that it takes to clean up. Where it takes the cancellation for an answer and
    the guest goes on, the guest's time is up, and the guest is cancelled, too.
    """
    while not task.done():
        wait = state.waiting, state.since
        if state.waiting is not None:  # else the guest computes, and is stopped at once
            state.ends = time.monotonic()
        task.cancel()
        await asyncio.wait((task,), timeout=_LOOK_S)
        while not task.done() and (state.waiting, state.since) == wait:
            await asyncio.wait((task,), timeout=_LOOK_S)
