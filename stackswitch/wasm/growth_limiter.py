"""A module whose memories and tables together grow by no more than a number of bytes.

Each ``memory.grow`` and ``table.grow`` becomes a call of a function that returns -1 if it is
more than what is left, a global. The functions are added after all others, so that no index changes.
The global is exported, for hosts that grow a memory themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from .encoding import (
    CODE,
    EXPORT,
    FUNCTION,
    GLOBAL,
    GLOBAL_KIND,
    TYPE,
    export,
    function_body,
    function_type,
    signed,
    sized,
    unsigned,
    value_type,
    vector,
    with_contents,
    with_entries,
)
from .instructions import MEMORY_GROW, TABLE_GROW
from .module import Module
from .resizable import Key, Resizable
from .scan import find_instructions
from .types import FuncType

REMAINING_EXPORT = "stackswitch.memory_left"
"""Exported mutable i64: how many bytes are left."""
_GROWS: Mapping[int, Literal["memory", "table"]] = {MEMORY_GROW: "memory", TABLE_GROW: "table"}
_OPCODES = frozenset(_GROWS)
_I32_CONST, _I64_CONST, _END = b"\x41", b"\x42", b"\x0b"


def has_growth_limiter(running: Module, given: Module) -> bool:
    """Whether a module as it runs has our limiter.

    :param given: as it was before; it may have an export of that name for itself
    """
    return running.export_named(REMAINING_EXPORT) is not None and given.export_named(REMAINING_EXPORT) is None


def grown_by_code(module: Module) -> set[Key]:
    """Return which memories and tables the module's own code grows.

    :raises WasmFormatError: the code is malformed
    """
    return {
        (_GROWS[found.opcode], found.immediates[0])
        for index in module.defined_functions
        for found in find_instructions(module.data, *module.code_range(index), _OPCODES)
    }


def with_growth_limiter(module: Module, growing: Sequence[Resizable], left: int) -> bytes:
    """Return a module whose memories and tables grow by no more than ``left`` bytes together.

    :param growing: those that grow
    :raises WasmFormatError: the code is malformed
    """
    functions = {each.key: module.function_count + at for at, each in enumerate(growing)}
    remaining = len(module.globals)
    data = with_contents(module.data, {CODE: _calling(module, functions)})
    for at, each in enumerate(growing):
        number = "i64" if each.is64 else "i32"
        params = (number,) if each.kind == "memory" else (module.tables[each.index].type, number)
        data = with_entries(
            data,
            {
                TYPE: function_type(FuncType(params, (number,))),
                FUNCTION: unsigned(len(module.types) + at),
                CODE: function_body(_grower(each, len(params), remaining), [number]),
            },
        )
    initial = _I64_CONST + signed(min(left, (1 << 63) - 1)) + _END
    return with_entries(
        data,
        {
            GLOBAL: value_type("i64") + b"\1" + initial,
            EXPORT: export(REMAINING_EXPORT, GLOBAL_KIND, remaining),
        },
    )


def _calling(module: Module, functions: Mapping[Key, int]) -> bytes:
    """Return the code section's content with the growing instructions replaced by calls."""
    data = module.data
    bodies: list[bytes] = []
    for index in module.defined_functions:
        at, end = module.body_range(index)
        out: list[bytes] = []
        for found in find_instructions(data, *module.code_range(index), _OPCODES):
            function = functions.get((_GROWS[found.opcode], found.immediates[0]))
            if function is not None:
                out += [data[at : found.offset], b"\x10", unsigned(function)]
                at = found.end
        bodies.append(sized(b"".join([*out, data[at:end]])))
    return vector(bodies)


def _grower(each: Resizable, params: int, remaining: int) -> bytes:
    """Return the code of the function that replaces a growing instruction.

    Its last parameter is by how much; it returns the size before, or -1.
    """
    const, not_equal = (_I64_CONST, b"\x52") if each.is64 else (_I32_CONST, b"\x47")
    minus_one = const + signed(-1)
    by = b"\x20" + unsigned(params - 1)  # local.get
    by_wide = by if each.is64 else by + b"\xad"  # i64.extend_i32_u
    before = unsigned(params)
    left, log2 = b"\x23" + unsigned(remaining), _I64_CONST + signed(each.log2)
    if each.kind == "memory":
        grow = by + b"\x40" + unsigned(each.index)
    else:
        grow = b"\x20\x00" + by + b"\xfc\x0f" + unsigned(each.index)
    is_too_much = by_wide + left + log2 + b"\x88" + b"\x56"  # i64.shr_u, i64.gt_u
    counted = left + by_wide + log2 + b"\x86" + b"\x7d" + b"\x24" + unsigned(remaining)  # i64.shl, i64.sub
    return b"".join(
        [
            is_too_much + b"\x04\x40" + minus_one + b"\x0f" + _END,  # return
            grow + b"\x22" + before + minus_one + not_equal,  # local.tee
            b"\x04\x40" + counted + _END,
            b"\x20" + before,
        ]
    )
