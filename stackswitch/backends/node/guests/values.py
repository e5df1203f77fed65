"""Values of host functions and exports, between Python and the wire."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from stackswitch.backends.guest_protocol import HostFunction
from stackswitch.backends.guest_values import checked, checked_results, checker
from stackswitch.errors import GuestError, GuestTypeError
from stackswitch.wasm.module import FuncType

from .messages import HOST_RESULT, Signature, slices

_CROSSING = ("i32", "i64", "f32", "f64", "externref")


class References:
    """Python objects that the guest holds as externrefs, by number."""

    def __init__(self) -> None:
        self._objects: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}
        self._next = itertools.count()

    def number(self, value: object) -> int:
        """Return an object's number; the same object has the same."""
        if value is None:
            return -1
        number = self._numbers.get(id(value))
        if number is None:
            number = next(self._next)
            self._objects[number] = value  # referred to, so that its id stays its own
            self._numbers[id(value)] = number
        return number

    def object(self, number: int) -> Any:
        """Return the object of a number."""
        return None if number < 0 else self._objects[number]


class Values:
    """A list of values of known types.

    :param where: whose they are, for errors
    :raises GuestError: a type that cannot cross
    """

    def __init__(self, kinds: Sequence[str], references: References, where: str) -> None:
        for each in kinds:
            if each not in _CROSSING:
                raise GuestError(
                    f"{where} has a {each}, which cannot cross between Python and Node; the backends"
                    " asyncify and fiber may take it"
                )
        self.kinds = tuple(kinds)
        self.signature = Signature(kinds)
        self._where = where
        self._references = references
        self.checks: tuple[Callable[[Any], Any], ...] = tuple(self._check(each) for each in kinds)
        self.has_references = "externref" in kinds

    def _check(self, kind: str) -> Callable[[Any], Any]:
        if kind == "externref":
            return self._references.number
        return checker(kind, lambda value: checked(kind, value, self._where))

    def to_wire(self, values: Sequence[Any]) -> Sequence[Any]:
        """Check values and make them what the wire takes.

        :raises GuestTypeError: too few or too many, or one is of another type
        """
        if len(values) != len(self.checks):
            raise GuestTypeError(f"{self._where}: {len(values)} values, not {len(self.checks)}")
        return [check(value) for check, value in zip(self.checks, values, strict=True)]

    def from_wire(self, frame: bytes, at: int) -> tuple[Any, ...]:
        """Read values from a frame."""
        values = self.signature.values.unpack_from(frame, at)
        return tuple(self.with_objects(values)) if self.has_references else values

    def with_objects(self, values: Sequence[Any]) -> list[Any]:
        """Put the objects where their numbers stand."""
        return [
            self._references.object(value) if kind == "externref" else value
            for kind, value in zip(self.kinds, values, strict=True)
        ]


class Host:
    """A host function as the wire has it.

    :ivar reads: pairs of arguments that say what slices of memory come along
    """

    def __init__(self, function: HostFunction, references: References) -> None:
        self.name = function.full_name
        self.function = function.function
        self.waits = function.waits
        self.javascript = function.javascript
        self.type: FuncType = function.type
        if function.javascript is None:
            self.params = Values(function.type.params, references, f"an argument of {self.name}")
            self._results = Values(function.type.results, references, f"the result of {self.name}")
            self._pack = self._results.signature.result_frame.pack
            self._length = 9 + self._results.signature.size
            kinds = self._results.kinds
            self.check: Callable[[Any], Any] | None = None
            if len(kinds) == 1 and not self._results.has_references:
                self.check = checker(kinds[0], lambda value: checked_results(kinds, value, self.name)[0])
            self.host_call_frame = self.params.signature.host_call_frame
        self.reads = reads_of(function)

    def result_frame(self, call: int, host_call: int, result: Any) -> bytes:
        """Return HOST_RESULT: what the function gave.

        :raises GuestTypeError: it is not of the import's type
        """
        if self.check is not None:
            return self._pack(self._length, HOST_RESULT, call, host_call, self.check(result))
        values = checked_results(self._results.kinds, result, self.name)
        return self._pack(self._length, HOST_RESULT, call, host_call, *self._results.to_wire(values))

    def slices(self, args: Sequence[Any], frame: bytes, at: int) -> list[tuple[int, bytes]]:
        """Return the memory that came with a call: address and bytes of each slice that was in bounds."""
        found = []
        for (pointer, _), data in zip(self.reads, slices(frame, at, len(self.reads)), strict=True):
            if data is not None:
                wraps = args[pointer] < 0 and self.params.kinds[pointer] == "i32"
                found.append((args[pointer] + (1 << 32) if wraps else args[pointer], data))
        return found


def reads_of(function: HostFunction) -> tuple[tuple[int, int], ...]:
    """Return which arguments point at memory that the function reads (``stackswitch.reads``).

    :raises GuestError: there are no such arguments
    """
    declared = getattr(function.function, "__stackswitch_reads__", ())
    for pair in declared:
        for index in pair:
            if not 0 <= index < len(function.type.params):
                raise GuestError(f"{function.full_name} has no argument {index}, and reads() names it")
    return tuple((pointer, size) for pointer, size in declared)
