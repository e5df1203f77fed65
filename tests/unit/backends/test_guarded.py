"""Tables of exception handlers, as the interpreter itself reads them."""

from __future__ import annotations

import dis
import sys
from typing import Any

import pytest

from stackswitch.backends.wasmtime.signal_safe import cover_start, guarded

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="no such tables before 3.11")


def entries(code: Any) -> list[Any]:
    return list(dis._parse_exception_table(code))  # type: ignore[attr-defined]


def sample(number: int, *more: int) -> object:
    try:
        for each in more:
            number += each
        if number:
            number = {}[number]
    except KeyError as error:
        try:
            return error
        except ValueError as worse:
            return worse
    return sum(more) + number * 3


def test_only_the_first_range_grows_down_to_the_start() -> None:
    code = sample.__code__
    changed = code.replace(co_exceptiontable=cover_start(code.co_exceptiontable))
    (first, *others), (was, *rest) = entries(changed), entries(code)
    assert was.start > 0
    assert first == was._replace(start=0)
    assert others == rest


def test_a_large_table_keeps_all_numbers() -> None:
    body = "\n".join(f"    x = {number} * y" for number in range(3000))
    source = "def f(y):\n  try:\n" + body.replace("    x", "      x") + "\n  except KeyError:\n    return 1\n"
    space: dict[str, Any] = {}
    exec(source, space)
    code = space["f"].__code__
    changed = code.replace(co_exceptiontable=cover_start(code.co_exceptiontable))
    assert [*map(tuple, entries(changed))] == [(0, *entries(code)[0][1:]), *map(tuple, entries(code)[1:])]


def test_a_guarded_function_does_what_it_did() -> None:
    def callback(number: int) -> str:
        try:
            return str(10 // number)
        except BaseException as error:  # noqa: BLE001
            return type(error).__name__

    assert guarded(callback) is callback
    assert [callback(each) for each in (5, 0)] == ["2", "ZeroDivisionError"]


def test_functions_that_do_not_begin_with_a_try_are_refused() -> None:
    def none() -> None:
        return

    def within() -> None:
        for _ in range(2):
            try:
                sample(1)
            except KeyError:
                return

    for function in (none, within):
        with pytest.raises(ValueError, match=r"handler|begin"):
            guarded(function)
