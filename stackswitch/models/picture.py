"""The picture of a readiness report: the paths from exports to suspending imports."""

from __future__ import annotations

from typing import Literal

from .base import Frozen

FunctionState = Literal["instrumented", "missing", "not-needed", "seen", "possible", "import"]
"""``instrumented``: observed on a stack, and in the list or build. ``missing``: observed, but not in it.
``not-needed``: in it, but not observed. ``seen``: observed, and there is no list to compare with.
``possible``: reachable by the module's code, but not observed.
"""


class Function(Frozen):
    """A function or an import in the picture."""

    name: str
    state: FunctionState


class Node(Frozen):
    """A node in the picture of paths from exports to imports.

    ``function``: its position in ``functions``. ``parent``: the position of the caller's node, always
    smaller; -1: none. ``stacks``: how many stacks pass it; 0: the path is possible by the code, but was not
    observed. ``repeat``: how often it calls itself in a row. ``stack``: the position of the stack that ends
    here; -1: none.
    """

    function: int
    parent: int
    stacks: int
    repeat: int = 1
    stack: int = -1


class Stack(Frozen):
    """The stack of a suspension, outermost frame first.

    ``frames``: positions in ``functions``. ``count``: how often it was observed.
    """

    import_: str
    export: str
    frames: tuple[int, ...]
    count: int = 1
    cases: tuple[str, ...] = ()
    backend: str = ""
    js_frames: tuple[str, ...] = ()
    truncated: bool = False


class Picture(Frozen):
    """The paths from exports to suspending imports. ``left_out``: how many nodes were too many to show."""

    functions: tuple[Function, ...] = ()
    nodes: tuple[Node, ...] = ()
    stacks: tuple[Stack, ...] = ()
    left_out: int = 0
