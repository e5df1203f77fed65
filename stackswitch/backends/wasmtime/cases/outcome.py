"""Why a call did not return, in words that do not depend on the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from stackswitch.models.expect import TrapKind
from stackswitch.models.result import Trap

from ..capi import GuestTrap
from ..errors import TRAP_CODES, NoRoomError, OverflowedError, ProtocolError, SuspendError
from ..instance import ScriptError
from ..store import GuestException, ThrowTag
from .host import CannotWaitError, HostError

_KINDS: tuple[tuple[tuple[type[Exception], ...], TrapKind], ...] = (
    ((GuestException, ThrowTag), "uncaught-exception"),
    ((SuspendError,), "suspend-error"),
    ((OverflowedError, NoRoomError), "asyncify-overflow"),
    ((CannotWaitError,), "asyncify-state"),
    ((HostError, ScriptError, MemoryError), "host-error"),
)


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
    if isinstance(error, asyncio.CancelledError):
        return Trap(kind="host-error", message="cancelled", error="cancelled")
    if isinstance(error, ProtocolError):
        cause = error.__cause__
        noticed_on = cause.frames if isinstance(cause, GuestTrap) else ()
        frames = tuple(name(index) for index in noticed_on)
        return Trap(kind="asyncify-state", message=f"{error.rule}: {error}", frames=frames)
    for errors, kind in _KINDS:
        if isinstance(error, errors):
            message = str(error)
            return Trap(kind=kind, message=message, error=message if kind == "host-error" else None)
    raise error
