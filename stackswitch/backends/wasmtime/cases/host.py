"""Host functions as data: what a case's ``host`` entries say is done, in the order of docs/suite-format.md.

Nothing here knows how the guest is suspended. It cannot be if a function on its stack is not instrumented.
Then the entry is carried out *in place*: the guest stays where it is, and the host function blocks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from stackswitch.models.case import Case
from stackswitch.models.host import Failure, HostCall, Reentry
from stackswitch.models.result import LOG_LIMIT
from stackswitch.models.values import same_value

from ..instance import ScriptError
from ..store import ThrowTag
from ..values import Value, ValueCodec
from .call import CaseCall, InstanceHandle

Results = Sequence[Value]


class HostError(Exception):
    """A host function failed as the case says it does."""


class CannotWaitError(Exception):
    """The guest cannot be suspended here, and what it waits for needs a later step of the case."""


class HostContext(Protocol):
    """What a host function knows of the call that it serves, and how it calls back.

    :ivar handle: the instance that has called it
    """

    handle: InstanceHandle

    def may_suspend(self, import_: str) -> bool:
        """Whether the guest can be suspended now; if not, the host function waits in place."""
        ...

    def call(self, reentry: Reentry, *, may_wait: bool = False, in_place: bool = False) -> CaseCall:
        """Return a call of an export, not yet begun.

        :param may_wait: whether it may be suspended
        :param in_place: where it waits, all guests stay where they are
        """
        ...


class CaseHost:
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

    def gate(self, name: str) -> asyncio.Event:
        """Return a gate; it is open when it is set."""
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
        context: HostContext,
        params: ValueCodec,
        results: ValueCodec,
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
        served = _ServedCall(self, entry, context, params, results, args)
        served.check_args()
        if entry.throws is not None:
            raise served.failure(entry.throws)
        if sync or not self._must_wait(entry):
            return served.finish_now()
        if context.may_suspend(import_):
            return served.finish()
        return served.finish_now(in_place=True)

    def _must_wait(self, entry: HostCall) -> bool:
        if entry.delay_ms is not None or any(call.suspending for call in entry.calls):
            return True
        return entry.gate is not None and not self.gate(entry.gate).is_set()


@dataclass
class _ServedCall:
    """One call of a host function."""

    host: CaseHost
    entry: HostCall
    context: HostContext
    params: ValueCodec
    results: ValueCodec
    args: tuple[Value, ...]

    def check_args(self) -> None:
        actual = self.context.handle.instance.texts(self.params, self.args)
        if (wanted := _unlike(self.entry.args, actual)) is not None:
            self.host.problems.append(
                f"{self.entry.import_} was called with ({', '.join(actual)}), not with ({wanted})"
            )

    async def finish(self) -> Results:
        entry = self.entry
        await self._call_back("before")
        if entry.delay_ms is not None:
            await asyncio.sleep(entry.delay_ms / 1000)
        if entry.gate is not None:
            await self.host.gate(entry.gate).wait()
        await self._call_back("during")
        return self._end()

    def finish_now(self, *, in_place: bool = False) -> Results:
        """Serve it while the guest stays where it is; ``in_place``: block where it waits."""
        self._call_back_now("before", in_place=in_place)
        if in_place:
            self._block()
        self._call_back_now("during", in_place=in_place)
        return self._end()

    def _block(self) -> None:
        entry = self.entry
        if entry.delay_ms is not None:
            time.sleep(entry.delay_ms / 1000)
        if entry.gate is not None and not self.host.gate(entry.gate).is_set():
            raise CannotWaitError(
                f"{entry.import_} waits for the gate {entry.gate!r}, and a function on the stack is not"
                " instrumented: the guest cannot be suspended until then"
            )

    async def _call_back(self, when: str) -> None:
        for each in self._reentries(when):
            call = self.context.call(each, may_wait=each.suspending)
            self._check(each, await call.finish() if each.suspending else call.finish_now())

    def _call_back_now(self, when: str, *, in_place: bool) -> None:
        for each in self._reentries(when):
            call = self.context.call(each, in_place=in_place and each.suspending)
            self._check(each, call.finish_now())

    def _reentries(self, when: str) -> list[Reentry]:
        return [each for each in self.entry.calls if each.when == when]

    def _check(self, reentry: Reentry, actual: tuple[str, ...]) -> None:
        if (wanted := _unlike(reentry.values, actual)) is not None:
            self.host.problems.append(
                f"{self.entry.import_} called {reentry.export} and got ({', '.join(actual)}), not ({wanted})"
            )

    def _end(self) -> Results:
        entry, instance = self.entry, self.context.handle.instance
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
        return (
            self.args[int(text[4:])] if text.startswith("arg:") else self.context.handle.instance.value(text)
        )

    def failure(self, failure: Failure) -> Exception:
        if failure.tag is None:
            return HostError(failure.message)
        instance = self.context.handle.instance
        return ThrowTag(instance.extern(failure.tag, "tag"), [instance.val(text) for text in failure.values])


def _unlike(wanted: Sequence[str] | None, actual: Sequence[str]) -> str | None:
    """Return the values that were expected, if there are any and the actual ones differ."""
    if wanted is None or (len(wanted) == len(actual) and all(map(same_value, wanted, actual))):
        return None
    return ", ".join(wanted)
