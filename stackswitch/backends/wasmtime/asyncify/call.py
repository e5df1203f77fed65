"""A call of an export of an Asyncify build, and the way into the export."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..call import Call, ExportedFunction, Results
from ..values import Value

Answer = tuple[int, Callable[[Any], None]]
"""What an adapter's ``PENDING`` is to be for an import, and what writes its results to the slots."""


@dataclass(slots=True, eq=False)
class Entry:
    """A way into an export.

    :ivar call: runs the guest; an error's address or None
    :ivar resume: makes what does the same when the guest rewinds, for what ``adapters.PENDING`` is to be
    :ivar read: reads the results; :ivar write: writes the arguments
    :ivar adapted: an adapter starts the rewind and stops the unwind
    :ivar resumes: what ``resuming`` has made
    """

    call: Callable[[], int | None]
    resume: Callable[[int], Callable[[], int | None]]
    read: Callable[[], tuple[Value, ...]]
    write: Callable[[Sequence[Value]], None]
    adapted: bool
    resumes: dict[int, Callable[[], int | None]] = field(default_factory=dict)

    def resuming(self, pending: int) -> Callable[[], int | None]:
        """Return what runs the guest when it rewinds."""
        found = self.resumes.get(pending)
        if found is None:
            found = self.resumes[pending] = self.resume(pending)
        return found


class AsyncifyCall(Call):
    """A call of an Asyncify build.

    :ivar answer: for an adapter: what ``pending`` is to be, and what lays the results ready
    :ivar coroutine: the host function's that it waits for; :ivar first: what that has yielded
    :ivar saved: its saved stack, while another call's lies in the data block
    """

    __slots__ = ("answer", "args", "coroutine", "failure", "first", "function", "results", "saved")

    def __init__(
        self,
        function: ExportedFunction,
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
        self.region = None
        self.entered = False


def _above(below: Callable[[], None]) -> Callable[[], None]:
    def call() -> None:
        below()

    return call


CALLBACK_DEPTH = 8
"""How many Python calls within each other a callback from C needs to report a failure, by trial on 3.11."""


def check_depth() -> None:
    """Raise ``RecursionError`` where a callback would not have them; the callback itself could not."""


for _ in range(CALLBACK_DEPTH):
    check_depth = _above(check_depth)
