"""Until stackswitch.wasm.asyncified lands."""

from __future__ import annotations

from stackswitch.wasm.module import Module


def instrumented_functions(module: Module) -> frozenset[int]:
    """Return the functions that read the state global and compare it."""
    export = module.export_named("asyncify_get_state")
    if export is None:
        return frozenset()
    begin, end = module.body_range(export.index)
    body = module.data[begin:end]
    at = body.index(b"\x23")
    needle = body[at:-1]
    own = {each.index for each in module.exports if each.name.startswith("asyncify_")}
    found = set()
    for index in range(module.imported_function_count, module.function_count):
        first, last = module.body_range(index)
        if index not in own and needle in module.data[first:last]:
            found.add(index)
    return frozenset(found)
