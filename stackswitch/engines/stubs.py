"""A module's imports as data, for stubs in JavaScript (``node_shim/wasm/stubs.mjs``)."""

from __future__ import annotations

from typing import Any

from stackswitch.wasm.module import Import, Module


def import_stubs(module: Module) -> list[dict[str, Any]]:
    """Return each import with what its stub needs to know of its type."""
    return [
        {"module": each.module, "name": each.name, "kind": each.kind, "type": _type(module, each)}
        for each in module.imports
    ]


def _type(module: Module, each: Import) -> dict[str, Any]:
    if each.kind == "memory":
        memory = module.memories[each.index]
        return {**_limits(memory.minimum, memory.maximum, is64=memory.is64), "shared": memory.shared}
    if each.kind == "table":
        table = module.tables[each.index]
        element = "externref" if "extern" in table.type else "anyfunc"
        return {**_limits(table.minimum, table.maximum, is64=table.is64), "element": element}
    if each.kind == "global":
        declared = module.global_type(each.index)
        value = "anyfunc" if declared.type == "funcref" else declared.type
        return {"value": value, "mutable": declared.mutable}
    if each.kind == "tag":
        return {"parameters": module.tag_type(each.index).params}
    return {"results": module.function_type(each.index).results}


def _limits(minimum: int, maximum: int | None, *, is64: bool) -> dict[str, Any]:
    most = {} if maximum is None else {"maximum": maximum}
    return {"initial": minimum, **most, **({"address": "i64"} if is64 else {})}
