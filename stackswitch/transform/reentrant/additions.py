"""The functions, types and globals that are added to a module, while they are collected."""

from __future__ import annotations

from dataclasses import dataclass, field

from stackswitch.wasm.encoding import function_body, function_type, signed, unsigned, value_type
from stackswitch.wasm.module import Module
from stackswitch.wasm.types import FuncType

_CONST = {"i32": b"\x41", "i64": b"\x42"}


@dataclass
class Additions:
    """What is added, in order; indexes go on where the module's end.

    :ivar imports: functions that are imported besides, after those that there are (``imported``)
    :ivar functions: name, type index and body of each
    :ivar calls: the function that a call of a function goes to instead
    :ivar references: the function that tables and ``ref.func`` have instead
    :ivar exports: the function that an export is of instead, by name
    :ivar new_exports: functions by the names that they are exported under besides
    """

    module: Module
    types: list[bytes] = field(default_factory=list)
    imports: list[bytes] = field(default_factory=list)
    functions: list[tuple[str, int, bytes]] = field(default_factory=list)
    globals: list[bytes] = field(default_factory=list)
    calls: dict[int, int] = field(default_factory=dict)
    references: dict[int, int] = field(default_factory=dict)
    exports: dict[str, int] = field(default_factory=dict)
    new_exports: dict[str, int] = field(default_factory=dict)
    _types: dict[FuncType, int] = field(default_factory=dict)

    def type_index(self, type_: FuncType) -> int:
        """Return the index of a type, which is added if the module does not have it."""
        if type_ not in self._types:
            declared = self.module.types
            if type_ in declared:
                self._types[type_] = declared.index(type_)
            else:
                self._types[type_] = len(declared) + len(self.types)
                self.types.append(function_type(type_))
        return self._types[type_]

    def type_of(self, function: int) -> int:
        """Return the index of a function's type, also of one that was added."""
        first = self.module.function_count
        if function < first:
            return self.module.function_types[function]
        return self.functions[function - first][1]

    def block_type(self, results: tuple[str, ...]) -> bytes:
        """Encode the type of a block without parameters."""
        if len(results) < 2:
            return value_type(results[0]) if results else b"\x40"
        return signed(self.type_index(FuncType((), results)))

    @property
    def next_function(self) -> int:
        """The index of the function that is added next."""
        return self.module.function_count + len(self.functions)

    def add_function(self, name: str, type_index: int, code: bytes, locals_: tuple[str, ...] = ()) -> int:
        """Add a function; return its index.

        :param code: the instructions, without the last ``end``
        """
        self.functions.append((name, type_index, function_body(code, locals_)))
        return self.next_function - 1

    def add_global(self, kind: str) -> int:
        """Add a mutable global that starts as zero; return its index."""
        self.globals.append(value_type(kind) + b"\x01" + _CONST[kind] + b"\0\x0b")
        return len(self.module.globals) + len(self.globals) - 1


def local_get(index: int) -> bytes:
    """Encode ``local.get``."""
    return b"\x20" + unsigned(index)


def call(index: int) -> bytes:
    """Encode ``call``."""
    return b"\x10" + unsigned(index)
