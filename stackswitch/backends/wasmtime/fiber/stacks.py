"""The stack of a guest on a fiber, sampled by C code when a host function is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from ..capi import GuestTrap
from ..compiled import CompiledModule
from ..errors import OVER_MESSAGE
from ..stacks import Place, Profiler
from ..store import Store
from .call import FiberCall
from .capi import FiberApi
from .epoch_trap import EpochTrap

_SAMPLES_MOST = 1000
"""A profile contains every sample, and only the last one is needed."""


class Sampler:
    """Notes the stack of each call that comes to a host function which may wait.

    :param dll: wasmtime's library
    :param sample_for: has the samples that follow taken for a profiler
    """

    def __init__(
        self, dll: Any, store: Store, modules: Sequence[CompiledModule], sample_for: Callable[[int], None]
    ) -> None:
        self._dll = dll
        self._store = store
        self._profilers = Profiler(store, modules)
        self._sample_for = sample_for
        self._profiler = 0
        self._samples = 0
        self._restart()

    @cached_property
    def _epoch_trap(self) -> EpochTrap:
        return EpochTrap(self._dll, self._store)

    def _restart(self) -> None:
        self.drop()
        self._profiler = self._profilers.start()
        self._sample_for(self._profiler)

    def arrived(self, call: FiberCall, *, waits: bool) -> None:
        """A host function was called: if it may wait, note the stack on the call."""
        self._samples += 1
        if waits:
            call.frames = self._take()
        elif self._samples >= _SAMPLES_MOST:
            self._restart()

    def _take(self) -> tuple[Place, ...]:
        """Return the functions of the last sample, innermost first."""
        profile = self.drop()
        self._restart()
        return self._profilers.places(profile) if profile else ()

    def stop(
        self, run: Callable[[FiberCall], None], call: FiberCall, api: FiberApi
    ) -> tuple[GuestTrap | None, tuple[Place, ...]]:
        """Have a guest that computes run on to wasmtime's next tick and trap there, and sample its stack.

        It may come to a host function first, which samples too and is not called.

        :param run: runs the guest
        :returns: its trap, if it came to that, and the stack
        """
        self._restart()
        call.frames = ()
        if not self._epoch_trap.begin(self._profiler):
            return None, ()
        trap: BaseException | None = None
        used = True  # unknown after an interrupt, and to free the error twice would be worse
        try:
            try:
                run(call)
            except Exception as error:  # noqa: BLE001 (whatever it ended by just then)
                trap = error
            used = isinstance(trap, GuestTrap) and OVER_MESSAGE in trap.message
        finally:
            self._epoch_trap.end(api, used=used)
        return trap if isinstance(trap, GuestTrap) and used else None, call.frames or self._take()

    def drop(self) -> bytes:
        """Free the profiler; return its profile."""
        profiler, self._profiler, self._samples = self._profiler, 0, 0
        return self._profilers.finish(profiler) if profiler else b""
