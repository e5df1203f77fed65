"""wasmtime engines for the library: one for each configuration, for as long as the process lives.

After a fork the child has no thread that moves the clock on: what was there is the parent's, and is left
alone.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
from typing import Any

from stackswitch.errors import ConfigError

from ..engine import WasmtimeEngine
from ..fiber.engine import STACK_BYTES as FIBER_STACK_BYTES
from ..fiber.engine import FiberEngine

ASYNCIFY_STACK_BYTES = 1 << 20
"""The size of a guest's native stack on the event loop's own thread, below host functions."""
_HOST_BYTES = 1 << 20
_USUAL_THREAD_BYTES = 8 << 20

_ENGINES: dict[tuple[Any, ...], WasmtimeEngine] = {}
_OF_PARENT: list[dict[tuple[Any, ...], WasmtimeEngine]] = []
_LOCK = threading.Lock()


def asyncify_engine(stack_bytes: int | None, *, fuel: bool) -> WasmtimeEngine:
    """Return the engine for Asyncify builds.

    :raises ConfigError: the thread's stack is too small for ``stack_bytes``
    """
    wanted = ASYNCIFY_STACK_BYTES if stack_bytes is None else stack_bytes
    there = _thread_bytes()
    if wanted + _HOST_BYTES > there:
        raise ConfigError(
            f"stack_bytes={wanted}: on asyncify guests run on the thread's own stack, of {there} bytes;"
            " ask for less, raise `ulimit -s`, or use the backend fiber"
        )
    return _engine(WasmtimeEngine, wanted, fuel)


def fiber_engine(stack_bytes: int | None, *, fuel: bool) -> FiberEngine:
    """Return the engine for calls on fibers.

    :raises BackendUnavailableError: there cannot be one here
    """
    found = _engine(FiberEngine, FIBER_STACK_BYTES if stack_bytes is None else stack_bytes, fuel)
    assert isinstance(found, FiberEngine)
    return found


def _engine(kind: type[WasmtimeEngine], stack_bytes: int, fuel: bool) -> WasmtimeEngine:
    with _LOCK:
        key = (kind, stack_bytes, fuel)
        found = _ENGINES.get(key)
        if found is None:
            found = _ENGINES[key] = kind(stack_bytes=stack_bytes, fuel=fuel)
        return found


def _thread_bytes() -> int:
    if threading.current_thread() is not threading.main_thread():
        if threading.stack_size():
            return threading.stack_size()
        if sys.platform == "darwin":
            return 512 << 10
    soft, _ = resource.getrlimit(resource.RLIMIT_STACK)
    return _USUAL_THREAD_BYTES if soft == resource.RLIM_INFINITY else soft


def _forked() -> None:
    global _LOCK, _ENGINES
    _LOCK = threading.Lock()
    _OF_PARENT.append(_ENGINES)
    _ENGINES = {}


os.register_at_fork(after_in_child=_forked)
