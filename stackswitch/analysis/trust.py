"""What assertions of the configuration change, and how lists do on cases that are left out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from stackswitch.lists.assertions import Asserted, Assertions
from stackswitch.lists.evidence import Evidence
from stackswitch.lists.holdout import leave_one_out
from stackswitch.lists.namelist import NameIndex
from stackswitch.lists.policies import ListBuilder, PolicyName
from stackswitch.wasm.callgraph import CallGraph

from .facts import AssertionEffect, CoverageLeftOut, EffectOnPolicy

PARTS = 5
"""How many parts many cases are divided into, each left out in turn."""
_BY_EVIDENCE: tuple[PolicyName, ...] = ("observed", "ranked", "dispatch")
_STATIC: tuple[PolicyName, ...] = ("typed", "auto")


def assertion_effects(
    graph: CallGraph, index: NameIndex, assertions: Assertions, waiting: frozenset[int], evidence: Evidence
) -> tuple[AssertionEffect, ...]:
    """Say what each assertion removes or adds, by policy: those that add more than was observed.

    One that matches nothing here changes nothing: it may be about another module of the project.

    :raises ConfigError: two contradict each other
    """
    if not assertions:
        return ()
    asserted = Asserted(assertions, index)
    found: dict[tuple[str, str], list[EffectOnPolicy]] = {}
    policies: tuple[PolicyName, ...] = ("dispatch", *_STATIC) if evidence.functions else _STATIC
    for policy in policies:

        def compute(calls: CallGraph, policy: PolicyName = policy) -> frozenset[int]:
            return ListBuilder(calls, waiting).build(policy, evidence)

        for each in asserted.savings(graph, compute):
            effect = EffectOnPolicy(
                policy=policy,
                functions=len(each.functions),
                code_bytes=graph.module.code_bytes(each.functions),
            )
            found.setdefault((each.kind, each.entry), []).append(effect)
    return tuple(
        AssertionEffect.model_validate({"kind": kind, "entry": entry, "policies": tuple(effects)})
        for (kind, entry), effects in found.items()
    )


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
