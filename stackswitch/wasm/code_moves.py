"""Where code is in a module whose functions have grown: the way from old offsets to new ones."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable


class CodeMoves:
    """A map of offsets in the content of the code section: each is moved up by what has grown before it.

    :param growths: an offset from which on code has moved by so many bytes more, in order of the offsets
    :param size: of the old code section's content (bytes); what is behind it is no code, and does not move

    Offset 0 is no code either: linkers have it where a function was removed.
    """

    def __init__(self, growths: Iterable[tuple[int, int]], size: int) -> None:
        self._starts = [0]
        self._shifts = [0]
        self._size = size
        for start, growth in growths:
            self._starts.append(start)
            self._shifts.append(self._shifts[-1] + growth)

    def __bool__(self) -> bool:
        """Whether any code has moved."""
        return len(self._starts) > 1

    def shift(self, offset: int) -> int:
        """Return how many bytes an offset has moved by."""
        if not 0 < offset <= self._size:
            return 0
        return self._shifts[bisect_right(self._starts, offset) - 1]

    def moved(self, offset: int) -> int:
        """Return the new offset."""
        return offset + self.shift(offset)

    def length(self, start: int, length: int) -> int:
        """Return how many bytes a range has now."""
        if not 0 <= start <= self._size:
            return length
        return self.moved(start + length) - self.moved(start)

    def next_start(self, offset: int) -> int | None:
        """Return the lowest offset above one of code that has moved by another number of bytes.

        None: the offset is no code.
        """
        if not 0 < offset <= self._size:
            return None
        at = bisect_right(self._starts, offset)
        return self._starts[at] if at < len(self._starts) else self._size + 1
