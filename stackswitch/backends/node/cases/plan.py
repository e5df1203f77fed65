"""A case as the JavaScript interpreter takes it: steps written out, types looked up, values by their bits.

JavaScript can't ask a module for its types, so they come from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stackswitch.models.case import Case
from stackswitch.models.expect import Expect
from stackswitch.models.host import HostCall
from stackswitch.models.values import split_value, value_bits, value_text
from stackswitch.wasm.module import FuncType, Module

_FLOATS = {"f32": 8, "f64": 16}
_KINDS = {"i32", "i64", "f32", "f64", "v128"}
_FUNCTIONS = {"funcref", "nullfuncref", "(ref func)", "(ref nofunc)"}


def to_wire(text: str) -> str:
    """A value as the wire has it: floats by their bits, all else as it is; a bare ``nan`` stays."""
    kind, literal = split_value(text)
    if kind not in _FLOATS or literal == "nan":
        return text
    return f"{kind}:{value_bits(text):#0{_FLOATS[kind] + 2}x}"


def from_wire(text: str) -> str:
    """The reverse of ``to_wire``.

    :raises ValueError: no value of the wire
    """
    kind, literal = split_value(text)
    return value_text(kind, int(literal, 16)) if kind in _FLOATS else text


def case_plan(
    case: Case,
    modules: Mapping[str, Module],
    looked_at: Iterable[Expect],
    asyncify: dict[str, Any] | None = None,
    calls: Mapping[str, Mapping[str, object]] | None = None,
) -> dict[str, Any]:
    """Write a case for the interpreter.

    :param modules: by instance name, in the order of their making; as they were before any Asyncify
    :param looked_at: for each step the expectation that will be compared: what stands in memory and
        globals is read only where one looks
    :param asyncify: the stacks are switched by Asyncify, with this (see ``node_shim/case/asyncify.mjs``);
        JSPI's lists say nothing then
    :param calls: by instance name, how its calls are kept apart: ``Calls`` in ``jspi/switching.mjs``
    """
    host: dict[str, list[dict[str, Any]]] = {}
    for entry in case.host:
        host.setdefault(entry.import_, []).append(_entry(entry))
    exports, imports = (case.jspi.exports, case.jspi.imports) if asyncify is None else (None, None)
    return {
        "instances": [
            _instance(name, module) | {"calls": (calls or {}).get(name, {})}
            for name, module in modules.items()
        ],
        "host": host,
        "waiting": case.waiting_imports,
        "exports": case.called_exports if exports is None else exports,
        "imports": case.waiting_imports if imports is None else imports,
        "asyncify": asyncify,
        "wasi": None if case.wasi is None else case.wasi.model_dump(mode="json"),
        "steps": [
            {
                **step.model_dump(mode="json", exclude={"expect", "args"}),
                "args": [to_wire(each) for each in step.args],
                "memory": [{"at": each.at, "size": len(each.hex) // 2} for each in expect.memory],
                "globals": list(expect.globals),
            }
            for step, expect in zip(case.script, looked_at, strict=True)
        ],
    }


def _entry(entry: HostCall) -> dict[str, Any]:
    data = entry.model_dump(mode="json", exclude={"import_", "suspending"})
    if entry.args is not None:
        data["args"] = [to_wire(each) for each in entry.args]
    data["returns"] = [each if each.startswith("arg:") else to_wire(each) for each in entry.returns]
    for key in ("throws", "rejects"):
        if data[key] is not None:
            data[key]["values"] = [to_wire(each) for each in data[key]["values"]]
    for each in data["sets"]:
        each["value"] = to_wire(each["value"])
    for each in data["calls"]:
        each["args"] = [to_wire(value) for value in each["args"]]
        if each["values"] is not None:
            each["values"] = [to_wire(value) for value in each["values"]]
    return data


def _instance(name: str, module: Module) -> dict[str, Any]:
    functions: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    globals_: dict[str, str] = {}
    memory: dict[str, Any] | None = None
    for export in module.exports:
        if export.kind == "func":
            functions[export.name] = _signature(module, export.index)
        elif export.kind == "table":
            tables[export.name] = {"is64": module.tables[export.index].is64}
        elif export.kind == "global":
            globals_[export.name] = _kind(module, module.global_type(export.index).type)
        elif export.kind == "memory" and memory is None:
            memory = {"name": export.name, "is64": module.memories[export.index].is64}
    imports = [
        {"module": each.module, "name": each.name, "kind": each.kind}
        | (_signature(module, each.index) if each.kind == "func" else {})
        for each in module.imports
    ]
    return {
        "name": name,
        "imports": imports,
        "functions": functions,
        "tables": tables,
        "globals": globals_,
        "memory": memory,
    }


def _signature(module: Module, index: int) -> dict[str, list[str]]:
    type_ = module.function_type(index)
    return {
        "params": [_kind(module, each) for each in type_.params],
        "results": [_kind(module, each) for each in type_.results],
    }


def _kind(module: Module, type_: str) -> str:
    """What a type is on the boundary: a number, a ``funcref``, or any other reference (``externref``)."""
    if type_ in _KINDS:
        return type_
    if type_ in _FUNCTIONS:
        return "funcref"
    heap = type_.rstrip(")").split()[-1]
    if heap.isdecimal() and isinstance(module.types[int(heap)], FuncType):
        return "funcref"
    return "externref"
