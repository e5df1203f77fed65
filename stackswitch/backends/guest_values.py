"""Checks Python values against the types of a module, and converts them."""

from __future__ import annotations

import inspect
import struct
from collections.abc import Callable, Sequence
from typing import Any

from stackswitch.errors import GuestTypeError

_BITS = {"i32": 32, "i64": 64}
_WANTED = {
    "i32": "an int of 32 bits",
    "i64": "an int of 64 bits",
    "f32": "a float of 32 bits",
    "f64": "a float",
    "v128": "16 bytes",
}
V128_BYTES = 16


def checked(kind: str, value: object, place: str) -> object:
    """Return a value as the guest gets it: an integer signed, a number a float, a vector ``bytes``.

    :param kind: ``i32``, ``i64``, ``f32``, ``f64``, ``v128``; a value of another kind is returned unchanged
    :param place: what the value is, for the message
    :raises GuestTypeError: it does not fit
    """
    if kind in _BITS:
        if hasattr(value, "__index__"):
            number = value.__index__()
            bits = _BITS[kind]
            if -1 << (bits - 1) <= number < 1 << bits:
                return number - (1 << bits) if number >> (bits - 1) > 0 else number
    elif kind in ("f32", "f64"):
        if isinstance(value, (int, float)) or (hasattr(value, "__float__") and not isinstance(value, str)):
            number = _float(kind, value)
            if number is not None:
                return number
    elif kind == "v128":
        if isinstance(value, (bytes, bytearray, memoryview)) and len(value) == V128_BYTES:
            return bytes(value)
    else:
        return value
    raise GuestTypeError(f"{place} is {_WANTED[kind]} ({kind}), and {_shown(value)} is not")


def checker(kind: str, otherwise: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a fast check of values of a kind.

    :param otherwise: checks and converts a value that does not have the exact type (see ``checked``)
    """
    if kind in _BITS:
        least, most = -1 << (_BITS[kind] - 1), 1 << (_BITS[kind] - 1)

        def check_integer(value: Any) -> Any:
            return value if type(value) is int and least <= value < most else otherwise(value)

        return check_integer
    if kind == "f64":

        def check_float(value: Any) -> Any:
            return value if type(value) is float else otherwise(value)

        return check_float
    return otherwise


def _float(kind: str, value: Any) -> float | None:
    try:
        number = float(value)
        struct.pack("<f" if kind == "f32" else "<d", number)
    except (OverflowError, TypeError, ValueError):
        return None
    return number


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"


def checked_args(kinds: Sequence[str], values: Sequence[object], export: str) -> list[object]:
    """Return the arguments of a call as the guest gets them.

    :raises GuestTypeError: there are too few or too many, or one does not fit
    """
    if len(values) != len(kinds):
        raise GuestTypeError(f"{export} takes {len(kinds)} arguments ({' '.join(kinds)}), not {len(values)}")
    return _checked_each(kinds, values, "argument", export)


def checked_results(kinds: Sequence[str], outcome: object, import_: str) -> list[object]:
    """Return the results of a host function (a value, None, a tuple of several) as the guest gets them.

    :raises GuestTypeError: it does not fit
    """
    if inspect.iscoroutine(outcome):
        outcome.close()
        raise GuestTypeError(
            f"the host function for {import_} returned a coroutine: make it an `async def` itself"
        )
    if len(kinds) == 1:
        return [checked(kinds[0], outcome, f"the result of {import_}")]
    if not kinds:
        if outcome is not None and outcome != ():
            raise GuestTypeError(f"{import_} has no result, and the host function returned {_shown(outcome)}")
        return []
    if not isinstance(outcome, (tuple, list)) or len(outcome) != len(kinds):
        raise GuestTypeError(
            f"{import_} has {len(kinds)} results ({' '.join(kinds)}): a tuple of as many is wanted,"
            f" not {_shown(outcome)}"
        )
    return _checked_each(kinds, outcome, "result", import_)


def _checked_each(kinds: Sequence[str], values: Sequence[object], what: str, name: str) -> list[object]:
    pairs = zip(kinds, values, strict=True)
    return [checked(kind, value, f"{what} {at} of {name}") for at, (kind, value) in enumerate(pairs, 1)]
