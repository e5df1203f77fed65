"""The dominator tree against its definition, on random graphs and on one that defeats simpler algorithms."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stackswitch.wasm.adjacency import Adjacency, EdgeSets
from stackswitch.wasm.dominators import DominatorTree

Edges = list[tuple[int, int]]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, Edges]:
    nodes = draw(st.integers(1, 12))
    node = st.integers(0, nodes - 1)
    return nodes, draw(st.lists(st.tuples(node, node), max_size=30))


def adjacency(nodes: int, edges: Edges) -> Adjacency:
    return Adjacency.from_edges(nodes, ((source, [target]) for source, target in edges))


def reachable(edges: Edges, root: int, without: int | None = None) -> set[int]:
    found = {root} - {without}
    while more := {target for source, target in edges if source in found and target not in found | {without}}:
        found |= more
    return found


@settings(max_examples=500)
@given(graphs())
def test_a_node_dominates_what_cannot_be_reached_without_it(graph: tuple[int, Edges]) -> None:
    nodes, edges = graph
    tree = DominatorTree(adjacency(nodes, edges), 0)
    everything = reachable(edges, 0)
    assert set(tree.order) == everything
    assert {node for node in range(nodes) if tree.number[node] < 0} == set(range(nodes)) - everything
    weights = [node * node + 1 for node in tree.order]
    sums = tree.sums(weights)
    for node in everything:
        lost = everything - reachable(edges, 0, without=node) if node else everything
        one = tree.number[node]
        dominated = {other for other in everything if tree.dominates(one, tree.number[other])}
        assert dominated == lost
        assert sums[one] == sum(weights[tree.number[other]] for other in lost)
        # The immediate dominator is the nearest: nothing lies between.
        above = tree.order[tree.parent[one]]
        between = {
            other
            for other in everything - {node, above}
            if tree.dominates(tree.number[other], one)
            and tree.dominates(tree.number[above], tree.number[other])
        }
        assert not between


def test_a_long_chain_with_joins_at_both_ends_needs_no_recursion_and_no_quadratic_walk() -> None:
    count = 20_000
    edges = [(at, at + 1) for at in range(count)]
    edges += [each for at in range(count + 1, 2 * count) for each in ((0, at), (count, at))]
    tree = DominatorTree(adjacency(2 * count, edges), 0)
    assert [tree.order[tree.parent[tree.number[at]]] for at in (1, count, count + 1)] == [0, count - 1, 0]


@given(graphs())
def test_edges_are_the_same_forwards_and_backwards(graph: tuple[int, Edges]) -> None:
    nodes, edges = graph
    forwards = adjacency(nodes, edges)
    backwards = forwards.reversed()
    for node in range(nodes):
        assert sorted(forwards.of(node)) == sorted(target for source, target in edges if source == node)
        assert sorted(backwards.of(node)) == sorted(source for source, target in edges if target == node)
    sets = EdgeSets(forwards)
    assert dict(sets) == {source: {target for one, target in edges if one == source} for source, _ in edges}
    assert len(sets) == len({source for source, _ in edges})
    assert [node in sets for node in range(-1, nodes + 1)] == [
        any(source == node for source, _ in edges) for node in range(-1, nodes + 1)
    ]
