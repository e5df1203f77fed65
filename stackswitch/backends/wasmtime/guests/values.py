"""Python's values in the C API's slots: numbers straight through ``struct``, the rest by way of their bits.

wasmtime has two layouts of arrays of values: slots of 16 bytes for unchecked calls, and 32 bytes with the
kind in the first one for asynchronous calls.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain
from struct import Struct
from typing import Any

from stackswitch.backends.guest_values import checked_args, checked_results
from stackswitch.errors import GuestTypeError

from ..capi import VAL_KINDS
from ..fiber.values import VAL, ValueArray
from ..values import ValueCodec

_SLOTS = {"i32": "i12x", "i64": "q8x", "f32": "f12x", "f64": "d8x"}
_VALS = {"i32": "8xi20x", "i64": "8xq16x", "f32": "8xf20x", "f64": "8xd16x"}
_KINDS = {"i32": "B7xi20x", "i64": "B7xq16x", "f32": "B7xf20x", "f64": "B7xd16x"}
_BITS = {"i32": 0xFFFFFFFF, "i64": 0xFFFFFFFFFFFFFFFF}
_MOST_VIEWS = 4096


@dataclass(frozen=True, slots=True, repr=False)
class FuncRef:
    """A function of the guest's, as it came: to be handed back to it.

    :param of: whose it is; to another guest it would be any address
    """

    address: int
    of: Objects


class Objects:
    """The Python objects that a guest has as externrefs; each lives until the guest is closed."""

    def __init__(self) -> None:
        self._objects: list[object] = []
        self._numbers: dict[int, int] = {}

    def number(self, thing: object) -> int | None:
        """Return what stands for an object; None stands for itself."""
        if thing is None:
            return None
        found = self._numbers.get(id(thing))
        if found is None:
            found = self._numbers[id(thing)] = len(self._objects)
            self._objects.append(thing)
        return found

    def thing(self, number: int | None) -> object:
        """Return the object that a number stands for."""
        return None if number is None else self._objects[number]


@lru_cache(maxsize=256)
def _packers(
    kinds: tuple[str, ...], stride: int
) -> tuple[Callable[..., None] | None, Callable[..., tuple[Any, ...]] | None]:
    """Return what writes and what reads numbers straight, if anything does; for all instances."""
    if not all(kind in _SLOTS for kind in kinds):
        return None, None
    if stride != VAL:
        layout = Struct("<" + "".join([_SLOTS[kind] for kind in kinds]))
        return layout.pack_into, layout.unpack_from
    pack = Struct("<" + "".join([_KINDS[kind] for kind in kinds])).pack_into
    unpack = Struct("<" + "".join([_VALS[kind] for kind in kinds])).unpack_from
    if len(kinds) == 1:
        return partial(_pack_val, pack, VAL_KINDS[kinds[0]]), unpack
    return partial(_pack_vals, pack, [VAL_KINDS[kind] for kind in kinds]), unpack


class PyValues:
    """Reads and writes values of given types, sequences of as many (arguments, and results of exports).

    :param inner: does the same with bits
    :param place: the export or import, for messages
    """

    __slots__ = ("_inner", "_objects", "_pack", "_place", "_size", "_unpack", "_views", "kinds")

    def __init__(self, inner: ValueCodec, objects: Objects, place: str) -> None:
        self.kinds = inner.kinds
        self._inner = inner
        self._objects = objects
        self._place = place
        self._views: dict[int, Any] = {}
        self._size = inner.size
        self._pack, self._unpack = _packers(self.kinds, inner.stride)

    @property
    def has_references(self) -> bool:
        """Whether what is in the slots is good for one call only."""
        return self._inner.has_references

    def _view(self, at: int) -> Any:
        if len(self._views) >= _MOST_VIEWS:
            self._views.clear()
        view = self._views[at] = (ctypes.c_char * self._size).from_address(at)
        return view

    def read(self, at: int) -> tuple[Any, ...]:
        """Read the values at a native address."""
        if self._unpack is None:
            return self._read(at)
        if not self.kinds:
            return ()
        return self._unpack(self._views.get(at) or self._view(at))

    def write(self, at: int, values: Sequence[Any]) -> None:
        """Write values.

        :raises GuestTypeError: they do not fit the types
        """
        if not self.kinds and not values:
            return
        if self._pack is not None:
            try:
                self._pack(self._views.get(at) or self._view(at), 0, *values)
            except (struct.error, TypeError, OverflowError):
                pass
            else:
                return
        self._write(at, checked_args(self.kinds, values, self._place))

    def bound(self, at: int) -> tuple[Callable[[], tuple[Any, ...]], Callable[[Any], None]]:
        """Return what reads and what writes at one native address, made to be called often."""
        if not self.kinds or self._unpack is None:
            return partial(self.read, at), partial(self.write, at)
        return partial(self._unpack, (ctypes.c_char * self._size).from_address(at)), partial(self.write, at)

    def caller(self, at: int, function: Callable[..., Any]) -> Callable[[Any], Any]:
        """Return what calls a function with something and the values at one native address."""
        if self._unpack is None or len(self.kinds) > 2:
            read, _ = self.bound(at)
            return lambda first: function(first, *read())
        views = [_number_at(kind, at + slot * 16) for slot, kind in enumerate(self.kinds)]
        if not views:
            return function
        one, other = views[0], views[-1]
        if len(views) == 1:
            return lambda first: function(first, one[0])
        return lambda first: function(first, one[0], other[0])

    def reader(self) -> Callable[[int], tuple[Any, ...]]:
        """Return ``read``, made to be called often."""
        if self._unpack is None or not self.kinds:
            return self.read
        views, new_view, unpack = self._views, self._view, self._unpack
        return lambda at: unpack(views.get(at) or new_view(at))

    def drop(self, at: int) -> None:
        """Let go of the references in an array that is ours."""
        if isinstance(self._inner, ValueArray):
            self._inner.drop(at)

    def _read(self, at: int) -> tuple[Any, ...]:
        return tuple([self._to_python(*each) for each in zip(self.kinds, self._inner.read(at), strict=True)])

    def _write(self, at: int, values: Sequence[Any]) -> None:
        self._inner.write(at, [self._to_bits(*each) for each in zip(self.kinds, values, strict=True)])

    def _to_python(self, kind: str, bits: int | None) -> Any:
        if kind == "externref":
            return self._objects.thing(bits)
        if kind == "funcref":
            return FuncRef(bits, self._objects) if bits else None
        number = bits or 0
        if kind == "v128":
            return number.to_bytes(16, "little")
        data = number.to_bytes(8, "little")
        return struct.unpack_from("<" + _SLOTS[kind][0], data)[0]

    def _to_bits(self, kind: str, value: Any) -> int | None:
        if kind == "externref":
            return self._objects.number(value)
        if kind == "funcref":
            if value is None:
                return 0
            if isinstance(value, FuncRef) and value.of is self._objects:
                return value.address
            raise GuestTypeError(
                f"{self._place}: a funcref is None or one that came from the same guest, not {value!r}"
            )
        if kind == "v128":
            return int.from_bytes(value, "little")
        if kind in _BITS:
            bits: int = value & _BITS[kind]
            return bits
        return int.from_bytes(struct.pack("<" + _SLOTS[kind][0], value), "little")


class HostResults(PyValues):
    """Writes what a host function returned: a value, None for none, several in a tuple."""

    __slots__ = ()

    def write(self, at: int, values: Any) -> None:
        """Write what was returned.

        :raises GuestTypeError: it does not fit the types
        """
        if values is None and not self.kinds:
            return
        if self._pack is not None:
            view = self._views.get(at) or self._view(at)
            try:
                if len(self.kinds) == 1:
                    self._pack(view, 0, values)
                    return
                if self.kinds and type(values) is tuple:
                    self._pack(view, 0, *values)
                    return
            except (struct.error, TypeError, OverflowError):
                pass
        self._write(at, checked_results(self.kinds, values, self._place))

    def bound(self, at: int) -> tuple[Callable[[], tuple[Any, ...]], Callable[[Any], None]]:
        """Return what reads and what writes at one native address, made to be called often."""
        read, write = super().bound(at)
        if self._pack is None or len(self.kinds) != 1 or self.kinds == ("f32",):  # a view rounds to infinity
            return read, write
        view = _number_at(self.kinds[0], at)

        def write_one(value: Any) -> None:
            try:
                view[0] = value
            except (ValueError, TypeError, OverflowError):
                write(value)

        return read, write_one

    def writer(self) -> Callable[[int, Any], None]:
        """Return ``write``, made to be called often."""
        kind = self.kinds[0] if len(self.kinds) == 1 else ""
        if kind not in _KINDS or not isinstance(self._inner, ValueArray):
            return self.write
        views, new_view, write = self._views, self._view, self.write
        pack, number = Struct("<" + _KINDS[kind]).pack_into, VAL_KINDS[kind]

        def write_one(at: int, value: Any) -> None:
            try:
                pack(views.get(at) or new_view(at), 0, number, value)
            except (struct.error, TypeError, OverflowError):
                write(at, value)

        return write_one


def _number_at(kind: str, at: int) -> Any:
    """Return a view of one number: its items take half as long as ``struct`` does."""
    code: Any = _SLOTS[kind][0]
    return memoryview((ctypes.c_char * struct.calcsize(code)).from_address(at)).cast("B").cast(code)


def _pack_val(pack: Callable[..., None], kind: int, view: Any, _at: int, value: Any) -> None:
    pack(view, 0, kind, value)


def _pack_vals(pack: Callable[..., None], kinds: list[int], view: Any, _at: int, *values: Any) -> None:
    if len(values) != len(kinds):
        raise TypeError("not as many values as places")
    pack(view, 0, *chain.from_iterable(zip(kinds, values, strict=True)))
