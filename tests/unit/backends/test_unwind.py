"""Asyncify's protocol, and each way of breaking it."""

from __future__ import annotations

import pytest

from stackswitch.backends.wasmtime.asyncify.state_machine import (
    NORMAL,
    REWINDING,
    RULES,
    UNWINDING,
    ProtocolError,
    StateMachine,
)

WAIT, OTHER = object(), object()


def suspended(name: str = "a") -> StateMachine[str]:
    machine: StateMachine[str] = StateMachine()
    machine.enter(name)
    assert not machine.waiting_import(WAIT, 0)
    assert machine.unwind(WAIT) is None
    assert machine.owner == name
    assert machine.left()
    return machine


def broken(rule: str, call: object) -> None:
    with pytest.raises(ProtocolError) as caught:
        call()  # type: ignore[operator]
    assert caught.value.rule == rule
    assert RULES[caught.value.rule] in str(caught.value)


def test_a_round_trip() -> None:
    machine = suspended()
    assert (machine.state, machine.running, machine.suspended) == (NORMAL, [], 1)
    machine.rewind("a")
    assert machine.state == REWINDING
    assert machine.waiting_import(WAIT, 0)
    assert (machine.state, machine.running, machine.suspended, machine.owner) == (NORMAL, ["a"], 0, None)
    assert not machine.left()
    assert machine.running == []


@pytest.mark.parametrize("seen", [False, True], ids=["all at once", "seen on its way"])
def test_a_rewind_that_an_adapter_ends(*, seen: bool) -> None:
    machine = suspended()
    if seen:
        machine.rewind("a")
    machine.resume("a")
    assert (machine.state, machine.running, machine.suspended, machine.owner) == (NORMAL, ["a"], 0, None)
    assert machine.switches == 2
    assert machine.unwind(OTHER) is None
    assert machine.left()


def test_an_adapter_ends_no_rewind_in_the_middle_of_another_switch() -> None:
    machine = suspended("a")
    machine.enter("b")
    machine.unwind(OTHER)
    broken("import-while-unwinding", lambda: machine.resume("a"))
    assert machine.left()
    machine.rewind("b")
    broken("import-while-unwinding", lambda: machine.resume("a"))


def test_a_call_that_never_waits() -> None:
    machine: StateMachine[str] = StateMachine()
    machine.enter("a")
    machine.plain_import()
    assert not machine.left()


def test_two_calls_resumed_out_of_order_hand_the_block_over() -> None:
    machine = suspended("a")
    machine.enter("b")
    assert not machine.waiting_import(OTHER, 0)
    assert machine.unwind(OTHER) == "a"
    assert machine.left()
    assert machine.suspended == 2
    assert machine.claim("a") == "b"
    machine.rewind("a")
    assert machine.waiting_import(WAIT, 0)
    assert not machine.left()
    assert machine.is_suspended("b")
    assert not machine.is_suspended("a")


def test_a_nested_call_unwinds_before_its_caller() -> None:
    machine: StateMachine[str] = StateMachine()
    machine.enter("outer")
    machine.enter("inner")
    machine.unwind(WAIT)
    assert machine.left()
    assert machine.running == ["outer"]
    machine.unwind(OTHER)
    assert machine.state == UNWINDING
    assert machine.left()
    assert machine.suspended == 2


def test_an_import_called_while_unwinding() -> None:
    machine: StateMachine[str] = StateMachine()
    machine.enter("a")
    machine.unwind(WAIT)
    broken("import-while-unwinding", machine.plain_import)
    broken("import-while-unwinding", lambda: machine.waiting_import(WAIT, 0))
    broken("import-while-unwinding", lambda: machine.enter("b"))


def test_what_is_reached_while_rewinding() -> None:
    machine = suspended()
    machine.rewind("a")
    broken("import-while-rewinding", machine.plain_import)
    broken("other-import", lambda: machine.waiting_import(OTHER, 0))
    broken("stack-left", lambda: machine.waiting_import(WAIT, 12))
    broken("not-reached", machine.left)
    broken("stack-left", lambda: machine.rewind("a"))


def test_forgetting_a_call_makes_the_instance_usable() -> None:
    machine = suspended()
    machine.rewind("a")
    machine.forget("a")
    assert (machine.state, machine.running, machine.owner, machine.suspended) == (NORMAL, [], None, 0)
    machine.enter("b")
    assert not machine.left()


def test_forgetting_an_inner_call_keeps_the_outer_one() -> None:
    machine: StateMachine[str] = StateMachine()
    machine.enter("outer")
    machine.enter("inner")
    machine.forget("inner")
    assert machine.running == ["outer"]
