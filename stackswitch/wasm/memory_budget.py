"""A module whose memories and tables stay within one budget, all together.

Engines limit each memory and each table for itself, or not at all. So the limit is made part of the module:
if one of them can grow, its maximum is lowered to what the others leave; if several can,
their growth is counted (``growth_limiter``). Beyond the budget ``memory.grow`` and ``table.grow`` return -1,
as the specification says of a growth that fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from stackswitch.errors import GuestError, GuestMemoryError

from .encoding import MEMORY, TABLE, unsigned, vector, with_contents
from .growth_limiter import REMAINING_EXPORT, grown_by_code, with_growth_limiter
from .module import Module, parse_module
from .reader import Reader
from .resizable import Key, resizables
from .sections import read_constant_expression
from .types import read_value_type

_HAS_MAXIMUM, _IS_64, _HAS_PAGE_SIZE = 1, 4, 8
"""Flags of limits."""
_TABLE_WITH_INITIALISER = 0x40
_MOST_NAMED = 3


def check_budget(module: Module, budget: int) -> None:
    """See that what a module begins with is within a budget (bytes).

    :raises GuestMemoryError: it is more, with the figures
    """
    parts = resizables(module)
    size = sum(each.size_bytes for each in parts)
    if size <= budget:
        return
    largest = sorted(parts, key=lambda each: each.size_bytes, reverse=True)[:_MOST_NAMED]
    named = [f"{each.kind} {each.index} {each.size_bytes} bytes" for each in largest]
    raise GuestMemoryError(
        f"the module's memories and tables begin with {size} bytes, more than max_memory, {budget}"
        f" ({', '.join(named)}{', …' if len(parts) > len(largest) else ''})"
    )


def with_memory_budget(data: bytes, budget: int, *, apart: str | None = None) -> bytes:
    """Return a module whose memories and tables grow to no more than ``budget`` bytes together.

    What it begins with is not changed (see ``check_budget``). Code moves only if several of them can grow.
    Imported memories and tables are their maker's.

    :param apart: name of an exported memory that does not count
    :raises WasmFormatError: malformed
    :raises GuestError: it has an export of the counter's name
    """
    module = parse_module(data)
    parts = resizables(module, apart=apart)
    left = max(0, budget - sum(each.size_bytes for each in parts))
    growing = [each for each in parts if each.can_grow]
    if len(growing) > 1:
        exported = {(each.kind, each.index) for each in module.exports if each.kind == "memory"}
        grown = grown_by_code(module) | exported
        growing = [each for each in growing if each.key in grown]
    if len(growing) > 1:
        if module.export_named(REMAINING_EXPORT) is not None:
            raise GuestError(
                f"the module exports {REMAINING_EXPORT!r}, a name that max_memory needs: rename it"
            )
        return with_growth_limiter(module, growing, left)
    lowered = {
        each.key: size
        for each in growing
        if (size := each.minimum + (left >> each.log2)) < each.highest_maximum
        and (each.maximum is None or size < each.maximum)
    }
    return _with_maxima(module, lowered) if lowered else data


def _with_maxima(module: Module, maxima: Mapping[Key, int]) -> bytes:
    contents = {}
    sections: tuple[tuple[Literal["memory", "table"], int], ...] = (("memory", MEMORY), ("table", TABLE))
    for kind, number in sections:
        if number in module.section_offsets:
            first = sum(each.kind == kind for each in module.imports)
            reader = Reader(module.data, module.section_offsets[number])
            entries = range(first, first + reader.u32())
            contents[number] = vector(_entry(reader, kind, maxima.get((kind, at))) for at in entries)
    return with_contents(module.data, contents)


def _entry(reader: Reader, kind: Literal["memory", "table"], maximum: int | None) -> bytes:
    """Copy an entry of the memory or the table section, with another maximum if one is given."""
    data, start = reader.data, reader.pos
    has_initialiser = kind == "table" and reader.peek() == _TABLE_WITH_INITIALISER
    if has_initialiser:
        reader.skip(2)
    if kind == "table":
        read_value_type(reader)
    head, flags = data[start : reader.pos], reader.u8()
    bits = 64 if flags & _IS_64 else 32
    minimum = reader.unsigned(bits)
    if flags & _HAS_MAXIMUM:
        own = reader.unsigned(bits)
        maximum = own if maximum is None else maximum
    tail = reader.pos
    if kind == "memory" and flags & _HAS_PAGE_SIZE:
        reader.u32()
    if has_initialiser:
        read_constant_expression(reader)
    limits = bytes([flags]) + unsigned(minimum)
    if maximum is not None:
        limits = bytes([flags | _HAS_MAXIMUM]) + unsigned(minimum) + unsigned(maximum)
    return head + limits + data[tail : reader.pos]
