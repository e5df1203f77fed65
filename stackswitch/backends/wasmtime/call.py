"""What calls of exports are made of, whichever way stacks are switched."""

from __future__ import annotations

import ctypes
import types
from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import Any

from .capi import SLOT, Extern
from .values import Value

Results = Sequence[Value]
_FUNC_IN_EXTERN = 8


class Function:
    """An export, ready to be called: its address, its types, its slots.

    :param is_import: the module exports what it imports: a call of it has no frame of the guest
    :ivar entry: how Asyncify enters it, once it has
    :ivar buffers: those of its calls on fibers, once there are any
    """

    __slots__ = (
        "_buffer",
        "_extern",
        "at",
        "buffers",
        "count",
        "entry",
        "is_import",
        "name",
        "params",
        "results",
        "slots",
    )

    def __init__(
        self, name: str, extern: Extern, params: Any, results: Any, *, is_import: bool = False
    ) -> None:
        self.name = name
        self.is_import = is_import
        self.params = params
        self.results = results
        self.count = max(len(params.kinds), len(results.kinds))
        self._extern = extern
        self._buffer = ctypes.create_string_buffer(max(1, self.count) * SLOT)
        self.at = ctypes.addressof(extern) + _FUNC_IN_EXTERN
        self.slots = ctypes.addressof(self._buffer)
        self.entry: Any = None
        self.buffers: Any = None


class Note:
    """What a session notes on a call; host functions are called with it.

    :ivar backend_call: the call, as its switcher has it
    :ivar waiting: the import that it is suspended in, None while it runs
    :ivar since: when it was suspended (``time.monotonic``)
    :ivar ends: when its time is up (``time.monotonic``), None: it has no deadline
    """

    __slots__ = ("backend_call", "ends", "since", "waiting")

    def __init__(self) -> None:
        self.backend_call: Any = None
        self.waiting: str | None = None
        self.since = 0.0
        self.ends: float | None = None


@types.coroutine
def going_on(coroutine: Any, first: Any) -> Generator[Any, Any, Results]:
    """Take a coroutine to its end that was started elsewhere.

    :param first: what it has yielded, for the event loop
    """
    try:
        sent = yield first
    except GeneratorExit:
        coroutine.close()
        raise
    except BaseException as error:  # noqa: BLE001 (it is the coroutine's, whatever it is)
        return (yield from rest(coroutine, coroutine.throw, error))
    if sent is not None:
        return (yield from rest(coroutine, coroutine.send, sent))
    results: Results = yield from coroutine
    return results


def rest(
    coroutine: Coroutine[Any, Any, Results], step: Callable[[Any], Any], value: Any
) -> Generator[Any, Any, Results]:
    """Do what is left of a coroutine that was started elsewhere and has yielded.

    :param step: its ``send`` or ``throw``; :param value: what for
    """
    while True:
        try:
            yielded = step(value)
        except StopIteration as done:
            results: Results = done.value
            return results
        try:
            value = yield yielded
        except GeneratorExit:
            coroutine.close()
            raise
        except BaseException as error:  # noqa: BLE001 (it is the coroutine's, whatever it is)
            step, value = coroutine.throw, error
        else:
            step = coroutine.send
