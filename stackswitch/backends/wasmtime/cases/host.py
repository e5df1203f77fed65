"""Host functions as data: what a case's ``host`` entries say is done, in the order of docs/suite-format.md.

Nothing here knows how the guest is suspended. It cannot be if a function on its stack is not instrumented.
Then the entry is carried out *in place*: the guest stays where it is, and the host function blocks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from stackswitch.models.case import Case
from stackswitch.models.host import Failure, HostCall, Reentry
from stackswitch.models.result import LOG_LIMIT
from stackswitch.models.values import same_value

from ..instance import ModuleInstance, ScriptError
from ..store import ThrowTag
from ..values import Codec, Value

Results = Sequence[Value]


class HostError(Exception):
    """A host function failed as the case says it does."""


class CannotWaitError(Exception):
    """The guest cannot be suspended here, and what it waits for needs a later step of the case."""


class Caller(Protocol):
    """What a host function knows of who called it, and how it calls back."""

    instance: ModuleInstance

    def may_suspend(self, import_: str) -> bool:
        """Whether the guest can be suspended now; if not, the host function waits in place."""
        ...

    def call_now(self, instance: str | None, export: str, args: tuple[str, ...]) -> tuple[str, ...]:
        """Call an export that must not wait; ``instance`` None: the caller's own."""
        ...

    def call(
        self, instance: str | None, export: str, args: tuple[str, ...]
    ) -> Coroutine[Any, Any, tuple[str, ...]]:
        """Call an export that may wait."""
        ...

    def call_in_place(self, instance: str | None, export: str, args: tuple[str, ...]) -> tuple[str, ...]:
        """Call an export that may wait, while the caller's own guest stays where it is."""
        ...


class Host:
    """The host functions of a case, while it runs.

    :ivar log: the imports called, in order; ended at ``LOG_LIMIT``
    :ivar problems: departures from the case's own words
    """

    def __init__(self, case: Case) -> None:
        self.log: list[str] = []
        self.problems: list[str] = []
        self._entries: dict[str, list[HostCall]] = {}
        for entry in case.host:
            self._entries.setdefault(entry.import_, []).append(entry)
        self._served: dict[str, int] = {}
        self._gates: dict[str, asyncio.Event] = {}

    def waits(self, import_: str) -> bool:
        """Whether an import is an asynchronous function."""
        return any(entry.waits for entry in self._entries.get(import_, ()))

    def release(self, gate: str) -> None:
        """Open a gate."""
        self._gate(gate).set()

    def _gate(self, name: str) -> asyncio.Event:
        return self._gates.setdefault(name, asyncio.Event())

    def _next(self, import_: str) -> HostCall:
        entries = self._entries[import_]
        served = self._served[import_] = self._served.get(import_, 0) + 1
        for entry in entries:
            if served <= entry.times:
                return entry
            served -= entry.times
        return entries[-1]

    def begin(
        self,
        import_: str,
        caller: Caller,
        params: Codec,
        results: Codec,
        args: tuple[Value, ...],
        *,
        sync: bool,
    ) -> Results | Coroutine[Any, Any, Results]:
        """Serve one call of an import: its results at once, or a coroutine that waits for them.

        :param sync: the import is an ordinary function: it never waits
        """
        if len(self.log) < LOG_LIMIT:
            self.log.append(import_)
        entry = self._next(import_)
        call = _Served(self, entry, caller, params, results, args)
        call.check_args()
        if entry.throws is not None:
            raise call.failure(entry.throws)
        if sync or not self._must_wait(entry):
            return call.at_once()
        if caller.may_suspend(import_):
            return call.waiting()
        return call.in_place()

    def _must_wait(self, entry: HostCall) -> bool:
        if entry.delay_ms is not None or any(call.suspending for call in entry.calls):
            return True
        return entry.gate is not None and not self._gate(entry.gate).is_set()

    def gate_is_open(self, name: str) -> bool:
        """Whether a gate has been released."""
        return self._gate(name).is_set()

    async def at_gate(self, name: str) -> None:
        """Wait until a gate is open."""
        await self._gate(name).wait()


class _Served:
    """One call of a host function."""

    def __init__(
        self,
        host: Host,
        entry: HostCall,
        caller: Caller,
        params: Codec,
        results: Codec,
        args: tuple[Value, ...],
    ) -> None:
        self.host = host
        self.entry = entry
        self.caller = caller
        self.params = params
        self.results = results
        self.args = args

    def check_args(self) -> None:
        if self.entry.args is None:
            return
        actual = self.caller.instance.texts(self.params, self.args)
        if len(actual) != len(self.entry.args) or not all(map(same_value, self.entry.args, actual)):
            self.host.problems.append(
                f"{self.entry.import_} was called with ({', '.join(actual)}),"
                f" not with ({', '.join(self.entry.args)})"
            )

    def at_once(self) -> Results:
        for call in self._calls("before"):
            self._check(call, self.caller.call_now(call.instance, call.export, call.args))
        for call in self._calls("during"):
            self._check(call, self.caller.call_now(call.instance, call.export, call.args))
        return self._end()

    async def waiting(self) -> Results:
        entry = self.entry
        await self._call_back("before")
        if entry.delay_ms is not None:
            await asyncio.sleep(entry.delay_ms / 1000)
        if entry.gate is not None:
            await self.host.at_gate(entry.gate)
        await self._call_back("during")
        return self._end()

    def in_place(self) -> Results:
        entry = self.entry
        self._call_back_in_place("before")
        if entry.delay_ms is not None:
            time.sleep(entry.delay_ms / 1000)
        if entry.gate is not None and not self.host.gate_is_open(entry.gate):
            raise CannotWaitError(
                f"{entry.import_} waits for the gate {entry.gate!r}, and a function on the stack is not"
                " instrumented: the guest cannot be suspended until then"
            )
        self._call_back_in_place("during")
        return self._end()

    async def _call_back(self, when: str) -> None:
        for call in self._calls(when):
            if call.suspending:
                seen = await self.caller.call(call.instance, call.export, call.args)
            else:
                seen = self.caller.call_now(call.instance, call.export, call.args)
            self._check(call, seen)

    def _call_back_in_place(self, when: str) -> None:
        for call in self._calls(when):
            run: Callable[..., tuple[str, ...]] = (
                self.caller.call_in_place if call.suspending else self.caller.call_now
            )
            self._check(call, run(call.instance, call.export, call.args))

    def _calls(self, when: str) -> list[Reentry]:
        return [call for call in self.entry.calls if call.when == when]

    def _check(self, call: Reentry, seen: tuple[str, ...]) -> None:
        wanted = call.values
        if wanted is not None and not (len(wanted) == len(seen) and all(map(same_value, wanted, seen))):
            self.host.problems.append(
                f"{self.entry.import_} called {call.export} and got ({', '.join(seen)}),"
                f" not ({', '.join(wanted)})"
            )

    def _end(self) -> Results:
        entry, instance = self.entry, self.caller.instance
        if entry.grows:
            instance.grow_memory(entry.grows)
        for write in entry.writes:
            instance.write_memory(self._address(write.at), bytes.fromhex(write.hex))
        for each in entry.sets:
            instance.set_global(each.name, each.value)
        for put in entry.table_sets:
            instance.set_element(put.table, put.index, put.export)
        if entry.rejects is not None:
            raise self.failure(entry.rejects)
        if len(entry.returns) != len(self.results.kinds):
            raise ScriptError(
                f"{entry.import_} returns {len(entry.returns)} values, its type has {len(self.results.kinds)}"
            )
        return [self._result(text) for text in entry.returns]

    def _address(self, at: int | str) -> int:
        if isinstance(at, int):
            return at
        return self.args[int(at[4:])] or 0

    def _result(self, text: str) -> Value:
        return self.args[int(text[4:])] if text.startswith("arg:") else self.caller.instance.value(text)

    def failure(self, failure: Failure) -> Exception:
        if failure.tag is None:
            return HostError(failure.message)
        instance = self.caller.instance
        return ThrowTag(instance.extern(failure.tag, "tag"), [instance.val(text) for text in failure.values])
