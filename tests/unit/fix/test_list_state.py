from __future__ import annotations

from pathlib import Path

import pytest
from wasmtime import wat2wasm

from stackswitch.fix.list_evidence import Stacks
from stackswitch.fix.list_state import ListState
from stackswitch.fix.sources import shared_source
from stackswitch.lists import default_policy
from stackswitch.lists.assertions import Assertions
from stackswitch.lists.policies import PolicyName
from stackswitch.models.case import AsyncifyOptions
from stackswitch.models.trace import Suspension

CALLERS = " ".join(f"(func $get_{at} (call $leaf))" for at in range(12))
OTHERS = " ".join(f"(func $other_{at} {'(drop (i32.const 1))' * 40})" for at in range(40))
DATA = bytes(
    wat2wasm(f'(module (import "env" "wait" (func $wait)) (func $leaf (call $wait)) {CALLERS} {OTHERS})')
)
OBSERVED = {"leaf", *(f"get_{at}" for at in range(9))}


def computed(before: bytes | None, policy: PolicyName | None = None) -> tuple[set[str], str, str]:
    """Compute a list from nine callers of twelve; returns its names, the policy and the reason."""
    source = shared_source(Path("only.txt"), before)
    state = ListState(source, [DATA], policy, Assertions())
    stacks = [
        Suspension(
            module="m",
            backend="jspi",
            import_="env.wait",
            export="x",
            frames=((1, -1, "leaf"), (at + 2, -1, f"get_{at}")),
        )
        for at in range(9)
    ]
    options = AsyncifyOptions(only=source.lists["ASYNCIFY_ONLY"])
    observed = Stacks("case", DATA, options, (), tuple(stacks))
    state.evidence.add_needs("case", observed.needs())
    state.evidence.add_stacks(observed)
    state.update()
    how = state.policy()
    assert how is not None
    assert how.path == "only.txt"
    state.update()  # the next round: the names that the list now has do not change the policy
    assert state.policy() == how
    return set(state.source.lists["ASYNCIFY_ONLY"]), how.policy, how.reason


@pytest.mark.parametrize("before", [None, b""])
def test_a_new_list_for_a_large_module_is_computed_by_ranking(
    before: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(default_policy, "LARGE", 1000)
    names, policy, reason = computed(before)
    assert policy == "ranked"
    assert "a new list for" in reason
    assert OBSERVED < names <= OBSERVED | {"get_9", "get_10", "get_11"}


def test_a_list_that_has_names_is_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_policy, "LARGE", 1000)
    names, policy, reason = computed(b"get_1\nmine\n")
    assert (names, policy) == (OBSERVED | {"mine"}, "observed")
    assert "2 names" in reason


def test_a_small_module_and_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    names, policy, _ = computed(None)
    assert (names, policy) == (OBSERVED, "observed")
    monkeypatch.setattr(default_policy, "LARGE", 1000)
    assert computed(None, "observed") == (OBSERVED, "observed", "as requested")
