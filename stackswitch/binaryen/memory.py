"""Where saved stacks go: a memory that the host can reach.

Asyncify saves stacks in the module's own memory, and the host has to write a header there. A module whose
memory is not exported, or that has none (Binaryen would add one that is private and can't grow), is given
what is missing before the pass.
"""

from __future__ import annotations

from stackswitch.errors import ConfigError
from stackswitch.wasm.encoding import EXPORT, MEMORY, MEMORY_KIND, export, with_entries
from stackswitch.wasm.module import Module

EXPORT_NAME = "__asyncify_memory"
_ONE_PAGE_NO_MAXIMUM = b"\x00\x01"


def with_reachable_memory(module: Module, wanted: str | None = None) -> tuple[bytes, str]:
    """Return a module with an exported memory for saved stacks, and the name of that export.

    :param wanted: an exported memory; default: the first one exported, or else the first there is
    :raises ConfigError: no memory is exported under the wanted name
    """
    exported = [each.name for each in module.exports if each.kind == "memory"]
    if wanted is not None:
        if wanted not in exported:
            raise ConfigError(f"the module exports no memory {wanted!r}; it exports {exported or 'none'}")
        return module.data, wanted
    if exported:
        return module.data, exported[0]
    name = EXPORT_NAME
    while module.export_named(name) is not None:
        name += "_"
    added = {EXPORT: export(name, MEMORY_KIND, 0)}
    if not module.memories:
        added[MEMORY] = _ONE_PAGE_NO_MAXIMUM
    return with_entries(module.data, added), name
