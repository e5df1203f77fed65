"""A module that counts what its memories and tables may still grow by, all together.

Each ``memory.grow`` and ``table.grow`` becomes a call of a function that asks a counter, a global, and
gives -1 where the growth is beyond it. The functions are added after all others, so that no index changes.
The counter is exported, for hosts that grow a memory themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

from .encoding import (
    CODE,
    EXPORT,
    FUNCTION,
    GLOBAL,
    GLOBAL_KIND,
    HEADER,
    TABLE,
    TYPE,
    export,
    section,
    signed,
    unsigned,
    vector,
    with_entries,
)
from .instructions import MEMORY_GROW, TABLE_GROW
from .module import Module
from .resizable import Resizable, sections, table_entries
from .scan import find_instructions

REMAINING_EXPORT = "stackswitch.memory_left"
"""Exported mutable i64: how many bytes are left."""
_GROWS = frozenset({MEMORY_GROW, TABLE_GROW})
_I32, _I64 = 0x7F, 0x7E
_I32_CONST, _I64_CONST, _END = b"\x41", b"\x42", b"\x0b"


def has_growth_limiter(running: Module, given: Module) -> bool:
    """Whether a module as it runs has our counter.

    :param given: as it was before; it may have an export of that name for itself
    """
    return running.export_named(REMAINING_EXPORT) is not None and given.export_named(REMAINING_EXPORT) is None


def grown_by_code(module: Module) -> set[tuple[str, int]]:
    """Return which memories and tables the module's own code grows: kind and index of each.

    :raises WasmFormatError: the code is malformed
    """
    return {
        ("memory" if found.opcode == MEMORY_GROW else "table", found.immediates[0])
        for index in _defined(module)
        for found in find_instructions(module.data, *module.code_range(index), _GROWS)
    }


def with_growth_limiter(module: Module, growing: Sequence[Resizable], left: int) -> bytes:
    """Return a module whose memories and tables grow by no more than ``left`` bytes together.

    :param growing: those that grow
    :raises WasmFormatError: the code is malformed
    """
    functions: dict[tuple[str, int], int] = {
        (each.kind, each.index): module.function_count + at for at, each in enumerate(growing)
    }
    types = _table_types(module)
    counter = len(module.globals)
    data = module.data[: len(HEADER)] + b"".join(
        section(CODE, _calling(module, functions)) if number == CODE else raw
        for number, _, raw in sections(module.data)
    )
    for at, each in enumerate(growing):
        value = bytes([_I64 if each.is64 else _I32])
        params = [value] if each.kind == "memory" else [types[each.index], value]
        body = _grower(each, len(params), counter)
        data = with_entries(
            data,
            {
                TYPE: b"\x60" + vector(params) + vector([value]),
                FUNCTION: unsigned(len(module.types) + at),
                CODE: unsigned(len(body)) + body,
            },
        )
    initial = _I64_CONST + signed(min(left, (1 << 63) - 1)) + _END
    return with_entries(
        data,
        {GLOBAL: bytes([_I64, 1]) + initial, EXPORT: export(REMAINING_EXPORT, GLOBAL_KIND, counter)},
    )


def _defined(module: Module) -> range:
    return range(module.imported_function_count, module.function_count)


def _table_types(module: Module) -> dict[int, bytes]:
    """Return the bytes of the element type of each table that the module defines."""
    first = sum(each.kind == "table" for each in module.imports)
    return {
        index: each.type
        for number, content, _ in sections(module.data)
        if number == TABLE
        for index, each in enumerate(table_entries(content), first)
    }


def _calling(module: Module, functions: dict[tuple[str, int], int]) -> bytes:
    """Return the code section's content with the growing instructions replaced by calls."""
    data = module.data
    bodies: list[bytes] = []
    for index in _defined(module):
        at, end = module.body_range(index)
        out: list[bytes] = []
        for found in find_instructions(data, module.code_range(index)[0], end, _GROWS):
            kind = "memory" if found.opcode == MEMORY_GROW else "table"
            function = functions.get((kind, found.immediates[0]))
            if function is not None:
                out += [data[at : found.offset], b"\x10", unsigned(function)]
                at = found.end
        body = b"".join([*out, data[at:end]])
        bodies.append(unsigned(len(body)) + body)
    return vector(bodies)


def _grower(part: Resizable, params: int, counter: int) -> bytes:
    """Return the body of the function that stands for a growing instruction.

    Its last parameter is by how much; it returns the size before, or -1.
    """
    const, type_, not_equal = (_I64_CONST, _I64, b"\x52") if part.is64 else (_I32_CONST, _I32, b"\x47")
    minus_one = const + signed(-1)
    by = b"\x20" + unsigned(params - 1)  # local.get
    by_wide = by if part.is64 else by + b"\xad"  # i64.extend_i32_u
    before = unsigned(params)
    left, log2 = b"\x23" + unsigned(counter), _I64_CONST + signed(part.log2)
    if part.kind == "memory":
        grow = by + b"\x40" + unsigned(part.index)
    else:
        grow = b"\x20\x00" + by + b"\xfc\x0f" + unsigned(part.index)
    is_too_much = by_wide + left + log2 + b"\x88" + b"\x56"  # i64.shr_u, i64.gt_u
    counted = left + by_wide + log2 + b"\x86" + b"\x7d" + b"\x24" + unsigned(counter)  # i64.shl, i64.sub
    return b"".join(
        [
            b"\x01\x01" + bytes([type_]),
            is_too_much + b"\x04\x40" + minus_one + b"\x0f" + _END,  # return
            grow + b"\x22" + before + minus_one + not_equal,  # local.tee
            b"\x04\x40" + counted + _END,
            b"\x20" + before + _END,
        ]
    )
