"""Modules between a host and an Asyncify build, so that a wait costs one crossing each way.

A host that switches by itself crosses into the guest five times for one wait: it starts the unwind, stops it,
starts the rewind, calls the export, stops the rewind. An adapter does all but the call within wasm. It
is instantiated before the guest, which imports its waiting functions from it, and gets the guest's own
functions in a table afterwards:

- ``i0``, ``i1``, …: the waiting imports. Each stores its arguments, calls the host (``host.0``, …, without
  parameters or results) and starts the unwind if the host says so. When the rewind reaches it, it stops
  the rewind and returns what the host has laid ready, without asking. An import in ``EARLY`` starts the
  unwind first, and the host serves it when the guest has unwound: one crossing fewer.
- ``call0``, ``resume0``, …: a pair for each signature of an export, given its slot in the table: calls it
  with the arguments that the host has laid ready (when resuming, with zeros: the guest restores its own; what
  ``PENDING`` is to be is a second argument), stores the results, or stops the unwind if there is one.

Host and adapter speak through words in the memory ``host.memory``, from where ``bind`` says: ``PENDING`` to
``VALUES``. Values lie there in slots of 16 bytes, little-endian. So only signatures of numbers can be
adapted (``is_adaptable``); the host serves others by itself. Protocol: Binaryen, src/passes/Asyncify.cpp.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from .encoding import (
    CODE,
    CUSTOM,
    EXPORT,
    FUNCTION,
    FUNCTION_KIND,
    GLOBAL,
    IMPORT,
    MEMORY_KIND,
    TABLE,
    TABLE_KIND,
    TYPE,
    assemble,
    export,
    function_body,
    function_type,
    iterate_sections,
    name,
    section,
    signed,
    sized,
    unsigned,
    value_type,
)
from .module import Module
from .types import FuncType, is_reference

PENDING = 0
"""i32: one more than the number of the import that the rewind is to reach; 0: the host handles it."""
UNWINDING = 4
"""i32: set by the host in an import: the guest is to unwind; cleared by the adapter when it has."""
START = 8
"""i32: the address of the data block of saved stacks."""
EMPTY = 12
"""i32: the position in the data block (its first word) when nothing is saved; 0: nothing reads that word."""
NOTHING = 16
"""i32: set when the guest has unwound and nothing is saved, where ``EMPTY`` is known."""
EARLY = 20
"""i32: a set of import numbers, a bit each: these unwind before the host is called. The host sees to it that
the data block is free, and that the call may be suspended."""
WAITING = 24
"""i32: one more than the number of the import that the guest unwinds early for, until it has."""
UNWOUND = 28
"""i32: the same once the guest has unwound and its stack is saved; 0 after any other end of a call."""
EARLY_IMPORTS = 32
"""How many imports have a bit in ``EARLY``."""
VALUES = 32
"""The first slot."""
SLOT = 16

START_UNWIND, STOP_UNWIND, START_REWIND, STOP_REWIND, LOAD = range(5)
"""Slots of the table: Asyncify's control functions, and what reads a word of the data block's memory."""
FIRST_EXPORT = 5
"""The first slot for exports; the table is grown as they come."""
MODULE_NAME = "stackswitch.adapter"
"""In the name section: it distinguishes frames of an adapter from the guest's."""

_LOADS = {
    "i32": b"\x28\x02",
    "i64": b"\x29\x03",
    "f32": b"\x2a\x02",
    "f64": b"\x2b\x03",
    "v128": b"\xfd\x00\x04",
}
_STORES = {
    "i32": b"\x36\x02",
    "i64": b"\x37\x03",
    "f32": b"\x38\x02",
    "f64": b"\x39\x03",
    "v128": b"\xfd\x0b\x04",
}
_ZEROS = {
    "i32": b"\x41\0",
    "i64": b"\x42\0",
    "f32": b"\x43" + bytes(4),
    "f64": b"\x44" + bytes(8),
    "v128": b"\xfd\x0c" + bytes(16),
}
_ELSE, _IS_ZERO, _AND, _OR, _SHIFT_RIGHT = b"\x05", b"\x45", b"\x71", b"\x72", b"\x76"
_IF, _END, _RETURN, _CALL, _CALL_INDIRECT = b"\x04\x40", b"\x0b", b"\x0f", b"\x10", b"\x11"
_LOCAL_GET, _LOCAL_SET, _BASE, _SET_BASE, _EQUAL = b"\x20", b"\x21", b"\x23\0", b"\x24\0", b"\x46"
_NOTHING = FuncType((), ())
_ADDRESS = FuncType(("i32",), ())
_RESUME = FuncType(("i32", "i32"), ())
_READ = FuncType(("i32",), ("i32",))
_GROUPS = b"\x4e\x4f\x50"
"""What a type section holds if it has recursion groups or subtypes: ``rec``, ``sub final``, ``sub``."""


def is_adaptable(type_: FuncType) -> bool:
    """Whether a signature's values can lie in memory."""
    return not any(map(is_reference, (*type_.params, *type_.results)))


def has_plain_types(module: Module) -> bool:
    """Whether a module's function types equal those of other modules that are written the same.

    Types within recursion groups, and those that may have subtypes, do not. A number that looks like one of
    their codes counts as one.
    """
    sections = iterate_sections(module.data)
    types = [content.take(content.left) for number, _, content in sections if number == TYPE]
    return not any(code in each for each in types for code in _GROUPS)


@lru_cache(maxsize=256)
def adapter_module(waiting: tuple[FuncType, ...], called: tuple[FuncType, ...]) -> bytes:
    """Make an adapter.

    :param waiting: the signatures of the waiting imports
    :param called: the signatures of exports, each once
    :raises ValueError: one is not adaptable
    """
    if not all(map(is_adaptable, (*waiting, *called))):
        raise ValueError("only signatures of numbers can be adapted")
    return _Adapter(waiting, called).module()


class _Adapter:
    """The parts of one adapter."""

    def __init__(self, waiting: Sequence[FuncType], called: Sequence[FuncType]) -> None:
        self.waiting = waiting
        self.called = called
        self.types = list(dict.fromkeys((_NOTHING, _ADDRESS, _RESUME, _READ, *waiting, *called)))

    def module(self) -> bytes:
        types, hosts = self.types, len(self.waiting)
        host, nothing = name("host"), bytes([FUNCTION_KIND]) + unsigned(types.index(_NOTHING))
        imports = [host + name("memory") + bytes([MEMORY_KIND, 0, 1])]
        imports += [host + name(str(at)) + nothing for at in range(hosts)]
        functions: list[tuple[str, FuncType, list[str], bytes]]
        functions = [("bind", _ADDRESS, [], _LOCAL_GET + b"\0" + _SET_BASE)]
        functions += [(f"i{at}", type_, [], self._import(at, type_)) for at, type_ in enumerate(self.waiting)]
        for at, type_ in enumerate(self.called):
            results = list(type_.results)
            given = b"".join(_load(kind, slot) for slot, kind in enumerate(type_.params))
            zeros = b"".join(_ZEROS[kind] for kind in type_.params)
            pending = _BASE + _LOCAL_GET + b"\1" + _STORES["i32"] + unsigned(PENDING)
            rewind = pending + _word(START) + self._control(START_REWIND, _ADDRESS)
            functions += [
                (f"call{at}", _ADDRESS, results, self._enter(given, type_, 1)),
                (f"resume{at}", _RESUME, results, self._enter(rewind + zeros, type_, 2)),
            ]
        exports = [export(each[0], FUNCTION_KIND, at) for at, each in enumerate(functions, hosts)]
        module = assemble(
            {
                TYPE: map(function_type, types),
                IMPORT: imports,
                FUNCTION: (unsigned(types.index(each[1])) for each in functions),
                TABLE: [value_type("funcref") + b"\0" + unsigned(FIRST_EXPORT)],
                GLOBAL: [value_type("i32") + b"\1" + _ZEROS["i32"] + _END],
                EXPORT: [*exports, export("table", TABLE_KIND, 0)],
                CODE: (function_body(code, locals_) for _, _, locals_, code in functions),
            }
        )
        return module + section(CUSTOM, name("name") + b"\0" + sized(name(MODULE_NAME)))

    def _import(self, number: int, type_: FuncType) -> bytes:
        results = b"".join(_load(kind, slot) for slot, kind in enumerate(type_.results))
        at_last = _word(PENDING) + b"\x41" + signed(number + 1) + _EQUAL
        # Something is left in the block: a function was not restored. The host is called, and says so.
        empty = self._empty()
        arrive = _set_word(PENDING, 0) + self._control(STOP_REWIND, _NOTHING) + results + _RETURN
        stores = b"".join(_store(kind, slot, local=slot) for slot, kind in enumerate(type_.params))
        leave = _word(START) + self._control(START_UNWIND, _ADDRESS)
        ask = _CALL + unsigned(number)
        if number < EARLY_IMPORTS:
            # Not in the middle of a switch: the host is called then, and reports it.
            switching = _word(PENDING) + _word(UNWINDING) + _OR + _IS_ZERO
            bit = _word(EARLY) + b"\x41" + signed(number) + _SHIFT_RIGHT + b"\x41\1" + _AND
            first = _set_word(WAITING, number + 1) + _set_word(UNWINDING, 1)
            ask = bit + switching + _AND + _IF + first + _ELSE + ask + _END
        return (
            at_last
            + (_IF + empty + _IF + arrive + _END + _END)
            + (stores + ask)
            + (_word(UNWINDING) + _IF + leave + _END)
            + results
        )

    def _empty(self) -> bytes:
        return _word(START) + self._control(LOAD, _READ) + _word(EMPTY) + _EQUAL

    def _enter(self, before: bytes, type_: FuncType, params: int) -> bytes:
        call = _LOCAL_GET + b"\0" + _CALL_INDIRECT + unsigned(self.types.index(type_)) + b"\0"
        kept = b"".join(_LOCAL_SET + unsigned(at + params) for at in reversed(range(len(type_.results))))
        stores = b"".join(_store(kind, slot, local=slot + params) for slot, kind in enumerate(type_.results))
        stop = _set_word(UNWINDING, 0) + self._control(STOP_UNWIND, _NOTHING)
        look = _word(EMPTY) + _IF + self._empty() + _IF + _set_word(NOTHING, 1) + _RETURN + _END + _END
        unwound = _copy_word(UNWOUND, WAITING) + _set_word(WAITING, 0)
        # The arguments of an import that is served late lie where the results would.
        after = _word(UNWINDING) + _IF + stop + look + unwound + _ELSE + stores + _END
        return _set_word(UNWOUND, 0) + before + call + kept + after

    def _control(self, slot: int, type_: FuncType) -> bytes:
        index = unsigned(self.types.index(type_))
        return b"\x41" + signed(slot) + _CALL_INDIRECT + index + b"\0"


def _word(at: int) -> bytes:
    return _BASE + _LOADS["i32"] + unsigned(at)


def _set_word(at: int, number: int) -> bytes:
    return _BASE + b"\x41" + signed(number) + _STORES["i32"] + unsigned(at)


def _copy_word(to: int, at: int) -> bytes:
    return _BASE + _word(at) + _STORES["i32"] + unsigned(to)


def _load(kind: str, slot: int) -> bytes:
    return _BASE + _LOADS[kind] + unsigned(VALUES + SLOT * slot)


def _store(kind: str, slot: int, *, local: int) -> bytes:
    return _BASE + _LOCAL_GET + unsigned(local) + _STORES[kind] + unsigned(VALUES + SLOT * slot)
