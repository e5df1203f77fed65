"""How a call can end, whichever way stacks are switched; the errors of a guest, not those of the library."""

from __future__ import annotations

from typing import Literal

from stackswitch.models.expect import TrapKind

from .capi import GuestTrap

OVER_MESSAGE = "the guest's time is up"
CLOSED_MESSAGE = "the store has been closed"
TRAP_CODES: dict[int, TrapKind] = {
    0: "stack-overflow",
    1: "memory-out-of-bounds",
    2: "memory-out-of-bounds",
    3: "table-out-of-bounds",
    4: "null-call",
    5: "signature-mismatch",
    6: "integer-overflow",
    7: "integer-divide-by-zero",
    8: "bad-conversion",
    9: "unreachable",
    13: "null-reference",
    14: "memory-out-of-bounds",
    16: "bad-cast",
    49: "uncaught-exception",
}
"""wasmtime's trap codes (``wasmtime_trap_code_enum`` in ``trap.h``)."""
INTERRUPTED = 10

Rule = Literal[
    "entered-while-switching",
    "import-while-unwinding",
    "import-while-rewinding",
    "other-import",
    "nothing-saved",
    "stack-left",
    "not-reached",
    "no-progress",
    "trap-while-switching",
    "overflow",
    "not-instrumented",
]
RULES: dict[Rule, str] = {
    "entered-while-switching": "an export was called while the stack was being switched",
    "import-while-unwinding": "an import was called while the stack was unwinding",
    "import-while-rewinding": "an import that does not wait was called while the stack was rewinding",
    "other-import": "the rewind came to another import than the one that waits",
    "nothing-saved": "the stack unwound, and no function had saved itself",
    "stack-left": "the import was reached before all saved functions were restored",
    "not-reached": "the export returned while the stack was rewinding: the import was never reached",
    "no-progress": "the guest ran on and on while the stack was being switched",
    "trap-while-switching": "the guest trapped while the stack was being switched",
    "overflow": "the saved stack does not fit its buffer",
    "not-instrumented": "a function on the stack of a wait is not instrumented",
}
"""How Asyncify's protocol can be broken, and what is then said."""


class ProtocolError(Exception):
    """The guest did not follow Asyncify's protocol: a function on its stack is not instrumented.

    :ivar rule: which of ``RULES`` noticed it
    """

    def __init__(self, rule: Rule, detail: str = "") -> None:
        super().__init__(RULES[rule] + (f" ({detail})" if detail else ""))
        self.rule: Rule = rule


class SuspendError(Exception):
    """The guest wants to wait where it cannot be suspended: a frame of the host lies in between."""


class OverflowedError(Exception):
    """A saved stack did not fit its buffer."""


class NoRoomError(Exception):
    """The guest's memory has no room for a saved stack."""


def is_over(error: BaseException) -> bool:
    """Whether the guest was stopped because its time was up."""
    if isinstance(error, ProtocolError) and error.__cause__ is not None:
        return is_over(error.__cause__)
    return isinstance(error, GuestTrap) and (error.code == INTERRUPTED or OVER_MESSAGE in error.message)
