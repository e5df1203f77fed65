"""Why a call did not return, in words that do not depend on the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from stackswitch.models.result import Trap

from ..capi import GuestTrap
from ..errors import TRAP_CODES, NoRoomError, OverflowedError, ProtocolError, SuspendError
from ..instance import ScriptError
from ..store import GuestException, ThrowTag
from .host import CannotWaitError, HostError


class TimeUpError(Exception):
    """The guest ran until its time was up."""


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
