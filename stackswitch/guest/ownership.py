"""Who may use a guest: the process and the event loop that opened it."""

from __future__ import annotations

import asyncio
import os

from stackswitch.errors import GuestStateError

_forks = 0
"""How many forks led to this process. A guest opened before one belongs to the parent."""


def _count_fork() -> None:
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count_fork)


class Ownership:
    """The process and the event loop that run when it is made."""

    __slots__ = ("_forks", "_loop")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._forks = _forks

    @property
    def is_of_this_process(self) -> bool:
        """Whether the process has not been forked since."""
        return self._forks == _forks

    def is_here(self) -> bool:
        """Whether process and event loop are the same: both checks in one, for each call."""
        try:
            return asyncio.get_running_loop() is self._loop and self._forks == _forks
        except RuntimeError:
            return False

    def check_process(self) -> None:
        """Check that it is the same process.

        :raises GuestStateError: this process is a fork of it
        """
        if not self.is_of_this_process:
            raise GuestStateError("the guest belongs to the process that this one was forked from")

    def check_loop(self) -> None:
        """Check that it is the same event loop, on its thread.

        :raises GuestStateError: another one runs here, or none
        """
        if not self.is_here():
            raise GuestStateError(
                "the guest belongs to another event loop: use it in the loop, and the thread, that opened it"
            )
