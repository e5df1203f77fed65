"""Instances on fibers and calls of their exports, as what ``Fibers`` runs.

Host functions are defined by a linker: there is no other way.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

from .call import Function
from .capi import Handle, address
from .fibercall import FiberCall, Fibers, HostFunction, Side
from .fibervalues import VAL, ValueArray
from .store import Store
from .values import Codec, Value


class Linker:
    """What an instance imports, by name, for one instantiation."""

    def __init__(self, fibers: Fibers) -> None:
        self.fibers = fibers
        self.pointer: int = fibers.api.wasmtime_linker_new(address(fibers.store.engine.ptr()))

    def define(self, module: str, name: str, extern: Any) -> None:
        """Give an import something that exists."""
        first, second = module.encode(), name.encode()
        self._check(
            self.fibers.api.wasmtime_linker_define(
                self.pointer,
                self.fibers.store.context,
                first,
                len(first),
                second,
                len(second),
                ctypes.addressof(extern),
            )
        )

    def define_function(self, module: str, name: str, functype: Any, function: HostFunction) -> None:
        """Give an import a host function."""
        first, second = module.encode(), name.encode()
        self._check(
            self.fibers.api.wasmtime_linker_define_async_func(
                self.pointer,
                first,
                len(first),
                second,
                len(second),
                address(functype.ptr()),
                address(self.fibers.landing.callback),
                self.fibers.add(function),
                None,
            )
        )

    def _check(self, error: int | None) -> None:
        if error:
            raise self.fibers.store.taken(error)

    def close(self) -> None:
        """Free it, once the instance stands."""
        pointer, self.pointer = self.pointer, 0
        if pointer:
            self.fibers.api.wasmtime_linker_delete(pointer)


def array_of(store: Store, codec: Codec) -> ValueArray:
    """Return what reads and writes values as wasmtime's asynchronous calls take them.

    :param codec: what reads and writes them in slots
    """
    if not isinstance(codec, Codec):
        return codec  # it is for such arrays already
    return ValueArray(codec, store.api, store.context, store.references)


def arrays_of(store: Store, function: Function) -> tuple[Any, Any]:
    """Return what reads and writes an export's arguments and results; made once."""
    found = function.arrays
    if found is None:
        found = function.arrays = array_of(store, function.params), array_of(store, function.results)
    return found


def making(linker: Linker, side: Side, module: Any, handle: Handle, *, may_wait: bool) -> FiberCall:
    """Return the making of an instance, not yet begun; its start function may wait.

    :param linker: has all that it imports, and is kept until it stands
    :param module: wasmtime-py's
    :param handle: where its ``wasmtime_instance_t`` goes; not to be used before
    """
    fibers = linker.fibers

    def start(call: FiberCall) -> int:
        future: int = fibers.api.wasmtime_linker_instantiate_async(
            linker.pointer,
            fibers.store.context,
            address(module.ptr()),
            ctypes.addressof(handle),
            ctypes.addressof(call.trap),
            ctypes.addressof(call.error),
        )
        return future

    return FiberCall(side, start, tuple, may_wait=may_wait)


def calling(
    fibers: Fibers,
    side: Side,
    function: Function,
    values: Sequence[Value],
    *,
    may_wait: bool,
    parent: FiberCall | None = None,
) -> FiberCall:
    """Return a call of an export, not yet begun.

    :param parent: the call whose host function makes it
    """
    store, api = fibers.store, fibers.api
    params, results = arrays_of(store, function)
    param_count, result_count = len(params.kinds), len(results.kinds)
    # wasmtime has the address of all this until the future is deleted; the call keeps it.
    room = ctypes.create_string_buffer(max(1, param_count + result_count) * VAL)
    args_at = ctypes.addressof(room)
    results_at = args_at + param_count * VAL

    def start(call: FiberCall) -> int:
        params.write(args_at, values)
        future: int = api.wasmtime_func_call_async(
            store.context,
            function.at,
            args_at,
            param_count,
            results_at,
            result_count,
            ctypes.addressof(call.trap),
            ctypes.addressof(call.error),
        )
        return future

    def result(_room: object = room) -> tuple[Value, ...]:
        found: tuple[Value, ...] = results.read(results_at)
        results.drop(results_at)
        return found

    return FiberCall(side, start, result, may_wait=may_wait, parent=parent)
