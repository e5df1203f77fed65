"""How sessions switch stacks: one protocol, which ``asyncify`` and ``fiber`` implement.

A session (of a case, or of a guest of the library) opens a ``SwitcherStore`` and adds its instances to it. It
makes all calls of an instance through that instance's ``Switcher``. It does not know how stacks are switched.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from .c_stack import CStack
from .call import ExportedFunction
from .capi import Extern, GuestTrap
from .compiled import CompiledModule
from .instance import ModuleInstance
from .stacks import Place
from .store import Store

Serve = Callable[..., Any]
"""A host function, called with the call's note and its arguments: its results, or a coroutine of them."""


class LinkedFunction(NamedTuple):
    """A host function, as an import of one instance is linked to it.

    :ivar name: ``module.name`` of the import
    :ivar type: wasmtime-py's type of the import
    :ivar params: reads the arguments; :ivar results: writes the results (see ``SwitcherStore.values``)
    :ivar waits: whether ``serve`` may return a coroutine
    """

    name: str
    type: Any
    params: Any
    results: Any
    serve: Serve
    waits: bool


@dataclass(frozen=True)
class SwitcherOptions:
    """What a session wants of a store.

    :param is_over: called at each of wasmtime's ticks; returns whether the guests are to be stopped
    :param stacks: stacks will be read at waits
    :param catchable: guests that know exceptions may catch a host function's failure
    :param on_suspend: called at each suspension, with the call and the import
    :param on_failure: called with a host function's failure that passes through the guest: the call's note,
        the import, the failure, the functions on the stack, innermost first, their offsets or nothing
    :param on_stopped: called where only stopping a guest shows its stack, after a call that computes was
        cancelled: its note, the trap that ended it or None, the functions on the stack, innermost first
    """

    is_over: Callable[[], bool]
    stacks: bool = False
    catchable: bool = False
    on_suspend: Callable[[Any, str], None] | None = None
    on_failure: Callable[[Any, str, BaseException, tuple[int, ...], tuple[int, ...]], None] | None = None
    on_stopped: Callable[[Any, GuestTrap | None, tuple[int, ...]], None] | None = None


class Switcher(Protocol):
    """Runs the calls of one instance, and suspends them where a host function waits."""

    async def instantiate(
        self, imports: Sequence[Extern | LinkedFunction], note: Any, *, may_wait: bool = True
    ) -> None:
        """Link the imports and make the instance; its start function runs.

        :param imports: in the order in which the module lists them
        :param note: of the start function's call
        :param may_wait: whether the start function may wait, where it can at all
        :raises BaseException: whatever the start function ended with
        """
        ...

    def connect(self, c_stack: CStack | None) -> None:
        """Look up what the switcher needs of the instance, once it has been made."""
        ...

    def call(
        self,
        function: ExportedFunction,
        args: Sequence[Any],
        note: Any,
        *,
        may_wait: bool,
        parent: Any = None,
    ) -> Any:
        """Return a call, not yet begun; it is also the note's ``backend_call``.

        :param parent: the call whose host function makes it, if that waits for its end
        """
        ...

    def finish(self, call: Any) -> Awaitable[tuple[Any, ...]]:
        """Begin a call, suspend and resume it at each wait, and return its results; to be awaited, once.

        Cancelled where it waits, it leaves nothing behind.

        :raises GuestTrap, GuestException: the guest trapped, or an exception left it
        :raises ProtocolError, OverflowedError: its stack could not be switched
        :raises BaseException: whatever a host function raised and the guest did not catch
        """
        ...

    def finish_now(self, call: Any) -> tuple[Any, ...]:
        """Begin a call that must not wait and return its results (see ``finish``).

        :raises SuspendError: it wanted to wait
        """
        ...

    def read_stack(self, call: Any) -> tuple[Place, ...]:
        """Return the functions on the stack of a call that has come to a host function which waits.

        Innermost first. Without ``SwitcherOptions.stacks`` it may be empty.
        """
        ...


class SwitcherStore(Protocol):
    """A store and the switchers of its instances.

    :ivar always_suspends: a host function that may wait suspends its caller even if its result is there
        at once
    :ivar reads_at_ticks: ``read_stack`` also works at one of wasmtime's ticks
    """

    store: Store
    always_suspends: bool
    reads_at_ticks: bool

    def values(self, kinds: tuple[str, ...], *, given: bool = False) -> Any:
        """Return what reads and writes values of these kinds, laid out as the switchers' calls have them.

        :param given: what is written is the guest's from then on, as results of host functions are
        """
        ...

    def add(self, instance: ModuleInstance, compiled: CompiledModule) -> Switcher:
        """Return the switcher of an instance, which is yet to be made."""
        ...

    def depth(self) -> int:
        """Return how many frames of ``read_stack`` are older than a call that begins now."""
        ...

    def blocking(self) -> Any:
        """Return the note of the call that keeps the event loop from stopping it; None: there is none."""
        ...

    def close(self) -> None:
        """Free everything; a second call does nothing."""
        ...


OpenStore = Callable[[Sequence[CompiledModule], SwitcherOptions], SwitcherStore]
"""Opens a store for instances of these modules."""
