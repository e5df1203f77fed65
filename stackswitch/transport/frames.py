"""The frames of all conversations with a JavaScript engine: pure (``docs/wire-protocol.md``, "Frames").

All numbers are little-endian: u32 bytes that follow, u8 the kind, the body. The other end is
``node_shim/transport/frames.mjs``.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from stackswitch.errors import EngineError
from stackswitch.tools.parsing import json_value

PROTOCOL_VERSION = 2
FRAME_LIMIT = 1 << 30
"""The most bytes of a frame."""
PARTS_LIMIT = 256
HELLO_LIMIT = 1 << 16
"""The most bytes of the first frame: a program that is no engine of ours is recognised by it."""

HELLO: Final = 0
ANSWER: Final = 1
REQUEST: Final = 2
EVENT: Final = 3

HEAD = struct.Struct("<IB")
HEAD_SIZE = HEAD.size
_MESSAGE_HEAD = struct.Struct("<III")
"""The request's number, bytes of JSON, number of parts; then the size of each part, the JSON, the parts."""

Frame = tuple[int, Any, int, int]
"""The kind, the bytes that hold the frame, and where in them its body starts and ends."""
LARGE = 1 << 16
"""Frames of more bytes are put together in a buffer, and sent without another copy."""
_MOST_KEPT = 4 << 20
"""A larger buffer is not used again (bytes)."""


class Message(NamedTuple):
    """What a frame of the kinds above holds.

    :ivar number: of the request, in it and in its answer; 0 in others
    :ivar content: a JSON object
    :ivar parts: binary data beside it
    """

    number: int
    content: dict[str, Any]
    parts: tuple[bytes, ...]


def encode(kind: int, number: int, content: Mapping[str, object], parts: Sequence[bytes] = ()) -> bytes:
    """Write a message as a frame.

    :raises EngineError: it is larger than the limits
    """
    text = json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")
    sizes = [len(each) for each in parts]
    length = 1 + _MESSAGE_HEAD.size + 4 * len(sizes) + len(text) + sum(sizes)
    if length > FRAME_LIMIT or len(sizes) > PARTS_LIMIT:
        raise EngineError(f"a message of {length} bytes in {len(sizes)} parts is too large for the engine")
    head = HEAD.pack(length, kind) + _MESSAGE_HEAD.pack(number, len(text), len(sizes))
    return b"".join((head, struct.pack(f"<{len(sizes)}I", *sizes), text, *parts))


def decode(data: bytes, at: int, end: int) -> Message:
    """Read the message in a frame's body.

    :raises EngineError: it is malformed
    """
    try:
        number, text_size, count = _MESSAGE_HEAD.unpack_from(data, at)
        at += _MESSAGE_HEAD.size
        sizes = struct.unpack_from(f"<{count}I", data, at) if count <= PARTS_LIMIT else ()
        at += 4 * count
        if at + text_size + sum(sizes) != end:
            raise EngineError("the engine sent a message whose sizes do not add up")
        content = decode_object(data[at : at + text_size])
    except struct.error as error:
        raise EngineError(f"the engine sent a message that is cut short: {error}") from None
    at += text_size
    parts = []
    for size in sizes:
        parts.append(data[at : at + size])
        at += size
    return Message(number, content, tuple(parts))


def decode_object(text: bytes) -> dict[str, Any]:
    """Read JSON that has to be an object.

    :raises EngineError: it is not
    """
    try:
        found = json_value(text)
    except (ValueError, RecursionError) as error:
        raise EngineError(f"the engine sent invalid JSON: {error}") from None
    if not isinstance(found, dict):
        raise EngineError("the engine sent JSON that is not an object")
    return found


class FrameDecoder:
    """Takes bytes as they come and returns whole frames.

    :param view: a large frame of this kind is a view of the decoder's buffer, good until the next ``push``;
        all other frames are bytes
    """

    def __init__(self, view: int | None = None) -> None:
        self._view = view
        self._start = b""
        """Of a frame that is not known to be large."""
        self._buffer = bytearray()
        """Of a large frame, and used again: fresh memory costs more than copying."""
        self._size = self._wanted = 0
        self._is_lent = False

    def push(self, chunk: bytes) -> list[Frame]:
        """Take the next bytes and return the frames that they complete.

        :raises EngineError: a frame is larger than the limit; the stream cannot be read any further
        """
        if not self._start and not self._wanted and len(chunk) >= HEAD_SIZE:
            length, kind = HEAD.unpack_from(chunk)
            if length + 4 == len(chunk):  # nearly always, where one call runs
                return [(kind, chunk, HEAD_SIZE, len(chunk))]
        found: list[Frame] = []
        data = chunk
        self._is_lent = False
        if self._wanted:
            data = self._fill(chunk)
            if self._size < self._wanted:
                return found
            found.append(self._large_frame())
        elif self._start:
            data = self._start + chunk
        at, size = 0, len(data)
        length = 0
        while size - at >= HEAD_SIZE:
            length, kind = HEAD.unpack_from(data, at)
            if length > FRAME_LIMIT or length == 0:
                raise EngineError(
                    f"the engine does not speak our protocol: it sent a frame of {length} bytes"
                )
            if at + 4 + length > size:
                break
            found.append((kind, data, at + HEAD_SIZE, at + 4 + length))
            at += 4 + length
            length = 0
        self._start = data[at:]
        if length > LARGE:
            self._begin_large(4 + length)
        return found

    def _begin_large(self, wanted: int) -> None:
        if self._is_lent or len(self._buffer) < wanted or len(self._buffer) > _MOST_KEPT:
            self._buffer = bytearray(wanted)
        self._size, self._wanted = 0, wanted
        self._fill(self._start)
        self._start = b""

    def _fill(self, chunk: bytes) -> bytes:
        """Take what a large frame lacks, and return the rest."""
        taken = min(len(chunk), self._wanted - self._size)
        self._buffer[self._size : self._size + taken] = chunk[:taken]
        self._size += taken
        return chunk[taken:]

    def _large_frame(self) -> Frame:
        kind, end = self._buffer[HEAD_SIZE - 1], self._wanted
        view = memoryview(self._buffer)[:end]
        self._is_lent = kind == self._view
        self._wanted = 0
        return kind, view if self._is_lent else bytes(view), HEAD_SIZE, end
