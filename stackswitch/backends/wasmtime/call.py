"""What calls of exports are made of, whichever way stacks are switched."""

from __future__ import annotations

import ctypes
import types
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .capi import SLOT, Extern
from .values import Value

Results = Sequence[Value]


@dataclass(slots=True, eq=False)
class ExportedFunction:
    """An export, ready to be called.

    :ivar params: reads and writes the arguments; :ivar results: the results
    :ivar is_import: the module exports what it imports: a call of it has no frame of the guest
    :ivar entry: how Asyncify enters it, once it has
    :ivar buffers: those of its calls on fibers, once there are any
    :ivar at: address of the ``wasmtime_func_t``
    :ivar slots: address of slots for its values; :ivar count: how many there are
    """

    name: str
    extern: Extern
    params: Any
    results: Any
    is_import: bool = False
    entry: Any = None
    buffers: Any = None
    at: int = field(init=False)
    slots: int = field(init=False)
    count: int = field(init=False)
    _buffer: Any = field(init=False)

    def __post_init__(self) -> None:
        self.count = max(len(self.params.kinds), len(self.results.kinds))
        self._buffer = ctypes.create_string_buffer(max(1, self.count) * SLOT)
        self.at = self.extern.item
        self.slots = ctypes.addressof(self._buffer)


@dataclass(slots=True, eq=False)
class CallContext:
    """What a session notes on a call; host functions are called with it.

    :ivar backend_call: the call, as its switcher has it
    :ivar waiting: the import that it is suspended in, None while it runs
    :ivar since: when it was suspended (``time.monotonic``)
    :ivar ends: its deadline (``time.monotonic``); None: it has none
    """

    backend_call: Any = None
    waiting: str | None = None
    since: float = 0.0
    ends: float | None = None


class Call:
    """A call of an export, or the making of an instance, from its beginning to its end.

    :ivar note: a ``CallContext``, or what has its attributes: host functions are called with it
    :ivar parent: the call whose host function makes this one, and waits for its end
    :ivar may_wait: whether it can be suspended; :ivar suspensions: how often it was
    :ivar entered: whether the guest has run
    :ivar region: the part of the C stack that it has for itself (see ``c_stack``)
    :ivar outside: the C stack pointer of its caller; :ivar stack_pointer: its own, while it is suspended
    """

    __slots__ = (
        "entered",
        "may_wait",
        "note",
        "outside",
        "parent",
        "region",
        "stack_pointer",
        "suspensions",
    )
    entered: bool
    may_wait: bool
    note: Any
    outside: int
    parent: Any
    region: int | None
    stack_pointer: int
    suspensions: int


@types.coroutine
def finish_started(coroutine: Any, yielded: Any) -> Generator[Any, Any, Results]:
    """Run a coroutine that was started elsewhere to its end.

    :param yielded: what it has yielded, for the event loop
    """
    while True:
        try:
            sent = yield yielded
        except GeneratorExit:
            coroutine.close()
            raise
        except BaseException as error:  # noqa: BLE001 (it is the coroutine's, whatever it is)
            step, sent = coroutine.throw, error
        else:
            if sent is None:
                results: Results = yield from coroutine
                return results
            step = coroutine.send
        try:
            yielded = step(sent)
        except StopIteration as done:
            results = done.value
            return results


def resume_started(coroutine: Any, sent: Any, error: BaseException | None = None) -> Generator[Any, Any, Any]:
    """Resume a coroutine with a value or an error, and run it to its end; ``GeneratorExit`` closes it."""
    if isinstance(error, GeneratorExit):
        coroutine.close()
        raise error
    try:
        yielded = coroutine.send(sent) if error is None else coroutine.throw(error)
    except StopIteration as done:
        return done.value
    return (yield from finish_started(coroutine, yielded))
