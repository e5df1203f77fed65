"""Guest values as text: ``type:literal``, exact to the bit, the same in TOML, in JSON and between processes.

``i32:-1`` · ``i64:0x7fffffffffffffff`` · ``f32:1.5`` · ``f64:-inf`` · ``f32:nan:0x200001`` ·
``v128:0x00112233445566778899aabbccddeeff`` · ``externref:7`` · ``externref:null`` · ``funcref:null`` ·
``funcref:some_export``. Integers may be written signed or unsigned and are shown signed. A NaN with
a payload is written as in WebAssembly text; a bare ``nan``, expected, matches every NaN. A v128 is
its 16 bytes in the order of memory. An externref is a number that stands for an object of the host.
"""

from __future__ import annotations

import math
import re
import struct
from typing import Annotated

from pydantic import AfterValidator

NUMBER_BITS = {"i32": 32, "i64": 64, "f32": 32, "f64": 64, "v128": 128}
REFERENCES = ("externref", "funcref")
_MANTISSA_BITS = {"f32": 23, "f64": 52}
_NAN = re.compile(r"([+-]?)nan(?::0x([0-9a-fA-F]+))?\Z")


def split_value(text: str) -> tuple[str, str]:
    """Split ``type:literal``.

    :raises ValueError: it has no colon, or an unknown type
    """
    kind, colon, literal = text.partition(":")
    if not colon or (kind not in NUMBER_BITS and kind not in REFERENCES):
        known = ", ".join([*NUMBER_BITS, *REFERENCES])
        raise ValueError(f"{text!r} is not a value: write type:literal, with a type out of {known}")
    return kind, literal


def value_bits(text: str) -> int:
    """Return a number's bits, unsigned (v128: the 16 bytes read as one little-endian integer).

    :raises ValueError: malformed, out of range, or a reference
    """
    kind, literal = split_value(text)
    if kind not in NUMBER_BITS:
        raise ValueError(f"{text!r} is a reference: it has no bits")
    if kind in _MANTISSA_BITS:
        return _float_bits(kind, literal, text)
    if kind == "v128":
        digits = literal.removeprefix("0x")
        if len(digits) != 32:
            raise ValueError(f"{text!r}: a v128 is 0x and 32 hexadecimal digits")
        return int.from_bytes(bytes.fromhex(digits), "little")
    number = int(literal, 0)
    bits = NUMBER_BITS[kind]
    if not -(1 << (bits - 1)) <= number < 1 << bits:
        raise ValueError(f"{text!r} does not fit {kind}")
    return number & ((1 << bits) - 1)


def _float_bits(kind: str, literal: str, text: str) -> int:
    mantissa_bits = _MANTISSA_BITS[kind]
    if nan := _NAN.match(literal):
        sign, payload_hex = nan.groups()
        payload = int(payload_hex, 16) if payload_hex else 1 << (mantissa_bits - 1)
        if not 0 < payload < 1 << mantissa_bits:
            raise ValueError(f"{text!r}: a NaN's payload has 1 to {mantissa_bits} bits")
        exponent = (1 << (NUMBER_BITS[kind] - 1 - mantissa_bits)) - 1
        return int(sign == "-") << (NUMBER_BITS[kind] - 1) | exponent << mantissa_bits | payload
    number = float.fromhex(literal) if "0x" in literal.lower() else float(literal)
    try:
        packed = struct.pack("<f" if kind == "f32" else "<d", number)
    except OverflowError:
        raise ValueError(f"{text!r} does not fit {kind}") from None
    return int.from_bytes(packed, "little")


def value_text(kind: str, bits: int) -> str:
    """Return a number of ``kind``, from its unsigned bits, in the spelling of results."""
    width = NUMBER_BITS[kind]
    if kind == "v128":
        return f"v128:0x{bits.to_bytes(16, 'little').hex()}"
    if kind in ("i32", "i64"):
        return f"{kind}:{bits - (1 << width) if bits >> (width - 1) else bits}"
    raw = bits.to_bytes(width // 8, "little")
    number: float = struct.unpack("<f" if kind == "f32" else "<d", raw)[0]
    if math.isnan(number):
        sign = "-" if bits >> (width - 1) else ""
        return f"{kind}:{sign}nan:{bits & ((1 << _MANTISSA_BITS[kind]) - 1):#x}"
    return f"{kind}:{number!r}"


def normalise_value(text: str) -> str:
    """Return a value in the spelling of results; a bare ``nan`` stays a pattern.

    :raises ValueError: the text is not a value
    """
    kind, literal = split_value(text)
    if kind in NUMBER_BITS:
        bits = value_bits(text)
        return f"{kind}:nan" if literal in ("nan", "+nan", "-nan") else value_text(kind, bits)
    if kind == "externref" and literal != "null":
        return f"externref:{int(literal, 0)}"
    if not literal:
        raise ValueError(f"{text!r} names nothing: write null, or what it refers to")
    return text


def same_value(expected: str, actual: str) -> bool:
    """Whether a value is the expected one, bit for bit; an expected bare ``nan`` matches every NaN."""
    if expected in ("f32:nan", "f64:nan"):
        return actual.startswith((expected, f"{expected[:4]}-nan"))
    return expected == actual


ValueText = Annotated[str, AfterValidator(normalise_value)]
"""A guest value, checked and in the spelling of results."""


def _hex(text: str) -> str:
    return bytes.fromhex(text).hex()


HexBytes = Annotated[str, AfterValidator(_hex)]
"""Bytes in hexadecimal."""
