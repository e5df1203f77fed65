"""Checks that a case fits its modules: every import is provided, every export exists, every type fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stackswitch.models.case import MAIN, Case, Step
from stackswitch.models.host import HostCall
from stackswitch.wasm.module import FuncType, Module

WASI_MODULE = "wasi_snapshot_preview1"


def case_problems(case: Case, modules: dict[str, Module]) -> list[str]:
    """Return what does not fit, a line for each problem, in the order of instantiation.

    :param modules: by instance name, ``main`` last
    """
    problems: list[str] = []
    provided: set[str] = set()
    for name, module in modules.items():
        problems += _import_problems(case, name, module, provided)
        provided.add(name)
    for number, step in enumerate(case.script):
        where = f"step {number}: " if case.steps else ""
        problems += [where + text for text in _step_problems(step, modules[step.instance])]
    known = {f"{each.module}.{each.name}" for module in modules.values() for each in module.imports}
    for unused in sorted({entry.import_ for entry in case.host} - known):
        problems.append(f"host describes {unused}, which no module imports")
    return problems


def _import_problems(case: Case, name: str, module: Module, provided: set[str]) -> Iterator[str]:
    whose = "" if name == MAIN else f"instance {name}: "
    for each in module.imports:
        full = f"{each.module}.{each.name}"
        if each.module in provided:
            continue
        if each.kind != "func":
            yield f"{whose}the {each.kind} {full} is imported: only an earlier instance can provide it"
        elif each.module == WASI_MODULE:
            if case.wasi is None:
                yield f"{whose}{full} is imported: the case has no [wasi]"
        else:
            entries = [entry for entry in case.host if entry.import_ == full]
            if not entries:
                yield f"{whose}nothing provides the import {full}: give it an entry in host"
            type_ = module.function_type(each.index)
            for entry in entries:
                yield from (f"{full}: {text}" for text in _entry_problems(entry, type_))


def _entry_problems(entry: HostCall, type_: FuncType) -> Iterator[str]:
    if entry.args is not None:
        yield from _type_problems("args", entry.args, type_.params)
    fails = entry.throws is not None or entry.rejects is not None
    if not (fails and not entry.returns):
        returns: list[str] = []
        for text in entry.returns:
            if not text.startswith("arg:"):
                returns.append(text)
                continue
            at = int(text[4:])
            if at >= len(type_.params):
                yield f"returns {text}, and there are {len(type_.params)} parameters"
                return
            returns.append(f"{type_.params[at]}:")
        yield from _type_problems("returns", returns, type_.results)


def _step_problems(step: Step, module: Module) -> Iterator[str]:
    name = step.call or step.export
    if name is None:
        return
    export = module.export_named(name)
    if export is None or export.kind != "func":
        functions = ", ".join(module.exported_functions)
        yield f"the module exports no function {name!r}; it has {functions or 'none'}"
        return
    type_ = module.function_type(export.index)
    yield from (f"{name}: {text}" for text in _type_problems("args", step.args, type_.params))
    if step.expect.values is not None and step.call is not None:
        yield from (f"{name}: {text}" for text in _type_problems("values", step.expect.values, type_.results))


def _type_problems(what: str, values: Sequence[str], types: Sequence[str]) -> Iterator[str]:
    if len(values) != len(types):
        yield f"{len(values)} {what} given, the type has {len(types)} ({' '.join(types) or 'none'})"
        return
    for at, (text, type_) in enumerate(zip(values, types, strict=True)):
        kind = text.partition(":")[0]
        if kind != type_ and not _is_reference(kind, type_):
            yield f"{what}[{at}] is {text}, the type says {type_}"


def _is_reference(kind: str, type_: str) -> bool:
    """Whether a reference value fits a typed reference such as ``(ref null extern)``."""
    return kind in ("externref", "funcref") and type_.startswith("(ref")
