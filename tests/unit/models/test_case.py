from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from stackswitch.models.case import Case, Step
from stackswitch.models.expect import Expect
from stackswitch.models.host import HostCall

MINIMAL: dict[str, Any] = {"id": "a/b", "why": "x", "source": "a.wat", "export": "main"}


def case(**changes: Any) -> Case:
    return Case.model_validate(MINIMAL | changes)


def test_the_short_form_is_one_call() -> None:
    short = case(args=["i32:0x28"], expect={"values": ["i32:42"]})
    assert short.script == (Step(call="main", args=("i32:40",), expect=Expect(values=("i32:42",))),)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"export": None}, "either export"),
        ({"step": [{"call": "f"}]}, "either export"),
        ({"surprise": 1}, "surprise"),
        ({"id": "../up"}, "not a case id"),
        ({"needs": ["warp-drive"]}, "is not a feature"),
        ({"args": ["int:1"]}, "not a value"),
        ({"timeout_s": 0}, "greater than 0"),
        ({"host": [{"import": "wait"}]}, "module.name"),
        ({"host": [{"import": "e.w", "returns": "arg:x"}]}, "arg:N"),
        ({"host": [{"import": "e.w", "writes": [{"at": -1, "hex": "00"}]}]}, "not negative"),
        ({"differs": [{"expect": {"trap": "exit"}, "reason": "r"}]}, "names a backend"),
        ({"differs": [{"engine": "node=24", "expect": {}, "reason": "r"}]}, "not an engine"),
        ({"instance": [{"name": "main", "source": "b.wat"}]}, "one name"),
        ({"expect": {"feature": "warp-drive"}}, "is not a feature"),
        ({"expect": {"missing": {"WRONG_LIST": ["f"]}}}, "ASYNCIFY_ONLY"),
    ],
)
def test_what_is_no_case_is_refused_and_says_why(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        case(**changes)


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ([{}], "exactly one"),
        ([{"call": "f", "release": "g"}], "exactly one"),
        ([{"start": "a"}], "names its export"),
        ([{"call": "f", "export": "g"}], "names its export"),
        ([{"finish": "a"}], "no step before it started"),
        ([{"cancel": "a"}], "no step before it started"),
        ([{"start": "a", "export": "f"}, {"start": "a", "export": "f"}], "two steps start"),
        ([{"call": "f", "instance": "other"}], "there are main"),
    ],
)
def test_steps_that_cannot_be_taken_are_refused(steps: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        case(export=None, step=steps)


@pytest.mark.parametrize(
    ("entry", "waits"),
    [
        ({}, False),
        ({"delay_ms": 0}, True),
        ({"gate": "g"}, True),
        ({"rejects": "no"}, True),
        ({"throws": "no"}, False),
        ({"suspending": True}, True),
        ({"delay_ms": 1, "suspending": False}, False),
        ({"calls": [{"export": "f", "suspending": True}]}, True),
        ({"calls": [{"export": "f"}]}, False),
    ],
)
def test_which_imports_wait(entry: dict[str, Any], waits: bool) -> None:
    assert HostCall.model_validate({"import": "e.w", **entry}).waits is waits
    assert case(host=[{"import": "e.w", **entry}]).waiting_imports == (("e.w",) if waits else ())


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ({}, "returned"),
        ({"trap": "exit"}, "trapped"),
        ({"missing": {"ASYNCIFY_ONLY": ["f"]}}, "needs-list-fix"),
        ({"feature": "gc"}, "unsupported"),
        ({"trap": "exit", "outcome": "hung"}, "hung"),
    ],
)
def test_the_outcome_follows_from_what_is_expected(given: dict[str, Any], outcome: str) -> None:
    assert Expect.model_validate(given).outcome == outcome


def test_exports_that_are_called_include_those_that_the_host_calls_in_a_way_that_may_wait() -> None:
    calls = [{"export": "inner", "suspending": True}, {"export": "plain"}]
    both = case(
        export=None,
        step=[{"call": "f"}, {"start": "a", "export": "g"}, {"finish": "a"}],
        host=[{"import": "e.w", "calls": calls}],
    )
    assert both.called_exports == ("f", "g", "inner")


def test_a_model_survives_json() -> None:
    full = case(host=[{"import": "e.w", "returns": "i32:2", "delay_ms": 1, "rejects": "boom"}])
    assert Case.model_validate_json(full.model_dump_json(by_alias=True)) == full
