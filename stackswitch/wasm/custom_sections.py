"""Custom sections: names and ``target_features``.

Engines ignore a malformed one; here it raises an error when it is read. Sources: the core
specification's appendix "Custom Sections" and the tool conventions
(https://github.com/WebAssembly/tool-conventions: Linking.md for ``target_features``).
"""

from __future__ import annotations

from . import limits
from .reader import Reader


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


FUNCTION_NAMES, GLOBAL_NAMES = 1, 7
"""Subsections of a name section."""


def read_names(reader: Reader, subsection: int) -> tuple[tuple[int, bytes], ...]:
    """Read a subsection of a name section: (index, raw bytes) in its order.

    Neither the order of indexes nor whether they exist is checked.

    :raises WasmFormatError: malformed
    """
    names: list[tuple[int, bytes]] = []
    while reader.left:
        kind = reader.u8()
        part = reader.sub(reader.u32())
        if kind == subsection:
            count = part.count("names", limits.FUNCTIONS, each=2)
            names += [(part.u32(), part.raw_name(limits.MODULE_BYTES)) for _ in range(count)]
            part.expect_end("names")
    return tuple(names)
