"""The picture of a readiness report: the ways from exports to imports that suspend."""

from __future__ import annotations

from typing import Literal

from .base import Frozen

FunctionState = Literal["instrumented", "missing", "not-needed", "seen", "possible", "import"]
"""``instrumented``: seen at a wait, and the list or build has it; ``missing``: seen, and it has not;
``not-needed``: it has it, and no stack showed it; ``seen``: on a stack, and there is no list to hold it
against; ``possible``: on a way to a wait by the module's code alone.
"""


class Function(Frozen):
    """A function or an import in the picture."""

    name: str
    state: FunctionState


class Node(Frozen):
    """A place in the picture of ways from exports to imports.

    ``function``: position in ``functions``. ``parent``: position of the caller's node, always smaller; -1:
    none. ``stacks``: how many stacks went through; 0: a way that the code allows and no stack showed.
    ``repeat``: calls of itself in a row. ``stack``: the position of a stack that ended here; -1: none.
    """

    function: int
    parent: int
    stacks: int
    repeat: int = 1
    stack: int = -1


class Stack(Frozen):
    """A stack at a wait, outermost frame first; ``frames`` are positions in ``functions``, ``count`` how
    often.
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
    """The ways from exports to suspending imports. ``left_out``: nodes that were too many to show."""

    functions: tuple[Function, ...] = ()
    nodes: tuple[Node, ...] = ()
    stacks: tuple[Stack, ...] = ()
    left_out: int = 0
