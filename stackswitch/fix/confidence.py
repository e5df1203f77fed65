"""How far a list can be trusted, and what the assertions change in it: pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from stackswitch.analysis.imports import import_indexes
from stackswitch.lists.evidence import Evidence
from stackswitch.lists.holdout import leave_one_out
from stackswitch.lists.policies import PolicyName

from .list_evidence import ListEvidence
from .needs import asserted_of, calls_of, functions_by, functions_for
from .report import AssertionEffectOnLists, ListCoverage

MOST_LISTS = 50
"""How many lists are computed at most to say how far one can be trusted."""
MOST_RANKINGS = 10
"""The same for the policy that fits a model for each."""


def confidence(
    path: str,
    evidence: ListEvidence,
    policy: PolicyName,
    *,
    before: Collection[str] = (),
    still_listed: Collection[str] = (),
) -> ListCoverage | None:
    """Leave cases out in turn, compute the list from the others, and say whether it covers those left out.

    None: fewer than two cases waited.

    :param before: the entries of the list as it was read
    :param still_listed: those of them that are still listed: the list of the others has them too
    """
    waited = {
        data: {case: each for case, each in cases.items() if each.functions}
        for data, cases in evidence.by_case.items()
    }
    total = sum(map(len, waited.values()))
    if total < 2:
        return None
    covered = covered_before = 0
    uncovered: dict[str, tuple[str, ...]] = {}
    groups: int | None = None
    for data, cases in waited.items():
        if not cases:
            continue
        most = MOST_RANKINGS if policy == "ranked" else MOST_LISTS
        groups = most if len(cases) > most else groups
        calls, waiting = calls_of(data), evidence.waiting[data]
        listed, base = calls.index.matching_any(before), calls.index.matching_any(still_listed)
        covered_before += sum(not calls.index.defined(each.functions - listed) for each in cases.values())

        def compute(
            others: Evidence,
            data: bytes = data,
            waiting: set[str] = waiting,
            base: frozenset[int] = base,
        ) -> frozenset[int]:
            return base | functions_by(policy, data, others, waiting, evidence.assertions)

        found = leave_one_out(cases, compute, most)
        covered += len(found.covered)
        uncovered |= {case: tuple(sorted(calls.index.defined(gap))) for case, gap in found.missing.items()}
    return ListCoverage(
        path=path, cases=total, before=covered_before, covered=covered, uncovered=uncovered, groups=groups
    )


def assertion_effects(lists: Iterable[tuple[ListEvidence, PolicyName]]) -> tuple[AssertionEffectOnLists, ...]:
    """Say what each assertion removes or adds, in all modules together.

    :param lists: by file, the evidence and the policy that its list is computed by
    """
    functions: defaultdict[tuple[str, str], int] = defaultdict(int)
    sizes: defaultdict[tuple[str, str], int] = defaultdict(int)
    for known, policy in lists:
        for data in known.by_case if known.assertions else ():
            calls, evidence = calls_of(data), known.of_module(data)
            imports = evidence.imports | import_indexes(calls.module, known.waiting[data])
            compute = functions_for(calls, policy, evidence, imports)
            for one in asserted_of(data, known.assertions).savings(calls.graph, compute):
                functions[one.kind, one.entry] += len(one.functions)
                sizes[one.kind, one.entry] += calls.module.code_bytes(one.functions)
    return tuple(
        AssertionEffectOnLists.model_validate(
            {"kind": kind, "entry": entry, "functions": count, "bytes": sizes[kind, entry]}
        )
        for (kind, entry), count in functions.items()
    )
