"""An adapter beside an instance: the switch's steps done within wasm (see ``stackswitch.wasm.adapters``).

It is there from before the guest's instance to after it. What it cannot do, since values are no numbers or
the build has not what it needs, the switch does by itself, step by step: both ways may meet in one call.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from stackswitch.binaryen.stack_memory import LOAD_EXPORT_NAME
from stackswitch.wasm import adapters
from stackswitch.wasm.module import FuncType, Module

from ..call import ExportedFunction
from ..capi import (
    EXTERN_KINDS,
    OUT_OF_FUEL,
    SLOT,
    VAL_KINDS,
    Extern,
    GuestTrap,
    Handle,
    Val,
    take_error,
)
from ..engine import WasmtimeEngine
from ..errors import ProtocolError
from ..store import Store
from .call import Entry

CONTROLS = ("start_unwind", "stop_unwind", "start_rewind", "stop_rewind")
"""In the order of their slots in an adapter's table."""
_POINTER, _NOTHING = FuncType(("i32",), ()), FuncType((), ())
_CONTROL_TYPES = dict(zip(CONTROLS, (_POINTER, _NOTHING, _POINTER, _NOTHING), strict=True))


class Shape(NamedTuple):
    """What adapter a module takes.

    :ivar imports: the adapter's number of each import that it serves, by function index
    :ivar exports: its number of each signature of an export
    :ivar size: how many bytes its words and slots take
    :ivar arrives: whether it can tell that the whole saved stack was restored, and so end a rewind by itself
    """

    wasm: bytes
    imports: dict[int, int]
    exports: dict[FuncType, int]
    size: int
    arrives: bool


def shape_of(module: Module, waiting: Sequence[int]) -> Shape | None:
    """Return what adapter a build takes; None: there is nothing that one could do for it.

    :param waiting: function indexes of the imports that may wait
    """
    served = [each for each in waiting if adapters.is_adaptable(module.function_type(each))]
    if not served or not adapters.has_plain_types(module):
        return None
    for control, type_ in _CONTROL_TYPES.items():
        export = module.export_named(f"asyncify_{control}")
        if export is None or export.kind != "func" or module.function_type(export.index) != type_:
            return None
    types = {module.function_type(each.index) for each in module.exports if each.kind == "func"}
    called = sorted(filter(adapters.is_adaptable, types), key=lambda each: (each.params, each.results))
    taking = [module.function_type(each) for each in served]
    most = max(len(values) for type_ in (*taking, *called) for values in (type_.params, type_.results))
    return Shape(
        adapters.adapter_module(tuple(taking), tuple(called)),
        {index: number for number, index in enumerate(served)},
        {type_: number for number, type_ in enumerate(called)},
        adapters.VALUES + SLOT * most,
        arrives=module.export_named(LOAD_EXPORT_NAME) is not None,
    )


class Adapter:
    """One instance of an adapter.

    Words that it shares with the host, see ``stackswitch.wasm.adapters``:

    :ivar pending: ``PENDING``; :ivar unwinding: ``UNWINDING``; :ivar nothing: ``NOTHING``
    :ivar early: ``EARLY``; :ivar waiting: ``WAITING``; :ivar unwound: ``UNWOUND``
    :ivar values_at: address of the slots
    """

    def __init__(self, engine: WasmtimeEngine, store: Store, shape: Shape) -> None:
        self.shape = shape
        self._store = store
        self._compiled = engine.compile(shape.wasm, named=True)
        self._no_values = engine.no_values
        memory, self._offset, self._at = store.words(shape.size)
        self.pending = self._word(adapters.PENDING)
        self.unwinding = self._word(adapters.UNWINDING)
        self.nothing = self._word(adapters.NOTHING)
        self.early = self._word(adapters.EARLY)
        self.waiting = self._word(adapters.WAITING)
        self.unwound = self._word(adapters.UNWOUND)
        self.values_at = self._at + adapters.VALUES
        self._externs = [memory]
        self._instance = Handle()
        self._table = 0

    def _word(self, at: int) -> ctypes.c_uint32:
        return ctypes.c_uint32.from_address(self._at + at)

    def add_host(self, callback: Any) -> None:
        """Give the host function of the next import that it serves.

        :param callback: of type ``SIGNAL``: there are no slots, values lie in ours
        """
        self._store.keep(callback)
        self._externs.append(host_function(self._store, callback, self._no_values))

    def instantiate(self) -> None:
        """Make the instance; all host functions are there.

        :raises GuestTrap: there is no room for it
        """
        store = self._store
        store.instantiate(self._compiled, self._externs, self._instance)
        offset = ctypes.create_string_buffer(self._offset.to_bytes(SLOT, "little"), SLOT)
        store.api.control(store.context, self.extern("bind").item, offset, 1, store.trap_at)

    def extern(self, name: str) -> Extern:
        """Return one of its exports; ``i0`` is the first import that it serves."""
        found = self._store.export(self._instance, name)
        assert found is not None
        self._store.keep(found)
        return found

    def connect(self, controls: Sequence[ExportedFunction]) -> None:
        """Give it the guest's control functions, in the order of ``CONTROLS``, then what loads, if any."""
        self._table = self.extern("table").item
        api, context = self._store.api, self._store.context
        for slot, control in enumerate(controls):
            error = api.wasmtime_table_set(context, self._table, slot, _reference(control))
            if error:
                raise take_error(api, error)

    def place(self, start: int, empty: int) -> None:
        """Say where the data block is.

        :param empty: its position when nothing is saved
        """
        self._word(adapters.START).value = start
        if self.shape.arrives:
            self._word(adapters.EMPTY).value = empty

    def entry(self, function: ExportedFunction) -> Entry | None:
        """Return the way through the adapter into an export, if there is one."""
        number = self.shape.exports.get(FuncType(function.params.kinds, function.results.kinds))
        if number is None or not self._table:
            return None
        store, slot = self._store, ctypes.c_uint64()
        error = store.api.wasmtime_table_grow(
            store.context, self._table, 1, _reference(function), ctypes.byref(slot)
        )
        if error:
            raise take_error(store.api, error)
        read, write = function.results.bound(self.values_at)[0], function.params.bound(self.values_at)[1]
        call = self._invoker(f"call{number}", slot.value)
        resume = partial(self._invoker, f"resume{number}", slot.value)
        return Entry(call, resume, read, write, adapted=True)

    def _invoker(self, name: str, *numbers: int) -> Callable[[], int | None]:
        """Return what calls a function of the adapter's with these numbers."""
        content = b"".join(each.to_bytes(SLOT, "little") for each in numbers)
        slots = ctypes.create_string_buffer(content, len(content))
        self._store.keep(slots)
        return self._store.invoker(self.extern(name).item, ctypes.addressof(slots), len(numbers))

    def reset(self) -> None:
        """Forget a switch that went wrong."""
        self.pending.value = self.unwinding.value = self.nothing.value = 0
        self.waiting.value = self.unwound.value = 0


def controller(store: Store, control: ExportedFunction) -> Callable[[], None]:
    """Return what calls a control function: short calls, which no other thread need wait for.

    It raises ``ProtocolError`` if the guest traps, and ``GuestTrap`` if its fuel is used up.
    """
    trap = store.trap
    call = partial(store.api.control, store.context, control.at, control.slots, control.count, store.trap_at)

    def run() -> None:
        error = call()
        if error or trap.value:
            found = store.taken(error)
            if isinstance(found, GuestTrap) and found.code == OUT_OF_FUEL:
                raise found
            raise ProtocolError("trap-while-switching", f"{control.name}: {found}")

    return run


def host_function(store: Store, callback: Any, type_: Any) -> Extern:
    """Make a function of the store.

    :param callback: a ``CALLBACK`` or ``SIGNAL``, to be kept
    :param type_: wasmtime-py's function type, to be kept
    """
    extern = Extern(kind=EXTERN_KINDS.index("func"))
    function = ctypes.cast(callback, ctypes.c_void_p)
    store.api.wasmtime_func_new_unchecked(store.context, type_.ptr(), function, None, None, extern.item)
    return extern


def _reference(function: ExportedFunction) -> Val:
    value = Val(kind=VAL_KINDS["funcref"])
    ctypes.memmove(value.content, function.at, 16)
    return value
