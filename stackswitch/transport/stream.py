"""What a stream of bytes to a JavaScript engine offers, and the error of its end."""

from __future__ import annotations

from typing import Protocol

from stackswitch.errors import EngineError

Buffer = bytes | bytearray | memoryview


class ChildDiedError(EngineError):
    """The engine's process ended, or its socket closed, before it answered a request.

    :param ending: how it ended: ``SIGSEGV``, ``exit status 1``
    :param status: its exit status; negative: the signal that ended it; None: it is not known
    :param output: the end of its standard output and error
    """

    def __init__(
        self, message: str, *, ending: str = "", status: int | None = None, output: str = ""
    ) -> None:
        super().__init__(f"{message}\n  {output}" if output else message)
        self.ending = ending
        self.status = status
        self.output = output


class Reader(Protocol):
    """Takes what comes on a stream."""

    def came(self, chunk: bytes) -> None:
        """Take the next bytes."""
        ...

    def gone(self, error: EngineError) -> None:
        """Take notice that there is nobody at the other end any more."""
        ...


class Stream(Protocol):
    """A stream of bytes to an engine's process, or to a thread of it."""

    @property
    def program(self) -> str:
        """What runs at the other end."""
        ...

    @property
    def pid(self) -> int:
        """The process's id."""
        ...

    def attach(self, reader: Reader) -> None:
        """Begin to read."""
        ...

    def detach(self) -> None:
        """Read no more."""
        ...

    def send(self, data: Buffer) -> None:
        """Send, now or as soon as there is room.

        :raises OSError: there is nobody
        """
        ...

    def has_ended(self) -> bool:
        """Return whether the other end is known to have ended."""
        ...

    def printed(self) -> str:
        """Return the end of what the process has printed."""
        ...

    def ended(self) -> EngineError:
        """Say how it ended, now that it does not answer; end it if it has not."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    def close(self) -> None:
        """End it at once and clean up, without a loop; a second call does nothing."""
        ...
