"""A thread for a case: its stack is as deep as guests may need, whatever the process has."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from .engine import THREAD_STACK_BYTES

T = TypeVar("T")
_SIZE_LOCK = threading.Lock()
"""The size is set for the process, not for the thread that is made next."""


async def on_thread(work: Callable[[], T]) -> T:
    """Run on a new thread with a deep stack; a cancelled wait leaves the thread to end by itself."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def body() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as caught:  # noqa: BLE001 (it is raised where it is waited for)
            error = caught
        loop.call_soon_threadsafe(settle, result, error)

    with _SIZE_LOCK:
        before = threading.stack_size(THREAD_STACK_BYTES)
        try:
            thread = threading.Thread(target=body, name="stackswitch-case", daemon=True)
            thread.start()
        finally:
            threading.stack_size(before)
    return await future
