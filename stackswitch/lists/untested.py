"""What to test next: callers through tables that no case has seen wait, and that would bring much."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from stackswitch.wasm.callgraph import CallGraph

from .evidence import Evidence
from .ranking import Ranking

_LOOKED_AT = 40


@dataclass(frozen=True)
class Untested:
    """A dispatcher that no case has exercised.

    :ivar function: its index
    :ivar chance: how likely it is to wait, going by what was seen, 0 to 1
    :ivar brings: how many functions never seen could wait below a call of it: itself and all direct callers
    """

    function: int
    chance: float
    brings: int


def to_test(
    graph: CallGraph, ranking: Ranking, evidence: Evidence, waiting: Collection[int], most: int = 10
) -> list[Untested]:
    """Return the dispatchers that are most worth a case, the most first: the chance times what it brings."""
    if not evidence.functions:
        return []
    scores = ranking.scores(evidence.functions, {*waiting, *evidence.imports})
    through = [each for each in scores if each in graph.indirect or each in graph.call_ref]
    through.sort(key=lambda each: (-scores[each], each))
    seen = evidence.functions
    found = []
    for each in through[:_LOOKED_AT]:
        brings = {each, *graph.callers_reaching([each], through_indirect=False)} - seen
        found.append(Untested(each, scores[each], len(brings)))
    found.sort(key=lambda one: (-one.chance * one.brings, one.function))
    return found[:most]
