"""The paths from exports to suspending imports, as a tree: observed ones first, then possible ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count, groupby

from stackswitch.models.picture import Function, FunctionState, Node, Picture, Stack
from stackswitch.models.trace import Suspension

MOST_NODES = 8000
"""More could not be distinguished on a screen."""
MOST_DEPTH = 300
"""Deeper stacks are shown without their middle; they are among the stacks in full."""
MOST_WAYS = 150
"""Exports whose paths are shown without an observed stack."""


@dataclass(frozen=True)
class Instrumented:
    """What an Asyncify build, or a list, instruments.

    :ivar names: None: there is neither
    :ivar missing: names known to be missing, by traces and runs
    """

    names: Collection[str] | None = None
    missing: Collection[str] = ()

    def state(self, name: str, *, seen: bool) -> FunctionState:
        """Return the state of a function on a way to a wait."""
        if name in self.missing:
            return "missing"
        if self.names is None:
            return "seen" if seen else "possible"
        if name in self.names:
            return "instrumented" if seen else "not-needed"
        return "missing" if seen else "possible"


@dataclass
class _TreeNode:
    """A node while the tree grows; ``stacks`` 0: the code alone leads here."""

    name: str
    repeat: int
    stacks: int = 0
    stack: int = -1
    children: dict[tuple[str, int], _TreeNode] = field(default_factory=dict)

    def step(self, name: str, repeat: int = 1) -> _TreeNode:
        key = name, repeat
        if key not in self.children:
            self.children[key] = _TreeNode(name, repeat)
        return self.children[key]


def call_tree(
    suspensions: Mapping[str, Sequence[Suspension]],
    instrumented: Instrumented,
    ways: Iterable[Sequence[str]] = (),
    *,
    most_nodes: int = MOST_NODES,
) -> Picture:
    """Build the tree.

    :param suspensions: by case; those of no case under ``""``
    :param ways: paths that the code allows, names from an export to an import, the shortest first
    """
    numbers: dict[str, int] = {}
    distinct: dict[tuple[str, str, tuple[int, ...]], list[tuple[str, Suspension]]] = defaultdict(list)
    for case, stacks in suspensions.items():
        for each in stacks:
            frames = tuple(numbers.setdefault(name, len(numbers)) for _, _, name in reversed(each.frames))
            distinct[each.import_, each.export, frames].append((case, each))
    names = list(numbers)
    seen = set(names)
    root = _TreeNode("", 1)
    stacks_found = []
    imports: dict[str, None] = {}
    for at, ((import_, export, frames), found) in enumerate(distinct.items()):
        imports[import_] = None
        first = found[0][1]
        stack = Stack(
            import_=import_,
            export=export,
            frames=frames,
            count=sum(each.count for _, each in found),
            cases=tuple(dict.fromkeys(case for case, _ in found if case)),
            backend=first.backend,
            js_frames=first.js_frames,
            truncated=first.truncated,
        )
        stacks_found.append(stack)
        _grow(root, [names[each] for each in frames], import_, at, stack.truncated)
    for way in ways:
        imports[way[-1]] = None
        node = root
        for name in way:
            node = node.step(name)
    nodes, order, left_out = _flattened(root, numbers, most_nodes)
    functions = []
    for name in order:
        state: FunctionState = "import" if name in imports else instrumented.state(name, seen=name in seen)
        functions.append(Function(name=name, state=state))
    return Picture(functions=tuple(functions), nodes=nodes, stacks=tuple(stacks_found), left_out=left_out)


def frames_left_out(count: int) -> str:
    """Return what stands in the place of so many frames."""
    return f"… {count} frames …"


def _grow(root: _TreeNode, names: Sequence[str], import_: str, stack: int, truncated: bool) -> None:
    steps = [(name, len(list(run))) for name, run in groupby(names)]  # a function may call itself
    if len(steps) > MOST_DEPTH:
        half = MOST_DEPTH // 2
        left = sum(repeat for _, repeat in steps[half:-half])
        steps = [*steps[:half], (frames_left_out(left), 1), *steps[-half:]]
    if truncated:
        steps = [("… outside of what was seen …", 1), *steps]
    node = root
    for name, repeat in (*steps, (import_, 1)):
        node = node.step(name, repeat)
        node.stacks += 1
    node.stack = stack


def _flattened(
    root: _TreeNode, numbers: Mapping[str, int], most: int
) -> tuple[tuple[Node, ...], list[str], int]:
    """Number the nodes, callers first, those with most stacks first; what is too much is left out.

    :returns: the nodes, the functions' names in their order, how many nodes were left out
    """
    order = dict(numbers)
    nodes: list[Node] = []
    tie = count()
    open_: list[tuple[int, int, int, _TreeNode]] = []

    def expect(parent: int, children: Iterable[_TreeNode]) -> None:
        for each in sorted(children, key=lambda each: (-each.stacks, each.name), reverse=True):
            # Of those with equally many the last comes first: so a way is drawn to its end.
            heappush(open_, (-each.stacks, -next(tie), parent, each))

    expect(-1, root.children.values())
    left_out = 0
    while open_:
        _, _, parent, node = heappop(open_)
        if len(nodes) >= most:
            left_out += 1
            expect(-1, node.children.values())
            continue
        function = order.setdefault(node.name, len(order))
        nodes.append(
            Node(function=function, parent=parent, stacks=node.stacks, repeat=node.repeat, stack=node.stack)
        )
        expect(len(nodes) - 1, node.children.values())
    return tuple(nodes), list(order), left_out
