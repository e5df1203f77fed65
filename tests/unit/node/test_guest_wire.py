"""Frames between Python and a guest's child."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.backends.node.guests.wire import FRAME_LIMIT, HEAD, HEAD_SIZE, RESULT, Frames
from stackswitch.errors import EngineError


def frame(op: int, body: bytes) -> bytes:
    return HEAD.pack(1 + len(body), op) + body


def test_the_shortest_frame_has_an_empty_body() -> None:
    assert Frames().push(frame(RESULT, b"")) == [(RESULT, frame(RESULT, b""), HEAD_SIZE, HEAD_SIZE)]


def test_a_frame_of_no_length_is_refused() -> None:
    """It would have no kind: its first byte would be that of the next."""
    for after in (b"\x05", b"\x05rest of it"):
        with pytest.raises(EngineError, match="a frame of 0 bytes"):
            Frames().push(struct.pack("<I", 0) + after)


def test_a_frame_beyond_the_limit_is_refused_before_its_bytes_come() -> None:
    with pytest.raises(EngineError, match=f"a frame of {FRAME_LIMIT + 1} bytes"):
        Frames().push(HEAD.pack(FRAME_LIMIT + 1, RESULT))
    assert Frames().push(HEAD.pack(FRAME_LIMIT, RESULT)) == []


@given(
    st.lists(st.tuples(st.integers(0, 17), st.binary(max_size=30)), max_size=8), st.lists(st.integers(0, 20))
)
def test_frames_come_whole_however_they_are_cut(frames: list[tuple[int, bytes]], cuts: list[int]) -> None:
    stream = b"".join(frame(*each) for each in frames)
    decoder, got, at = Frames(), [], 0
    for size in [*cuts, len(stream)]:
        for op, data, start, end in decoder.push(stream[at : at + size]):
            got.append((op, bytes(data[start:end])))
        at += size
    assert got == frames
