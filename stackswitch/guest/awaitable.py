"""What ``open`` returns: something to ``await``, or to enter with ``async with``."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

from typing_extensions import Self


class Closable:
    """An object that ``async with`` closes."""

    async def aclose(self) -> None:
        """Close it."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()


ClosableT = TypeVar("ClosableT", bound=Closable)


class AwaitableContextManager(Coroutine[Any, Any, ClosableT], Generic[ClosableT]):
    """A coroutine that opens something, which is also a context manager that closes it again.

    ``await`` it for the object itself, which is then yours to close. It can be used once. It is a
    ``Coroutine``, so that ``asyncio.create_task`` and ``asyncio.run`` take it too.
    """

    __slots__ = ("_coroutine", "_opened")

    def __init__(self, coroutine: Coroutine[Any, Any, ClosableT]) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, ClosableT]:
        return self._coroutine.__await__()

    def send(self, value: Any) -> Any:
        """Go on (see ``Coroutine.send``)."""
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        """Go on with an exception (see ``Coroutine.throw``)."""
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """Give up (see ``Coroutine.close``)."""
        self._coroutine.close()

    async def __aenter__(self) -> ClosableT:
        self._opened = await self._coroutine
        return self._opened

    async def __aexit__(self, *_error: object) -> None:
        await self._opened.aclose()
