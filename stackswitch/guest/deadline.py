"""Work for a guest that has to be done in a given time: a call, or the making of an instance."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from stackswitch.backends.library import CallState
from stackswitch.backends.notes import add_note
from stackswitch.errors import GuestTimeoutError

ResultT = TypeVar("ResultT")


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
        await _ended(task)
        if unwanted is not None and not task.cancelled() and task.exception() is None:
            await unwanted(task.result())
        raise
    finally:
        state.awaited_by = None  # the two know each other
    if not done:
        await _ended(task)
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


async def _ended(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait until it has ended."""
    if not task.done():
        task.cancel()
        await asyncio.wait((task,))
