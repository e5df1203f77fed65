"""The guest's stack, whole, by function index: wasmtime's guest profiler, used for a single sample.

A trap shows 20 frames, a sample all. What comes out is a profile for Firefox's viewer (JSON): a table of
stacks, each a frame and the stack it stands on, root first. Function names are wasmtime's own, ``<wasm
function 3>``, as long as the module it compiled has no name section; offsets are those of machine code.

To parse a profile takes longer than to make it, and a guest in a loop waits with one stack again and again.
So profiles are cached, with all of their text but the clock's readings as the key. The key contains whatever
differs between two stacks, so none is mistaken for another.
"""

from __future__ import annotations

import ctypes
import json
import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from .capi import ByteVec, address, take_bytes, take_error
from .compiled import CompiledModule
from .store import Store

Place = tuple[int, int]
"""Number of the module, function index in it (imports counted)."""
_KEPT_BYTES = 4 << 20
"""How much text of profiles is cached."""
_READ = (
    b'"libs":',
    b'"stack":',
    b'"stringArray":',
    b'"funcTable":',
    b'"resourceTable":',
    b'"frameTable":',
    b'"stackTable":',
)
_FUNCTION = re.compile(r"<wasm function (\d+)>")


class _Module(ctypes.Structure):
    """``wasmtime_guestprofiler_modules_t``: a name and a module, both by address."""

    _fields_ = [("name", ctypes.c_void_p), ("module", ctypes.c_void_p)]


class Profiler:
    """wasmtime's guest profiler for the stacks of one store.

    :param modules: all that have instances in it, compiled without their names
    """

    def __init__(self, store: Store, modules: Sequence[CompiledModule]) -> None:
        self._store = store
        self._modules = modules

    def start(self) -> int:
        """Return a new ``wasmtime_guestprofiler_t``."""
        engine, name, modules, *_ = self._arguments
        profiler: int = self._store.api.wasmtime_guestprofiler_new(
            engine, name, 1, modules, len(self._modules)
        )
        return profiler

    @cached_property
    def _arguments(self) -> tuple[Any, ...]:
        """Return the engine, any name and the modules by address, and the objects that must live as long."""
        texts = [ctypes.create_string_buffer(b"%d" % at) for at in range(len(self._modules))]
        names = [ByteVec(len(text.value), ctypes.addressof(text)) for text in texts]
        modules = (_Module * len(self._modules))()
        for each, name, compiled in zip(modules, names, self._modules, strict=True):
            each.name = ctypes.addressof(name)
            each.module = address(compiled.code.ptr())
        engine = address(self._store.engine.ptr())
        return engine, ctypes.addressof(names[0]), ctypes.addressof(modules), texts, names, modules

    def finish(self, profiler: int) -> bytes:
        """Free a profiler; return its profile."""
        api, out = self._store.api, ByteVec()
        error = api.wasmtime_guestprofiler_finish(profiler, ctypes.addressof(out))
        if error:
            raise take_error(api, error)
        return take_bytes(api, out)

    def places(self, profile: bytes) -> tuple[Place, ...]:
        """Return the functions of a profile's last sample, innermost first, imports counted."""
        imported = [each.module.imported_function_count for each in self._modules]
        return tuple([(module, defined + imported[module]) for module, defined in frames_of_profile(profile)])


class StackReader:
    """Reads the stack of a store from within a host function, or at one of wasmtime's ticks.

    :param modules: all that have instances in it
    """

    def __init__(self, store: Store, modules: Sequence[CompiledModule]) -> None:
        self._store = store
        self._profiler = Profiler(store, modules)
        self._known: dict[bytes, tuple[Place, ...]] = {}
        self._known_bytes = 0

    def read(self) -> tuple[Place, ...]:
        """Return the functions on the stack, innermost first."""
        profiler = self._profiler.start()
        self._store.api.wasmtime_guestprofiler_sample(profiler, self._store.pointer, 0)
        return self._places(self._profiler.finish(profiler))

    def _places(self, profile: bytes) -> tuple[Place, ...]:
        key = without_clock(profile)
        found = self._known.get(key) if key else None
        if found is None:
            found = self._profiler.places(profile)
            if key:
                self._known_bytes += len(key)
                if self._known_bytes > _KEPT_BYTES:
                    self._known.clear()
                    self._known_bytes = len(key)
                self._known[key] = found
        return found


def without_clock(profile: bytes) -> bytes:
    """Return a profile's text without the readings of the clock; empty if it is not laid out as we know it.

    What is left out: all before the libraries, the process's and the thread's times, the samples' times. The
    parts are in the order in which wasmtime writes them; all that ``frames_of_profile`` reads is in the key.
    """
    libs = profile.find(b'"libs":')
    shutdown = profile.find(b'"processShutdownTime":', libs)
    resources = profile.find(b'"resourceTable":', shutdown)
    times = profile.find(b'"timeDeltas":', resources)
    after = profile.find(b"]", times)
    end = profile.find(b'"unregisterTime":', after)
    if not 0 <= libs < shutdown < resources < times < after < end:
        return b""
    key = profile[libs:shutdown] + profile[resources:times] + profile[after:end]
    return key if all(part in key for part in _READ) else b""


def frames_of_profile(profile: bytes) -> tuple[Place, ...]:
    """Return the functions of a profile's last sample, innermost first, as (module, defined function).

    Modules are named by their decimal number. No sample: an empty stack.
    """
    content = json.loads(profile)
    thread = content["threads"][0]
    stacks = thread["samples"]["stack"]
    if not stacks or stacks[-1] is None:
        return ()
    strings, table, of_module = thread["stringArray"], thread["funcTable"], thread["resourceTable"]["lib"]
    libs = content["libs"]
    functions = [
        (int(libs[of_module[resource]]["name"]), int(_FUNCTION.sub(r"\1", strings[name])))
        for name, resource in zip(table["name"], table["resource"], strict=True)
    ]
    of_frame = [functions[each] for each in thread["frameTable"]["func"]]
    prefix, frame = thread["stackTable"]["prefix"], thread["stackTable"]["frame"]
    frames: list[Place] = []
    at: int | None = stacks[-1]
    while at is not None:
        frames.append(of_frame[frame[at]])
        at = prefix[at]
    return tuple(frames)
