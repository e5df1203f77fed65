"""How signals end the program: Ctrl-C, SIGTERM, SIGHUP.

The first signal cancels the main task of ``run_async``; where none runs, it raises in the main thread. All
that was started is ended on the way out. If something does not stop, a second signal, or ``GRACE_S`` after
the first, ends the process at once. The exit status is 128 and the signal's number.

No handler raises while the event loop runs: an exception could surface in any callback, where nothing
catches it. An exception interrupts only a main thread that computes and does not return to its loop.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn, TypeVar

from stackswitch.tools import watchdog

from . import streams

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_S = 5.0
"""How long running work may take to stop."""
_RETURN_S = 1.0
"""How long the main thread may take to return to its event loop before it is interrupted."""
_TASKS_S = 1.0
_THREAD_S = 0.25
_SHOW_CURSOR = "\x1b[?25h\r"
T = TypeVar("T")


class Interrupted(KeyboardInterrupt):
    """A signal requests that the program ends."""


class _State:
    """The state of the shutdown."""

    installed = False
    number: int | None = None
    """The first signal."""
    raises = False
    """Whether a signal handler may raise now: a command runs, and no event loop does."""
    computes = False
    """Whether the main thread has not come back to its loop in time."""
    loop: asyncio.AbstractEventLoop | None = None
    task: asyncio.Task[Any] | None = None
    accepted = False
    """Whether the loop has received the request to end."""
    alarm: int = -1
    """A pipe that wakes the thread which ends the process; a handler may not wait for a lock."""
    left = False


def install() -> None:
    """Install the handlers; signals that are ignored stay ignored (``nohup``)."""
    watchdog.mark()
    _State.installed = True
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _on_signal)


def begin() -> None:
    """Declare that a command runs, which a signal interrupts by an exception."""
    if not _State.installed:
        return
    awaited, _State.alarm = os.pipe()
    threading.Thread(target=_wait, args=(awaited,), name="stackswitch-ending", daemon=True).start()
    _State.raises = True
    if _State.number is not None:
        raise Interrupted


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run``, of which a signal cancels the main task.

    :raises Interrupted: a signal came
    """

    async def body() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        _State.loop, _State.task = loop, task
        try:
            return await main
        finally:
            _State.accepted = True
            _State.loop = _State.task = None
            if _State.number is not None:
                # asyncio.run would wait for the threads of the loop, which may compute for minutes.
                loop.set_default_executor(ThreadPoolExecutor(1))
                await _end_others(task)

    try:
        result = asyncio.run(body())
    except BaseException:
        if _State.number is not None:
            raise Interrupted from None
        raise
    if _State.number is not None:
        raise Interrupted
    return result


async def _end_others(own: asyncio.Task[Any] | None) -> None:
    others = [each for each in asyncio.all_tasks() if each is not own]
    for each in others:
        each.cancel()
    if others:
        await asyncio.wait(others, timeout=_TASKS_S)


def _on_signal(number: int, _frame: FrameType | None) -> None:
    if _State.computes:
        _State.computes = False
        if _State.raises:
            raise Interrupted
        return
    if _State.number is not None:
        leave(_State.number)
    _State.number = number
    if _State.alarm >= 0:
        os.write(_State.alarm, b"!")
    loop, task = _State.loop, _State.task
    if loop is not None and task is not None:
        loop.call_soon_threadsafe(_cancel, task)
    elif _State.raises:
        _State.accepted = True
        raise Interrupted
    else:
        leave(number)


def _cancel(task: asyncio.Task[Any]) -> None:
    _State.accepted = True
    task.cancel()


def _wait(awaited: int) -> None:
    """Wait for a signal, and end the process if it does not end by itself."""
    os.read(awaited, 1)
    number = _State.number or signal.SIGINT
    time.sleep(_RETURN_S)
    if not _State.accepted:
        _State.computes = True
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    time.sleep(GRACE_S)
    leave(number)


def requested() -> bool:
    """Whether a signal has requested that the program ends."""
    return _State.number is not None


def leave_if_requested() -> None:
    """End the process if a signal has requested it; from now on a signal ends it at once."""
    _State.raises = False
    if _State.number is None:
        return
    watchdog.end_all()
    for each in threading.enumerate():  # threads whose children were killed clean up
        if each is not threading.current_thread() and not each.name.startswith("stackswitch-"):
            each.join(_THREAD_S)
    streams.settle()
    leave(_State.number)


def leave(number: int) -> NoReturn:
    """Kill all that was started, say why, and end the process without tearing down what is in use."""
    watchdog.end_all()
    if not _State.left:
        _State.left = True
        why = "interrupted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"
        with suppress(OSError):
            shown = _SHOW_CURSOR if os.isatty(2) else ""
            os.write(2, f"{shown}stackswitch: {why}\n".encode())
    os._exit(128 + number)


def exit_at_once(status: int) -> NoReturn:
    """End the process without finalizing the interpreter, during which a signal would change no status.

    The ``atexit`` functions run. The streams are flushed already.
    """
    atexit._run_exitfuncs()
    os._exit(status)
