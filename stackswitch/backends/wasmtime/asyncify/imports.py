"""The guest's imports, as callbacks of C: what is called from within the guest.

None lets an exception out, which would cross frames of C (see ``guarded``).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from ..call import Results
from ..capi import CALLBACK
from ..errors import SuspendError
from ..signal_safe import guarded
from ..values import Codec, Value
from .call import AsyncifyCall
from .runtime import AsyncifyRuntime, Begin


def plain_import(
    switch: AsyncifyRuntime,
    params: Codec,
    results: Codec,
    function: Callable[[tuple[Value, ...]], Results],
    name: str,
) -> Any:
    """Make the callback of an import that never waits."""
    machine, fail = switch.machine, switch.fail
    trapped, new_trap = switch.store.trapped.append, trapper(switch)

    def callback(_env: int, _caller: int, slots: int, _count: int) -> int:
        try:
            if switch.resuming is not None or switch.waiting:
                switch.look()
            if machine.state:
                machine.plain_import()
            results.write(slots, function(params.read(slots)))
        except BaseException as error:  # noqa: BLE001 (none may cross frames of C)
            try:
                return fail(error, name)
            except BaseException as worse:  # noqa: BLE001 (a RecursionError: there is no room to say more)
                trapped(worse)
                return new_trap() or 0
        return 0

    return CALLBACK(guarded(callback))


def waiting_import(switch: AsyncifyRuntime, params: Codec, results: Codec, begin: Begin, name: str) -> Any:
    """Make the callback of an import that may wait, called by the guest itself."""
    machine, fail = switch.machine, switch.fail
    trapped, new_trap = switch.store.trapped.append, trapper(switch)
    which = object()

    def callback(_env: int, _caller: int, slots: int, _count: int) -> int:
        try:
            if switch.resuming is not None or switch.waiting:
                switch.look()
            if machine.state:
                return switch.arrive(which, partial(results.write, slots), name)
            call = caller_of(switch, name)
            outcome = begin(call.note, *params.read(slots))
            if isinstance(outcome, Coroutine):
                try:
                    call.first = outcome.send(None)
                except StopIteration as done:
                    outcome = done.value
                else:
                    call.coroutine, call.answer = outcome, None
                    switch.suspend(call, which, name)
                    switch.start_unwind()
                    return 0
            results.write(slots, outcome)
        except BaseException as error:  # noqa: BLE001 (none may cross frames of C)
            try:
                return fail(error, name)
            except BaseException as worse:  # noqa: BLE001 (a RecursionError: there is no room to say more)
                trapped(worse)
                return new_trap() or 0
        return 0

    return CALLBACK(guarded(callback))


def trapper(switch: AsyncifyRuntime) -> Callable[[], int | None]:
    """Return what makes a trap; nothing of it needs room on Python's stack."""
    text = b"host"
    return partial(switch.store.api.wasmtime_trap_new, ctypes.c_char_p(text), ctypes.c_size_t(len(text)))


def caller_of(switch: AsyncifyRuntime, name: str) -> AsyncifyCall:
    """Return the call that an import is called in.

    :raises SuspendError: there is none
    """
    if not switch.machine.running:
        raise SuspendError(f"{name} was called from outside: by a start function or another instance")
    return switch.machine.running[-1]
