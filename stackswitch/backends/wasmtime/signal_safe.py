"""Callbacks of C that let no exception out, not even a signal handler's in their very first step.

Python handles signals when a function is entered, before its own ``try``. An exception that a handler raises
there would leave the callback: ctypes prints it, no caller sees it, and C gets whatever lay in memory. So
the handler of the function's outermost ``try`` is made that of its first instructions too: in the table of
exception handlers that code objects have from Python 3.11. (3.10 does not handle signals where a function
begins with ``try``.)

The table: for each range of instructions its start, its length, its handler, all in units of two bytes, and
the depth of the stack; numbers of six bits a byte, the highest first, 0x40 for one that continues, 0x80 where
a range begins. Source: CPython's InternalDocs/exception_handling.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache
from types import CodeType, FunctionType
from typing import Any, TypeVar

_MORE, _FIRST, _BITS = 0x40, 0x80, 6
FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def guarded(function: FunctionT) -> FunctionT:
    """Have a function's outermost ``try``, with which it begins, cover its first instructions as well.

    :param function: of Python; it is changed
    """
    if sys.version_info >= (3, 11) and isinstance(function, FunctionType):
        function.__code__ = _covered(function.__code__)
    return function


@cache
def _covered(code: CodeType) -> CodeType:
    return code.replace(co_exceptiontable=cover_start(code.co_exceptiontable))


def cover_start(table: bytes) -> bytes:
    """Return a table of exception handlers whose first range begins with the first instruction.

    :raises ValueError: there is no range, or its handler is not one of the function's outermost ``try``
    """
    numbers = _numbers(table)
    try:
        start, length, handler, depth = (next(numbers) for _ in range(4))
    except (StopIteration, RuntimeError):
        raise ValueError("the function has no handler of exceptions") from None
    if depth:
        raise ValueError("the function does not begin with a try")
    first = [_written(each) for each in (0, start + length, handler, depth)]
    first[0] = bytes([first[0][0] | _FIRST])
    rest = next((at for at in range(1, len(table)) if table[at] & _FIRST), len(table))
    return b"".join(first) + table[rest:]


def _numbers(table: bytes) -> Iterator[int]:
    number = 0
    for byte in table:
        number = number << _BITS | byte & (_MORE - 1)
        if not byte & _MORE:
            yield number
            number = 0


def _written(number: int) -> bytes:
    found = [number & (_MORE - 1)]
    while number := number >> _BITS:
        found.append(number & (_MORE - 1) | _MORE)
    return bytes(reversed(found))
