"""Asyncify's protocol, and each way of breaking it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from stackswitch.backends.wasmtime.asyncify.state_machine import NORMAL, REWINDING, UNWINDING, StateMachine
from stackswitch.backends.wasmtime.errors import RULES, ProtocolError, Rule

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
    broken("entered-while-switching", lambda: machine.enter("b"))


def test_what_is_reached_while_rewinding() -> None:
    machine = suspended()
    machine.rewind("a")
    broken("import-while-rewinding", machine.plain_import)
    broken("other-import", lambda: machine.waiting_import(OTHER, 0))
    broken("stack-left", lambda: machine.waiting_import(WAIT, 12))
    broken("not-reached", machine.left)
    broken("entered-while-switching", lambda: machine.rewind("a"))


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


def test_forgetting_an_outer_call_forgets_those_within() -> None:
    machine: StateMachine[str] = StateMachine()
    for name in ("first", "outer", "inner"):
        machine.enter(name)
    machine.unwind(WAIT)
    machine.forget("outer")
    assert (machine.running, machine.state) == (["first"], NORMAL)


def test_forgetting_a_call_set_aside_leaves_the_others_alone() -> None:
    machine = suspended("a")
    machine.enter("b")
    machine.unwind(OTHER)
    machine.forget("a")
    assert (machine.state, machine.running, machine.owner, machine.suspended) == (UNWINDING, ["b"], "b", 1)
    assert machine.left()
    machine.forget("stranger")
    assert (machine.owner, machine.suspended) == ("b", 1)


def test_the_block_of_the_same_call_need_not_be_set_aside() -> None:
    machine = suspended("a")
    assert machine.claim("a") is None
    machine.rewind("a")
    assert machine.owner == "a"
    machine.state = NORMAL
    assert machine.unwind(WAIT) is None


def test_what_is_begun_in_the_middle_of_a_switch() -> None:
    machine: StateMachine[str] = StateMachine()
    machine.enter("a")
    machine.unwind(WAIT)
    broken("entered-while-switching", lambda: machine.rewind("b"))
    broken("import-while-unwinding", lambda: machine.resume("a"))
    machine.left()
    machine.rewind("a")
    broken("entered-while-switching", lambda: machine.enter("b"))


def test_the_states_are_those_that_the_guest_gives() -> None:
    # Binaryen: src/passes/Asyncify.cpp, enum State.
    assert (NORMAL, UNWINDING, REWINDING) == (0, 1, 2)


def test_each_rule_has_its_words() -> None:
    assert RULES.keys() == set(get_args(Rule))
    assert str(ProtocolError("overflow")) == RULES["overflow"]
    assert str(ProtocolError("overflow", "4 bytes")) == f"{RULES['overflow']} (4 bytes)"


# --- the table that the JavaScript machine is tested against too

TABLE = json.loads((Path(__file__).parents[2] / "data" / "asyncify-transitions.json").read_text("utf-8"))
STATES = {"normal": NORMAL, "unwinding": UNWINDING, "rewinding": REWINDING}


def machine_in(state: str) -> StateMachine[str]:
    machine: StateMachine[str] = StateMachine()
    machine.enter("a")
    if state != "running":
        machine.unwind(WAIT)
    if state in ("suspended", "rewinding"):
        machine.left()
    if state == "rewinding":
        machine.rewind("a")
    return machine


def happens(machine: StateMachine[str], row: dict[str, Any]) -> object:
    import_ = OTHER if row.get("other") else WAIT
    events: dict[str, Any] = {
        "enter": lambda: machine.enter("b"),
        "plain-import": machine.plain_import,
        "waiting-import": lambda: machine.waiting_import(import_, row["saved"]),
        "unwind": lambda: machine.unwind(WAIT),
        "left": machine.left,
        "rewind": lambda: machine.rewind("a"),
        "forget": lambda: machine.forget("a"),
    }
    return events[row["event"]]()


@pytest.mark.parametrize("row", TABLE["rows"], ids=lambda row: f"{row['state']}: {row['event']}")
def test_the_table_of_transitions(row: dict[str, Any]) -> None:
    machine = machine_in(row["state"])
    before = machine.state
    if "breaks" in row:
        broken(row["breaks"], lambda: happens(machine, row))
        assert machine.state == before
        return
    returned = happens(machine, row)
    assert machine.state == STATES[row["then"]]
    if "returns" in row:
        assert returned is row["returns"]
    if "suspended" in row:
        assert machine.is_suspended("a") is row["suspended"]


def test_the_table_has_each_state_with_each_event_that_can_come() -> None:
    there = {(row["state"], row["event"]) for row in TABLE["rows"]}
    states, events = {state for state, _ in there}, {event for _, event in there}
    cannot = {
        ("running", "rewind"),
        *((state, "unwind") for state in ("suspended", "unwinding", "rewinding")),
        *(("suspended", event) for event in ("plain-import", "waiting-import", "left")),
    }
    assert {(state, event) for state in states for event in events} - there == cannot


# --- what an adapter does without the host


def everything(machine: StateMachine[str]) -> tuple[object, ...]:
    return machine.state, machine.running, machine.owner, machine.waits, machine.switches


@pytest.mark.parametrize("below", [False, True], ids=["alone", "below another call"])
@pytest.mark.parametrize("noticed", ["nothing", "rewinding", "resumed", "unwinding"])
def test_what_an_adapter_does_alone_equals_its_steps(noticed: str, *, below: bool) -> None:
    """It rewinds a call and unwinds it again; the host may look at any time in between."""
    stepwise, alone = machine_in("suspended"), machine_in("suspended")
    if below:
        stepwise.enter("outer")
        alone.enter("outer")
    stepwise.rewind("a")
    assert stepwise.waiting_import(WAIT, 0)
    stepwise.unwind(OTHER)
    assert stepwise.left()
    if noticed == "rewinding":
        alone.rewind("a")
    if noticed in ("resumed", "unwinding"):
        alone.resume("a")
    if noticed == "unwinding":
        alone.unwind(OTHER)
    if noticed in ("nothing", "rewinding"):
        alone.suspend_again("a", OTHER)
    else:
        alone.suspend("a", OTHER)
    assert everything(alone) == everything(stepwise)


def test_an_adapter_suspends_a_call_that_has_just_begun() -> None:
    stepwise, alone = machine_in("unwinding"), machine_in("running")
    stepwise.left()
    alone.suspend("a", WAIT)
    assert everything(alone) == everything(stepwise)


def test_an_adapter_suspends_no_call_in_the_middle_of_another_switch() -> None:
    machine = machine_in("unwinding")
    broken("import-while-unwinding", lambda: machine.suspend("b", WAIT))
    assert machine.state == UNWINDING


def test_a_call_that_an_adapter_suspends_unseen_has_switched_twice() -> None:
    machine: StateMachine[str] = StateMachine()
    machine.suspend("a", WAIT)
    assert (machine.state, machine.running, machine.owner, machine.switches) == (NORMAL, [], "a", 2)
    machine.enter("outer")
    machine.suspend("b", OTHER)
    assert (machine.running, machine.owner, machine.suspended, machine.switches) == (["outer"], "b", 2, 4)


def test_suspending_again_counts_the_rewind_and_the_unwind() -> None:
    machine: StateMachine[str] = StateMachine()
    machine.suspend("a", WAIT)
    machine.suspend_again("a", OTHER)
    assert (machine.waits, machine.running, machine.switches) == ({"a": OTHER}, [], 4)
    machine.enter("outer")
    machine.suspend_again("a", WAIT)
    assert (machine.waits, machine.running, machine.switches) == ({"a": WAIT}, ["outer"], 6)
    machine.rewind("a")
    machine.suspend_again("a", OTHER)
    assert (machine.waits, machine.running, machine.switches) == ({"a": OTHER}, ["outer"], 8)
    assert machine.state == NORMAL
