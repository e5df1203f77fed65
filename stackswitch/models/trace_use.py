"""How much of a trace was used. Every line counts as used, or as unused with a reason."""

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
    "ambiguous-module": "recorded on another build, whose functions match several given modules equally well",
    "no-frames": "there is no function on the stack",
    "bad-frame": "a function on the stack is not in the module: the line was changed, or cut",
    "no-name": "recorded on another build, and a function on the stack is not in the module by that name",
    "unknown-import": "it is not known which import waited",
}


class UnusedLines(Frozen):
    """Lines that were not used, or only in part, for one reason.

    ``lines``: how many. ``waits``: how many suspensions they stand for. ``numbers``: the line numbers of the
    first few. ``what``: some of the modules, functions or imports concerned.
    """

    reason: UnusedReason
    lines: int
    waits: int = 0
    numbers: tuple[int, ...] = ()
    what: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The reason as text, with what it concerns."""
        return REASONS[self.reason] + (f" ({', '.join(self.what)})" if self.what else "")


class TraceUse(Frozen):
    """How the lines of a trace were used: ``lines`` is the sum of ``used`` and of the unused ones.

    A line that is used in part counts as unused. ``trace``: the file, or the case. ``stacks``: lines with the
    stack of a suspension, refused ones included. ``waits``: suspensions that the engine did not refuse.
    ``traps``: errors that left the guest, and refused suspensions. ``by_name``: functions were matched by
    name, since the trace is of another build. ``says``: what is missing in the trace according to the
    recorder.
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
        """How many lines were not used, or only in part."""
        return sum(each.lines for each in self.unused)
