"""Guest values in the C API's slots: numbers as their unsigned bits, so that nothing is rounded on the way.

An externref is a number of the host's, None for null; the same number is the same object within a
store. A funcref is wasmtime's address of the function, the same as long as the store lives; 0 for null.
"""

from __future__ import annotations

import ctypes
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from struct import Struct
from typing import Any, ClassVar

from .capi import SLOT, Api, GuestTrap, Handle

Value = int | None
"""Bits, an externref's number or None, a funcref's address."""

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
            if not self._api.wasmtime_externref_new(self._context, number + 1, None, handle):
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

    def function_to_raw(self, at: int) -> int:
        """Return the address of a function, given that of its ``wasmtime_func_t``."""
        raw: int | None = self._api.wasmtime_func_to_raw(self._context, at)
        return raw or 0

    def function(self, raw: int) -> Handle:
        """Return the ``wasmtime_func_t`` of a function at an address."""
        handle = Handle()
        self._api.wasmtime_func_from_raw(self._context, raw, handle)
        return handle

    def unroot_val(self, at: int) -> None:
        """Free the reference of a ``wasmtime_val_t``."""
        self._api.wasmtime_val_unroot(at)

    def close(self) -> None:
        """Free all roots, before the store is freed."""
        for handle in self._roots.values():
            self._api.wasmtime_externref_unroot(ctypes.addressof(handle))
        self._roots.clear()


class ValueCodec(ABC):
    """Reads and writes values of given types in an array at a native address.

    :ivar kinds: the types, ``i32`` to ``externref``; :ivar size: of the array (bytes)
    :cvar stride: the size of a place (bytes); :cvar offset: where in it the value begins
    :cvar formats: what is in a place, by type, for ``struct``
    :cvar special: the types that ``struct`` does not read and write as they are
    """

    __slots__ = ("_pack", "_references", "_single", "_special", "_unpack", "kinds", "size")
    stride: ClassVar[int]
    offset: ClassVar[int] = 0
    formats: ClassVar[dict[str, str]]
    special: ClassVar[frozenset[str]]

    def __init__(self, kinds: tuple[str, ...], references: References) -> None:
        self.kinds = kinds
        self.size = len(kinds) * self.stride
        layout, self._special = _layout(type(self), kinds)
        self._pack, self._unpack = layout.pack, layout.unpack
        self._references = references
        # One number is the common case, and a view of it costs half of what a copy does.
        self._single: Any = _VIEWS.get(kinds[0]) if len(kinds) == 1 and not self._special else None

    @property
    def has_references(self) -> bool:
        """Whether what is in the slots is good for one call only."""
        return "externref" in self.kinds

    @abstractmethod
    def _decode(self, kind: str, content: Any, at: int) -> Value:
        """Read a value of a special type, whose content is at a native address."""

    @abstractmethod
    def _encode(self, kind: str, value: Value) -> object:
        """Return what ``struct`` packs for a value of a special type."""

    def read(self, at: int) -> tuple[Value, ...]:
        """Read the values at a native address."""
        if self._single is not None:
            return (self._single(at + self.offset).value,)
        if not self.size:
            return ()
        found = self._unpack(ctypes.string_at(at, self.size))
        if not self._special:
            return found
        values = list(found)
        for each, kind in self._special:
            values[each] = self._decode(kind, values[each], at + each * self.stride + self.offset)
        return tuple(values)

    def write(self, at: int, values: Sequence[Value]) -> None:
        """Write values at a native address.

        :raises TypeError: they are not as many as there are places
        """
        if len(values) != len(self.kinds):
            raise TypeError(
                f"{len(self.kinds)} values are wanted ({' '.join(self.kinds)}), not {len(values)}"
            )
        if self._single is not None:
            self._single(at + self.offset).value = values[0]
            return
        if not self.size:
            return
        content: list[object] = list(values)
        for each, kind in self._special:
            content[each] = self._encode(kind, values[each])
        ctypes.memmove(at, self._pack(*content), self.size)

    def bound(self, at: int) -> tuple[Callable[[], tuple[Value, ...]], Callable[[Sequence[Value]], None]]:
        """Return what reads and what writes at one native address, made to be called often."""
        return partial(self.read, at), partial(self.write, at)

    def reader(self) -> Callable[[int], tuple[Value, ...]]:
        """Return ``read``."""
        return self.read

    def writer(self) -> Callable[[int, Sequence[Value]], None]:
        """Return ``write``."""
        return self.write


@lru_cache(maxsize=512)
def _layout(codec: type[ValueCodec], kinds: tuple[str, ...]) -> tuple[Struct, tuple[tuple[int, str], ...]]:
    """Return the array's layout, and the places of special types: the same in every instance."""
    special = tuple([(at, kind) for at, kind in enumerate(kinds) if kind in codec.special])
    return Struct("<" + "".join([codec.formats[kind] for kind in kinds])), special


class SlotCodec(ValueCodec):
    """Reads and writes values in slots (``wasmtime_val_raw_t``), as unchecked calls have them."""

    __slots__ = ()
    stride = SLOT
    formats = {
        "i32": "I12x",
        "i64": "Q8x",
        "f32": "I12x",
        "f64": "Q8x",
        "v128": "16s",
        "externref": "I12x",
        "funcref": "Q8x",
    }
    special = frozenset({"externref", "v128"})

    def _decode(self, kind: str, content: Any, at: int) -> Value:
        return int.from_bytes(content, "little") if kind == "v128" else self._references.from_raw(content)

    def _encode(self, kind: str, value: Value) -> object:
        return (value or 0).to_bytes(16, "little") if kind == "v128" else self._references.to_raw(value)

    def bound(self, at: int) -> tuple[Callable[[], tuple[Value, ...]], Callable[[Sequence[Value]], None]]:
        """Return what reads and what writes at one native address, made to be called often."""
        read_all, write_all = super().bound(at)
        if self._single is None:
            return read_all, write_all
        view = self._single(at)

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
