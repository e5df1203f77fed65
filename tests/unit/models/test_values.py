from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.models.values import (
    NUMBER_BITS,
    normalise_value,
    same_value,
    split_value,
    value_bits,
    value_text,
)


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("i32:-1", 0xFFFFFFFF),
        ("i32:0x80000000", 0x80000000),
        ("i64:-9223372036854775808", 1 << 63),
        ("i64:0x7fffffffffffffff", (1 << 63) - 1),
        ("f32:1.5", 0x3FC00000),
        ("f32:-0.0", 0x80000000),
        ("f32:nan", 0x7FC00000),
        ("f32:nan:0x1", 0x7F800001),
        ("f32:-nan:0x200001", 0xFFA00001),
        ("f64:nan:0x8000000000000", 0x7FF8000000000000),
        ("f64:-inf", 0xFFF0000000000000),
        ("f64:0x1.8p3", struct.unpack("<Q", struct.pack("<d", 12.0))[0]),
        ("v128:0x0100000000000000000000000000000f", 1 | 0x0F << 120),
    ],
)
def test_bits_of_a_value(text: str, bits: int) -> None:
    assert value_bits(text) == bits


@pytest.mark.parametrize(
    "text",
    [
        "",
        "i32",
        "i31:1",
        "i32:",
        "i32:x",
        "i32:4294967296",
        "i32:-2147483649",
        "f32:1e39",
        "f32:nan:0x800000",
        "f32:nan:0x0",
        "v128:0x01",
        "externref:x",
        "funcref:",
        "i64:1.5",
    ],
)
def test_what_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        normalise_value(text)


def test_a_reference_has_no_bits() -> None:
    with pytest.raises(ValueError, match="no bits"):
        value_bits("externref:1")


@given(st.sampled_from(sorted(NUMBER_BITS)), st.integers(min_value=0, max_value=(1 << 128) - 1))
def test_bits_survive_their_text(kind: str, bits: int) -> None:
    bits &= (1 << NUMBER_BITS[kind]) - 1
    text = value_text(kind, bits)
    assert value_bits(text) == bits
    assert normalise_value(text) == text
    assert split_value(text)[0] == kind


@given(st.floats(allow_nan=False))
def test_an_f64_is_read_as_python_reads_it(number: float) -> None:
    bits = value_bits(f"f64:{number!r}")
    assert struct.pack("<d", number) == bits.to_bytes(8, "little")


def test_a_bare_nan_matches_every_nan_of_its_width_and_nothing_else() -> None:
    assert same_value("f32:nan", "f32:nan:0x1")
    assert same_value("f32:nan", "f32:-nan:0x400000")
    assert same_value("f64:nan", "f64:nan")
    assert not same_value("f32:nan", "f64:nan:0x1")
    assert not same_value("f32:nan", "f32:0.0")
    assert not same_value("f32:nan:0x1", "f32:nan:0x2")
    assert not same_value("f64:0.0", "f64:-0.0")


def test_a_payload_is_kept_and_a_bare_nan_stays_a_pattern() -> None:
    assert normalise_value("f32:-nan") == "f32:nan"
    assert normalise_value("f32:nan:0x400000") == "f32:nan:0x400000"
    assert math.isnan(float(normalise_value("f64:nan").partition(":")[2]))
