from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.errors import EngineError
from stackswitch.transport.frames import (
    ANSWER,
    EVENT,
    FRAME_LIMIT,
    HEAD,
    HEAD_SIZE,
    HELLO,
    REQUEST,
    Frame,
    FrameDecoder,
    Message,
    decode,
    encode,
)

CONTENTS = st.dictionaries(st.text(max_size=5), st.integers(-(2**53), 2**53) | st.text(), max_size=3)
MESSAGES = st.lists(
    st.tuples(
        st.sampled_from([HELLO, ANSWER, REQUEST, EVENT]),
        st.integers(min_value=0, max_value=2**32 - 1),
        CONTENTS,
        st.lists(st.binary(max_size=200), max_size=4),
    ),
    max_size=6,
)


def pieces(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


def read(frame: Frame) -> tuple[int, Message]:
    kind, data, at, end = frame
    return kind, decode(data, at, end)


@given(MESSAGES, st.lists(st.integers(min_value=0, max_value=60), max_size=40))
def test_frames_come_whole_however_they_are_cut(
    messages: list[tuple[int, int, dict[str, object], list[bytes]]], cuts: list[int]
) -> None:
    stream = b"".join(encode(*each) for each in messages)
    decoder = FrameDecoder()
    got = [read(frame) for piece in pieces(stream, cuts) for frame in decoder.push(piece)]
    right = [(kind, Message(number, content, tuple(parts))) for kind, number, content, parts in messages]
    assert got == right
    assert len(decoder.push(encode(REQUEST, 1, {}))) == 1, "nothing is left over"


@given(st.binary(min_size=1, max_size=300), st.integers(min_value=1))
def test_what_is_cut_short_gives_no_frame_until_the_rest_has_come(part: bytes, at: int) -> None:
    frame = encode(REQUEST, 1, {}, [part])
    decoder, cut = FrameDecoder(), at % len(frame)
    assert decoder.push(frame[:cut]) == []
    assert len(decoder.push(frame[cut:])) == 1


@pytest.mark.parametrize("length", [0, FRAME_LIMIT + 1, 2**32 - 1, struct.unpack("<I", b"HTTP")[0]])
def test_oversized_frames_are_refused_before_their_bytes_come(length: int) -> None:
    with pytest.raises(EngineError, match=f"does not speak our protocol: it sent a frame of {length} bytes"):
        FrameDecoder().push(HEAD.pack(length, HELLO))


def test_the_largest_and_the_smallest_frame_are_taken() -> None:
    assert FrameDecoder().push(HEAD.pack(FRAME_LIMIT, HELLO)) == []
    frame = HEAD.pack(1, EVENT)
    assert FrameDecoder().push(frame) == [(EVENT, frame, HEAD_SIZE, HEAD_SIZE)]


def test_too_large_messages_are_not_sent() -> None:
    with pytest.raises(EngineError, match="257 parts is too large"):
        encode(REQUEST, 1, {}, [b""] * 257)


@given(st.binary(max_size=60))
def test_bodies_that_are_no_message_are_refused(body: bytes) -> None:
    try:
        message = decode(body, 0, len(body))
    except EngineError:
        return
    assert encode(EVENT, message.number, message.content, message.parts)


@pytest.mark.parametrize(
    ("text", "why"),
    [(b"[]", "not an object"), (b"[" * 100_000, "invalid JSON"), (b"{", "invalid JSON"), (b"\xff", "JSON")],
)
def test_json_that_is_no_object_is_refused(text: bytes, why: str) -> None:
    body = struct.pack("<III", 1, len(text), 0) + text
    with pytest.raises(EngineError, match=why):
        decode(body, 0, len(body))


def test_sizes_that_do_not_add_up_are_refused() -> None:
    body = struct.pack("<IIII", 1, 2, 1, 5) + b"{}" + b"1234"
    with pytest.raises(EngineError, match="do not add up"):
        decode(body, 0, len(body))
    with pytest.raises(EngineError, match="cut short"):
        decode(body[:10], 0, 10)
