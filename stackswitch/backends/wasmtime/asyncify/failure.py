"""What a guest's failure means, given where it came in the switch."""

from __future__ import annotations

from ..capi import OUT_OF_FUEL, GuestTrap
from ..errors import OverflowedError, ProtocolError
from .data_block import DataBlock
from .state_machine import NORMAL, UNWINDING

_OUT_OF_BOUNDS = 1
"""wasmtime's trap code."""


def failure_of(error: BaseException, state: int, block: DataBlock | None, *, is_stuck: bool) -> BaseException:
    """Return what to raise for it: in the middle of a switch a trap is the switch's, not the guest's own.

    :param state: NORMAL, UNWINDING or REWINDING
    :param is_stuck: it was stopped since it ran on and on
    """
    if state == NORMAL or block is None or not isinstance(error, GuestTrap) or error.code == OUT_OF_FUEL:
        return error
    if state == UNWINDING and block.saved_bytes > block.room:
        # The guest writes first; what stops the unwind looks whether there was room.
        return OverflowedError(f"{block.saved_bytes} bytes to save, room for {block.room}")
    if state == UNWINDING and error.code == _OUT_OF_BOUNDS:
        return OverflowedError(f"the saved stack ran out of its memory: {error.message}")
    if is_stuck:
        return ProtocolError("no-progress")
    broken = ProtocolError("trap-while-switching", error.message)
    broken.__cause__ = error
    return broken
