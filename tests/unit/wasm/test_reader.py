"""Numbers, names and lengths read from bytes, up to an end that no read passes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.reader import Reader


@pytest.mark.parametrize(
    ("data", "bits", "value"),
    [
        ("00", 32, 0),
        ("7f", 32, 127),
        ("80 01", 32, 128),
        ("80 00", 32, 0),  # longer than it has to be
        ("ff ff ff ff 0f", 32, 2**32 - 1),
        ("ff ff ff ff ff ff ff ff ff 01", 64, 2**64 - 1),
    ],
)
def test_an_unsigned_number(data: str, bits: int, value: int) -> None:
    reader = Reader(bytes.fromhex(data) + b"\xff")
    assert reader.unsigned(bits) == value
    assert reader.left == 1
    if bits == 32:
        assert Reader(bytes.fromhex(data)).u32() == value


@pytest.mark.parametrize(
    ("data", "bits", "value"),
    [
        ("00", 32, 0),
        ("3f", 32, 63),
        ("40", 32, -64),
        ("7f", 32, -1),
        ("ff 7f", 32, -1),
        ("c0 00", 32, 64),
        ("ff ff ff ff 07", 32, 2**31 - 1),
        ("80 80 80 80 78", 32, -(2**31)),
        ("ff ff ff ff 0f", 33, 2**32 - 1),
        ("80 80 80 80 70", 33, -(2**32)),
        ("ff ff ff ff ff ff ff ff ff 00", 64, 2**63 - 1),
        ("80 80 80 80 80 80 80 80 80 7f", 64, -(2**63)),
    ],
)
def test_a_signed_number(data: str, bits: int, value: int) -> None:
    assert Reader(bytes.fromhex(data)).signed(bits) == value


@pytest.mark.parametrize(
    ("data", "read", "says"),
    [
        ("ff ff ff ff 1f", lambda reader: reader.u32(), "number does not fit 32 bits"),
        ("ff ff ff ff 8f 00", lambda reader: reader.u32(), "number longer than 32 bits allow"),
        ("80 80 80 80 08", lambda reader: reader.signed(32), "number does not fit 32 bits"),
        ("ff ff ff ff 77", lambda reader: reader.signed(32), "number does not fit 32 bits"),
        ("80 80 80 80 80 00", lambda reader: reader.signed(32), "number longer than 32 bits allow"),
        ("80 80 80 80 80 80 80 80 80 80 00", lambda reader: reader.signed(64), "longer than 64 bits"),
        ("80 80 80 80 80 80 80 80 80 02", lambda reader: reader.unsigned(64), "does not fit 64 bits"),
        ("05", lambda reader: reader.count("things", 4), "5 things: at most 4 are allowed"),
        ("02 00", lambda reader: reader.count("things", 4), "2 things in 1 bytes"),
        ("02 00 00 00", lambda reader: reader.count("things", 4, each=2), "2 things in 3 bytes"),
        ("03", lambda reader: reader.index("thing", 3), "thing 3 does not exist: there are 3"),
        ("02 61 ff", lambda reader: reader.name(), "name is not UTF-8"),
    ],
)
def test_what_is_wrong_is_said_at_its_beginning(
    data: str, read: Callable[[Reader], object], says: str
) -> None:
    reader = Reader(b"\0" + bytes.fromhex(data), 1)
    with pytest.raises(WasmFormatError, match=says) as caught:
        read(reader)
    assert caught.value.offset == 1


@pytest.mark.parametrize(
    "read",
    [
        lambda reader: reader.u8(),
        lambda reader: reader.peek(),
        lambda reader: reader.u32(),
        lambda reader: reader.unsigned(32),
        lambda reader: reader.signed(32),
        lambda reader: reader.take(1),
        lambda reader: reader.skip(1),
        lambda reader: reader.sub(1),
        lambda reader: reader.name(),
    ],
)
def test_no_read_passes_the_end(read: Callable[[Reader], object]) -> None:
    with pytest.raises(WasmFormatError, match="unexpected end") as caught:
        read(Reader(b"\0\0\0\0", 1, 1))
    assert caught.value.offset == 1


def test_a_byte_ahead_and_the_end() -> None:
    reader = Reader(b"\x05\x06", 0, 2)
    assert (reader.peek(), reader.u8(), reader.left) == (5, 5, 1)
    with pytest.raises(WasmFormatError, match="1 bytes too many in here") as caught:
        reader.expect_end("here")
    assert caught.value.offset == 1
    assert reader.u8() == 6
    reader.expect_end("here")


def test_a_length_that_the_bytes_hold() -> None:
    assert Reader(b"\x04\0\0\0\0").count("things", 4) == 4
    assert Reader(b"\x02\0\0\0\0").count("things", 4, each=2) == 2
    assert Reader(b"\x02").index("thing", 3) == 2
