"""Frames between Python and a guest's child: pure (``docs/wire-protocol.md``, "Guests").

All numbers little-endian: u32 bytes that follow, u8 what it is, the rest. A value takes eight bytes, whatever
its type. These frames are apart from those that carry cases: how fast the library is hangs on a host
function's way there and back.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from stackswitch.errors import EngineError
from stackswitch.tools.parsing import json_value

PROTOCOL_VERSION = 1
FRAME_LIMIT = 1 << 30

HELLO: Final = 0
ASK: Final = 1
RETURNED: Final = 2
FAILED: Final = 3
ANSWER: Final = 4
BYTES: Final = 5
RESULT: Final = 10
REJECT: Final = 11
CALL: Final = 12
READ: Final = 13
WRITE: Final = 14
REQUEST: Final = 15
ABANDON: Final = 16
CALL_NOW: Final = 17

OUT_OF_BOUNDS = 0xFFFFFFFF
HEAD_SIZE = 5
HEAD = struct.Struct("<IB")
ASK_HEAD = struct.Struct("<IIHdI")
"""Of ASK: call, ask, import, the memory's size (bytes), instance; then the arguments and the slices."""
END_HEAD = struct.Struct("<Id")
"""Of RETURNED and FAILED: call, the memory's size (bytes); then the results, or JSON."""
BYTES_HEAD = struct.Struct("<IId")
_JSON_HEAD = struct.Struct("<II")
_REJECT = struct.Struct("<IBII")
_READ = struct.Struct("<IBIIdd")
_WRITE_HEAD = struct.Struct("<IBId")
_SIZE = struct.Struct("<I")
_ABANDON = struct.Struct("<IBI")
_CODES = {"i32": "i4x", "i64": "q", "f32": "f4x", "f64": "d", "externref": "i4x"}


class Signature:
    """How a list of values of known types is written and read.

    :param kinds: out of i32, i64, f32, f64, externref (then the values are numbers of objects, -1: null)
    :raises KeyError: a type that cannot cross
    """

    def __init__(self, kinds: Sequence[str]) -> None:
        self.kinds = tuple(kinds)
        codes = "".join(_CODES[each] for each in kinds)
        self.values = struct.Struct("<" + codes)
        self.size = self.values.size
        self.result_frame = struct.Struct("<IBII" + codes)
        self.ask_frame = struct.Struct("<IIHdI" + codes)
        self.call_frame = struct.Struct("<IBIIIH" + codes)

    def call(self, instance: int, call: int, parent: int, export: int, values: Sequence[Any]) -> bytes:
        """Return CALL: an export is to be called."""
        return self.call_frame.pack(15 + self.size, CALL, instance, call, parent, export, *values)


def reject(call: int, ask: int) -> bytes:
    """Return REJECT: the host function failed, or its call was cancelled."""
    return _REJECT.pack(9, REJECT, call, ask)


def abandon(call: int) -> bytes:
    """Return ABANDON: nobody waits for that call any more."""
    return _ABANDON.pack(5, ABANDON, call)


def now(call: bytes) -> bytes:
    """Return CALL_NOW for a CALL: the export must not wait."""
    return call[:4] + bytes([CALL_NOW]) + call[HEAD_SIZE:]


def read(request: int, instance: int, address: int, size: int) -> bytes:
    """Return READ: bytes of a guest's memory."""
    return _READ.pack(25, READ, request, instance, address, size)


def write(instance: int, address: int, data: bytes) -> bytes:
    """Return WRITE: bytes into a guest's memory."""
    return _WRITE_HEAD.pack(13 + len(data), WRITE, instance, address) + data


def request(number: int, message: Mapping[str, object], data: bytes = b"") -> bytes:
    """Return REQUEST: whatever is not on the fast way, as JSON, with bytes beside it."""
    text = json.dumps(message).encode()
    body = _JSON_HEAD.pack(number, len(text)) + text + data
    if len(body) > FRAME_LIMIT:
        raise EngineError(f"a message of {len(body)} bytes is too large")
    return HEAD.pack(1 + len(body), REQUEST) + body


def decode_json(frame: bytes | memoryview, at: int) -> tuple[int, dict[str, Any]]:
    """Read HELLO or ANSWER from where its body begins: the request's number, and the object.

    :raises EngineError: it is none
    """
    number, size = _JSON_HEAD.unpack_from(frame, at)
    start = at + _JSON_HEAD.size
    return number, decode_object(bytes(frame[start : start + size]))


def decode_object(text: bytes) -> dict[str, Any]:
    """Read JSON that has to be an object.

    :raises EngineError: it is none
    """
    try:
        found = json_value(text)
    except ValueError as error:
        raise EngineError(f"the engine sent what is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise EngineError("the engine sent JSON that is no object")
    return found


def slices(frame: bytes, at: int, count: int) -> Iterator[bytes | None]:
    """Give the slices of memory at the end of an ASK; None: its bounds were not in memory."""
    for _ in range(count):
        (size,) = _SIZE.unpack_from(frame, at)
        at += _SIZE.size
        if size == OUT_OF_BOUNDS:
            yield None
            continue
        yield frame[at : at + size]
        at += size


def stack(frame: bytes, end: int) -> list[tuple[int, int]]:
    """Read the stack at the end of an ASK: function index and offset of each frame, innermost first."""
    (count,) = _SIZE.unpack_from(frame, end - _SIZE.size)
    numbers = struct.unpack_from(f"<{2 * count}I", frame, end - _SIZE.size - 8 * count)
    return list(zip(numbers[::2], numbers[1::2], strict=True))


class Frames:
    """Takes bytes as they come and gives whole frames: (what it is, bytes, start and end of the body)."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._held = 0
        self._wanted = HEAD_SIZE

    def push(self, chunk: bytes) -> list[tuple[int, bytes, int, int]]:
        """Take the next bytes and give the frames that are whole with them.

        :raises EngineError: a frame larger than the limit; the stream is of no use from here
        """
        data = chunk
        if not self._parts and len(chunk) >= HEAD_SIZE:
            length, op = HEAD.unpack_from(chunk)
            if length + 4 == len(chunk):  # nearly always, where one call runs
                return [(op, chunk, HEAD_SIZE, len(chunk))]
        if self._parts:
            self._parts.append(chunk)
            self._held += len(chunk)
            if self._held < self._wanted:
                return []
            data = b"".join(self._parts)
            self._parts = []
        found = []
        at, size = 0, len(data)
        self._wanted = HEAD_SIZE
        while size - at >= HEAD_SIZE:
            length, op = HEAD.unpack_from(data, at)
            if length > FRAME_LIMIT or length == 0:
                raise EngineError(f"the engine does not speak our protocol: a frame of {length} bytes")
            end = at + 4 + length
            if end > size:
                self._wanted = end - at
                break
            found.append((op, data, at + HEAD_SIZE, end))
            at = end
        if at < size:
            self._parts = [data[at:] if at else data]
            self._held = size - at
        return found


def unrefused(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer.

    :raises EngineError: it says that the child refused
    """
    if "problem" in answer:
        raise EngineError(f"the engine refused: {answer['problem']}")
    return answer
