"""Values of host functions and exports, between Python and the wire."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from stackswitch.backends.guest_protocol import HostFunction
from stackswitch.backends.guest_values import checked, checked_results, checker
from stackswitch.errors import GuestError
from stackswitch.wasm.module import FuncType

from . import messages
from .messages import HOST_RESULT


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

    :param place: what the values are, for errors
    :raises GuestError: a type that cannot cross
    """

    def __init__(self, kinds: Sequence[str], references: References, place: str) -> None:
        for each in kinds:
            if each not in messages.CROSSING:
                raise GuestError(
                    f"{place} has a {each}, which cannot cross between Python and Node; the backends"
                    " asyncify and fiber may take it"
                )
        self.kinds = tuple(kinds)
        self.layout = messages.layout(messages.NO_HEAD, kinds)
        self.has_references = "externref" in kinds
        self._place = place
        self._references = references
        self._checks: tuple[Callable[[Any], Any], ...] = tuple(self._check(each) for each in kinds)

    def _check(self, kind: str) -> Callable[[Any], Any]:
        if kind == "externref":
            return self._references.number
        return checker(kind, lambda value: checked(kind, value, self._place))

    def to_wire(self, values: Sequence[Any]) -> Sequence[Any]:
        """Check as many values as there are types, and convert them.

        :raises GuestTypeError: one is of another type
        """
        return [check(value) for check, value in zip(self._checks, values, strict=True)]

    def from_wire(self, frame: bytes, at: int) -> tuple[Any, ...]:
        """Read values from a frame."""
        values = self.layout.unpack_from(frame, at)
        return tuple(self.with_objects(values)) if self.has_references else values

    def with_objects(self, values: Sequence[Any]) -> list[Any]:
        """Replace the numbers of objects by the objects."""
        return [
            self._references.object(value) if kind == "externref" else value
            for kind, value in zip(self.kinds, values, strict=True)
        ]


class Export:
    """An exported function.

    :param index: among the exported functions
    :raises GuestError: its values cannot cross
    """

    def __init__(self, index: int, name: str, type_: FuncType, references: References) -> None:
        self._index = index
        self._params = Values(type_.params, references, f"an argument of {name}")
        self.results = Values(type_.results, references, f"a result of {name}")
        self._frame = messages.layout(messages.CALL_HEAD, type_.params)
        self._length = self._frame.size - 4

    def call_frame(self, kind: int, instance: int, call: int, parent: int, args: Sequence[Any]) -> bytes:
        """Return CALL or CALL_NOW.

        :raises GuestTypeError: an argument is of another type
        """
        values = self._params.to_wire(args)
        return self._frame.pack(self._length, kind, instance, call, parent, self._index, *values)


class Host:
    """A host function.

    :raises GuestError: its values cannot cross, or it reads memory by an argument that it does not have
    :ivar reads: pairs of arguments (address, size) of the slices of memory that come along
    """

    def __init__(self, function: HostFunction, references: References) -> None:
        self.name = function.full_name
        self.function = function.function
        self.waits = function.waits
        if function.javascript is None:
            self.params = Values(function.type.params, references, f"an argument of {self.name}")
            self._results = Values(function.type.results, references, f"the result of {self.name}")
            self.host_call_frame = messages.layout(messages.HOST_CALL_HEAD, function.type.params)
            result_frame = messages.layout(messages.RESULT_HEAD, function.type.results)
            self._pack, self._length = result_frame.pack, result_frame.size - 4
            kinds = self._results.kinds
            self._check: Callable[[Any], Any] | None = None
            if len(kinds) == 1 and not self._results.has_references:
                self._check = checker(kinds[0], lambda value: checked_results(kinds, value, self.name)[0])
        # Declared by ``stackswitch.reads``.
        self.reads: tuple[tuple[int, int], ...] = getattr(function.function, "__stackswitch_reads__", ())
        for index in itertools.chain(*self.reads):
            if not 0 <= index < len(function.type.params):
                raise GuestError(f"{self.name} has no argument {index}, and reads() names it")

    def result_frame(self, call: int, host_call: int, result: Any) -> bytes:
        """Return HOST_RESULT: the function's result.

        :raises GuestTypeError: it is not of the import's type
        """
        if self._check is not None:
            return self._pack(self._length, HOST_RESULT, call, host_call, self._check(result))
        values = checked_results(self._results.kinds, result, self.name)
        return self._pack(self._length, HOST_RESULT, call, host_call, *self._results.to_wire(values))

    def slices(self, args: Sequence[Any], frame: bytes, at: int) -> list[tuple[int, bytes]]:
        """Return the memory that came with a call: address and bytes of each slice that was in bounds."""
        found = []
        for (pointer, _), data in zip(self.reads, messages.slices(frame, at, len(self.reads)), strict=True):
            if data is not None:
                wraps = args[pointer] < 0 and self.params.kinds[pointer] == "i32"
                found.append((args[pointer] + (1 << 32) if wraps else args[pointer], data))
        return found
