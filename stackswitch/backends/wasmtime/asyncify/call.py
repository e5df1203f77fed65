"""A call of an export of an Asyncify build, and the way into the export."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from ..call import Function, Results
from ..values import Value

Answer = tuple[int, Callable[[Any], None]]
"""What an adapter's ``PENDING`` is to be for an import, and what writes its results to the slots."""


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


class AsyncifyCall:
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
        parent: AsyncifyCall | None = None,
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
