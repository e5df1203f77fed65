"""The wire protocol with a JavaScript engine: framing and messages, pure (``docs/wire-protocol.md``).

A frame, all numbers little-endian: magic ``SSW1``, u32 bytes of JSON, u32 number of attachments, a u32 size
for each attachment, the JSON, the attachments. Modules travel as attachments, as they are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from stackswitch.errors import EngineError
from stackswitch.models.base import Frozen
from stackswitch.tools.parsing import json_value

PROTOCOL_VERSION = 1
MAGIC = b"SSW1"
MESSAGE_LIMIT = 64 << 20
ATTACHMENTS_LIMIT = 256
FRAME_LIMIT = 1 << 30

_HEAD = struct.Struct("<4sII")


class Hello(Frozen):
    """The engine's first message: what it is, and whether it has JSPI's API."""

    type: Literal["hello"] = "hello"
    protocol: int
    engine: str
    version: str
    jspi: bool
    pid: int


class Seen(Frozen):
    """The answer to ``run``: what the interpreter saw, still in the engine's terms (see ``seen``)."""

    type: Literal["seen"] = "seen"
    id: int
    seen: dict[str, Any]


class Failed(Frozen):
    """The answer to a request that the engine's side could not handle: a bug of ours."""

    type: Literal["failed"] = "failed"
    id: int
    message: str


class Begun(Frozen):
    """``run`` has arrived and begins: from here on, what becomes of the engine is the case's doing."""

    type: Literal["begun"] = "begun"
    id: int


class Pong(Frozen):
    """The answer to ``ping``."""

    type: Literal["pong"] = "pong"
    id: int


class ModulePlace(Frozen):
    """An instance's module: which attachment it is."""

    name: str
    attachment: int = Field(ge=0)


class Run(Frozen):
    """Run a case: ``plan`` is that of ``plan.case_plan``; the modules are attachments."""

    type: Literal["run"] = "run"
    id: int
    plan: dict[str, Any]
    modules: tuple[ModulePlace, ...]


class Ping(Frozen):
    """Is the engine's event loop alive?"""

    type: Literal["ping"] = "ping"
    id: int


Answer = Seen | Failed | Pong
FromEngine = Annotated[Hello | Begun | Seen | Failed | Pong, Field(discriminator="type")]
_FROM_ENGINE: TypeAdapter[FromEngine] = TypeAdapter(FromEngine)


def encode_frame(message: Frozen, attachments: Sequence[bytes] = ()) -> bytes:
    """Write a message and its attachments as one frame.

    :raises EngineError: larger than the limits
    """
    text = message.model_dump_json(by_alias=True).encode()
    sizes = [len(each) for each in attachments]
    if len(text) > MESSAGE_LIMIT or len(sizes) > ATTACHMENTS_LIMIT or sum(sizes) > FRAME_LIMIT:
        raise EngineError(
            f"a message of {len(text)} bytes with {len(sizes)} attachments of {sum(sizes)} bytes is too large"
        )
    head = _HEAD.pack(MAGIC, len(text), len(sizes)) + struct.pack(f"<{len(sizes)}I", *sizes)
    return b"".join((head, text, *attachments))


def decode_message(text: bytes) -> FromEngine:
    """Read one message of the engine's.

    :raises EngineError: not JSON, or no message of the protocol
    """
    try:
        return _FROM_ENGINE.validate_python(json_value(text))
    except (ValueError, ValidationError, RecursionError) as error:
        raise EngineError(f"the engine sent a message that is none of the protocol: {error}") from None


class FrameDecoder:
    """Takes bytes as they come and gives whole frames: (JSON text, attachments).

    :param limit: the most bytes of a frame, its head included
    """

    def __init__(self, limit: int = FRAME_LIMIT) -> None:
        self._limit = limit
        self._data = bytearray()
        self._wanted = _HEAD.size

    @property
    def is_between_frames(self) -> bool:
        """Whether no frame is begun: where a stream may end."""
        return not self._data

    def push(self, chunk: bytes) -> Iterator[tuple[bytes, tuple[bytes, ...]]]:
        """Take the next bytes and give the frames that are whole with them.

        :raises EngineError: not a frame, or one larger than the limits; the stream is of no use from here
        """
        self._data += chunk
        while len(self._data) >= self._wanted:
            frame = self._next()
            if frame is None:
                return
            yield frame

    def _next(self) -> tuple[bytes, tuple[bytes, ...]] | None:
        data = self._data
        magic, text_size, count = _HEAD.unpack_from(data)
        if magic != MAGIC:
            raise EngineError(f"the engine does not speak our protocol: it sent {bytes(data[:40])!r}")
        if text_size > min(MESSAGE_LIMIT, self._limit) or count > ATTACHMENTS_LIMIT:
            raise EngineError(f"the engine sent a frame of {text_size} bytes and {count} attachments")
        body = _HEAD.size + 4 * count
        if len(data) < body:
            self._wanted = body
            return None
        sizes = struct.unpack_from(f"<{count}I", data, _HEAD.size)
        total = body + text_size + sum(sizes)
        if total > self._limit:
            raise EngineError(f"the engine sent a frame of {total} bytes; the limit is {self._limit}")
        if len(data) < total:
            self._wanted = total
            return None
        at = body + text_size
        text = bytes(data[body:at])
        attachments = []
        for size in sizes:
            attachments.append(bytes(data[at : at + size]))
            at += size
        del data[:total]
        self._wanted = _HEAD.size
        return text, tuple(attachments)
