"""What calls on fibers are made of: host functions, what an instance's calls share, a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..call import Note
from ..shadow_stack import ShadowStack
from ..stacks import Place
from ..switcher import Serve
from .buffers import CallBuffers


class FiberImport:
    """A host function as fibers call it (see ``switcher.LinkedFunction``).

    :param read: reads its arguments at a native address; :param write: writes its results
    """

    __slots__ = ("name", "read", "serve", "waits", "write")

    def __init__(
        self,
        name: str,
        read: Callable[[int], tuple[Any, ...]],
        write: Callable[[int, Any], None],
        serve: Serve,
        *,
        waits: bool,
    ) -> None:
        self.name = name
        self.read = read
        self.write = write
        self.serve = serve
        self.waits = waits


class InstanceCalls:
    """What the calls of one instance share: its C stack, and which calls run or are suspended.

    :ivar running: the calls with frames that are not suspended, innermost last
    """

    __slots__ = ("running", "shadow_stack", "suspended")

    def __init__(self) -> None:
        self.shadow_stack: ShadowStack | None = None
        self.running: list[FiberCall] = []
        self.suspended: set[FiberCall] = set()


class FiberCall:
    """A call of an export, or the making of an instance, from its beginning to its end.

    :param buffers: what wasmtime reads and writes, its own until it has ended
    :param parent: the call whose host function makes this one: it waits for its end
    :ivar may_wait: whether it can be suspended; :ivar suspensions: how often it was
    :ivar entered: whether the guest has run
    :ivar frames: the stack at its last host function that may wait, innermost first, if stacks are sampled
    :ivar note: a ``Note``, or what has its attributes: what host functions are called with
    """

    __slots__ = (
        "args_at",
        "arrived",
        "buffers",
        "calls",
        "entered",
        "failed",
        "failed_in",
        "flag",
        "frames",
        "future",
        "may_wait",
        "note",
        "outside",
        "parent",
        "pointer",
        "region",
        "results_at",
        "stack_pointer",
        "suspensions",
        "trap_at",
        "values",
    )

    def __init__(
        self,
        calls: InstanceCalls,
        buffers: CallBuffers,
        values: Sequence[Any],
        note: Any = None,
        *,
        may_wait: bool,
        parent: FiberCall | None = None,
    ) -> None:
        self.calls = calls
        self.buffers = buffers
        self.values = values
        self.may_wait = may_wait
        self.parent = parent
        self.suspensions = 0
        self.entered = False
        self.note: Any = Note() if note is None else note
        self.frames: tuple[Place, ...] = ()
        self.future = 0
        self.pointer: Any = None
        self.flag = 0
        self.arrived: FiberImport | None = None
        self.args_at = self.results_at = self.trap_at = 0
        self.outside = self.stack_pointer = 0
        self.region: int | None = None
        self.failed: BaseException | None = None
        self.failed_in = ""
