"""The guest's imports, as callbacks of C: what is called from within the guest.

None lets an exception out, which would cross frames of C (see ``guarded``).
"""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import Any

from ..capi import CALLBACK
from ..errors import SuspendError
from ..signal_safe import guarded
from ..switcher import LinkedFunction
from .call import AsyncifyCall
from .runtime import AsyncifyRuntime


def direct_import(runtime: AsyncifyRuntime, function: LinkedFunction, starting: list[Any]) -> Any:
    """Make the callback of an import that the guest calls itself, not through an adapter.

    :param starting: holds the note of the start function's call, while that runs
    """
    name, _, params, results, serve, waits = function
    machine, fail, running = runtime.machine, runtime.fail, runtime.machine.running
    trapped, new_trap = runtime.store.trapped.append, runtime.store.new_trap
    which = object()

    def callback(_env: int, _caller: int, slots: int, _count: int) -> int:
        try:
            if runtime.resuming is not None or runtime.waiting:
                runtime.look()
            if machine.state:
                if not waits:
                    machine.plain_import()
                return runtime.arrive(which, partial(results.write, slots), name)
            if waits:
                call = caller_of(runtime, name)
                outcome = serve(call.note, *params.read(slots))
                if isinstance(outcome, Coroutine):
                    try:
                        call.first = outcome.send(None)
                    except StopIteration as done:
                        outcome = done.value
                    else:
                        call.coroutine, call.answer = outcome, None
                        runtime.suspend(call, which, name)
                        runtime.start_unwind()
                        return 0
            else:
                outcome = serve(running[-1].note if running else starting[0], *params.read(slots))
            results.write(slots, outcome)
        except BaseException as error:  # noqa: BLE001 (none may cross frames of C)
            try:
                return fail(error, name)
            except BaseException as worse:  # noqa: BLE001 (a RecursionError: there is no room to say more)
                trapped(worse)
                return new_trap() or 0
        return 0

    return CALLBACK(guarded(callback))


def caller_of(runtime: AsyncifyRuntime, name: str) -> AsyncifyCall:
    """Return the call that an import is called in.

    :raises SuspendError: there is none
    """
    if not runtime.machine.running:
        raise SuspendError(f"{name} was called from outside: by a start function or another instance")
    return runtime.machine.running[-1]
