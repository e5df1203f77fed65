"""The guest's stack at a host function's arrival: sampled on the fiber by C code, read when it is wanted."""

from __future__ import annotations

import ctypes
import json
from typing import Any

from ..capi import ByteVec, GuestTrap, take_bytes, take_error
from ..errors import OVER_MESSAGE
from ..stacks import StackReader, frames_of_profile
from .capi import Landing
from .runtime import FiberCall, FiberRuntime
from .stop import Ending

_SAMPLES_MOST = 1000
"""A profile keeps every sample, and only the last one is wanted."""


class Sampler(StackReader):
    """Reads the stack that was sampled when a host function was called last."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._profiler = 0
        self._samples = 0
        self._ending: Ending | None = None

    def ready(self, fibers: FiberRuntime) -> None:
        """Make a profiler for the samples that follow, if there is none or it has had enough."""
        self._samples += 1
        if self._profiler and self._samples < _SAMPLES_MOST:
            return
        self.drop()
        self._profiler = self._api.wasmtime_guestprofiler_new(
            self._engine,
            ctypes.addressof(self._names[0]),
            1,
            ctypes.addressof(self._modules),
            len(self._modules),
        )
        if isinstance(fibers.landing, Landing):  # it is, where samples are taken
            fibers.landing.watch_with(self._profiler)

    def take(self) -> tuple[tuple[int, int], ...]:
        """Return the functions of the last sample, innermost first."""
        profile = self._finish()
        frames = frames_of_profile(profile) if profile else ()
        return tuple([(module, defined + self._imported[module]) for module, defined in frames])

    def _finish(self) -> bytes:
        profiler, self._profiler, self._samples = self._profiler, 0, 0
        if not profiler:
            return b""
        out = ByteVec()
        error = self._api.wasmtime_guestprofiler_finish(profiler, ctypes.addressof(out))
        if error:
            raise take_error(self._api, error)
        return _last_sample(take_bytes(self._api, out))

    def stop(self, fibers: FiberRuntime, call: FiberCall) -> GuestTrap | None:
        """Have a guest that computes run on to wasmtime's next tick and trap there, and sample its stack.

        It may come to a host function first, which samples too and is not called.

        :returns: its trap, if it came to that
        """
        self.drop()
        self.ready(fibers)
        if self._ending is None:
            self._ending = Ending(fibers.api.dll, self._store)
        if not self._ending.begin(self._profiler):
            return None
        trap: BaseException | None = None
        used = True  # where an interrupt keeps us from knowing: to free the error twice would be worse
        try:
            try:
                fibers.poll(call)
            except Exception as error:  # noqa: BLE001 (whatever it ended by just then)
                trap = error
            used = isinstance(trap, GuestTrap) and OVER_MESSAGE in trap.message
        finally:
            self._ending.end(fibers.api, used=used)
        return trap if isinstance(trap, GuestTrap) and used else None

    def drop(self) -> None:
        """Free the profiler."""
        self._finish()


def _last_sample(profile: bytes) -> bytes:
    content = json.loads(profile)
    samples = content["threads"][0]["samples"]
    if len(samples["stack"]) > 1:
        samples["stack"] = samples["stack"][-1:]
        return json.dumps(content).encode()
    return profile
