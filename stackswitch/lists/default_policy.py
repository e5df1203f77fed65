"""How a list is drawn where nobody has said how: by whose the list is, and what guessing would bring."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from stackswitch.wasm.module import Module

from .policies import BUDGET, PolicyName

LARGE = 1_000_000
"""From how much code on (bytes of function bodies) a list of likely functions is worth its while: below, the
whole module is instrumented for half a megabyte more.
"""


@dataclass(frozen=True)
class Choice:
    """A policy, and why it is that one."""

    policy: PolicyName
    reason: str


def default_policy(module: Module, seen: Collection[int], listed: int) -> Choice:
    """Choose ``ranked`` for a list drawn from nothing for a large module, and ``observed`` otherwise.

    - A list that has names is somebody's: what was seen is added, and nothing is guessed.
    - A small module is quickly tested, and cheaply instrumented whole (``typed``): nothing is guessed.
    - Where as much has been seen to wait as ``ranked`` may take, it has nothing to give.

    :param seen: functions seen on a stack at a wait, by index
    :param listed: how many entries the list has
    """
    if listed:
        names = f"{listed:,} name{'' if listed == 1 else 's'}"
        return Choice("observed", f"the list has {names}, and is completed by what was seen")
    whole = sum(end - start for start, end in module.bodies)
    code = f"{whole:,} bytes of code"
    if whole < LARGE:
        return Choice("observed", f"drawn from nothing, for {code}: a guess pays from {LARGE:,} on")
    imported = module.imported_function_count
    ranges = (module.body_range(each) for each in seen if each >= imported)
    share = sum(end - start for start, end in ranges) / whole
    if share >= BUDGET:
        return Choice(
            "observed",
            f"drawn from nothing, for {code}: {share:.0%} of it were seen waiting, which is enough",
        )
    return Choice(
        "ranked",
        f"drawn from nothing, for {code}, {share:.1%} of which were seen waiting: the likeliest of the rest "
        f"are taken too, up to {BUDGET:.0%}",
    )
