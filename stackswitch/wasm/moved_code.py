"""Places in a module's code, from those in what was made of it by redirecting calls and adding functions."""

from __future__ import annotations

from bisect import bisect_right

from .instructions import CALL, REF_FUNC, RETURN_CALL
from .module import Module
from .scan import find_instructions

_REDIRECTED = frozenset({CALL, RETURN_CALL, REF_FUNC})


class MovedCode:
    """The code of a module as it was given, and as it runs.

    :param given: the module
    :param running: the same with functions added after all others, and with immediates of calls and
        ``ref.func`` changed
    """

    def __init__(self, given: Module, running: Module) -> None:
        self._given = given
        self._running = running
        self._ends: dict[int, tuple[list[int], list[int]]] = {}

    def is_added(self, function: int) -> bool:
        """Whether a function is not the given module's."""
        return function >= self._given.function_count

    def given_offset(self, function: int, offset: int) -> int:
        """Return where in the given module an instruction is.

        :param function: one that the given module defines
        :param offset: of the instruction in the running module (bytes)
        """
        if self._given is self._running or function < self._given.imported_function_count:
            return offset
        start, end = self._given.body_range(function)
        running_start, running_end = self._running.body_range(function)
        if end - start == running_end - running_start:
            return offset - running_start + start
        if function not in self._ends:
            self._ends[function] = (_call_ends(self._given, function), _call_ends(self._running, function))
        ends, running_ends = self._ends[function]
        at = bisect_right(running_ends, offset) - 1
        return offset - running_start + start if at < 0 else offset - running_ends[at] + ends[at]


def _call_ends(module: Module, function: int) -> list[int]:
    return [each.end for each in find_instructions(module.data, *module.code_range(function), _REDIRECTED)]
