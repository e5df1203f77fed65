"""The two streams of bytes to the thread that a guest lives in.

What comes on the main stream is taken in a callback of the event loop. On the blocking stream the guest calls
host functions that do not wait; its thread blocks until they have returned.
"""

from __future__ import annotations

from typing import Any, Protocol

from stackswitch.transport.stream import Buffer, Reader, Stream

STACK_TIMEOUT_S = 12.0
"""How long to wait for the stack of a guest that computes."""


class GuestReader(Reader, Protocol):
    """Takes what comes: a ``GuestLink``."""

    def blocking_came(self, chunk: bytes) -> None:
        """Take bytes of the blocking stream: the guest's thread blocks."""
        ...


class GuestStream(Stream, Protocol):
    """Both streams; what ``Stream`` has is of the main one.

    :ivar takes_stacks: whether ``stack`` can say where the guest computes
    """

    takes_stacks: bool

    def attach(self, reader: GuestReader) -> None:  # type: ignore[override]
        """Begin to read."""
        ...

    def send_blocking(self, data: Buffer) -> None:
        """Send on the blocking stream; block until all is sent: the guest reads nothing else.

        :raises OSError: there is nobody
        """
        ...

    def wait_for_guest(self, timeout_s: float | None) -> list[tuple[bool, bytes]]:
        """Block until bytes come; return them, and for each whether it is of the blocking stream.

        :returns: nothing if the time was up
        :raises OSError: there is nobody
        """
        ...

    async def stack(self) -> dict[str, Any]:
        """Return where the guest computes: ``frames``, or a ``problem``."""
        ...
