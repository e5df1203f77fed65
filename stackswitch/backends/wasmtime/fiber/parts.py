"""What calls on fibers are made of: host functions, what an instance's calls share, a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..call import Note, ShadowStack
from .buffers import Room

Serve = Callable[..., Any]
"""A host function, called with the call's note and its arguments: its results, or a coroutine of them."""


class HostFunction:
    """A host function: ``read`` reads its arguments at a native address, ``write`` writes its results."""

    __slots__ = ("name", "read", "serve", "write")

    def __init__(
        self,
        name: str,
        read: Callable[[int], tuple[Any, ...]],
        write: Callable[[int, Any], None],
        serve: Serve,
    ) -> None:
        self.name = name
        self.read = read
        self.write = write
        self.serve = serve


class Side:
    """What the calls of one instance share: its C shadow stack, and which calls are where.

    :ivar running: the calls with frames that are not set aside, innermost last
    """

    __slots__ = ("aside", "running", "shadow_stack")

    def __init__(self) -> None:
        self.shadow_stack: ShadowStack | None = None
        self.running: list[FiberCall] = []
        self.aside: set[FiberCall] = set()


class FiberCall:
    """A call of an export, or the making of an instance, from its beginning to its end.

    :param room: what it takes of wasmtime's, its own until it has ended
    :param parent: the call whose host function makes this one: it waits for its end
    :ivar may_wait: whether it can be set aside; :ivar suspensions: how often it was
    :ivar entered: whether the guest has run
    :ivar note: a ``Note``, or what has its attributes: what host functions are called with
    """

    __slots__ = (
        "args_at",
        "arrived",
        "entered",
        "failed",
        "failed_in",
        "flag",
        "future",
        "may_wait",
        "note",
        "outside",
        "parent",
        "pointer",
        "region",
        "results_at",
        "room",
        "side",
        "stack_pointer",
        "suspensions",
        "trap_at",
        "values",
    )

    def __init__(
        self,
        side: Side,
        room: Room,
        values: Sequence[Any],
        *,
        may_wait: bool,
        parent: FiberCall | None = None,
    ) -> None:
        self.side = side
        self.room = room
        self.values = values
        self.may_wait = may_wait
        self.parent = parent
        self.suspensions = 0
        self.entered = False
        self.note: Any = Note()
        self.future = 0
        self.pointer: Any = None
        self.flag = 0
        self.arrived: HostFunction | None = None
        self.args_at = self.results_at = self.trap_at = 0
        self.outside = self.stack_pointer = 0
        self.region: int | None = None
        self.failed: BaseException | None = None
        self.failed_in = ""
