"""What a backend is to the library: a module made ready, instances of it, calls that may wait.

``stackswitch.open`` reads the module and settles what is imported; a backend's opener (see
``registry.library_opener``) makes the module ready; each instance then takes calls. Values are Python's, by
the module's own types: i32 and i64 ``int`` (signed when they come from the guest; both signs are taken,
up to the type's width), f32 and f64 ``float``, v128 ``bytes`` of 16, externref any object, funcref an
opaque handle or None.
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

COMMAND = "_start"
"""The export of a WASI command, for which exit status 0 is as good as a return."""


@dataclass(frozen=True)
class Wasi:
    """What a module gets of WASI preview 1, on every backend alike; clocks and random numbers always.

    :param args: the program's arguments; the first is its name
    :param env: its environment; nothing of ours gets in by itself
    :param stdin: what it may read
    :param dirs: its directories: the guest's path to the host's
    :param readonly: whether it may only read in them
    :param max_output_bytes: how much of each output stream is kept; a guest that writes eight times as much
        is stopped
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

    :param max_memory: bytes that all its memories and tables may take together; None: what the module says
    :param fuel: how much a call, or the start function, may use, about one for each instruction; None: no end
    :param deadline_s: how long a call, or the making of an instance with its start function, may take, waits
        included (seconds); None: no end
    :param stack_bytes: of the guest's native stack; None: what the backend thinks right
    """

    max_memory: int | None = None
    fuel: int | None = None
    deadline_s: float | None = None
    stack_bytes: int | None = None


@dataclass(frozen=True)
class HostFunction:
    """A function that the module imports.

    :param function: called as ``function(caller, *args)``; what it returns, or what its coroutine returns, is
        the import's result: one value, None for none, a tuple for several
    :param waits: it is a coroutine function
    :param javascript: a JavaScript module and the name of its export to use instead, where the backend can
    """

    module: str
    name: str
    type: FuncType
    function: Callable[..., Any]
    waits: bool
    javascript: tuple[str, str] | None = None

    @property
    def full_name(self) -> str:
        """Module and name, with a point between."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True)
class OpenRequest:
    """A module to be opened.

    :param functions: what it imports, by module and name, WASI's left out; complete, and of the right types
    :param only: for Asyncify: the functions to instrument, None for all that can lead to a wait
    :param concurrent: several calls at once on an instance
    :param stacks: note the stack at each wait, for ``suspended``
    :param engine: as on the command line, None for the backend's usual one
    """

    wasm: bytes = field(repr=False)
    module: Module = field(repr=False)
    functions: Mapping[tuple[str, str], HostFunction]
    wasi: Wasi | None = None
    only: tuple[str, ...] | None = None
    concurrent: bool = False
    stacks: bool = False
    limits: Limits = Limits()
    engine: str | None = None


class CallState:
    """A call of an export while it is under way; host functions get it as their first argument.

    The library sets what is above the line, the backend what is below it.

    :ivar id: its number, per guest; :ivar export: the export's name
    :ivar parent: the call whose host function makes this one: it waits for its end
    :ivar waiting: the import (``module.name``) that the call is set aside in, None while it runs
    :ivar since: when it was set aside (``time.monotonic``)
    :ivar ends: when its time is up (``time.monotonic``), None: it has no deadline
    :ivar awaited_by: the task that awaits it, where another one runs it
    :ivar stack: of the wait, innermost first, if the plan asks for stacks
    :ivar stopped: where it was stopped while it computed, innermost first, if the plan asks for stacks
    :ivar stopped_problem: why that is not known, if it should be
    :ivar own: whatever the backend keeps
    """

    __slots__ = (
        "awaited_by",
        "ends",
        "export",
        "id",
        "own",
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
        self.own: Any = None

    def set_aside(self, import_: str) -> None:
        """Note that the call waits in an import from now on."""
        self.waiting = import_
        self.since = time.monotonic()


class RawMemory(Protocol):
    """A linear memory; the caller sees to the bounds, by ``size``. Nothing here waits for the event loop."""

    def size(self) -> int:
        """Bytes."""
        ...

    def read(self, at: int, size: int) -> bytes:
        """Copy out."""
        ...

    def write(self, at: int, data: bytes) -> None:
        """Copy in."""
        ...

    def grow(self, pages: int) -> int | None:
        """Grow; return how many pages there were, None if it may not grow so much."""
        ...


class GuestInstance(Protocol):
    """An instance. All of it belongs to the event loop and the thread that it was made in.

    The errors of a call, besides whatever a host function raised and the guest did not catch (the very
    object, with the guest's stack as a note):

    :raises GuestTrapError, GuestTypeError, GuestTimeoutError, SuspendRefusedError, GuestStateError: see there
    """

    @property
    def poisoned(self) -> str | None:
        """Why it is unfit for more calls; None: it is fit."""
        ...

    @property
    def calls(self) -> Collection[CallState]:
        """The calls in progress, oldest first."""
        ...

    def call(self, export: str, args: Sequence[Any], state: CallState) -> Awaitable[tuple[Any, ...]]:
        """Call an exported function, which may wait; to be awaited once. Cancelled, it leaves nothing behind.

        The library has seen to it that there is such an export, that as many arguments are given as it takes,
        and, without ``concurrent``, that one call at a time runs, those with a parent excepted.
        """
        ...

    def call_now(self, export: str, args: Sequence[Any], state: CallState) -> tuple[Any, ...]:
        """Call an exported function, which must not wait.

        :raises SuspendRefusedError: it wanted to, or the backend has no such calls
        """
        ...

    def memory(self, name: str) -> RawMemory:
        """Return an exported memory; the library has seen to it that there is one."""
        ...

    def get_global(self, name: str) -> Any:
        """Read an exported global."""
        ...

    def set_global(self, name: str, value: Any) -> None:
        """Set an exported mutable global."""
        ...

    def output(self) -> tuple[bytes, bytes]:
        """What the guest has written to stdout and stderr so far."""
        ...

    async def aclose(self) -> None:
        """End all calls under way (they raise ``GuestStateError``) and free it; a second call does nothing.

        A host function of the instance's own may call it: what cannot be freed then is freed after its call.
        """
        ...


class GuestModule(Protocol):
    """A module made ready on a backend: many instances may come of it.

    :ivar backend: the backend's name; :ivar engine: name and version
    """

    backend: str
    engine: str

    async def instantiate(self, state: CallState) -> GuestInstance:
        """Make an instance and run its start function; cancelled, it leaves nothing behind.

        :param state: stands for the start function's call
        :raises GuestTrapError: the start function trapped
        :raises GuestTimeoutError: its fuel was used up, or its time
        :raises GuestError: the engine refuses it
        """
        ...

    async def aclose(self) -> None:
        """Free it, once all instances are closed; a second call does nothing."""
        ...


class GuestOpener(Protocol):
    """What a backend's room has for the library."""

    async def __call__(self, plan: OpenRequest) -> GuestModule:
        """Make a module ready.

        :raises BackendUnavailableError: the backend cannot run here
        :raises GuestError: it cannot run this module, or not with this plan (the message says why)
        """
        ...
