"""A call of an export, and what it is made of."""

from __future__ import annotations

import ctypes
import types
from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import Any

from .capi import SLOT, Extern
from .values import Codec, Value

Results = Sequence[Value]
Answer = tuple[int, Callable[[Any], None]]
"""What an adapter's ``PENDING`` is to be for an import, and what writes its results to the slots."""
_FUNC_IN_EXTERN = 8


class Entry:
    """A way into an export.

    :param call: runs the guest; an error's address or None
    :param resume: makes what does the same when the guest rewinds, for what ``adapters.PENDING`` is to be
    :param read: reads the results; :param write: writes the arguments
    :param adapted: an adapter starts the rewind and stops the unwind
    :ivar resumes: what ``resuming`` has made
    """

    __slots__ = ("_resume", "adapted", "call", "read", "resumes", "write")

    def __init__(
        self,
        call: Callable[[], int | None],
        resume: Callable[[int], Callable[[], int | None]],
        read: Callable[[], tuple[Value, ...]],
        write: Callable[[Sequence[Value]], None],
        *,
        adapted: bool,
    ) -> None:
        self.call = call
        self._resume = resume
        self.read = read
        self.write = write
        self.adapted = adapted
        self.resumes: dict[int, Callable[[], int | None]] = {}

    def resuming(self, pending: int) -> Callable[[], int | None]:
        """Return what runs the guest when it rewinds."""
        found = self.resumes.get(pending)
        if found is None:
            found = self.resumes[pending] = self._resume(pending)
        return found


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
        self, name: str, extern: Extern, params: Codec, results: Codec, *, is_import: bool = False
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
        self.entry: Entry | None = None
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


class GuestCall:
    """A call of an export, from its beginning to its end.

    :param note: a ``Note``, or what has its attributes: what host functions are called with
    :param parent: the call whose host function makes this one: it waits for its end
    :ivar may_wait: whether it can be suspended
    :ivar entered: whether the guest has run
    :ivar suspensions: how often it was
    :ivar answer: for an adapter: what ``pending`` is to be, and what lays the results ready
    """

    __slots__ = (
        "answer",
        "args",
        "coroutine",
        "entered",
        "failure",
        "first",
        "function",
        "may_wait",
        "note",
        "outside",
        "parent",
        "region",
        "results",
        "saved",
        "stack_pointer",
        "suspensions",
    )

    def __init__(
        self,
        function: Function,
        args: Results,
        note: Any,
        *,
        may_wait: bool,
        parent: GuestCall | None = None,
    ) -> None:
        self.function = function
        self.parent = parent
        self.args = args
        self.may_wait = may_wait
        self.suspensions = 0
        self.note = note
        self.coroutine: Coroutine[Any, Any, Results] | None = None
        self.first: Any = None
        self.results: Results = ()
        self.answer: Answer | None = None
        self.failure: BaseException | None = None
        self.saved: bytes | None = None
        self.stack_pointer = 0
        self.outside = 0
        self.region: int | None = None
        self.entered = False


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


def _deeper(levels: int) -> Callable[[], None]:
    def bottom() -> None:
        return

    def above(below: Callable[[], None]) -> Callable[[], None]:
        def call() -> None:
            below()

        return call

    found = bottom
    for _ in range(levels):
        found = above(found)
    return found


CALLBACK_DEPTH = 8
"""How many Python calls within each other a callback from C needs to report a failure, by trial on 3.11."""
check_depth = _deeper(CALLBACK_DEPTH)
"""Raises ``RecursionError`` where a callback would not have them; the callback itself could not."""
