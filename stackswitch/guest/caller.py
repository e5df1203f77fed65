"""Who called a host function: the first argument that each of them gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stackswitch.backends.guest_protocol import CallState

if TYPE_CHECKING:
    from .guest import Guest
    from .memory import Memory


class Caller(CallState):
    """A call of an export while it is under way, the same object for all host functions it calls.

    :ivar guest: whose call it is; :ivar export: the export called; :ivar parent: the call that made this one
    :ivar id: counted up from 1, per guest
    """

    __slots__ = ("guest", "id")

    parent: Caller | None

    def __init__(self, guest: Guest, export: str, number: int, parent: Caller | None = None) -> None:
        super().__init__(export, parent)
        self.guest = guest
        self.id = number

    def __repr__(self) -> str:
        waits = f", waiting in {self.waiting}" if self.waiting else ""
        return f"<call {self.id} of {self.export}{waits}>"

    @property
    def memory(self) -> Memory:
        """The guest's memory: its first exported one (see ``Guest.memory``)."""
        return self.guest.memory

    async def invoke(self, export: str, *args: Any) -> Any:
        """Call another export on behalf of this call, from a coroutine of a host function; it may wait.

        Where calls of an instance take turns, this one does not: it is part of its caller's turn.
        """
        return await self.guest._invoke(self, export, args)

    def invoke_now(self, export: str, *args: Any) -> Any:
        """Call another export from a plain host function; it must not wait.

        :raises SuspendRefusedError: it wanted to
        """
        return self.guest._invoke_now(self, export, args)
