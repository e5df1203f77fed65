"""What a backend implements for the library: prepare a module, instantiate it, run calls that may suspend.

``stackswitch.open`` reads the module and matches its imports. The backend's opener
(``registry.guest_opener``) prepares the module. Values are Python's, by the module's own types:

- i32, i64: ``int``, signed when it comes from the guest; both signs are accepted, up to the type's width
- f32, f64: ``float``; v128: 16 ``bytes``
- externref: any object; funcref: an opaque handle or None
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from stackswitch.errors import GuestFrame
from stackswitch.wasm.module import FuncType, Module

C_STACK_BYTES = 65536
"""How much memory the C stack of a call takes that begins while others are open, by default."""
OVERFLOW = "C stack overflow"
"""How the message of a trap begins that may have come after damage to the guest's memory."""
DAMAGED = "the C stack of a call has overflowed, so that memory may be damaged"
COMMAND = "_start"
"""The export of a WASI command. If it exits with status 0, that counts as a return."""


@dataclass(frozen=True)
class Wasi:
    """What a module gets of WASI preview 1, the same on every backend; always clocks and random numbers.

    :param args: the program's arguments; the first is its name
    :param env: its environment; it gets nothing of this process's
    :param stdin: its standard input
    :param dirs: its directories: the guest's path to the host's
    :param readonly: whether it may only read in them
    :param max_output_bytes: how much of each output stream is recorded (bytes); a guest that writes eight
        times as much is stopped
    """

    args: Sequence[str] = ("guest",)
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    dirs: Mapping[str, str | Path] = field(default_factory=dict)
    readonly: bool = False
    max_output_bytes: int = 16 << 20


@dataclass(frozen=True)
class Limits:
    """What a guest may use.

    :param max_memory: the most that all its memories and tables may take together (bytes); None: what the
        module declares
    :param fuel: the most that a call, or the start function, may use: about one for each instruction; None:
        no limit
    :param deadline_s: how long a call may take, or an instantiation with its start function, suspensions
        included (seconds); None: no limit
    :param stack_bytes: the size of the guest's native stack (bytes); None: the backend's default
    """

    max_memory: int | None = None
    fuel: int | None = None
    deadline_s: float | None = None
    stack_bytes: int | None = None


@dataclass(frozen=True)
class HostFunction:
    """A function that the module imports.

    :param function: called as ``function(caller, *args)``. What it returns, or what its coroutine returns, is
        the import's result: one value, None for none, a tuple for several
    :param waits: whether it is a coroutine function, or JavaScript
    :param javascript: the file of a JavaScript module and the name of its export, to run instead
    """

    module: str
    name: str
    type: FuncType
    function: Callable[..., Any]
    waits: bool
    javascript: tuple[str, str] | None = None

    @property
    def full_name(self) -> str:
        """``module.name``."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True)
class OpenRequest:
    """A request to open a module.

    :param functions: the host functions by module and name, without WASI's; complete, and of the right types
    :param only: for Asyncify: the functions to instrument; None: all that can lead to a suspension
    :param concurrent: calls of an instance may overlap
    :param stacks: record the stack at each suspension
    :param c_stack_bytes: how much memory the C stack of a call takes that begins while others are open
    :param engine: as on the command line; None: the backend's usual one
    """

    wasm: bytes = field(repr=False)
    module: Module = field(repr=False)
    functions: Mapping[tuple[str, str], HostFunction]
    wasi: Wasi | None = None
    only: tuple[str, ...] | None = None
    concurrent: bool = False
    stacks: bool = False
    c_stack_bytes: int = C_STACK_BYTES
    limits: Limits = Limits()
    engine: str | None = None


class CallState:
    """A call of an export in progress; host functions get it as their first argument.

    The library sets the attributes up to ``awaited_by``, the backend the others.

    :ivar id: its number, per guest; :ivar export: the export's name
    :ivar parent: the call whose host function made this one, and waits for it
    :ivar ends: its deadline (``time.monotonic``); None: it has none
    :ivar awaited_by: the task that awaits it, if another one runs it
    :ivar waiting: the import (``module.name``) in which it is suspended; None: it runs
    :ivar since: when it was suspended (``time.monotonic``)
    :ivar stack: at the suspension, innermost first, if the request asks for stacks
    :ivar stopped: where it was stopped while it computed, innermost first, if the request asks for stacks
    :ivar stopped_problem: why ``stopped`` is not known, if it should be
    :ivar backend_call: the backend's own object for the call
    """

    __slots__ = (
        "awaited_by",
        "backend_call",
        "ends",
        "export",
        "id",
        "parent",
        "since",
        "stack",
        "stopped",
        "stopped_problem",
        "waiting",
    )

    def __init__(self, export: str, parent: CallState | None = None, number: int = 0) -> None:
        self.id = number
        self.export = export
        self.parent = parent
        self.ends: float | None = None if parent is None else parent.ends
        self.awaited_by: asyncio.Task[Any] | None = None
        # ---
        self.waiting: str | None = None
        self.since = 0.0
        self.stack: tuple[GuestFrame, ...] = ()
        self.stopped: tuple[GuestFrame, ...] = ()
        self.stopped_problem = ""
        self.backend_call: Any = None

    def suspend(self, import_: str) -> None:
        """Record that the call is suspended in an import from now on."""
        self.waiting = import_
        self.since = time.monotonic()


class RawMemory(Protocol):
    """A linear memory. The caller checks the bounds, with ``size``. No method waits for the event loop."""

    def size(self) -> int:
        """Return its size (bytes)."""
        ...

    def read(self, at: int, size: int) -> bytes:
        """Return a copy of ``size`` bytes."""
        ...

    def write(self, at: int, data: bytes) -> None:
        """Write bytes."""
        ...

    def grow(self, pages: int) -> int | None:
        """Grow it; return how many pages it had, or None if it may not grow so much."""
        ...


class GuestInstance(Protocol):
    """An instance. It belongs to the event loop and the thread in which it was made.

    A call raises what a host function raised and the guest did not catch: the same object, with the guest's
    stack as a note. Its other errors:

    :raises GuestTrapError, GuestTypeError, GuestTimeoutError, SuspendRefusedError, GuestStateError: see there
    """

    @property
    def poisoned(self) -> str | None:
        """Why it can take no more calls; None: it can."""
        ...

    @property
    def calls(self) -> Collection[CallState]:
        """The calls in progress, oldest first."""
        ...

    def call(self, export: str, args: Sequence[Any], state: CallState) -> Awaitable[tuple[Any, ...]]:
        """Call an exported function, which may suspend; awaited once. Cancelled, it leaves nothing behind.

        The library has checked that there is such an export and that the number of arguments is right.
        Without ``concurrent`` it lets one call run at a time, except for those with a parent.
        """
        ...

    def call_now(self, export: str, args: Sequence[Any], state: CallState) -> tuple[Any, ...]:
        """Call an exported function, which must not suspend.

        :raises SuspendRefusedError: it would have suspended
        """
        ...

    def memory(self, name: str) -> RawMemory:
        """Return an exported memory; the library has checked that there is one."""
        ...

    def get_global(self, name: str) -> Any:
        """Read an exported global."""
        ...

    def set_global(self, name: str, value: Any) -> None:
        """Set an exported mutable global."""
        ...

    def output(self) -> tuple[bytes, bytes]:
        """Return what the guest has written to stdout and stderr so far."""
        ...

    async def aclose(self) -> None:
        """End all calls in progress (they raise ``GuestStateError``) and free it; a second call does nothing.

        A host function of the instance may call this. What cannot be freed then is freed after its call.
        """
        ...


class GuestModule(Protocol):
    """A module prepared on a backend, for any number of instances.

    :ivar backend: the backend's name; :ivar engine: name and version
    :ivar serial: why calls of an instance run one after another though they may overlap; None: they do not
    """

    backend: str
    engine: str
    serial: str | None

    async def instantiate(self, state: CallState) -> GuestInstance:
        """Make an instance and run its start function. If it is cancelled, it leaves nothing behind.

        :param state: the start function's call
        :raises GuestTrapError: the start function trapped
        :raises GuestTimeoutError: its fuel was used up, or its deadline has passed
        :raises GuestError: the engine rejects it
        """
        ...

    async def aclose(self) -> None:
        """Free it, after all instances are closed; a second call does nothing."""
        ...


class GuestOpener(Protocol):
    """How a backend opens guests."""

    async def __call__(self, request: OpenRequest, /) -> GuestModule:
        """Prepare a module.

        :raises BackendUnavailableError: the backend cannot run here
        :raises GuestError: it cannot run this module, or not as requested; the message says why
        """
        ...
