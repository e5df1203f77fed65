"""The frames between a guest's thread and Python: pure (``docs/wire-protocol.md``, "Guests").

These frames are binary, for the library's speed depends on a host function's round trip. A value takes eight
bytes, whatever its type. ``node_shim/guest/kinds.mjs`` is the other end.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final

HOST_CALL: Final = 16
RETURNED: Final = 17
FAILED: Final = 18
BYTES: Final = 19
HOST_RESULT: Final = 24
HOST_REJECT: Final = 25
CALL: Final = 26
CALL_NOW: Final = 27
READ: Final = 28
WRITE: Final = 29
ABANDON: Final = 30
MAIN: Final = 40
BLOCKING: Final = 41
"""Frames of a shared process: bytes of the main or the blocking stream of one of its threads."""

OUT_OF_BOUNDS = 0xFFFFFFFF
HOST_CALL_HEAD = struct.Struct("<IIHdI")
"""Call, number of the host call, import, the memory's size (bytes), instance; then arguments and slices."""
CALL_HEAD = struct.Struct("<IBIIIH")
"""Of CALL and CALL_NOW: bytes that follow, kind, instance, call, parent call or 0, export; then arguments."""
RESULT_HEAD = struct.Struct("<IBII")
"""Of HOST_RESULT and HOST_REJECT: bytes that follow, kind, call, number of the host call; then results."""
END_HEAD = struct.Struct("<Id")
"""Of RETURNED and FAILED: call, the memory's size (bytes); then the results, or JSON."""
BYTES_HEAD = struct.Struct("<IId")
THREAD_HEAD = struct.Struct("<IBI")
"""Of MAIN and BLOCKING: bytes that follow, kind, the thread's number."""
_READ = struct.Struct("<IBIIdd")
_WRITE_HEAD = struct.Struct("<IBId")
NUMBER = struct.Struct("<I")
_ABANDON = struct.Struct("<IBI")
_CODES = {"i32": "i4x", "i64": "q", "f32": "f4x", "f64": "d", "externref": "i4x"}
CROSSING = tuple(_CODES)
"""The types that can cross."""
NO_HEAD = struct.Struct("<")


def layout(head: struct.Struct, kinds: Sequence[str]) -> struct.Struct:
    """Return the layout of a frame with values.

    :param head: what comes before the values
    :param kinds: out of i32, i64, f32, f64, externref (then the values are numbers of objects, -1: null)
    """
    return struct.Struct(head.format + "".join(_CODES[each] for each in kinds))


def reject(call: int, host_call: int) -> bytes:
    """Return HOST_REJECT: the host function failed, or its call was cancelled."""
    return RESULT_HEAD.pack(9, HOST_REJECT, call, host_call)


def abandon(call: int) -> bytes:
    """Return ABANDON: nobody waits for that call any more."""
    return _ABANDON.pack(5, ABANDON, call)


def read(request: int, instance: int, address: int, size: int) -> bytes:
    """Return READ: bytes of a guest's memory."""
    return _READ.pack(25, READ, request, instance, address, size)


def write_head(memory: int, address: int, size: int) -> bytes:
    """Return the beginning of WRITE, bytes into a guest's memory; the bytes follow."""
    return _WRITE_HEAD.pack(13 + size, WRITE, memory, address)


def slices(frame: bytes, at: int, count: int) -> Iterator[bytes | None]:
    """Give the slices of memory at the end of a HOST_CALL; None: its bounds were not in memory."""
    for _ in range(count):
        (size,) = NUMBER.unpack_from(frame, at)
        at += NUMBER.size
        if size == OUT_OF_BOUNDS:
            yield None
            continue
        yield frame[at : at + size]
        at += size


def stack(frame: bytes, end: int) -> list[tuple[int, int]]:
    """Read the stack at the end of a HOST_CALL: function index and offset of each frame, innermost first."""
    (count,) = NUMBER.unpack_from(frame, end - NUMBER.size)
    numbers = struct.unpack_from(f"<{2 * count}I", frame, end - NUMBER.size - 8 * count)
    return list(zip(numbers[::2], numbers[1::2], strict=True))
