"""What to test next: functions that call through a table and were never observed to wait."""

from __future__ import annotations

from stackswitch.lists.evidence import Evidence
from stackswitch.lists.policies import ListBuilder

from .facts import NextTest

_LOOKED_AT = 40


def next_tests(builder: ListBuilder, evidence: Evidence, most: int = 10) -> tuple[NextTest, ...]:
    """Return the functions most worth a case, by their probability times the functions that they add."""
    if not evidence.functions:
        return ()
    graph, observed = builder.graph, evidence.functions
    scores = builder.ranking.scores(observed, builder.imports | evidence.imports)
    through = [each for each in scores if each in graph.indirect or each in graph.call_ref]
    through.sort(key=lambda each: (-scores[each], each))
    found = []
    for each in through[:_LOOKED_AT]:
        brings = len({each, *graph.callers_reaching([each], through_indirect=False)} - observed)
        found.append((-scores[each] * brings, each, brings))
    return tuple(
        NextTest(function=builder.index.names[each], chance=round(scores[each], 3), brings=brings)
        for _, each, brings in sorted(found)[:most]
    )
