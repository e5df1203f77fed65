"""Moves DWARF with the code that it describes: offsets in the code section, in all sections that have them.

- ``forms``: attributes and forms; ``units``: the entries of ``.debug_info`` and ``.debug_types``
- ``lines``: line number programs; ``lists``: lists of ranges and of locations
- ``move``: puts it together

Sources: the DWARF standards (https://dwarfstd.org) and "DWARF for WebAssembly"
(https://yurydelendik.github.io/webassembly-dwarf/).
"""

from .move import MovedDwarf, move_dwarf

__all__ = ["MovedDwarf", "move_dwarf"]
