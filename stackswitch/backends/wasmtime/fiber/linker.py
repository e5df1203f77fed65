"""Instances on fibers and calls of their exports, as what ``FiberRuntime`` runs.

Host functions are defined by a linker: there is no other way.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..call import Function
from ..capi import Handle, address
from ..store import Store
from ..values import Codec, Value
from .buffers import Room, Rooms
from .runtime import FiberCall, FiberRuntime, HostFunction, Side
from .values import ValueArray


class Linker:
    """What an instance imports, by name, for one instantiation."""

    def __init__(self, fibers: FiberRuntime) -> None:
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
                self.fibers.landing.callback_at,
                self.fibers.landing.environment(self.fibers.add(function)),
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


def array_of(store: Store, codec: Codec, *, given: bool = False) -> ValueArray:
    """Return what reads and writes values as wasmtime's asynchronous calls take them.

    :param codec: what reads and writes them in slots; :param given: see ``ValueArray``
    """
    return ValueArray(codec, store.api, store.context, store.references, given=given)


def making(linker: Linker, side: Side, module: Any, handle: Handle, *, may_wait: bool) -> FiberCall:
    """Return the making of an instance, not yet begun; its start function may wait.

    :param linker: has all that it imports, and is kept until it stands
    :param module: wasmtime-py's
    :param handle: where its ``wasmtime_instance_t`` goes; not to be used before
    """
    fibers = linker.fibers

    def begin(trap: ctypes.c_void_p, error: ctypes.c_void_p) -> Callable[[], int]:
        return partial(
            fibers.api.wasmtime_linker_instantiate_async,
            linker.pointer,
            fibers.store.context,
            address(module.ptr()),
            ctypes.addressof(handle),
            trap,
            error,
        )

    return FiberCall(side, Room(begin), (), may_wait=may_wait)


def calling(
    fibers: FiberRuntime,
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
    rooms = function.rooms
    if rooms is None:
        store = fibers.store
        params, results = [
            each if not isinstance(each, Codec) else array_of(store, each)
            for each in (function.params, function.results)
        ]
        rooms = function.rooms = Rooms(fibers.api, store.context, function.at, params, results)
    return FiberCall(side, rooms.take(), values, may_wait=may_wait, parent=parent)
