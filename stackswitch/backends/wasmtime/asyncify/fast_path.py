"""The two halves of a wait through an adapter: the import's callback, and what awaits a call of an export.

The steps of ``runtime`` are written out here where nothing is out of the ordinary; the state machine takes
each transition by its own methods. An interrupt may come between any two lines: ``AsyncifyRuntime.abandon``
mends what it leaves.

An import that has waited several times in a row is expected to wait again (``predicted_unwinds``). The
adapter then unwinds before the host is called, and ``finish`` serves the import when the guest has returned.
That saves the callback. Where the host function does not wait after all, an unwind and a rewind were for
nothing: every 32nd time is looked at, and the expectation dropped.
"""

from __future__ import annotations

import types
from collections.abc import Coroutine, Generator
from time import monotonic
from types import CoroutineType
from typing import Any

from ..call import finish_started
from ..capi import SIGNAL
from ..signal_safe import guarded
from ..switcher import LinkedFunction
from ..values import Value
from .adapter import Adapter
from .call import Answer, AsyncifyCall
from .imports import caller_of
from .predicted_unwinds import AdaptedImport
from .runtime import AsyncifyRuntime

_UNCHECKED = 62
"""A mask: where these bits of the count of switches are all 0, an expectation is checked."""


@types.coroutine
def finish(runtime: AsyncifyRuntime, call: AsyncifyCall) -> Generator[Any, Any, tuple[Value, ...]]:
    """Begin a call and take it to its end; to be awaited, once.

    :raises GuestTrap, GuestException: the guest trapped, or an exception left it
    :raises ProtocolError, OverflowedError: the switch went wrong
    :raises BaseException: whatever a host function raised and the guest did not catch
    """
    entry = runtime.begin(call)
    machine, store, note = runtime.machine, runtime.store, call.note
    is_quick, unwound, resumes = runtime.is_quick and entry.adapted, runtime.unwound, entry.resumes
    served = runtime.served
    try:
        enter = entry.call
        while True:
            error = enter()
            number = unwound.value if is_quick else 0
            if number:
                import_ = served[number]
                if runtime.resuming is call:
                    runtime.resuming = None
                    machine.suspend_again(call, import_.which)
                else:
                    machine.suspend(call, import_.which)
                answer: Answer | None = import_.answer
                note.since = monotonic()
                note.waiting = import_.name
            elif not runtime.left(call, error, adapted=entry.adapted):
                return entry.read()
            try:
                if not number:
                    answer = call.answer
                    results = yield from finish_started(call.coroutine, call.first)
                else:
                    coroutine: Any = import_.begin(note)
                    if machine.switches & _UNCHECKED and type(coroutine) is CoroutineType:
                        results = yield from coroutine  # type: ignore[misc]
                    else:
                        results = yield from _checked(runtime, import_, coroutine)
            except GeneratorExit:
                raise
            except BaseException as error:
                if store.closed or not (runtime.catches or runtime.reports(error)):
                    raise
                call.failure, results = error, ()
            else:
                if is_quick and answer and machine.owner is call and not (machine.state or store.closed):
                    # What ``rewind`` does, where there is no more to do.
                    call.coroutine = note.waiting = None
                    try:
                        answer[1](results)
                    except Exception as error:  # noqa: BLE001 (it fails when the rewind comes to it)
                        call.failure = error
                    else:
                        runtime.resuming = call
                        enter = resumes.get(answer[0]) or entry.resuming(answer[0])
                        continue
            call.coroutine = note.waiting = None
            call.answer = answer
            enter = runtime.rewind(call, entry, results)
    except BaseException:
        runtime.abandon(call)
        raise
    finally:
        if call.region is not None and runtime.c_stack is not None:
            runtime.c_stack.give_back(call.region)


def _checked(runtime: AsyncifyRuntime, import_: AdaptedImport, outcome: Any) -> Generator[Any, Any, Any]:
    """Take an import's outcome to its end; where it does not wait, expect no more of it."""
    if isinstance(outcome, Coroutine):
        try:
            first = outcome.send(None)
        except StopIteration as done:
            outcome = done.value
        else:
            return (yield from finish_started(outcome, first))
    runtime.predicted.expect_no_wait(import_)
    return outcome


def adapted_import(runtime: AsyncifyRuntime, adapter: Adapter, number: int, function: LinkedFunction) -> Any:
    """Make the callback of an import that may wait, called by the guest's adapter.

    :param number: the adapter's of the import
    """
    name, machine, fail = function.name, runtime.machine, runtime.fail
    running = machine.running
    trapped, new_trap = runtime.store.trapped.append, runtime.store.new_trap
    start = function.params.caller(adapter.values_at, function.serve)
    write = function.results.bound(adapter.values_at)[1]
    import_ = runtime.served[number + 1] = AdaptedImport(number, name, start, (number + 1, write))
    which, predicted = import_.which, runtime.predicted
    answer = import_.answer if adapter.shape.arrives else None
    pending, unwinding = adapter.pending, adapter.unwinding

    def callback() -> int:
        try:
            call = runtime.resuming
            if call is not None and not (pending or predicted.now):
                runtime.resuming = None
                machine.resume(call)
            else:
                if call is not None or predicted.now:
                    runtime.look()
                if machine.state:
                    return runtime.arrive(which, write, name)
                call = running[-1] if running else caller_of(runtime, name)
            note = call.note
            outcome = start(note)
            # The first question is the quick one, and nearly always enough.
            if type(outcome) is CoroutineType or isinstance(outcome, Coroutine):
                try:
                    call.first = outcome.send(None)
                except StopIteration as done:
                    outcome = done.value
                else:
                    call.coroutine, call.answer = outcome, answer
                    if runtime.is_ready and call.may_wait and machine.owner is None:
                        # What ``suspend`` does, where there is no more to do.
                        note.since = monotonic()
                        note.waiting = name
                        call.suspensions += 1
                        machine.unwind(which)
                        unwinding.value = 1
                        import_.waits += 1
                        if import_.waits >= import_.enough and runtime.is_quick:
                            predicted.expect_wait(import_)
                    else:
                        runtime.suspend(call, which, name)
                    return 0
            import_.waits = 0
            write(outcome)
        except BaseException as error:  # noqa: BLE001 (none may cross frames of C)
            try:
                return fail(error, name)
            except BaseException as worse:  # noqa: BLE001 (a RecursionError: there is no room to say more)
                trapped(worse)
                return new_trap() or 0
        return 0

    return SIGNAL(guarded(callback))
