"""Which global is the pointer of the C stack, with evidence: names, exports, accessors, prologues."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.instructions import END, GLOBAL_GET, GLOBAL_SET, LOCAL_GET, read_instructions
from stackswitch.wasm.module import Module
from stackswitch.wasm.stack_pointer import NAME, named_stack_pointer
from stackswitch.wasm.types import FuncType

from .adapter import names, refusal, shown

_ACCESSOR_BYTES = 16
_ALIGNMENT = 16
# global.get N, i32.const or i64.const, sub, local.tee, global.set N: how LLVM begins a function with a frame.
_PROLOGUE = re.compile(
    rb"\x23([\x00-\x7f])(?:\x41[\x80-\xff]{0,4}[\x00-\x7f]\x6b|\x42[\x80-\xff]{0,4}[\x00-\x7f]\x7d)"
    rb"\x22[\x80-\xff]?[\x00-\x7f]\x24\1"
)
_FEWEST_PROLOGUES = 2
_CLEAR = 10
"""How many times as many prologues the pointer must have as any other global."""


@dataclass(frozen=True)
class Pointer:
    """The pointer: index of the global, its initial value (bytes), and what showed it.

    :ivar initial: None if it is imported
    """

    index: int
    initial: int | None
    evidence: str


def find_pointer(module: Module, address: str, *, may_import: bool = False) -> Pointer:
    """Find the stack pointer.

    :param address: the type of addresses
    :param may_import: it may be imported: glue makes it for a main module of Emscripten 3
    :raises ModuleRefusedError: there is none, or there is more than one candidate, or it is imported
    """
    found = dict(_candidates(module))
    usable = {index: why for index, why in found.items() if _is_pointer(module, index, address)}
    if len(usable) > 1:
        listed = ", ".join(shown("candidate", index=index, evidence=why) for index, why in usable.items())
        raise refusal("two-stack-pointers", globals=listed)
    if not usable:
        raise refusal("no-stack-pointer")
    ((index, why),) = usable.items()
    initial = module.initialisers.get(index)
    if initial is None and may_import:
        return Pointer(index, None, why)
    if initial is None:
        raise refusal("dynamic-linking:pointer", index=index)
    if initial.value is None:
        raise refusal("no-stack-pointer:initial", index=index, evidence=why)
    return Pointer(index, initial.value, why)


def setters(module: Module, pointer: int) -> Iterator[str]:
    """Yield the exported functions that set the pointer to their argument."""
    type_ = FuncType((module.global_type(pointer).type,), ())
    for each in module.exports:
        if each.kind == "func" and module.function_type(each.index) == type_:
            ops = accessor(module, each.index)
            by_body = [op for op, _ in ops] == [LOCAL_GET, GLOBAL_SET] and ops[1][1] == pointer
            if each.name in names("setters") or by_body:
                yield each.name


def accessor(module: Module, function: int) -> list[tuple[int, int]]:
    """Return the instructions of a short body, each with its first immediate; none for a longer one."""
    if function < module.imported_function_count:
        return []
    start, end = module.code_range(function)
    if end - start > _ACCESSOR_BYTES:
        return []
    try:
        read = [
            (each.opcode, (*each.immediates, 0)[0]) for each in read_instructions(module.data, start, end)
        ]
    except WasmFormatError:
        return []
    return [each for each in read if each[0] != END]


def _candidates(module: Module) -> Iterator[tuple[int, str]]:
    """Yield the globals that the best evidence shows, and that evidence."""
    named = named_stack_pointer(module)
    if named is not None:
        yield named, shown("name")
        return
    exported = module.export_named(NAME)
    if exported is not None and exported.kind == "global":
        yield exported.index, shown("export")
        return
    imported = [each.index for each in module.imports if each.kind == "global" and each.name == NAME]
    if imported:
        yield imported[0], shown("import")
        return
    getter = next(
        (each for each in module.exports if each.kind == "func" and each.name in names("getters")), None
    )
    read = accessor(module, getter.index) if getter is not None else []
    if getter is not None and [op for op, _ in read] == [GLOBAL_GET]:
        yield read[0][1], shown("getter", name=getter.name)
        return
    # Other globals may have accessors (getTempRet0 and setTempRet0): prologues must not show another one.
    yield from _shown_by_prologues(module)
    yield from _shown_by_accessors(module)


def _shown_by_accessors(module: Module) -> Iterator[tuple[int, str]]:
    gets: dict[int, str] = {}
    puts: dict[int, str] = {}
    for each in module.exports:
        if each.kind != "func":
            continue
        ops = accessor(module, each.index)
        codes = [op for op, _ in ops]
        if codes == [GLOBAL_GET]:
            gets.setdefault(ops[0][1], each.name)
        elif codes == [LOCAL_GET, GLOBAL_SET]:
            puts.setdefault(ops[1][1], each.name)
    for index in sorted(gets.keys() & puts.keys()):
        if _starts_as_stack(module, index):
            yield index, shown("accessors", get=gets[index], put=puts[index])


def _shown_by_prologues(module: Module) -> Iterator[tuple[int, str]]:
    if not module.bodies:
        return
    start, end = module.bodies[0][0], module.bodies[-1][1]
    counts = Counter(each[1][0] for each in _PROLOGUE.finditer(module.data, start, end))
    most = max(counts.values(), default=0)
    if most >= _FEWEST_PROLOGUES:
        for index, count in counts.items():
            if count * _CLEAR > most and _starts_as_stack(module, index):
                yield index, shown("prologues", count=count)


def _starts_as_stack(module: Module, index: int) -> bool:
    """Whether the global's initial value can be the top of a stack; also if it is not known."""
    initial = module.initialisers.get(index)
    if initial is None or initial.value is None:
        return True
    return initial.value != 0 and initial.value % _ALIGNMENT == 0


def _is_pointer(module: Module, index: int, address: str) -> bool:
    if index >= len(module.globals):
        return False
    type_ = module.globals[index]
    return type_.mutable and type_.type == address
