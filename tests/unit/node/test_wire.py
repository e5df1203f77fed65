from __future__ import annotations

import json
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.backends.node.wire import (
    MAGIC,
    MESSAGE_LIMIT,
    Failed,
    FrameDecoder,
    Hello,
    ModulePlace,
    Ping,
    Pong,
    Run,
    Seen,
    decode_message,
    encode_frame,
)
from stackswitch.errors import EngineError

FRAMES = st.lists(
    st.tuples(st.integers(min_value=0, max_value=2**31), st.lists(st.binary(max_size=200), max_size=4)),
    max_size=6,
)


def frames_of(decoder: FrameDecoder, data: bytes) -> list[tuple[bytes, tuple[bytes, ...]]]:
    return list(decoder.push(data))


def pieces(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


@given(FRAMES, st.lists(st.integers(min_value=0, max_value=60), max_size=40))
def test_frames_come_whole_however_they_are_cut(
    frames: list[tuple[int, list[bytes]]], cuts: list[int]
) -> None:
    stream = b"".join(encode_frame(Ping(id=number), attachments) for number, attachments in frames)
    decoder = FrameDecoder()
    got = [frame for piece in pieces(stream, cuts) for frame in decoder.push(piece)]
    assert [(json.loads(text)["id"], list(attachments)) for text, attachments in got] == frames
    assert decoder.is_between_frames


@given(st.binary(min_size=1, max_size=300), st.integers(min_value=1))
def test_what_is_cut_short_gives_no_frame_and_is_seen(attachment: bytes, at: int) -> None:
    frame = encode_frame(Ping(id=1), [attachment])
    decoder = FrameDecoder()
    assert frames_of(decoder, frame[: at % len(frame)]) == []
    assert decoder.is_between_frames == (at % len(frame) == 0)


@given(st.binary(min_size=12, max_size=100))
def test_bytes_that_are_no_frame_are_refused(data: bytes) -> None:
    if data.startswith(MAGIC):
        return
    with pytest.raises(EngineError, match="does not speak our protocol"):
        frames_of(FrameDecoder(), data)


@pytest.mark.parametrize(
    "head",
    [
        MAGIC + struct.pack("<II", MESSAGE_LIMIT + 1, 0),
        MAGIC + struct.pack("<II", 2, 257),
        MAGIC + struct.pack("<II", 2**32 - 1, 2**32 - 1),
        MAGIC + struct.pack("<III", 2, 1, 2**32 - 1),
        MAGIC + struct.pack("<I", 2) + struct.pack("<I", 3) + struct.pack("<3I", *[2**30] * 3),
    ],
)
def test_oversized_frames_are_refused_before_their_bytes_come(head: bytes) -> None:
    with pytest.raises(EngineError, match="frame of"):
        frames_of(FrameDecoder(), head)


def test_the_limit_is_the_callers() -> None:
    frame = encode_frame(Ping(id=1), [bytes(100)])
    assert len(frames_of(FrameDecoder(limit=len(frame)), frame)) == 1
    with pytest.raises(EngineError, match=f"limit is {len(frame) - 1}"):
        frames_of(FrameDecoder(limit=len(frame) - 1), frame)


@pytest.mark.parametrize(
    "message",
    [
        Hello(protocol=1, engine="node", version="24.19.0", jspi=True, pid=7),
        Seen(id=1, seen={"status": "finished"}),
        Failed(id=2, message="no"),
        Pong(id=3),
    ],
)
def test_each_message_of_the_engine_is_read_back(message: Hello | Seen | Failed | Pong) -> None:
    ((text, _),) = frames_of(FrameDecoder(), encode_frame(message))
    assert decode_message(text) == message


def test_modules_travel_as_they_are() -> None:
    run = Run(id=1, plan={"steps": []}, modules=(ModulePlace(name="main", attachment=0),))
    binary = bytes(range(256))
    ((text, attachments),) = frames_of(FrameDecoder(), encode_frame(run, [binary]))
    assert attachments == (binary,)
    assert json.loads(text)["modules"] == [{"name": "main", "attachment": 0}]


@given(st.one_of(st.binary(max_size=50), st.just(b'{"type":"run"}'), st.just(b"[" * 100_000)))
def test_messages_that_are_none_are_refused(text: bytes) -> None:
    with pytest.raises(EngineError, match="none of the protocol"):
        decode_message(text)
