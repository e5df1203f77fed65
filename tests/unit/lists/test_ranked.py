"""What holds of the ranked policy whatever the module and the evidence."""

from __future__ import annotations

import random

import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st

from stackswitch.analysis.next_tests import next_tests
from stackswitch.lists.evidence import Evidence
from stackswitch.lists.policies import BUDGET, LEAST_MORE, ListBuilder
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import Module, parse_module


def module_with(seed: int, count: int) -> Module:
    """A module of families: some of whose members call a helper that waits, some of whom do not."""
    choose = random.Random(seed)
    body = []
    for at in range(count):
        family = ("net", "mem", "str")[at % 3]
        calls = {"net": "(call $wait)", "mem": "", "str": "(call $pick)"}[family]
        filler = "(drop (i32.const 1))" * choose.randrange(40)
        body.append(f'(func ${family}_{at} (@name "{family}_{at}") {filler} {calls})')
    table = " ".join(f"${('net', 'mem', 'str')[at % 3]}_{at}" for at in range(0, count, 2))
    text = (
        f'(module (type $v (func)) (import "env" "wait" (func $wait)) (table 64 funcref)'
        f"(elem (i32.const 0) func {table}) (func $pick (call_indirect (type $v) (i32.const 0)))"
        f'{"".join(body)} (func (export "main") (call $pick)))'
    )
    return parse_module(bytes(wasmtime.wat2wasm(text)))


@settings(max_examples=60)
@given(st.integers(0, 1000), st.integers(6, 40), st.integers(0, 2**40))
def test_seen_within_ranked_within_reach_and_budget(seed: int, count: int, chosen: int) -> None:
    module = module_with(seed, count)
    graph = call_graph(module)
    builder = ListBuilder(graph, [0])
    typed = sorted(builder.build("typed", Evidence()))
    seen = frozenset(each for at, each in enumerate(typed) if chosen >> at & 1)
    evidence = Evidence(seen, frozenset(), frozenset({0}))
    drawn = builder.build("ranked", evidence)
    assert seen <= drawn <= set(typed)
    assert drawn == ListBuilder(graph, [0]).build("ranked", evidence)

    def bytes_of(functions: frozenset[int]) -> int:
        return sum(end - start for start, end in map(module.body_range, functions))

    whole = sum(end - start for start, end in module.bodies)
    own = bytes_of(seen)
    assert bytes_of(drawn) <= max(BUDGET * whole, own * (1 + LEAST_MORE))


def test_where_more_was_seen_than_the_budget_a_quarter_of_that_is_added() -> None:
    """Functions of one size, all likely: as many are added as the least share allows."""
    same = "(drop (i32.const 1))" * 20
    body = "".join(f'(func $net_{at:02} (@name "net_{at:02}") {same} (call $wait))' for at in range(30))
    text = f'(module (import "env" "wait" (func $wait)) {body})'
    module = parse_module(bytes(wasmtime.wat2wasm(text)))
    builder = ListBuilder(call_graph(module), [0])
    added = {}
    for count in (1, 4, 8, 12, 20):
        seen = frozenset(range(1, 1 + count))
        drawn = builder.build("ranked", Evidence(seen, frozenset(), frozenset({0})))
        added[count] = len(drawn - seen)
    # 16 % of 30 functions are 4.8; a quarter of 8, 12 and 20 is 2, 3 and 5.
    assert added == {1: 3, 4: 1, 8: 2, 12: 3, 20: 5}


def test_without_evidence_there_is_nothing_to_learn_from() -> None:
    builder = ListBuilder(call_graph(module_with(1, 12)), [0])
    assert builder.build("ranked", Evidence()) == frozenset()
    # An import that waits is no observed function.
    assert builder.build("ranked", Evidence(frozenset({0}), frozenset(), frozenset({0}))) == frozenset()


def module_of(*bodies: tuple[str, str]) -> Module:
    """A module of functions with a name and a body each."""
    body = "".join(f'(func ${name} (@name "{name}") {text})' for name, text in bodies)
    text = (
        f'(module (type $v (func)) (import "env" "wait" (func $wait)) (table 9 funcref)'
        f"(elem (i32.const 0) func ${bodies[0][0]}) {body})"
    )
    return parse_module(bytes(wasmtime.wat2wasm(text)))


PAD = "(drop (i32.const 1))"
WAITS = f"{PAD * 20} (call $wait)"
LETTERS = "abcdefghijklmnopqrstuvwx"
PICKS = f"{PAD * 20} (call_indirect (type $v) (i32.const 0))"


def added_names(module: Module, seen: set[str], waited: frozenset[int] = frozenset({0})) -> set[str]:
    """What ``ranked`` adds where these functions were seen."""
    builder = ListBuilder(call_graph(module), [0])
    evidence = Evidence(frozenset(map(builder.index.by_name.get, seen)), frozenset(), waited)
    return {builder.index.names[each] for each in builder.build("ranked", evidence) - evidence.functions}


def test_the_likely_ones_come_first_and_of_those_the_small_ones() -> None:
    nets = [(f"net_{at:02}", WAITS) for at in range(12)]
    picks = [(f"str_{at:02}", PICKS) for at in range(12)]
    seen = {name for name, _ in nets[:8]}
    # A quarter of eight functions is room for two.
    added = added_names(module_of(*nets[:8], *picks, *nets[8:]), seen)
    assert len(added) == 2
    assert added <= {name for name, _ in nets}
    large = [(f"net_{at:02}", f"{PAD * 20}{WAITS}") for at in range(8, 12)]
    small = [(f"net_{at:02}", WAITS) for at in range(12, 16)]
    added = added_names(module_of(*nets[:8], *large, *small), seen)
    assert len(added) == 2
    assert added <= {name for name, _ in small}


def test_an_import_that_may_wait_counts_before_it_was_seen_to() -> None:
    """No name has a word in common with another, so what the functions call has to tell."""
    bodies = [
        (f"{letter}q", f"{PAD * 20} (call ${'zq' if at % 2 else 'wait'})")
        for at, letter in enumerate(LETTERS)
    ]
    module = module_of(*bodies, ("zq", PICKS))
    seen = {name for name, _ in bodies[:16:2]}
    added = added_names(module, seen, frozenset())
    assert len(added) == 2
    assert added <= {name for name, _ in bodies[16::2]}
    assert added == added_names(module, seen)


def test_a_family_that_waits_comes_before_one_that_does_not() -> None:
    module = module_with(7, 60)
    builder = ListBuilder(call_graph(module), [0])
    index = builder.index.by_name
    seen = frozenset(index[f"net_{at}"] for at in range(0, 30, 3))
    scores = builder.ranking.scores(seen, [0])
    net = [scores[index[f"net_{at}"]] for at in range(30, 60, 3)]
    others = [scores[index[f"str_{at}"]] for at in range(32, 60, 3)]
    assert min(net) > max(others)


def test_what_to_test_next_calls_through_a_table_and_was_never_seen() -> None:
    module = module_with(3, 30)
    graph = call_graph(module)
    builder = ListBuilder(graph, [0])
    index = builder.index.by_name
    evidence = Evidence(frozenset(index[f"net_{at}"] for at in range(0, 30, 3)), frozenset(), frozenset({0}))
    found = next_tests(builder, evidence)
    pick = next(each for each in found if index[each.function] in graph.indirect)
    # Who picks from the table, the ten that call it, and what calls it from outside.
    assert pick.brings == 12
    assert all(index[each.function] not in evidence.functions for each in found)
    assert next_tests(builder, Evidence()) == ()
