"""Guest values in the C API's slots: numbers as their unsigned bits, so that nothing is rounded on the way.

An externref is a number of the host's, None for null; the same number is the same object within a
store. A funcref is wasmtime's address of the function, the same as long as the store lives; 0 for null.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from struct import Struct
from typing import Any

from .capi import SLOT, Api, GuestTrap, Handle

Value = int | None
"""Bits, an externref's number or None, a funcref's address."""

_FORMATS = {"i32": "I12x", "i64": "Q8x", "f32": "I12x", "f64": "Q8x", "externref": "I12x", "funcref": "Q8x"}

_VIEWS: dict[str, Any] = {
    "i32": ctypes.c_uint32.from_address,
    "f32": ctypes.c_uint32.from_address,
    "i64": ctypes.c_uint64.from_address,
    "f64": ctypes.c_uint64.from_address,
    "funcref": ctypes.c_uint64.from_address,
}


class References:
    """The externrefs of a store: each number is rooted once and stays so until the store goes."""

    def __init__(self, api: Api, context: int) -> None:
        self._api = api
        self._context = context
        self._roots: dict[int, Handle] = {}

    def root(self, number: int) -> Handle:
        """Return the rooted ``wasmtime_externref_t`` of a number."""
        handle = self._roots.get(number)
        if handle is None:
            handle = Handle()
            # One is added because the data of a null pointer reads as no data.
            if not self._api.wasmtime_externref_new(
                self._context, number + 1, None, ctypes.addressof(handle)
            ):
                raise GuestTrap("no memory for an externref")
            self._roots[number] = handle
        return handle

    def given(self, number: int) -> bytes:
        """Return a root of its own for a number, as bytes; the receiver frees it."""
        handle = Handle()
        self._api.wasmtime_externref_clone(ctypes.addressof(self.root(number)), ctypes.addressof(handle))
        return bytes(handle)

    def to_raw(self, number: Value) -> int:
        """Make a slot's content, to be handed to the guest at once."""
        if number is None:
            return 0
        raw: int = self._api.wasmtime_externref_to_raw(self._context, ctypes.addressof(self.root(number)))
        return raw

    def from_raw(self, raw: int) -> Value:
        """Read a slot's content that the guest has just handed over."""
        if not raw:
            return None
        handle = Handle()
        self._api.wasmtime_externref_from_raw(self._context, raw, ctypes.addressof(handle))
        number = self.number(ctypes.addressof(handle))
        self._api.wasmtime_externref_unroot(ctypes.addressof(handle))
        return number

    def number(self, handle: int) -> int:
        """Return the number of a rooted externref.

        :param handle: address of the ``wasmtime_externref_t``
        """
        data: int | None = self._api.wasmtime_externref_data(self._context, handle)
        return (data or 0) - 1

    def close(self) -> None:
        """Free all roots, before the store is freed."""
        for handle in self._roots.values():
            self._api.wasmtime_externref_unroot(ctypes.addressof(handle))
        self._roots.clear()


@lru_cache(maxsize=256)
def _layout(kinds: tuple[str, ...]) -> tuple[Struct, tuple[int, ...], tuple[int, ...]]:
    """Return the slots' layout, and which are externrefs, which vectors: the same in every instance."""
    externs = tuple([at for at, kind in enumerate(kinds) if kind == "externref"])
    vectors = tuple([at for at, kind in enumerate(kinds) if kind == "v128"])
    return Struct("<" + "".join([_FORMATS.get(kind, "16s") for kind in kinds])), externs, vectors


class Codec:
    """Reads and writes values of given types at an address of slots."""

    __slots__ = ("_externs", "_pack", "_references", "_single", "_unpack", "_vectors", "kinds", "size")

    def __init__(self, kinds: Sequence[str], references: References) -> None:
        self.kinds = tuple(kinds)
        self.size = len(self.kinds) * SLOT
        layout, self._externs, self._vectors = _layout(self.kinds)
        self._pack, self._unpack = layout.pack, layout.unpack
        self._references = references
        # One number is the common case, and a view of it costs half of what a copy does.
        self._single: Any = _VIEWS.get(self.kinds[0]) if len(self.kinds) == 1 else None

    @property
    def has_references(self) -> bool:
        """Whether what is in the slots is good for one call only."""
        return bool(self._externs)

    def read(self, at: int) -> tuple[Value, ...]:
        """Read the values in the slots at a native address."""
        if not self.size:
            return ()
        if self._single is not None:
            return (self._single(at).value,)
        found = self._unpack(ctypes.string_at(at, self.size))
        if not self._externs and not self._vectors:
            return found
        values = list(found)
        for each in self._vectors:
            values[each] = int.from_bytes(values[each], "little")
        for each in self._externs:
            values[each] = self._references.from_raw(values[each])
        return tuple(values)

    def bound(self, at: int) -> tuple[Callable[[], tuple[Value, ...]], Callable[[Sequence[Value]], None]]:
        """Return what reads and what writes at one native address, made to be called often."""
        single = self._single
        if single is None:
            return partial(self.read, at), partial(self.write, at)
        view = single(at)
        write_all = partial(self.write, at)

        def read() -> tuple[Value, ...]:
            return (view.value,)

        def write(values: Sequence[Value]) -> None:
            if len(values) == 1:
                view.value = values[0]
            else:
                write_all(values)

        return read, write

    def caller(self, at: int, function: Callable[..., Any]) -> Callable[[Any], Any]:
        """Return what calls a function with something and the values at one native address."""
        read, _ = self.bound(at)
        return lambda first: function(first, *read())

    def write(self, at: int, values: Sequence[Value]) -> None:
        """Write values into the slots at a native address.

        :raises TypeError: they are not as many as there are slots
        """
        if len(values) != len(self.kinds):
            raise TypeError(
                f"{len(self.kinds)} values are wanted ({' '.join(self.kinds)}), not {len(values)}"
            )
        if not self.size:
            return
        if self._single is not None:
            self._single(at).value = values[0]
            return
        if self._externs or self._vectors:
            content: list[object] = list(values)
            for each in self._vectors:
                content[each] = (values[each] or 0).to_bytes(16, "little")
            for each in self._externs:
                content[each] = self._references.to_raw(values[each])
            values = content  # type: ignore[assignment]
        ctypes.memmove(at, self._pack(*values), self.size)
