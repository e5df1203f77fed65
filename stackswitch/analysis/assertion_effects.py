"""What assertions of the configuration change in the lists of each policy."""

from __future__ import annotations

from stackswitch.lists.assertions import Asserted, Assertions
from stackswitch.lists.evidence import Evidence
from stackswitch.lists.namelist import NameIndex
from stackswitch.lists.policies import ListBuilder, PolicyName
from stackswitch.wasm.callgraph import CallGraph

from .facts import AssertionEffect, EffectOnPolicy

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
