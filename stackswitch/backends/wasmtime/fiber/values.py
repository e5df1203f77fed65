"""Guest values in arrays of ``wasmtime_val_t``, as wasmtime's asynchronous calls take them.

Layout: 32 bytes, the kind in the first and the value from the ninth on. Source: wasmtime's ``val.h``. The
values are those of ``values``: numbers as their unsigned bits, an externref's number or None, a funcref's
address or 0.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

from ..capi import VAL_KINDS
from ..values import References, Value, ValueCodec

VAL = 32
"""Bytes of a ``wasmtime_val_t``."""


class ValueArray(ValueCodec):
    """Reads and writes values in an array of ``wasmtime_val_t``.

    :param given: what is written is wasmtime's from then on, as results of host functions are: it drops their
        references, and arguments' it does not
    """

    __slots__ = ("_given",)
    stride = VAL
    offset = 8
    formats = {
        "i32": "8xI20x",
        "i64": "8xQ16x",
        "f32": "8xI20x",
        "f64": "8xQ16x",
        "v128": "8x16s8x",
        "externref": "8x24s",
        "funcref": "8x24s",
    }
    special = frozenset({"externref", "funcref", "v128"})

    def __init__(self, kinds: tuple[str, ...], references: References, *, given: bool = False) -> None:
        super().__init__(kinds, references)
        self._given = given

    def _decode(self, kind: str, content: Any, at: int) -> Value:
        if kind == "v128":
            return int.from_bytes(content, "little")
        null = not any(content[:8])  # the number of its store
        if kind == "externref":
            return None if null else self._references.number(at)
        return 0 if null else self._references.function_to_raw(at)

    def _encode(self, kind: str, value: Value) -> object:
        if kind == "v128":
            return (value or 0).to_bytes(16, "little")
        if kind == "externref":
            if value is None:
                return bytes(24)
            return self._references.given(value) if self._given else bytes(self._references.root(value))
        return bytes(self._references.function(value)) if value else bytes(24)

    def write(self, at: int, values: Sequence[Value]) -> None:
        """Write values and their kinds (see ``ValueCodec``)."""
        super().write(at, values)
        for each, kind in enumerate(self.kinds):
            ctypes.c_uint8.from_address(at + each * VAL).value = VAL_KINDS[kind]

    def drop(self, at: int) -> None:
        """Unroot the references in an array that is ours, as results are."""
        for each, kind in enumerate(self.kinds):
            if kind == "externref":
                self._references.unroot_val(at + each * VAL)
