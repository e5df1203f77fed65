"""Why a call did not return, in words that do not depend on the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from stackswitch.models.expect import TrapKind
from stackswitch.models.result import Trap

from .asyncify.data_block import NoRoomError
from .asyncify.state_machine import ProtocolError
from .call import OverflowedError, SuspendError
from .capi import GuestTrap
from .cases.host import CannotWaitError, HostError
from .engine import OVER_MESSAGE
from .instance import ScriptError
from .store import GuestException, ThrowTag

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


def is_over(error: BaseException) -> bool:
    """Whether the guest was stopped because its time was up."""
    if isinstance(error, ProtocolError) and error.__cause__ is not None:
        return is_over(error.__cause__)
    return isinstance(error, GuestTrap) and (error.code == INTERRUPTED or OVER_MESSAGE in error.message)


def trap_of(error: BaseException, name: Callable[[int], str]) -> Trap:
    """Say why a call failed.

    :param name: a function's name by its index, for the stack
    :raises BaseException: the error itself, if it is none of those a guest or a case can bring about
    """
    if isinstance(error, GuestTrap):
        frames = tuple(name(index) for index in error.frames)
        if error.exit_status is not None:
            return Trap(kind="exit", message=f"exit status {error.exit_status}", frames=frames)
        kind = TRAP_CODES.get(-1 if error.code is None else error.code, "other")
        return Trap(kind=kind, message=error.message, frames=frames)
    if isinstance(error, HostError):
        return Trap(kind="host-error", message=str(error), error=str(error))
    if isinstance(error, asyncio.CancelledError):
        return Trap(kind="host-error", message="cancelled", error="cancelled")
    if isinstance(error, (GuestException, ThrowTag)):
        return Trap(kind="uncaught-exception", message=str(error))
    if isinstance(error, SuspendError):
        return Trap(kind="suspend-error", message=str(error))
    if isinstance(error, (OverflowedError, NoRoomError)):
        return Trap(kind="asyncify-overflow", message=str(error))
    if isinstance(error, ProtocolError):
        kind = "asyncify-overflow" if error.rule == "overflow" else "asyncify-state"
        cause = error.__cause__
        noticed_on = cause.frames if isinstance(cause, GuestTrap) else ()
        frames = tuple(name(index) for index in noticed_on)
        return Trap(kind=kind, message=f"{error.rule}: {error}", frames=frames)
    if isinstance(error, CannotWaitError):
        return Trap(kind="asyncify-state", message=str(error))
    if isinstance(error, (ScriptError, MemoryError)):
        return Trap(kind="host-error", message=str(error), error=str(error))
    raise error
