"""A module whose own memories may grow no further than a host allows, for engines that have no such limit.

``memory.grow`` beyond it gives -1, as it does in an engine that holds the limit itself.
"""

from __future__ import annotations

from dataclasses import replace

from .encoding import HEADER, MEMORY, section, unsigned, vector
from .reader import Reader
from .types import MemoryType, read_memory_type

_MAXIMUM, _SHARED, _IS_64, _PAGE_SIZE = 1, 2, 4, 8
_DEFAULT_PAGE_LOG2 = 16


def with_memory_limit(data: bytes, most: int) -> bytes:
    """Return a module with each memory that it defines held to ``most`` bytes, in whole pages.

    A memory that begins larger keeps its minimum as its maximum. Imported memories are their maker's.

    :raises WasmFormatError: malformed
    """
    out, reader = [data[: len(HEADER)]], Reader(data, len(HEADER))
    while reader.left:
        start, number = reader.pos, reader.u8()
        content = reader.sub(reader.u32())
        if number == MEMORY:
            memories = [read_memory_type(content) for _ in range(content.u32())]
            out.append(section(MEMORY, vector(_encoded(_limited(each, most)) for each in memories)))
        else:
            out.append(data[start : reader.pos])
    return b"".join(out)


def _limited(memory: MemoryType, most: int) -> MemoryType:
    pages = max(memory.minimum, most >> memory.page_size_log2)
    return (
        memory if memory.maximum is not None and memory.maximum <= pages else replace(memory, maximum=pages)
    )


def _encoded(memory: MemoryType) -> bytes:
    flags = _MAXIMUM if memory.maximum is not None else 0
    flags |= _SHARED if memory.shared else 0
    flags |= _IS_64 if memory.is64 else 0
    own_pages = memory.page_size_log2 != _DEFAULT_PAGE_LOG2
    out = bytes([flags | (_PAGE_SIZE if own_pages else 0)]) + unsigned(memory.minimum)
    if memory.maximum is not None:
        out += unsigned(memory.maximum)
    return out + (unsigned(memory.page_size_log2) if own_pages else b"")
