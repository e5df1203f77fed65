"""An instance as a case sees it: exports by name, values as text, the first exported memory."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from stackswitch.binaryen.stack_memory import EXPORT_NAME
from stackswitch.models.values import NUMBER_BITS, split_value, value_bits, value_text
from stackswitch.wasm.module import FuncType, Module

from .call import ExportedFunction
from .capi import EXTERN_KINDS, VAL_KINDS, Extern, Handle, Val, take_error
from .memory import GlobalAccess, LinearMemory
from .store import Store
from .values import Value


class ScriptError(Exception):
    """A case uses something that is not there: an export, an address out of bounds."""


def value_kind(type_: str, module: Module) -> str:
    """Return what kind of slot a type takes: its own name, or that of the reference type it is a kind of."""
    if type_ in NUMBER_BITS or type_ in ("externref", "funcref"):
        return type_
    heap = type_.removeprefix("(ref ").removeprefix("null ").rstrip(")")
    if heap in ("extern", "noextern", "nullexternref"):
        return "externref"
    if heap in ("func", "nofunc", "nullfuncref"):
        return "funcref"
    if heap.isdecimal() and isinstance(module.types[int(heap)], FuncType):
        return "funcref"
    raise ScriptError(f"a value of type {type_} cannot cross the boundary")


class ModuleInstance:
    """One instance, which may be yet to be made.

    :param name: for messages
    :param values: makes what reads and writes values of given kinds; the place is for messages
    :ivar handle: its ``wasmtime_instance_t``; empty until it has been made
    :ivar memory: the guest's first exported memory, if there is one
    :ivar memory_budget: see ``LinearMemory``
    """

    def __init__(
        self, name: str, store: Store, module: Module, values: Callable[[tuple[str, ...], str], Any]
    ) -> None:
        self.name = name
        self.store = store
        self.module = module
        self.handle = Handle()
        self._values = values
        self._functions: dict[str, ExportedFunction] = {}
        self._function_names: dict[int, str] = {}
        self.memory: LinearMemory | None = None
        self.memory_budget: GlobalAccess | None = None

    def find_memory(self) -> None:
        """Look the guest's first exported memory up, once the instance has been made."""
        for export in self.module.exports:
            if export.kind == "memory" and export.name != EXPORT_NAME:
                self.memory = self.linear_memory(export.name)
                return

    def linear_memory(self, name: str) -> LinearMemory:
        """Return an exported memory (see ``extern``)."""
        return LinearMemory(self.store, self.extern(name, "memory"), self.memory_budget)

    def extern(self, name: str, kind: str) -> Extern:
        """Look an export up.

        :raises ScriptError: there is none of that name and kind, or the start function is still running
        """
        if not self.handle.of[0]:
            raise ScriptError(f"{self.name} has no exports yet: its start function is running")
        found = self.store.export(self.handle, name)
        if found is None:
            raise ScriptError(f"{self.name} exports no {name!r}")
        if EXTERN_KINDS[found.kind] != kind:
            raise ScriptError(
                f"the export {name!r} of {self.name} is a {EXTERN_KINDS[found.kind]}, no {kind}"
            )
        return found

    def has(self, name: str, kind: str) -> bool:
        """Whether there is such an export."""
        export = self.module.export_named(name)
        return export is not None and export.kind == kind

    def codec(self, types: tuple[str, ...], place: str = "") -> Any:
        """Return what reads and writes values of these types.

        :param place: the export that they are of, for messages
        """
        return self._values(tuple([value_kind(each, self.module) for each in types]), place)

    def function(self, name: str) -> ExportedFunction:
        """Return an exported function, ready to be called.

        :raises ScriptError: there is none of that name
        """
        found = self._functions.get(name)
        if found is None:
            extern = self.extern(name, "func")
            export = self.module.export_named(name)
            assert export is not None
            type_ = self.module.function_type(export.index)
            found = ExportedFunction(
                name,
                extern,
                self.codec(type_.params, name),
                self.codec(type_.results, name),
                is_import=export.index < self.module.imported_function_count,
            )
            self._functions[name] = found
        return found

    # --- values as text

    def value(self, text: str) -> Value:
        """Read a value's text."""
        kind, literal = split_value(text)
        if kind in NUMBER_BITS:
            return value_bits(text)
        if kind == "externref":
            return None if literal == "null" else int(literal)
        return 0 if literal == "null" else self._raw_function(literal)

    def text(self, kind: str, value: Value) -> str:
        """Write a value of a kind."""
        if kind in NUMBER_BITS:
            return value_text(kind, value or 0)
        if kind == "externref":
            return f"externref:{'null' if value is None else value}"
        return f"funcref:{self._function_name(value) if value else 'null'}"

    def texts(self, codec: Any, values: tuple[Value, ...]) -> tuple[str, ...]:
        """Write values."""
        return tuple([self.text(kind, value) for kind, value in zip(codec.kinds, values, strict=True)])

    def _raw_function(self, name: str) -> int:
        return self.store.references.function_to_raw(self.function(name).at)

    def _function_name(self, raw: int) -> str:
        if not self._function_names:
            for name in self.module.exported_functions:
                self._function_names.setdefault(self._raw_function(name), name)
        return self._function_names.get(raw, f"?{raw:#x}")

    # --- memory, globals, tables

    def _memory(self, at: int, size: int) -> LinearMemory:
        """Return the first exported memory.

        :raises ScriptError: none is exported, or these bytes are not within it
        """
        if self.memory is None:
            raise ScriptError(f"{self.name} exports no memory")
        if at + size > self.memory.size():
            raise ScriptError(f"{size} bytes at {at} are not within the memory's {self.memory.size()}")
        return self.memory

    def read_memory(self, at: int, size: int) -> bytes:
        """Read from the first exported memory (see ``_memory``)."""
        return self._memory(at, size).read(at, size)

    def write_memory(self, at: int, data: bytes) -> None:
        """Write into the first exported memory (see ``_memory``)."""
        self._memory(at, len(data)).write(at, data)

    def grow_memory(self, pages: int) -> int:
        """Grow the first exported memory; return how many pages it had.

        :raises ScriptError: none is exported, or it cannot grow so much
        """
        before = self.memory.grow(pages) if self.memory is not None else None
        if before is None:
            raise ScriptError(f"its memory cannot grow by {pages} pages")
        return before

    def read_global(self, name: str) -> tuple[Extern, Val]:
        """Return an exported global and its value."""
        extern, value = self.extern(name, "global"), Val()
        self.store.api.wasmtime_global_get(self.store.context, extern.item, value)
        return extern, value

    def write_global(self, name: str, value: Val) -> None:
        """Set an exported global.

        :raises ScriptError: it is not mutable, or of another type
        """
        extern = self.extern(name, "global")
        self._check(
            f"the global {name!r}",
            self.store.api.wasmtime_global_set(self.store.context, extern.item, value),
        )

    def global_access(self, name: str) -> GlobalAccess:
        """Return what reads and what writes an exported mutable integer global, made to be called often."""
        extern, value = self.read_global(name)
        read, write = self.store.api.wasmtime_global_get, self.store.api.wasmtime_global_set
        context, at, slot = self.store.context, extern.item, ctypes.addressof(value)
        number = ctypes.c_uint64.from_buffer(value, 8)

        def get() -> int:
            read(context, at, slot)
            found: int = number.value
            return found

        def set_(content: int) -> None:
            number.value = content
            write(context, at, slot)

        self.store.keep(extern, value)
        return get, set_

    def get_global(self, name: str) -> str:
        """Read an exported global as text."""
        return self._val_text(self.read_global(name)[1])

    def set_global(self, name: str, text: str) -> None:
        """Set an exported global to a value's text (see ``write_global``)."""
        self.write_global(name, self.val(text))

    def set_element(self, table: str, index: int, export: str | None) -> None:
        """Put an exported function, or null, into an exported table.

        :raises ScriptError: there is no such table or index
        """
        extern, value = self.extern(table, "table"), self.val(f"funcref:{export or 'null'}")
        self._check(
            f"the table {table!r}",
            self.store.api.wasmtime_table_set(self.store.context, extern.item, index, value),
        )

    def _check(self, what: str, error: int | None) -> None:
        if error:
            raise ScriptError(f"{what}: {take_error(self.store.api, error)}")

    def val(self, text: str) -> Val:
        """Make a ``wasmtime_val_t``; its reference, if it is one, stays rooted by the store."""
        kind, literal = split_value(text)
        value = Val(kind=VAL_KINDS[kind])
        number = self.value(text)
        if kind == "externref":
            if number is not None:
                ctypes.memmove(value.content, bytes(self.store.references.root(number)), 24)
        elif kind == "funcref":
            if literal != "null":
                ctypes.memmove(value.content, self.function(literal).at, 16)
        else:
            ctypes.memmove(value.content, (number or 0).to_bytes(16, "little"), 16)
        return value

    def _val_text(self, value: Val) -> str:
        kind = next((name for name, number in VAL_KINDS.items() if number == value.kind), None)
        if kind == "externref":
            null = value.of[0] == 0
            text = self.text(kind, None if null else self.store.references.number(value.content))
            self.store.api.wasmtime_val_unroot(value)
            return text
        if kind == "funcref":
            raw = self.store.references.function_to_raw(value.content) if value.of[0] else 0
            return self.text(kind, raw)
        if kind is None:
            raise ScriptError("a global of a type that cannot cross the boundary")
        bits = int.from_bytes(ctypes.string_at(value.content, 16), "little")
        return self.text(kind, bits & ((1 << NUMBER_BITS[kind]) - 1))
