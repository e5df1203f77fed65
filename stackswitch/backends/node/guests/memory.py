"""A memory in the child."""

from __future__ import annotations

from stackswitch.errors import GuestMemoryError

from .state import InstanceState

_MEMORY_SHIFT = 24


class RemoteMemory:
    """A memory in the child (``backends.guest_protocol.RawMemory``).

    What came along with the call of a host function is read from there; anything else is a blocking
    round trip. A write goes with whatever is sent next.

    :param index: among the exported ones
    """

    def __init__(self, instance: InstanceState, index: int) -> None:
        self._instance = instance
        self._index = index
        self._wire = instance.number | index << _MEMORY_SHIFT

    def size(self) -> int:
        """Bytes, as of what the child said last.

        Whatever address the guest has handed over was within that: the size comes with each message.
        """
        if self._index == 0:
            return self._instance.memory_size
        return self._instance.child.read_now(self._wire, 0, 0)[1]

    def read(self, at: int, size: int) -> bytes:
        """Copy out."""
        if self._index == 0:
            for start, data in self._instance.slices:
                if start <= at and at + size <= start + len(data):
                    return data[at - start : at - start + size]
        found, there = self._instance.child.read_now(self._wire, at, size)
        if found is None:
            raise GuestMemoryError(f"{size} bytes at {at:#x} are not within the {there} bytes of the memory")
        return found

    def write(self, at: int, data: bytes) -> None:
        """Copy in."""
        instance = self._instance
        if self._index == 0 and instance.slices:
            instance.slices = [
                each for each in instance.slices if at + len(data) <= each[0] or each[0] + len(each[1]) <= at
            ]
        instance.child.write(self._wire, at, data)

    def grow(self, pages: int) -> int | None:
        """Grow; None: it may not."""
        answer = self._instance.child.request_now(
            {"type": "grow", "instance": self._instance.number, "memory": self._index, "pages": pages}
        ).content
        if self._index == 0:
            self._instance.memory_size = int(answer["size"])
        before = answer["before"]
        return None if before is None else int(before)
