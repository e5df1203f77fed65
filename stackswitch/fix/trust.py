"""What a list rests on, and what the assertions change in it: pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from stackswitch.lists.assertions import Assertions
from stackswitch.lists.confidence import leave_one_out
from stackswitch.lists.evidence import Evidence
from stackswitch.lists.policies import PolicyName

from .needs import asserted_of, draw_by, drawn, facts_of
from .report import AssertionHeld, Confidence
from .seen import SourceSeen

MOST_DRAWS = 50
"""How many lists are drawn at most to say how far one can be trusted."""
MOST_RANKINGS = 10
"""The same for the policy that fits a model for each."""


def confidence(
    path: str,
    seen: SourceSeen,
    policy: PolicyName,
    assertions: Assertions,
    *,
    before: Collection[str] = (),
    kept: Collection[str] = (),
) -> Confidence | None:
    """Leave cases out in turn, draw the list from the others, and see whether it would have held.

    None: nothing waited, or only one case.

    :param before: the entries of the list as it was read
    :param kept: those of them that are still there: the list of the others has them too
    """
    waited = {
        (data, case): each
        for data, cases in seen.evidence.items()
        for case, each in cases.items()
        if each.functions
    }
    if len(waited) < 2:
        return None
    covered = held = 0
    uncovered: dict[str, tuple[str, ...]] = {}
    groups: int | None = None
    for data in seen.evidence:
        cases = {case: each for (of, case), each in waited.items() if of == data}
        if not cases:
            continue
        parts = None
        most = MOST_RANKINGS if policy == "ranked" else MOST_DRAWS
        if len(cases) > most:
            groups = most
            parts = {case: str(at % most) for at, case in enumerate(sorted(cases))}
        facts, waiting = facts_of(data), seen.waiting[data]
        listed, base = facts.matching(before), facts.matching(kept)
        held += sum(not facts.names(each.functions - listed) for each in cases.values())

        def draw(
            evidence: Evidence,
            data: bytes = data,
            waiting: set[str] = waiting,
            base: frozenset[int] = base,
        ) -> frozenset[int]:
            return base | drawn(data, policy, evidence, waiting, assertions)

        found = leave_one_out(cases, draw, parts)
        covered += len(found.covered)
        uncovered |= {case: tuple(sorted(facts.names(gap))) for case, gap in found.missing.items()}
    return Confidence(
        path=path, cases=len(waited), before=held, covered=covered, uncovered=uncovered, groups=groups
    )


def savings(
    seen: Iterable[tuple[SourceSeen, PolicyName]], assertions: Assertions
) -> tuple[AssertionHeld, ...]:
    """Say what each assertion spares or costs, in all modules together.

    :param seen: by file of lists, with the policy that its list is drawn by
    """
    functions: defaultdict[tuple[str, str], int] = defaultdict(int)
    sizes: defaultdict[tuple[str, str], int] = defaultdict(int)
    if not assertions:
        return ()
    for source, policy in seen:
        for data, evidence in source.whole().items():
            facts = facts_of(data)
            imports = evidence.imports | facts.import_indexes(source.waiting[data])
            draw = draw_by(facts, policy, evidence, imports)
            for one in asserted_of(data, assertions).savings(facts.graph, draw):
                functions[one.kind, one.entry] += len(one.functions)
                sizes[one.kind, one.entry] += facts.body_bytes(one.functions)
    return tuple(
        AssertionHeld.model_validate(
            {"kind": kind, "entry": entry, "functions": count, "bytes": sizes[kind, entry]}
        )
        for (kind, entry), count in functions.items()
    )
