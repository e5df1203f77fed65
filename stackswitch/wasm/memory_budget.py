"""A module whose memories and tables stay within one budget, all together.

Engines limit each memory and each table for itself, or not at all. So the limit is made part of the module:
if one of them can grow, its maximum is lowered to what the others leave; if several can, they are counted
(``growth_limiter``). Beyond the budget ``memory.grow`` and ``table.grow`` give -1, as the specification says
of a growth that fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from stackswitch.errors import GuestError, GuestMemoryError

from .encoding import HEADER, MEMORY, TABLE, section, unsigned, vector
from .growth_limiter import REMAINING_EXPORT, grown_by_code, with_growth_limiter
from .module import Module, parse_module
from .reader import Reader
from .resizable import HAS_MAXIMUM, IS_64, resizables, sections, table_entries
from .types import MemoryType, read_memory_type

_SHARED, _PAGE_SIZE = 2, 8
_DEFAULT_PAGE_LOG2 = 16
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
        grown = grown_by_code(module) | {
            ("memory", each.index) for each in module.exports if each.kind == "memory"
        }
        growing = [each for each in growing if (each.kind, each.index) in grown]
    if len(growing) > 1:
        if module.export_named(REMAINING_EXPORT) is not None:
            raise GuestError(
                f"the module exports {REMAINING_EXPORT!r}, a name that max_memory needs: rename it"
            )
        return with_growth_limiter(module, growing, left)
    lowered: dict[tuple[str, int], int] = {
        (each.kind, each.index): size
        for each in growing
        if (size := each.minimum + (left >> each.log2)) < each.highest_maximum
        and (each.maximum is None or size < each.maximum)
    }
    return _with_maxima(module, lowered) if lowered else data


def _with_maxima(module: Module, maxima: Mapping[tuple[str, int], int]) -> bytes:
    imported = {kind: sum(each.kind == kind for each in module.imports) for kind in ("memory", "table")}
    out = [module.data[: len(HEADER)]]
    for number, content, raw in sections(module.data):
        if number == MEMORY:
            out.append(section(MEMORY, _memories(content, imported["memory"], maxima)))
        elif number == TABLE:
            out.append(section(TABLE, _tables(content, imported["table"], maxima)))
        else:
            out.append(raw)
    return b"".join(out)


def _memories(content: Reader, first: int, maxima: Mapping[tuple[str, int], int]) -> bytes:
    types = [read_memory_type(content) for _ in range(content.u32())]
    return vector(
        _encoded(replace(each, maximum=maxima.get(("memory", index), each.maximum)))
        for index, each in enumerate(types, first)
    )


def _tables(content: Reader, first: int, maxima: Mapping[tuple[str, int], int]) -> bytes:
    return vector(
        each.head
        + _limits(each.minimum, maxima.get(("table", index), each.maximum), 0, is64=each.is64)
        + each.tail
        for index, each in enumerate(table_entries(content), first)
    )


def _encoded(memory: MemoryType) -> bytes:
    own_pages = memory.page_size_log2 != _DEFAULT_PAGE_LOG2
    flags = (_SHARED if memory.shared else 0) | (_PAGE_SIZE if own_pages else 0)
    limits = _limits(memory.minimum, memory.maximum, flags, is64=memory.is64)
    return limits + (unsigned(memory.page_size_log2) if own_pages else b"")


def _limits(minimum: int, maximum: int | None, flags: int, *, is64: bool) -> bytes:
    flags |= (HAS_MAXIMUM if maximum is not None else 0) | (IS_64 if is64 else 0)
    return bytes([flags]) + unsigned(minimum) + (unsigned(maximum) if maximum is not None else b"")
