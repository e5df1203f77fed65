"""How much of a trace was used: every line counts, as used or as unused with a reason."""

from __future__ import annotations

from typing import Literal

from .base import Frozen

UnusedReason = Literal[
    "other-module",
    "unknown-module",
    "ambiguous-module",
    "no-frames",
    "bad-frame",
    "no-name",
    "unknown-import",
]
REASONS: dict[UnusedReason, str] = {
    "other-module": "on the stack is a module for which no module was given",
    "unknown-module": "the recorder could not tell which module a function on the stack is of",
    "ambiguous-module": "taken on another build, whose functions are as well those of several given modules",
    "no-frames": "there is no function on the stack",
    "bad-frame": "a function on the stack is not in the module: the line was changed, or cut",
    "no-name": "taken on another build, and a function on the stack is not in the module by that name",
    "unknown-import": "it is not known which import waited",
}


class UnusedLines(Frozen):
    """Lines that were not used, or in part only, for one reason.

    ``lines``: how many; ``waits``: how often what they tell happened; ``numbers``: of the first few in the
    file; ``what``: the modules, functions or imports concerned, a few.
    """

    reason: UnusedReason
    lines: int
    waits: int = 0
    numbers: tuple[int, ...] = ()
    what: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The reason in words, with what it concerns."""
        return REASONS[self.reason] + (f" ({', '.join(self.what)})" if self.what else "")


class TraceUse(Frozen):
    """What became of the lines of a trace: ``lines`` is ``used`` and those that are unused.

    A line of which a part could be used counts as unused: that part is used all the same. ``trace``: the
    file, or the case. ``stacks``: lines that hold a stack at a wait, a refused one included; ``waits``: how
    many there were that the engine did not refuse; ``traps``: errors that left the guest, and refused
    suspensions. ``by_name``: functions were found by name, since it was taken on another build. ``says``:
    what the recorder itself says is missing in the trace.
    """

    trace: str
    lines: int
    used: int
    unused: tuple[UnusedLines, ...] = ()
    stacks: int = 0
    waits: int = 0
    traps: int = 0
    by_name: bool = False
    says: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every line was used."""
        return not self.unused

    @property
    def not_used(self) -> int:
        """How many lines were not used, or in part only."""
        return sum(each.lines for each in self.unused)
