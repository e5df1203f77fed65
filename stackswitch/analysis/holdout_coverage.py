"""How many cases a list covers that was computed without them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from stackswitch.lists.evidence import Evidence
from stackswitch.lists.holdout import leave_one_out
from stackswitch.lists.policies import ListBuilder, PolicyName

from .facts import CoverageLeftOut

PARTS = 5
"""How many parts many cases are divided into, each left out in turn."""
_BY_EVIDENCE: tuple[PolicyName, ...] = ("observed", "ranked", "dispatch")


def coverage_left_out(builder: ListBuilder, cases: Mapping[str, Evidence]) -> tuple[CoverageLeftOut, ...]:
    """Leave cases out, compute the list from the others, and say how many it covers, by policy.

    :param cases: by trace; those in which nothing waits do not count
    """
    waited = {case: each for case, each in sorted(cases.items()) if each.functions}
    if len(waited) < 2:
        return ()

    return tuple(
        CoverageLeftOut(
            policy=policy,
            cases=len(waited),
            parts=min(PARTS, len(waited)),
            covered=len(leave_one_out(waited, partial(builder.build, policy), PARTS).covered),
        )
        for policy in _BY_EVIDENCE
    )
