"""A guest that runs on and on in the middle of one switch."""

from __future__ import annotations

from typing import Any

from .state_machine import NORMAL, StateMachine

LIVELOCK_S = 1.0
"""How much processor time the guest may take to unwind or rewind: that is microseconds, unless it loops."""


class Livelock:
    """Told of a machine now and then, notices that one switch lasts."""

    def __init__(self) -> None:
        self._at = -1
        self._since = 0.0

    def look(self, machine: StateMachine[Any], now: float) -> bool:
        """Whether the switch that it is in has lasted too long.

        :param now: any clock's time (seconds)
        """
        if machine.state == NORMAL or machine.switches != self._at:
            self._at, self._since = machine.switches, now
            return False
        return now - self._since > LIVELOCK_S
