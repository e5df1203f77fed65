"""The guest's stack, whole, by function index: wasmtime's guest profiler, asked for a single sample.

A trap shows 20 frames, a sample all. What comes out is a profile for Firefox's viewer (JSON): a table of
stacks, each a frame and the stack it stands on, root first. Function names are wasmtime's own, ``<wasm
function 3>``, as long as the module it compiled has no name section; offsets are those of machine code.
"""

from __future__ import annotations

import ctypes
import json
import re
from collections.abc import Sequence
from typing import Any

from .capi import Api, ByteVec, address, take_bytes, take_error
from .store import Store

Place = tuple[int, int]
"""Number of the module, function index in it (imports counted)."""
_FUNCTION = re.compile(r"<wasm function (\d+)>")


class _Module(ctypes.Structure):
    """``wasmtime_guestprofiler_modules_t``: a name and a module, both by address."""

    _fields_ = [("name", ctypes.c_void_p), ("module", ctypes.c_void_p)]


class StackReader:
    """Reads the stack of a store from within a host function.

    :param modules: wasmtime-py's, each made from bytes without a name section
    :param imported: how many functions each of them imports: wasmtime counts the defined ones only
    """

    def __init__(self, api: Api, store: Store, modules: Sequence[Any], imported: Sequence[int]) -> None:
        self._api = api
        self._store = store
        self._engine = address(store.engine.ptr())
        self._imported = tuple(imported)
        self._texts = [ctypes.create_string_buffer(b"%d" % at) for at in range(len(modules))]
        self._names = [ByteVec(len(text.value), ctypes.addressof(text)) for text in self._texts]
        self._modules = (_Module * len(modules))()
        for each, name, module in zip(self._modules, self._names, modules, strict=True):
            each.name = ctypes.addressof(name)
            each.module = address(module.ptr())

    def read(self) -> tuple[Place, ...]:
        """Return the functions on the stack, innermost first."""
        api = self._api
        profiler = api.wasmtime_guestprofiler_new(
            self._engine,
            ctypes.addressof(self._names[0]),
            1,
            ctypes.addressof(self._modules),
            len(self._modules),
        )
        api.wasmtime_guestprofiler_sample(profiler, self._store.pointer, 0)
        out = ByteVec()
        error = api.wasmtime_guestprofiler_finish(profiler, ctypes.addressof(out))
        if error:
            raise take_error(api, error)
        frames = frames_of_profile(take_bytes(api, out))
        return tuple([(module, defined + self._imported[module]) for module, defined in frames])


def frames_of_profile(profile: bytes) -> tuple[Place, ...]:
    """Return the functions of a profile's only sample, innermost first, as (module, defined function).

    Modules are named by their decimal number. No sample: an empty stack.
    """
    content = json.loads(profile)
    thread = content["threads"][0]
    stacks = thread["samples"]["stack"]
    if not stacks or stacks[0] is None:
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
    at: int | None = stacks[0]
    while at is not None:
        frames.append(of_frame[frame[at]])
        at = prefix[at]
    return tuple(frames)
