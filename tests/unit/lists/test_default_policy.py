from __future__ import annotations

import pytest
from wasmtime import wat2wasm

from stackswitch.lists import default_policy as rule
from stackswitch.lists.default_policy import default_policy
from stackswitch.wasm.module import parse_module

LONG = "(drop (i32.const 1))" * 30
MODULE = parse_module(
    bytes(
        wat2wasm(f'(module (import "env" "wait" (func)) (func) (func (call 0)) (func {LONG}) (func {LONG}))')
    )
)


def test_no_likely_functions_are_added_for_a_small_module() -> None:
    choice = default_policy(MODULE, {1, 2}, 0)
    assert choice.policy == "observed"
    assert "a new list for" in choice.reason


@pytest.mark.parametrize(
    ("observed", "listed", "policy"),
    [
        ({2}, 0, "ranked"),
        (set(), 0, "ranked"),
        ({2}, 3, "observed"),  # a list with names
        ({2, 3}, 0, "observed"),  # half of the code was observed
        ({0, 2}, 0, "ranked"),  # imports have no code
    ],
)
def test_likely_functions_are_added_for_a_large_module(
    observed: set[int], listed: int, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "LARGE", 100)
    assert default_policy(MODULE, observed, listed).policy == policy
