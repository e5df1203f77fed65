"""Many byte ranges in two arrays: eight bytes each, where tuples take over a hundred."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator


class Ranges:
    """Byte ranges (start, end), in the order in which they were added."""

    def __init__(self) -> None:
        self._starts, self._ends = array("I"), array("I")

    def add(self, start: int, end: int) -> None:
        """Add one at the end."""
        self._starts.append(start)
        self._ends.append(end)

    def find(self, offset: int) -> int | None:
        """Return the position of the range that has an offset, if they are in order; None: none has it."""
        at = bisect_right(self._starts, offset) - 1
        return at if at >= 0 and offset < self._ends[at] else None

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, at: int) -> tuple[int, int]:
        return self._starts[at], self._ends[at]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._starts, self._ends, strict=True)
