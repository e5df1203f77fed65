"""Edges of large graphs in two arrays: a few bytes an edge where sets of Python take hundreds."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate


class Adjacency:
    """The edges of a graph whose nodes are numbered from 0; read-only.

    The targets of node ``n`` are ``targets[starts[n]:starts[n + 1]]`` (compressed sparse rows).
    """

    def __init__(self, starts: array[int], targets: array[int]) -> None:
        self.starts = starts
        self.targets = targets

    @classmethod
    def from_edges(cls, nodes: int, edges: Iterable[tuple[int, Iterable[int]]]) -> Adjacency:
        """Store edges by their source.

        :param nodes: how many nodes there are
        :param edges: a source and its targets each; a source may come several times
        """
        sources, targets = array("I"), array("I")
        for source, its in edges:
            before = len(targets)
            targets.extend(its)
            sources.extend([source] * (len(targets) - before))
        return cls._sorted(nodes, sources, targets)

    @classmethod
    def _sorted(cls, nodes: int, sources: Sequence[int], targets: Sequence[int]) -> Adjacency:
        counts = [0] * (nodes + 1)
        for each in sources:
            counts[each + 1] += 1
        starts = array("I", accumulate(counts))
        following = starts[:]
        placed = array("I", bytes(4 * len(targets)))
        for source, target in zip(sources, targets, strict=True):
            at = following[source]
            placed[at] = target
            following[source] = at + 1
        return cls(starts, placed)

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.starts) - 1

    def of(self, node: int) -> Sequence[int]:
        """Return the targets of a node."""
        return self.targets[self.starts[node] : self.starts[node + 1]]

    def reversed(self) -> Adjacency:
        """Return the same edges by their target; those of one target are in the order of their sources."""
        sources = array("I")
        for node in range(self.nodes):
            sources.extend([node] * (self.starts[node + 1] - self.starts[node]))
        return self._sorted(self.nodes, self.targets, sources)


class EdgeSets(Mapping[int, frozenset[int]]):
    """Edges as a mapping from each node that has any to the set of its targets, made on each look-up."""

    def __init__(self, adjacency: Adjacency) -> None:
        self.adjacency = adjacency

    def __getitem__(self, node: int) -> frozenset[int]:
        found = self.adjacency.of(node) if 0 <= node < self.adjacency.nodes else ()
        if not found:
            raise KeyError(node)
        return frozenset(found)

    def __contains__(self, node: object) -> bool:
        starts = self.adjacency.starts
        return isinstance(node, int) and 0 <= node < len(starts) - 1 and starts[node] < starts[node + 1]

    def __iter__(self) -> Iterator[int]:
        starts = self.adjacency.starts
        return (node for node in range(len(starts) - 1) if starts[node] < starts[node + 1])

    def __len__(self) -> int:
        return sum(1 for _ in self)
