"""Guest values in arrays of ``wasmtime_val_t``, as wasmtime's asynchronous calls take them.

Layout: 32 bytes, the kind in the first and the value from the ninth on. Source: wasmtime's ``val.h``. The
values are those of ``values``: numbers as their unsigned bits, an externref's number or None, a funcref's
address or 0.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from struct import Struct
from typing import Any

from ..capi import VAL_KINDS, Api, Handle
from ..values import References, Value

VAL = 32
"""Bytes of a ``wasmtime_val_t``."""
_FORMATS = {"i32": "B7xI20x", "f32": "B7xI20x", "i64": "B7xQ16x", "f64": "B7xQ16x", "v128": "B7x16s8x"}
_REFERENCE = "B7x24s"


@lru_cache(maxsize=256)
def _layout(kinds: tuple[str, ...]) -> tuple[Struct, bool, tuple[int, ...]]:
    """Return the array's layout, whether all are numbers, and wasmtime's numbers of the kinds."""
    layout = Struct("=" + "".join([_FORMATS.get(kind, _REFERENCE) for kind in kinds]))
    plain = all(kind in _FORMATS and kind != "v128" for kind in kinds)
    return layout, plain, tuple([VAL_KINDS[kind] for kind in kinds])


class ValueArray:
    """Reads and writes values of given types.

    :param kinds: what each place holds, ``i32`` to ``externref``
    :param given: what is written is wasmtime's from then on, as results of host functions are: it drops their
        references, and arguments' it does not
    """

    __slots__ = (
        "_api",
        "_context",
        "_given",
        "_layout",
        "_numbers",
        "_references",
        "_single",
        "kinds",
        "numbers",
    )

    def __init__(
        self,
        kinds: tuple[str, ...],
        api: Api,
        context: int,
        references: References,
        *,
        given: bool = False,
    ) -> None:
        self._given = given
        self.kinds = kinds
        self._api = api
        self._context = context
        self._references = references
        self._layout, self.numbers, self._numbers = _layout(self.kinds)
        self._single: Any = None
        if len(self.kinds) == 1 and self.numbers:
            wide = self.kinds[0] in ("i64", "f64")
            self._single = (ctypes.c_uint64 if wide else ctypes.c_uint32).from_address

    def read(self, at: int) -> tuple[Value, ...]:
        """Read the values at a native address; they stay the owner's."""
        if self._single is not None:
            return (self._single(at + 8).value,)
        if not self.kinds:
            return ()
        found = self._layout.unpack(ctypes.string_at(at, self._layout.size))[1::2]
        if self.numbers:
            return found
        return tuple(
            [
                value if isinstance(value, int) else self._read(kind, value, at + each * VAL + 8)
                for each, (kind, value) in enumerate(zip(self.kinds, found, strict=True))
            ]
        )

    def _read(self, kind: str, content: bytes, at: int) -> Value:
        if kind == "v128":
            return int.from_bytes(content, "little")
        null = not any(content[:8])  # the number of its store
        if kind == "externref":
            return None if null else self._references.number(at)
        return 0 if null else self._api.wasmtime_func_to_raw(self._context, at)

    def write(self, at: int, values: Sequence[Value]) -> None:
        """Write values.

        :raises TypeError: they are not as many as there are places
        """
        if len(values) != len(self.kinds):
            raise TypeError(
                f"{len(self.kinds)} values are wanted ({' '.join(self.kinds)}), not {len(values)}"
            )
        if self._single is not None:
            ctypes.c_uint8.from_address(at).value = self._numbers[0]
            self._single(at + 8).value = values[0]
            return
        if not self.kinds:
            return
        content: list[object] = []
        for kind, number, value in zip(self.kinds, self._numbers, values, strict=True):
            content += (number, value if kind in _FORMATS and kind != "v128" else self._bytes(kind, value))
        ctypes.memmove(at, self._layout.pack(*content), self._layout.size)

    def _bytes(self, kind: str, value: Value) -> bytes:
        if kind == "v128":
            return (value or 0).to_bytes(16, "little")
        if kind == "externref":
            if value is None:
                return bytes(24)
            return self._references.given(value) if self._given else bytes(self._references.root(value))
        if not value:
            return bytes(24)
        function = Handle()
        self._api.wasmtime_func_from_raw(self._context, value, ctypes.addressof(function))
        return bytes(function)

    def bound(self, at: int) -> tuple[Callable[[], tuple[Value, ...]], Callable[[Sequence[Value]], None]]:
        """Return what reads and what writes at one native address."""
        return partial(self.read, at), partial(self.write, at)

    def reader(self) -> Callable[[int], tuple[Value, ...]]:
        """Return ``read``."""
        return self.read

    def writer(self) -> Callable[[int, Sequence[Value]], None]:
        """Return ``write``."""
        return self.write

    def drop(self, at: int) -> None:
        """Let go of the references in an array that is ours, as results are."""
        for each, kind in enumerate(self.kinds):
            if kind == "externref":
                self._api.wasmtime_val_unroot(at + each * VAL)
