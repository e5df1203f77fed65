"""Custom sections that are read: names, and ``target_features``."""

from __future__ import annotations

import pytest

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.custom_sections import FUNCTION_NAMES, GLOBAL_NAMES, read_names, read_target_features
from stackswitch.wasm.reader import Reader


def test_target_features() -> None:
    data = b"\x03+\x04simd-\x01a=\0"
    assert read_target_features(Reader(data)) == (("+", "simd"), ("-", "a"), ("=", ""))
    assert read_target_features(Reader(b"\0")) == ()


@pytest.mark.parametrize(
    ("data", "says", "offset"),
    [
        (b"\x01*\0", r"unknown feature prefix 0x2a", 1),
        (b"\x01X\0", r"unknown feature prefix 0x58", 1),
        (b"\x02+\0+", "2 features in 3 bytes", 0),
        (b"\x01+\0\0", "1 bytes too many in target_features", 3),
    ],
)
def test_malformed_target_features(data: bytes, says: str, offset: int) -> None:
    with pytest.raises(WasmFormatError, match=says) as caught:
        read_target_features(Reader(data))
    assert caught.value.offset == offset


# A module's name, functions 3 and 1, global 0.
NAMES = b"\x00\x02\x01m" + b"\x01\x07\x02\x03\x01f\x01\x01g" + b"\x07\x05\x01\x00\x02sp"


def test_names() -> None:
    assert read_names(Reader(NAMES), FUNCTION_NAMES) == ((3, b"f"), (1, b"g"))
    assert read_names(Reader(NAMES), GLOBAL_NAMES) == ((0, b"sp"),)
    assert read_names(Reader(NAMES), 2) == ()
    assert read_names(Reader(b"\x01\x03\x01\0\0"), FUNCTION_NAMES) == ((0, b""),)


@pytest.mark.parametrize(
    ("data", "says", "offset"),
    [
        (b"\x01\x04\x02\0\0\0", "2 names in 3 bytes", 2),
        (b"\x01\x04\x01\0\0\0", "1 bytes too many in names", 5),
        (b"\x01\x04\x01", "unexpected end", 2),
    ],
)
def test_malformed_names(data: bytes, says: str, offset: int) -> None:
    with pytest.raises(WasmFormatError, match=says) as caught:
        read_names(Reader(data), FUNCTION_NAMES)
    assert caught.value.offset == offset
