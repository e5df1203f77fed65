"""What ended a call, as the errors of the library."""

from __future__ import annotations

import ctypes

from stackswitch.errors import (
    GuestError,
    GuestFrame,
    GuestMemoryError,
    GuestStateError,
    GuestTimeoutError,
    GuestTrapError,
    SuspendRefusedError,
)
from stackswitch.wasm.function_names import display_name
from stackswitch.wasm.module import Module

from ..capi import OUT_OF_FUEL, GuestTrap
from ..errors import (
    CLOSED_MESSAGE,
    TRAP_CODES,
    NoRoomError,
    OverflowedError,
    ProtocolError,
    SuspendError,
    is_over,
)
from ..instance import ScriptError
from ..store import GuestException

_NO_MEMORY = ("allocate memory", "out of memory", "exceeds memory limits", "memory minimum size")
_WORDS = {
    "unreachable": "it came to an unreachable instruction (abort, or a panic)",
    "stack-overflow": "its native stack is used up: it recurses too deep",
    "memory-out-of-bounds": "it reached outside of its memory",
}


class Explainer:
    """Says why a call failed.

    :param shown: the module whose names are shown; :param shift: what to add to wasmtime's offsets; None: the
        code that runs is not the module's own, and offsets would mislead
    :param deadline_s: how long a call may take
    """

    def __init__(self, shown: Module, shift: int | None, deadline_s: float | None) -> None:
        self._shown = shown
        self._shift = shift
        self._late = "was stopped" if deadline_s is None else f"was not done after {deadline_s:g} s"

    def frames(self, indexes: tuple[int, ...], offsets: tuple[int, ...] = ()) -> tuple[GuestFrame, ...]:
        """Return frames with names, innermost first."""
        places = offsets or (-1,) * len(indexes)
        return tuple(
            [
                GuestFrame(display_name(self._shown, index), index, self._offset(at))
                for index, at in zip(indexes, places, strict=True)
                if index < self._shown.function_count  # what was added counts growth, or switches stacks
            ]
        )

    def deeper(
        self, frames: tuple[GuestFrame, ...], indexes: tuple[int, ...] | None
    ) -> tuple[GuestFrame, ...]:
        """Return an engine's innermost frames with those below them.

        :param indexes: of the whole stack, innermost first; None: unknown
        """
        whole = self.frames(indexes or ())
        same = [each.index for each in whole[: len(frames)]] == [each.index for each in frames]
        return frames + whole[len(frames) :] if same else frames or whole

    def _offset(self, at: int) -> int:
        return -1 if self._shift is None or at < 0 else at + self._shift

    def explain(self, error: BaseException, export: str) -> BaseException:
        """Return what to raise for it: the error itself, if it is none of the guest's or ours."""
        if isinstance(error, ctypes.ArgumentError) and "RecursionError" in str(error):
            return RecursionError(str(error))  # ctypes has no other word for one in its own conversions
        found = self._known(error, export)
        if found is None:
            return error
        found.__cause__ = error.__cause__
        return found

    def refused(self, error: BaseException) -> GuestError | None:
        """Return what to raise if wasmtime refused to make an instance; None: its start function failed."""
        if not isinstance(error, GuestTrap) or error.code is not None or error.frames or is_over(error):
            return None
        if error.exit_status is not None or error.message == CLOSED_MESSAGE:
            return None
        lacks_memory = any(each in error.message for each in _NO_MEMORY)
        kind = GuestMemoryError if lacks_memory else GuestError
        return kind(f"wasmtime cannot make the instance: {error.message}")

    def _known(self, error: BaseException, export: str) -> GuestError | None:
        if isinstance(error, GuestTrap):
            return self._trap(error, export)
        if isinstance(error, GuestException):
            return GuestTrapError(f"an exception of the guest's left {export}", kind="uncaught-exception")
        if isinstance(error, SuspendError):
            return SuspendRefusedError(str(error))
        if isinstance(error, (OverflowedError, NoRoomError)):
            return GuestTrapError(f"{export}: Asyncify's buffer: {error}", kind="asyncify-overflow")
        if isinstance(error, ProtocolError):
            if is_over(error):
                return GuestTimeoutError(f"{export} {self._late}; its stack was being switched")
            return GuestTrapError(
                f"{export}: {error.rule}: {error}; a function on its stack is not instrumented"
                " (`stackswitch fix` finds which)",
                kind="asyncify-state",
            )
        if isinstance(error, ScriptError):
            return GuestError(str(error))
        return None

    def _trap(self, trap: GuestTrap, export: str) -> GuestError:
        frames = self.frames(trap.frames, trap.offsets)
        if trap.message == CLOSED_MESSAGE:
            return GuestStateError("the guest has been closed")
        if is_over(trap):
            return GuestTimeoutError(f"{export} {self._late}", frames=frames)
        if trap.code == OUT_OF_FUEL:
            return GuestTimeoutError(f"{export} was stopped: it used up its fuel", frames=frames)
        if trap.exit_status is not None:
            message = f"{export} ended with exit status {trap.exit_status}"
            return GuestTrapError(message, kind="exit", frames=frames, exit_status=trap.exit_status)
        kind = TRAP_CODES.get(-1 if trap.code is None else trap.code, "other")
        words = _WORDS.get(kind, trap.message)
        return GuestTrapError(f"{export} trapped: {words}", kind=kind, frames=frames)
