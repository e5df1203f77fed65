"""Ways through a call graph: the shortest one to a wait, and what a single edge brings in.

Calls through tables and references go by their type: from a caller to the type, from the type to every
function of it whose address is taken. So a type is a node of its own, and a module with thousands of callers
and thousands of callees of one type has a small graph.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from .callgraph import CallGraph

StepKind = Literal["direct", "indirect", "reference"]
Node = tuple[Literal["function", "type", "root"], int]
ROOT: Node = ("root", 0)


class Step(NamedTuple):
    """A call on a way: who is called, and how; the first of a way is its beginning."""

    function: int
    kind: StepKind


def shortest_way(graph: CallGraph, start: Iterable[int], goal: Collection[int]) -> list[Step] | None:
    """Return the shortest way from one of ``start`` to one of ``goal``; None: there is none.

    Of two ways of one length, the one whose first different call is direct is taken. A function that is in
    both is a way by itself.
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
    way: list[Step] = []
    last = found
    while (parent := parents[last]) is not None:
        way.append(Step(last, parent[1]))
        last = parent[0]
    return [Step(last, "direct"), *reversed(way)]


def nearest_waits(graph: CallGraph, waiting: Iterable[int]) -> dict[int, int]:
    """Return, for each function that may come to a wait, whom it calls on its shortest way there.

    Calls through tables and references count by type. The waiting imports themselves are not among the keys.
    """
    edges, _ = _towards_callers(graph, set(waiting))
    towards: dict[Node, Node] = {}
    open_ = deque([ROOT])
    while open_:
        node = open_.popleft()
        for caller in edges.get(node, ()):
            if caller not in towards:
                towards[caller] = node
                open_.append(caller)
    found: dict[int, int] = {}
    for node, callee in towards.items():
        while callee[0] == "type":
            callee = towards[callee]
        if node[0] == "function" and callee != ROOT:
            found[node[1]] = callee[1]
    return found


@dataclass(frozen=True)
class Bringer:
    """What stands between functions and every wait.

    :ivar function: all ways from ``functions`` to a wait go through it; None: through calls of type ``type_``
    :ivar type_: index of the type
    :ivar functions: those that could not suspend if this one could not, itself among them
    :ivar callee: the one function through whose call ``function`` can suspend, if there is but one such call
    """

    function: int | None
    type_: int | None
    functions: frozenset[int]
    callee: int | None = None


def bringers(
    graph: CallGraph, waiting: Iterable[int], *, least: int = 2, most: int | None = None
) -> list[Bringer]:
    """Return what brings in most functions, the most first: the dominators of "may come to a wait".

    :param waiting: the imports that may wait
    :param least: how many functions it has to bring in
    :param most: return so many of them
    """
    edges, first_type = _towards_callers(graph, set(waiting))
    order, immediate = _dominators(edges)
    brought: defaultdict[Node, set[int]] = defaultdict(set)
    for node in reversed(order):
        if node == ROOT:
            continue
        if node[0] == "function":
            brought[node].add(node[1])
        brought[immediate[node]] |= brought[node]
    sources: defaultdict[Node, list[Node]] = defaultdict(list)
    for source, targets in edges.items():
        for target in targets:
            sources[target].append(source)
    imported = graph.module.imported_function_count
    found: list[tuple[Node, frozenset[int]]] = []
    for node in order:
        functions = frozenset(each for each in brought[node] if each >= imported)
        if node != ROOT and len(functions) >= least:
            found.append((node, functions))
    found.sort(key=lambda each: -len(each[1]))
    results = []
    for node, functions in found[:most]:
        kind, number = node
        # Ways that come from what is itself behind this node do not count.
        callees = [
            each for each in sources[node] if each in immediate and not _is_behind(each, node, immediate)
        ]
        callee = callees[0][1] if len(callees) == 1 and callees[0][0] == "function" else None
        if kind == "function":
            results.append(Bringer(number, None, functions, callee))
        else:
            results.append(Bringer(None, first_type[number], functions, callee))
    return results


def _is_behind(node: Node, other: Node, immediate: dict[Node, Node]) -> bool:
    while node != ROOT:
        if node == other:
            return True
        node = immediate[node]
    return False


def _towards_callers(graph: CallGraph, waiting: set[int]) -> tuple[dict[Node, list[Node]], list[int]]:
    """Return the edges from what is called to its callers, from ``ROOT`` on; types by a number of our own."""
    callers: defaultdict[int, list[Node]] = defaultdict(list)
    for caller, callees in graph.direct.items():
        for callee in callees:
            callers[callee].append(("function", caller))
    numbers: dict[frozenset[int], int] = {}
    first_type: list[int] = []
    edges: defaultdict[Node, list[Node]] = defaultdict(list)
    for calls in (graph.indirect, graph.call_ref):
        for caller, types in calls.items():
            for each in types:
                callees = graph.functions_of_type(each)
                if not callees:
                    continue
                if callees not in numbers:
                    numbers[callees] = len(first_type)
                    first_type.append(each)
                    for callee in callees:
                        callers[callee].append(("type", numbers[callees]))
                edges["type", numbers[callees]].append(("function", caller))
    for callee, found in callers.items():
        edges["function", callee] = found
    edges[ROOT] = [("function", each) for each in sorted(waiting)]
    return edges, first_type


def _dominators(edges: dict[Node, list[Node]]) -> tuple[list[Node], dict[Node, Node]]:
    """Return the reachable nodes in reverse postorder and each one's immediate dominator.

    Source: Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
    """
    order = _reverse_postorder(edges)
    number = {node: at for at, node in enumerate(order)}
    sources: list[list[int]] = [[] for _ in order]
    for source, targets in edges.items():
        if source in number:
            for target in targets:
                sources[number[target]].append(number[source])
    immediate = [-1] * len(order)
    immediate[0] = 0
    changed = True
    while changed:
        changed = False
        for at in range(1, len(order)):
            new = -1
            for each in sources[at]:
                if immediate[each] < 0:
                    continue
                other = each
                while new >= 0 and new != other:
                    if new > other:
                        new = immediate[new]
                    else:
                        other = immediate[other]
                new = other
            if immediate[at] != new:
                immediate[at] = new
                changed = True
    return order, {node: order[immediate[at]] for at, node in enumerate(order)}


def _reverse_postorder(edges: dict[Node, list[Node]]) -> list[Node]:
    seen = {ROOT}
    post: list[Node] = []
    stack = [(ROOT, iter(edges.get(ROOT, ())))]
    while stack:
        node, rest = stack[-1]
        following = next((each for each in rest if each not in seen), None)
        if following is None:
            post.append(node)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(edges.get(following, ()))))
    return post[::-1]
