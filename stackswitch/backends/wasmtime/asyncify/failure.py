"""What goes wrong in a switch: a trap in the middle of it, and a guest that loops instead of unwinding."""

from __future__ import annotations

from typing import Any

from ..capi import OUT_OF_FUEL, GuestTrap
from ..errors import OverflowedError, ProtocolError
from .asyncify_data import AsyncifyData
from .state_machine import NORMAL, UNWINDING, StateMachine

_OUT_OF_BOUNDS = 1
"""wasmtime's trap code."""
_MOST_S = 1.0
"""How much processor time the guest may take to unwind or rewind: that is microseconds, unless it loops."""


class SwitchTimer:
    """Measures how long a guest takes for one unwind or rewind."""

    def __init__(self) -> None:
        self._switch = -1
        self._since = 0.0

    def is_late(self, machine: StateMachine[Any], now: float) -> bool:
        """Whether the switch that the machine is in takes too long.

        :param now: any clock's time (seconds)
        """
        if machine.state == NORMAL or machine.switches != self._switch:
            self._switch, self._since = machine.switches, now
            return False
        return now - self._since > _MOST_S


def failure_of(
    error: BaseException, state: int, block: AsyncifyData | None, *, is_stuck: bool
) -> BaseException:
    """Return what to raise for it: in the middle of a switch a trap is the switch's, not the guest's own.

    :param state: NORMAL, UNWINDING or REWINDING
    :param is_stuck: it was stopped because it looped
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
