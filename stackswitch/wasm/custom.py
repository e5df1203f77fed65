"""Custom sections: names, ``target_features``, ``dylink.0``.

Engines pay no heed to a malformed one; here it raises, when it is asked for. Sources: the core
specification's appendix "Custom Sections" and the tool conventions
(https://github.com/WebAssembly/tool-conventions: Linking.md for ``target_features``, DynamicLinking.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from . import limits
from .reader import Reader


@dataclass(frozen=True, slots=True)
class Dylink:
    """What a side module wants: memory (bytes, log2 alignment), table (elements), libraries."""

    memory_size: int = 0
    memory_align: int = 0
    table_size: int = 0
    table_align: int = 0
    needed: tuple[str, ...] = ()


def read_dylink(reader: Reader) -> Dylink:
    """Read ``dylink.0``; subsections other than 1 (memory info) and 2 (needed) are passed over.

    :raises WasmFormatError: malformed
    """
    sizes = (0, 0, 0, 0)
    needed: tuple[str, ...] = ()
    while reader.left:
        kind = reader.u8()
        part = reader.sub(reader.u32())
        if kind == 1:
            sizes = (part.u32(), part.u32(), part.u32(), part.u32())
        elif kind == 2:
            needed = tuple([part.name() for _ in range(part.count("libraries", limits.IMPORTS))])
    return Dylink(*sizes, needed)


def read_target_features(reader: Reader) -> tuple[tuple[str, str], ...]:
    """Read ``target_features``: a prefix (``+`` used, ``-`` forbidden, ``=`` required) and a name each.

    :raises WasmFormatError: malformed
    """
    entries = []
    for _ in range(reader.count("features", limits.CUSTOM_SECTIONS, each=2)):
        prefix = reader.u8()
        if prefix not in b"+-=":
            raise reader.fail(f"unknown feature prefix {prefix:#x}", reader.pos - 1)
        entries.append((chr(prefix), reader.name()))
    reader.expect_end("target_features")
    return tuple(entries)


def read_function_names(reader: Reader) -> tuple[tuple[int, bytes], ...]:
    """Read the function names (subsection 1) out of a name section: (index, raw bytes), as they stand.

    Neither the order of indexes nor whether the functions exist is looked at.

    :raises WasmFormatError: malformed
    """
    return _names(reader, 1, "function names", limits.FUNCTIONS)


def read_global_names(reader: Reader) -> tuple[tuple[int, bytes], ...]:
    """Read the names of globals (subsection 7) likewise.

    :raises WasmFormatError: malformed
    """
    return _names(reader, 7, "names of globals", limits.GLOBALS)


def _names(reader: Reader, wanted: int, what: str, limit: int) -> tuple[tuple[int, bytes], ...]:
    names: list[tuple[int, bytes]] = []
    while reader.left:
        kind = reader.u8()
        part = reader.sub(reader.u32())
        if kind != wanted:
            continue
        count = part.count(what, limit, each=2)
        names += [(part.u32(), part.raw_name(limits.MODULE_BYTES)) for _ in range(count)]
        part.expect_end(what)
    return tuple(names)
