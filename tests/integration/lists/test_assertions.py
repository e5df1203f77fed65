"""Requests of ours are what the policies say, and ``never`` is what Binaryen's remove-list does."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from stackswitch.binaryen.asyncify import AsyncifyRequest, Binaryen, open_binaryen
from stackswitch.lists.assertions import Asserted, Assertions, without
from stackswitch.lists.evidence import Evidence
from stackswitch.lists.policies import ListBuilder, PolicyName
from stackswitch.wasm.asyncified import instrumented_functions
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import parse_module
from tests.pass_options import built_list

from .test_policies import random_evidence, random_module

Run = Callable[[Coroutine[Any, Any, Any]], Any]
POLICIES: tuple[PolicyName, ...] = ("dispatch", "typed")


@pytest.fixture(scope="module")
def binaryen(run: Run) -> Iterator[Binaryen]:
    opened = run(open_binaryen())
    yield opened
    run(opened.aclose())


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("asserts_never", [False, True])
def test_the_pass_takes_the_policys_functions(
    run: Run, binaryen: Binaryen, policy: PolicyName, *, asserts_never: bool
) -> None:
    spared = 0
    for seed in range(100, 140):
        wasm = random_module(seed)
        module = parse_module(wasm)
        graph, evidence = call_graph(module), random_evidence(module, seed)
        if policy == "dispatch" and not evidence.dispatchers:
            evidence = Evidence(evidence.functions, evidence.functions)
        builder = ListBuilder(graph, [0])
        drawn = built_list(builder, policy, evidence)
        never: tuple[str, ...] = ()
        expected = drawn.functions
        if asserts_never:
            # What was seen waiting cannot be asserted never to: that is an error, in Binaryen too.
            waited = builder.index.matching
            seen = frozenset().union(*(waited(name) for name in drawn.options.lists.get("ASYNCIFY_ADD", ())))
            free = [
                each
                for each in sorted(drawn.functions - seen)
                if not waited(builder.index.names[each]) & seen
            ]
            if not free:
                continue
            never = tuple(builder.index.names[each] for each in random.Random(seed).choices(free, k=2))
            held = Asserted(Assertions(never), builder.index)
            before, drawn = drawn, built_list(ListBuilder(without(graph, held.never), [0]), policy, evidence)
            expected = drawn.functions - held.never
            spared += len(before.functions - expected)
        result = run(
            binaryen.asyncify(
                AsyncifyRequest(
                    wasm=wasm,
                    imports=drawn.options.lists["ASYNCIFY_IMPORTS"],
                    add=drawn.options.lists.get("ASYNCIFY_ADD"),
                    remove=never or None,
                    ignore_indirect=drawn.options.ignore_indirect,
                    propagate_add=drawn.options.propagate_add,
                )
            )
        )
        assert instrumented_functions(parse_module(result.wasm)) == expected, (seed, never)
    assert not asserts_never or spared > 20
