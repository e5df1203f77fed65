"""What wasmtime reads and writes while a call on a fiber runs: values, trap, error. It is used again."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from ctypes import c_size_t, c_void_p
from functools import partial
from typing import Any

from .capi import FiberApi
from .values import VAL

_FREE_MOST = 256


class CallBuffers:
    """The values, trap and error of one call at a time; wasmtime uses them until its future is deleted.

    :param begin: starts the call and returns wasmtime's future; its last arguments are the addresses of the
        trap and of the error
    :param read: reads its results; :param write: writes its arguments
    :param keep: what ``begin`` has the addresses of
    :param pool: where they go when no call uses them
    """

    __slots__ = ("_keep", "_pool", "_taken", "begin", "error", "read", "trap", "write")

    def __init__(
        self,
        begin: Callable[..., int],
        read: Callable[[], tuple[Any, ...]] = tuple,
        write: Callable[[Sequence[Any]], None] = len,  # type: ignore[assignment]
        *,
        keep: object = None,
        pool: list[CallBuffers] | None = None,
    ) -> None:
        self.trap = c_void_p()
        self.error = c_void_p()
        trap, error = map(ctypes.addressof, (self.trap, self.error))
        self.begin: Callable[[], int] = partial(begin, c_void_p(trap), c_void_p(error))
        self.read = read
        self.write = write
        self._keep = keep
        self._pool = pool
        self._taken = True

    def take(self) -> CallBuffers:
        """Return these, for a call to use."""
        self._taken = True
        return self

    def give_back(self) -> None:
        """Let another call use them: the future has been deleted."""
        taken, self._taken = self._taken, False
        if taken and self._pool is not None and len(self._pool) < _FREE_MOST:
            self.trap.value = self.error.value = None
            self._pool.append(self)


class BufferPool:
    """The buffers of one export's calls.

    :param function: address of the ``wasmtime_func_t``
    :param params: reads and writes its arguments in arrays of ``wasmtime_val_t``; :param results: its results
    """

    def __init__(self, api: FiberApi, context: int, function: int, params: Any, results: Any) -> None:
        self._params = params
        self._results = results
        self._call = partial(api.wasmtime_func_call_async, c_void_p(context), c_void_p(function))
        self._free: list[CallBuffers] = []

    def take(self) -> CallBuffers:
        """Return buffers that no other call uses."""
        return self._free.pop().take() if self._free else self._make()

    def _make(self) -> CallBuffers:
        params, results = self._params, self._results
        count, result_count = len(params.kinds), len(results.kinds)
        buffer = ctypes.create_string_buffer(max(1, count + result_count) * VAL)
        args_at = ctypes.addressof(buffer)
        results_at = args_at + count * VAL
        begin = partial(
            self._call, c_void_p(args_at), c_size_t(count), c_void_p(results_at), c_size_t(result_count)
        )
        read = results.bound(results_at)[0]
        if any(kind == "externref" for kind in results.kinds):
            read = partial(_read_and_drop, results, results_at)
        write = params.bound(args_at)[1]
        return CallBuffers(begin, read, write, keep=buffer, pool=self._free)


def _read_and_drop(results: Any, at: int) -> tuple[Any, ...]:
    found: tuple[Any, ...] = results.read(at)
    results.drop(at)
    return found
