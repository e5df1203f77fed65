from __future__ import annotations

from pathlib import Path

import pytest
from wasmtime import wat2wasm

from stackswitch.fix.ledger import Ledger
from stackswitch.fix.seen import Stacks
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
SEEN = {"leaf", *(f"get_{at}" for at in range(9))}


def drawn(before: bytes | None, policy: PolicyName | None = None) -> tuple[set[str], str, str]:
    """Draw a list from nine callers of twelve; returns its names, the policy and the reason."""
    source = shared_source(Path("only.txt"), before)
    ledger = Ledger([source], [[DATA]], policy, Assertions())
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
    ledger.take(0, Stacks("case", DATA, options, (), tuple(stacks)))
    ledger.draw()
    (how,) = ledger.policies()
    assert how.path == "only.txt"
    ledger.draw()  # the next round: what the list now has does not make it somebody's
    assert ledger.policies() == (how,)
    return set(ledger.sources[0].lists["ASYNCIFY_ONLY"]), how.policy, how.reason


@pytest.mark.parametrize("before", [None, b""])
def test_a_list_for_a_large_module_is_drawn_from_nothing_by_ranking(
    before: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(default_policy, "LARGE", 1000)
    names, policy, reason = drawn(before)
    assert policy == "ranked"
    assert "drawn from nothing" in reason
    assert SEEN < names <= SEEN | {"get_9", "get_10", "get_11"}


def test_a_list_that_is_somebodys_is_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_policy, "LARGE", 1000)
    names, policy, reason = drawn(b"get_1\nmine\n")
    assert (names, policy) == (SEEN | {"mine"}, "observed")
    assert "2 names" in reason


def test_a_small_module_and_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    names, policy, _ = drawn(None)
    assert (names, policy) == (SEEN, "observed")
    monkeypatch.setattr(default_policy, "LARGE", 1000)
    assert drawn(None, "observed") == (SEEN, "observed", "as asked")
