"""Threads for cases: the stack of one is as deep as guests may need, whatever the process has."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from ..engine import THREAD_STACK_BYTES, WasmtimeEngine

T = TypeVar("T")
STOP_S = 2.0
"""How long a thread may take to stop; guests are stopped at the next tick of the engine's clock."""
_SIZE_LOCK = threading.Lock()
"""The size is set for the process, not for the thread that is made next."""


class Stop:
    """Ends a case from another thread: its guest at the next tick, its host functions where they wait."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._cancel: Callable[[], object] | None = None

    def is_set(self) -> bool:
        """Whether the case is to end."""
        return self._asked.is_set()

    def set(self) -> None:
        """Have the case end; a second call does nothing."""
        with self._lock:
            if not self._asked.is_set() and self._cancel is not None:
                self._cancel()
            self._asked.set()

    async def applies_to(self, work: Coroutine[Any, Any, T]) -> T:
        """Run the case's work, in its own event loop, as a task that ``set`` cancels."""
        task = asyncio.current_task()
        assert task is not None
        with self._lock:
            self._cancel = partial(asyncio.get_running_loop().call_soon_threadsafe, task.cancel)
            if self._asked.is_set():
                task.cancel()
        try:
            return await work
        finally:
            with self._lock:
                self._cancel = None


class CaseThreads:
    """Runs each case on a new thread with a deep stack, all on one engine."""

    def __init__(self, engine: WasmtimeEngine) -> None:
        self._engine = engine
        self._threads: set[threading.Thread] = set()

    async def run(self, work: Callable[[], T], stop: Stop) -> T:
        """Run work on a thread; when this is cancelled, have it stop, and wait for that.

        :param stop: what the work heeds
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def body() -> None:
            try:
                settle: Callable[[], None] = partial(future.set_result, work())
            except BaseException as caught:  # noqa: BLE001 (it is raised where it is waited for)
                settle = partial(future.set_exception, caught)
            self._threads.discard(threading.current_thread())
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle)

        with _SIZE_LOCK:
            before = threading.stack_size(THREAD_STACK_BYTES)
            try:
                thread = threading.Thread(target=body, name="stackswitch-case", daemon=True)
                self._threads.add(thread)
                thread.start()
            finally:
                threading.stack_size(before)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            stop.set()
            await asyncio.wait((future,), timeout=STOP_S)
            if future.done():
                future.exception()  # retrieved: it is not waited for any more
            raise

    def close_engine(self) -> None:
        """Close the engine; one that a thread is still in is left to that thread, which refers to it."""
        if not self._threads:
            self._engine.close()
