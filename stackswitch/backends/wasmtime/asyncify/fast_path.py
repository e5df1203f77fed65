"""The two halves of a wait, written out: the import's callback, and what awaits a call of an export.

What ``runtime`` and ``state_machine`` do step by step is done here in place where there is nothing out of
the ordinary to see to: eleven calls of Python's functions less, which were a third of what a wait cost. All
else goes through ``runtime``. An interrupt may come between any two lines: ``AsyncifyRuntime.abandon`` mends
what it leaves.
"""

from __future__ import annotations

import types
from collections.abc import Coroutine, Generator
from time import monotonic
from types import CoroutineType
from typing import Any

from ..call import GuestCall, rest
from ..capi import SIGNAL
from ..signal_safe import guarded
from ..values import Codec, Value
from .adapter import Adapter
from .imports import caller_of, trapper
from .runtime import AsyncifyRuntime, Begin
from .state_machine import NORMAL, UNWINDING


@types.coroutine
def finish(switch: AsyncifyRuntime, call: GuestCall) -> Generator[Any, Any, tuple[Value, ...]]:
    """Begin a call and take it to its end; to be awaited, once.

    :raises GuestTrap, GuestException: the guest trapped, or an exception left it
    :raises ProtocolError, OverflowedError: the switch went wrong
    :raises BaseException: whatever a host function raised and the guest did not catch
    """
    entry = switch.begin(call)
    machine, store, note = switch.machine, switch.store, call.note
    trap, nothing, is_quick = store.trap, switch.nothing, switch.is_quick and entry.adapted
    running, resumes = machine.running, entry.resumes
    try:
        enter = entry.call
        while True:
            error = enter()
            if is_quick and machine.state == UNWINDING and not (error or trap or nothing):
                # What ``left`` does, where there is no more to do.
                machine.state = NORMAL
                running.pop()
            elif not switch.left(call, error, adapted=entry.adapted):
                return entry.read()
            coroutine: Any = call.coroutine
            try:
                try:
                    sent = yield call.first
                except GeneratorExit:
                    raise
                except BaseException as error:  # noqa: BLE001 (it is the coroutine's)
                    results = yield from rest(coroutine, coroutine.throw, error)
                else:
                    if sent is None:
                        results = yield from coroutine
                    else:
                        results = yield from rest(coroutine, coroutine.send, sent)
            except GeneratorExit:
                raise
            except BaseException as error:
                if store.closed or not (switch.catches or switch.tells(error)):
                    raise
                call.failure, results = error, ()
            else:
                answer = call.answer
                if is_quick and answer and machine.owner is call and not (machine.state or store.closed):
                    # What ``rewind`` does, where there is no more to do.
                    call.coroutine = note.waiting = None
                    try:
                        answer[1](results)
                    except Exception as error:  # noqa: BLE001 (it fails when the rewind comes to it)
                        call.failure = error
                    else:
                        switch.resuming = call
                        enter = resumes.get(answer[0]) or entry.resuming(answer[0])
                        continue
            call.coroutine = note.waiting = None
            enter = switch.rewind(call, entry, results)
    except BaseException:
        switch.abandon(call)
        raise
    finally:
        if call.region is not None and switch.shadow_stack is not None:
            switch.shadow_stack.give_back(call.region)


def adapted_import(
    switch: AsyncifyRuntime,
    adapter: Adapter,
    number: int,
    params: Codec,
    results: Codec,
    begin: Begin,
    name: str,
) -> Any:
    """Make the callback of an import that may wait, called by the guest's adapter.

    :param number: the adapter's of the import
    """
    machine, fail = switch.machine, switch.fail
    running, waits = machine.running, machine.waits
    trapped, new_trap = switch.store.trapped.append, trapper(switch)
    which = object()
    read, write = adapter.bound(params)[0], adapter.bound(results)[1]
    answer = (number + 1, write) if adapter.shape.arrives else None
    pending, unwinding = adapter.pending, adapter.unwinding

    def callback() -> int:
        try:
            # What ``look`` and ``StateMachine.resume`` do, where there is no more to do.
            call = switch.resuming
            if call is not None and not pending and machine.state == NORMAL:
                switch.resuming = None
                running.append(call)
                del waits[call]
                machine.owner = None
            else:
                if call is not None:
                    switch.look()
                if machine.state:
                    return switch.arrive(which, write, name)
                call = running[-1] if running else caller_of(switch, name)
            note = call.note
            outcome = begin(note, *read())
            # The first question is the quick one, and nearly always enough.
            if type(outcome) is CoroutineType or isinstance(outcome, Coroutine):
                try:
                    call.first = outcome.send(None)
                except StopIteration as done:
                    outcome = done.value
                else:
                    call.coroutine, call.answer = outcome, answer
                    if switch.is_ready and call.may_wait and machine.owner is None:
                        # What ``set_aside`` and ``StateMachine.unwind`` do.
                        note.since = monotonic()
                        note.waiting = name
                        call.suspensions += 1
                        waits[call] = which
                        machine.owner = call
                        machine.switches += 1
                        machine.state = UNWINDING
                        unwinding.value = 1
                    else:
                        switch.set_aside(call, which, name)
                    return 0
            write(outcome)
        except BaseException as error:  # noqa: BLE001 (none may cross frames of C)
            try:
                return fail(error, name)
            except BaseException as worse:  # noqa: BLE001 (a RecursionError: there is no room to say more)
                trapped(worse)
                return new_trap() or 0
        return 0

    return SIGNAL(guarded(callback))
