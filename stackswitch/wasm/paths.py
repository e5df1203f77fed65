"""Paths in a call graph: the shortest one to a wait, and the functions that all paths to a wait go through.

Calls through tables and references go by their type: from a caller to the type, from the type to every
function of it whose address is taken. So a type is a node of its own, and a module with thousands of callers
and thousands of callees of one type has a small graph.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Literal, NamedTuple

from .adjacency import Adjacency
from .callgraph import CallGraph
from .dominators import DominatorTree

StepKind = Literal["direct", "indirect", "reference"]


class PathStep(NamedTuple):
    """A call on a path: the function that is called, and how; the first is the beginning of the path."""

    function: int
    kind: StepKind


def shortest_path(graph: CallGraph, start: Iterable[int], goal: Collection[int]) -> list[PathStep] | None:
    """Return the shortest path from one of ``start`` to one of ``goal``; None: there is none.

    Of two paths of one length, it is the one whose first different call is direct. A function that is in
    both is a path by itself.
    """
    parents: dict[int, tuple[int, StepKind] | None] = dict.fromkeys(start)
    found = next((each for each in parents if each in goal), None)
    expanded: set[frozenset[int]] = set()
    open_ = deque(parents)
    while open_ and found is None:
        caller = open_.popleft()
        steps: list[tuple[int, StepKind]] = [
            (callee, "direct") for callee in sorted(graph.direct.get(caller, ()))
        ]
        kinds: tuple[tuple[StepKind, Collection[int]], ...] = (
            ("indirect", graph.indirect.get(caller, ())),
            ("reference", graph.call_ref.get(caller, ())),
        )
        for kind, types in kinds:
            for each in sorted(types):
                callees = graph.functions_of_type(each)
                if callees not in expanded:
                    expanded.add(callees)
                    steps += [(callee, kind) for callee in sorted(callees)]
        for callee, kind in steps:
            if callee not in parents:
                parents[callee] = (caller, kind)
                if callee in goal:
                    found = callee
                    break
                open_.append(callee)
    if found is None:
        return None
    path: list[PathStep] = []
    last = found
    while (parent := parents[last]) is not None:
        path.append(PathStep(last, parent[1]))
        last = parent[0]
    return [PathStep(last, "direct"), *reversed(path)]


def next_on_shortest_path(graph: CallGraph, waiting: Iterable[int]) -> dict[int, int]:
    """Return, for each function that may wait, which one it calls on its shortest path to a wait.

    Calls through tables and references count by type. The waiting imports themselves are not among the keys.
    A function comes after the one that it calls, so the shortest paths come first.
    """
    callers = _Callers(graph, waiting)
    edges, functions, root = callers.edges, callers.functions, callers.root
    towards = array("i", [-1]) * edges.nodes
    open_ = deque([root])
    found: dict[int, int] = {}
    while open_:
        node = open_.popleft()
        for caller in edges.of(node):
            if towards[caller] < 0 and caller != root:
                towards[caller] = node
                if caller >= functions:  # functions of a type: to call one of them is a single step
                    open_.appendleft(caller)
                    continue
                open_.append(caller)
                if node != root:
                    found[caller] = node if node < functions else towards[node]
    return found


@dataclass(frozen=True)
class Dominator:
    """A function, or a type of calls, that all paths from some functions to a wait go through.

    :ivar function: its index; None: it is the calls of ``type_``
    :ivar type_: index of the type
    :ivar functions: how many functions could not suspend if this one could not, itself among them
    :ivar code_bytes: the size of their bodies
    :ivar callee: the one function through whose call ``function`` can suspend, if there is but one such call
    """

    function: int | None
    type_: int | None
    functions: int
    code_bytes: int
    callee: int | None = None


def largest_dominators(
    graph: CallGraph, waiting: Iterable[int], *, least: int = 2, most: int | None = None
) -> list[Dominator]:
    """Return the dominators of "may wait" of most functions, the most first.

    :param waiting: the imports that may wait
    :param least: the fewest functions that it dominates
    :param most: return so many of them
    """
    callers = _Callers(graph, waiting)
    tree = DominatorTree(callers.edges, callers.root)
    imported = graph.module.imported_function_count
    own = [int(imported <= node < callers.functions) for node in tree.order]
    counts = tree.sums(own)
    bodies = graph.module.bodies
    ranges = [bodies[node - imported] if mine else (0, 0) for node, mine in zip(tree.order, own, strict=True)]
    sizes = tree.sums([end - start for start, end in ranges])
    found = [at for at in range(1, len(counts)) if counts[at] >= least]
    found.sort(key=lambda at: (-counts[at], at))
    found = found[:most]
    callees = callers.callees(found, tree)
    nodes = {at: tree.order[at] for at in found}
    return [
        Dominator(
            function=node if node < callers.functions else None,
            type_=None if node < callers.functions else callers.types[node - callers.functions],
            functions=counts[at],
            code_bytes=sizes[at],
            callee=callees[at],
        )
        for at, node in nodes.items()
    ]


class _Callers:
    """The edges from what is called to its callers, as far as calls may lead to a wait.

    Nodes: the functions by their index, then one for each set of functions that a call through a table or
    a reference may reach, then the root, from which an edge leads to each import that waits.
    """

    def __init__(self, graph: CallGraph, waiting: Iterable[int]) -> None:
        self.functions = graph.module.function_count
        self.types: list[int] = []
        """For each set of functions, by its node, the first type that has it."""
        reached: list[frozenset[int]] = []
        node_of_type: dict[int, int | None] = {}
        node_of: dict[frozenset[int], int] = {}

        def node(type_index: int) -> int | None:
            callees = graph.functions_of_type(type_index)
            if callees and callees not in node_of:
                node_of[callees] = self.functions + len(reached)
                reached.append(callees)
                self.types.append(type_index)
            return node_of.get(callees)

        through: list[tuple[int, int]] = []
        for calls in (graph.indirect, graph.call_ref):
            for caller, types in calls.items():
                for each in types:
                    if each not in node_of_type:
                        node_of_type[each] = node(each)
                    if (found := node_of_type[each]) is not None:
                        through.append((caller, found))
        self.root = self.functions + len(reached)
        calls_of = chain(
            graph.direct.items(),
            ((caller, (found,)) for caller, found in through),
            ((self.functions + at, callees) for at, callees in enumerate(reached)),
            ((each, (self.root,)) for each in sorted(set(waiting))),
        )
        self.edges = Adjacency.from_edges(self.root + 1, calls_of).reversed()

    def callees(self, numbers: Iterable[int], tree: DominatorTree) -> dict[int, int | None]:
        """Return, for nodes by number, the one function through whose call each may wait; None: several.

        Calls from what a node itself dominates do not count.
        """
        wanted = {tree.order[each]: each for each in numbers}
        found: dict[int, list[int]] = {each: [] for each in wanted.values()}
        for source, node in enumerate(tree.order):
            for target in self.edges.of(node):
                at = wanted.get(target)
                if at is not None and not tree.dominates(at, source):
                    found[at].append(node)
        return {
            at: each[0] if len(each) == 1 and each[0] < self.functions else None for at, each in found.items()
        }
