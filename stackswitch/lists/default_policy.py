"""The policy by which a list is computed if the user names none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from stackswitch.wasm.module import Module

from .policies import BUDGET, PolicyName

LARGE = 1_000_000
"""The least code (bytes of function bodies) for which likely functions are added. For less, instrumenting the
whole module costs half a megabyte at most.
"""


@dataclass(frozen=True)
class Choice:
    """A policy, and why it is that one."""

    policy: PolicyName
    reason: str


def default_policy(module: Module, observed: Collection[int], listed: int) -> Choice:
    """Choose ``ranked`` for a new list of a large module, and ``observed`` otherwise.

    - A list that has names is a decision of the user, and so is its size: only observed functions are added.
    - A small module is quickly tested, and cheaply instrumented whole (``typed``).
    - Where as much was observed to wait as ``ranked`` may take, ``ranked`` adds nothing.

    :param observed: functions on a stack at a wait, by index
    :param listed: how many entries the list has
    """
    if listed:
        names = f"{listed:,} name{'' if listed == 1 else 's'}"
        return Choice("observed", f"the list has {names}: only observed functions are added")
    whole = sum(end - start for start, end in module.bodies)
    code = f"{whole:,} bytes of code"
    if whole < LARGE:
        return Choice("observed", f"a new list for {code}: adding likely functions pays from {LARGE:,} on")
    share = module.code_bytes(observed) / whole
    if share >= BUDGET:
        return Choice(
            "observed",
            f"a new list for {code}: {share:.0%} of it was observed to wait, which is enough",
        )
    return Choice(
        "ranked",
        f"a new list for {code}, {share:.1%} of which was observed to wait: the likeliest other functions "
        f"are added, up to {BUDGET:.0%}",
    )
