"""Dominators of a graph, in time that is nearly linear on every shape.

A node dominates another if all ways from the root to that one go through it. Source: Lengauer and Tarjan, "A
Fast Algorithm for Finding Dominators in a Flowgraph" (1979), the simple version: O(edges log nodes). The
algorithm of Cooper, Harvey and Kennedy is shorter, but quadratic on long chains with far joins.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from .adjacency import Adjacency


class DominatorTree:
    """The dominators of the nodes that can be reached from a root.

    Numbers are those of a depth-first search; the root has 0. ``order`` maps a number to its node, ``number``
    a node to its number (-1: not reachable), ``parent`` a number to that of the immediate dominator, which
    is smaller (the root's is 0).
    """

    def __init__(self, edges: Adjacency, root: int) -> None:
        self.order, self.number, tree = _search(edges, root)
        self.parent = _immediate_dominators(edges, self.order, self.number, tree)
        self._places, self._sizes = _intervals(self.parent)

    def dominates(self, one: int, other: int) -> bool:
        """Whether all ways to ``other`` go through ``one`` (both by number); a node dominates itself."""
        place = self._places[one]
        return place <= self._places[other] < place + self._sizes[one]

    def sums(self, weights: Sequence[int]) -> list[int]:
        """Return, by number, the weights of all that each node dominates, itself among them.

        :param weights: by number
        """
        sums = list(weights)
        for each in range(len(sums) - 1, 0, -1):
            sums[self.parent[each]] += sums[each]
        return sums


def _search(edges: Adjacency, root: int) -> tuple[array[int], array[int], array[int]]:
    """Return the order of a depth-first search, each node's number, each number's parent in its tree."""
    number = array("i", [-1]) * edges.nodes
    order, tree = array("I", [root]), array("i", [0])
    number[root] = 0
    starts, targets = edges.starts, edges.targets
    following = starts[:]
    stack = [root]
    while stack:
        node = stack[-1]
        at, end = following[node], starts[node + 1]
        while at < end and number[targets[at]] >= 0:
            at += 1
        following[node] = at + 1
        if at >= end:
            stack.pop()
            continue
        target = targets[at]
        number[target] = len(order)
        order.append(target)
        tree.append(number[node])
        stack.append(target)
    return order, number, tree


def _immediate_dominators(
    edges: Adjacency, order: array[int], number: array[int], tree: array[int]
) -> array[int]:
    count = len(order)
    sources = _sources(edges, order, number)
    semi, label = array("i", range(count)), array("i", range(count))
    ancestor = array("i", [-1]) * count
    immediate = array("i", [0]) * count
    first, following = array("i", [-1]) * count, array("i", [-1]) * count
    """The bucket of each semidominator, as linked lists."""

    def evaluated(node: int) -> int:
        """Return the node with the least semidominator on the way up the forest, whose path is compressed."""
        if ancestor[node] < 0:
            return node
        path = []
        while ancestor[ancestor[node]] >= 0:
            path.append(node)
            node = ancestor[node]
        for each in reversed(path):
            above = ancestor[each]
            if semi[label[above]] < semi[label[each]]:
                label[each] = label[above]
            ancestor[each] = ancestor[above]
        return label[path[0] if path else node]

    for node in range(count - 1, 0, -1):
        for source in sources.of(node):
            semi[node] = min(semi[node], semi[evaluated(source)])
        following[node] = first[semi[node]]
        first[semi[node]] = node
        above = ancestor[node] = tree[node]
        waiting = first[above]
        first[above] = -1
        while waiting >= 0:
            best = evaluated(waiting)
            immediate[waiting] = best if semi[best] < semi[waiting] else above
            waiting = following[waiting]
    for node in range(1, count):
        if immediate[node] != semi[node]:
            immediate[node] = immediate[immediate[node]]
    return immediate


def _sources(edges: Adjacency, order: Sequence[int], number: Sequence[int]) -> Adjacency:
    """Return, by number, the nodes that have an edge to each node."""
    renumbered = (
        (source, [number[target] for target in edges.of(node)]) for source, node in enumerate(order)
    )
    return Adjacency.from_edges(len(order), renumbered).reversed()


def _intervals(parent: Sequence[int]) -> tuple[array[int], array[int]]:
    """Return places, by number, such that what a node dominates stands together from it on; and how many."""
    count = len(parent)
    sizes = array("i", [1]) * count
    for node in range(count - 1, 0, -1):
        sizes[parent[node]] += sizes[node]
    places = array("i", [0]) * count
    free = array("i", [1]) * count
    for node in range(1, count):
        above = parent[node]
        places[node] = free[above]
        free[above] += sizes[node]
        free[node] = places[node] + 1
    return places, sizes
