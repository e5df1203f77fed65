"""What calls on fibers are made of: host functions, what an instance's calls share, a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..c_stack import CStack
from ..call import Call
from ..stacks import Place
from ..switcher import Serve
from .buffers import CallBuffers


@dataclass(slots=True, eq=False)
class FiberImport:
    """A host function as fibers call it (see ``switcher.LinkedFunction``).

    :ivar read: reads its arguments at a native address; :ivar write: writes its results
    """

    name: str
    read: Callable[[int], tuple[Any, ...]]
    write: Callable[[int, Any], None]
    serve: Serve
    waits: bool


@dataclass(slots=True, eq=False)
class InstanceCalls:
    """What the calls of one instance share: its C stack, and which calls run or are suspended.

    :ivar running: the calls with frames that are not suspended, innermost last
    """

    c_stack: CStack | None = None
    running: list[FiberCall] = field(default_factory=list)
    suspended: set[FiberCall] = field(default_factory=set)


class FiberCall(Call):
    """A call on a fiber.

    :param buffers: what wasmtime reads and writes, its own until it has ended
    :ivar frames: the stack at its last host function that may wait, innermost first, if stacks are sampled
    :ivar arrived: the host function that it has called and that has not returned
    """

    __slots__ = (
        "args_at",
        "arrived",
        "buffers",
        "calls",
        "failed",
        "failed_in",
        "flag",
        "frames",
        "future",
        "pointer",
        "results_at",
        "trap_at",
        "values",
    )

    def __init__(
        self,
        calls: InstanceCalls,
        buffers: CallBuffers,
        values: Sequence[Any],
        note: Any,
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
        self.note = note
        self.frames: tuple[Place, ...] = ()
        self.future = 0
        self.pointer: Any = None
        self.flag = 0
        self.arrived: FiberImport | None = None
        self.args_at = self.results_at = self.trap_at = 0
        self.outside = self.stack_pointer = 0
        self.region = None
        self.failed: BaseException | None = None
        self.failed_in = ""
