"""What of a case has to be made ready, or cannot be run, on fibers: next to nothing.

Modules run as they are, save those with legacy exceptions, which wasmtime does not know: Binaryen writes them
in the new way. Function indexes stay.

wasmtime's collector finds the references in the frames of the fiber that runs, not in those of fibers that
are suspended (its own component model registers these, its C API does not). A case that has several calls in
progress, of a module that keeps such references in frames, is unsupported.
"""

from __future__ import annotations

from functools import lru_cache

from stackswitch.backends.base import Build, LoadedCase
from stackswitch.binaryen.asyncify import Binaryen
from stackswitch.models.case import Case
from stackswitch.models.result import Unsupported
from stackswitch.transform.instrument import has_legacy_exceptions, without_legacy_exceptions
from stackswitch.wasm.function_names import display_name
from stackswitch.wasm.instructions import TRY_TABLE
from stackswitch.wasm.module import ArrayType, FuncType, Module, StructType, parse_module
from stackswitch.wasm.scan import find_instructions
from stackswitch.wasm.stack_pointer import with_stack_pointer

_PLAIN = frozenset({"i32", "i64", "f32", "f64", "v128", "funcref", "nullfuncref", "i31ref"})
_SHORT = {"externref": "extern", "nullexternref": "noextern"}
_NEVER_KEPT = ("func", "nofunc", "i31")


async def make_fiber_build(loaded: LoadedCase, binaryen: Binaryen | None) -> Build:
    """Return a case's modules as wasmtime can run them.

    :param binaryen: None: legacy exceptions cannot be translated
    :raises ToolError: Binaryen broke down
    """
    built: dict[str, bytes] = {}
    for name, given in loaded.modules.items():
        wasm = _with_stack_pointer(given)
        if binaryen is not None:
            wasm = await without_legacy_exceptions(binaryen, wasm)
        elif has_legacy_exceptions(wasm):
            where = f"{name} has them, and there is no Binaryen to translate them"
            return Build(modules={}, unsupported=Unsupported(feature="legacy-exceptions", where=where))
        built[name] = wasm
    lacking = _unsupported(loaded.case, built)
    return Build(modules={}, unsupported=lacking) if lacking is not None else Build(modules=built)


@lru_cache(maxsize=64)
def _with_stack_pointer(wasm: bytes) -> bytes:
    return with_stack_pointer(parse_module(wasm))


def calls_overlap(case: Case) -> str | None:
    """Say in which way one call may run while another is not at its end; None: none does."""
    going: set[str] = set()
    for number, step in enumerate(case.script):
        if (step.call is not None or step.start is not None) and going:
            return f"step {number} calls while {', '.join(sorted(going))} is under way"
        if step.start is not None:
            if step.copies > 1:
                return f"step {number} starts {step.copies} calls"
            going.add(step.start)
        going.discard(step.finish or step.cancel or "")
    for entry in case.host:
        if entry.calls:
            return f"{entry.import_} calls {entry.calls[0].export}"
    return None


def _unsupported(case: Case, modules: dict[str, bytes]) -> Unsupported | None:
    overlap = calls_overlap(case)
    if overlap is None:
        return None
    for name, wasm in modules.items():
        kept = kept_references(wasm)
        if kept is not None:
            where = f"{overlap}, and in {name} {kept} may lie in a frame that is suspended"
            return Unsupported(feature="concurrent-references", where=where)
    return None


@lru_cache(maxsize=64)
def kept_references(wasm: bytes, *, rooted_externs: bool = False) -> str | None:
    """Say which references to collected objects a module's frames may hold; None: none.

    :param rooted_externs: all externrefs have a root elsewhere, so that none is collected
    """
    module = parse_module(wasm)
    never = (*_NEVER_KEPT, "extern", "noextern") if rooted_externs else _NEVER_KEPT
    if any(isinstance(each, (StructType, ArrayType)) for each in module.types):
        return "a struct or an array"
    functions = [each for each in module.types if isinstance(each, FuncType)]
    values = [value for each in functions for value in (*each.params, *each.results)]
    values += [*(each.type for each in module.globals), *(each.type for each in module.tables)]
    for value in values:
        if _is_collected(value, module, never):
            return f"a value of type {value}"
    for index in module.defined_functions:
        for _, each in module.locals_of(index)[0]:
            if _is_collected(each, module, never):
                return f"a local of type {each} of {display_name(module, index)}"
        start, end = module.code_range(index)
        for instruction in find_instructions(module.data, start, end, frozenset({TRY_TABLE})):
            if any(clause[0] in (1, 3) for clause in instruction.immediates[1]):
                return f"an exception caught by {display_name(module, index)}"
    return None


def _is_collected(type_: str, module: Module, never: tuple[str, ...]) -> bool:
    if type_ in _PLAIN:
        return False
    heap = _SHORT.get(type_, type_.removeprefix("(ref ").removeprefix("null ").rstrip(")"))
    if heap in never:
        return False
    return not (heap.isdecimal() and isinstance(module.types[int(heap)], FuncType))
