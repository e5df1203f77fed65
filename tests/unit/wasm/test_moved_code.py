"""Offsets in a module that runs with functions added and calls redirected, in the module that was given."""

from __future__ import annotations

import pytest
from wasmtime import wat2wasm

from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.moved_code import MovedCode

FILL = " ".join("(func)" for _ in range(140))
HEAD = '(module (import "e" "f" (func)) (elem declare func 1 140)'


def module(code: str, added: str = "") -> Module:
    """A module whose function 1 has this code; behind it are 140 others and what is added."""
    return parse_module(bytes(wat2wasm(f"{HEAD} (func {code}) {FILL} {added})")))


# Indexes of 128 and more take two bytes.
GIVEN = module("nop call 1 nop ref.func 1 drop return_call 1 nop")
LONGER = module("nop call 140 nop ref.func 140 drop return_call 140 nop", added="(func (local i32))")
# By instruction, where it is in the body: before, and with three indexes a byte longer.
PLACES = {
    "nop": (1, 1),
    "call": (2, 2),
    "then": (4, 5),
    "ref.func": (5, 6),
    "drop": (7, 9),
    "tail": (8, 10),
    "end": (11, 14),
}


@pytest.mark.parametrize("name", list(PLACES))
def test_an_instruction_behind_longer_calls_has_moved(name: str) -> None:
    moved = MovedCode(GIVEN, LONGER)
    before, now = PLACES[name]
    start, running_start = GIVEN.body_range(1)[0], LONGER.body_range(1)[0]
    assert moved.given_offset(1, running_start + now) == start + before
    # The answer is the same when the function has been read.
    assert moved.given_offset(1, running_start + now) == start + before


def test_a_body_that_has_not_changed_has_only_moved_as_a_whole() -> None:
    moved = MovedCode(GIVEN, LONGER)
    for function in (2, 100):
        start, running_start = GIVEN.body_range(function)[0], LONGER.body_range(function)[0]
        assert running_start != start
        assert moved.given_offset(function, running_start + 1) == start + 1


def test_what_is_not_moved() -> None:
    assert MovedCode(GIVEN, GIVEN).given_offset(1, 77) == 77
    assert MovedCode(GIVEN, LONGER).given_offset(0, 77) == 77  # an import


def test_functions_that_were_added() -> None:
    moved = MovedCode(GIVEN, LONGER)
    count = GIVEN.function_count
    assert LONGER.function_count == count + 1
    assert [moved.is_added(each) for each in (0, 1, count - 1, count)] == [False, False, False, True]
