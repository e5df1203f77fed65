"""Imports and exports that must not be wrapped, also if a pattern like ``*`` names them."""

from __future__ import annotations

from stackswitch.wasm.instructions import (
    CALL,
    CALL_INDIRECT,
    CALL_REF,
    GLOBAL_GET,
    GLOBAL_SET,
    RETURN_CALL,
    RETURN_CALL_INDIRECT,
    RETURN_CALL_REF,
)
from stackswitch.wasm.module import Module
from stackswitch.wasm.scan import find_instructions

from .adapter import names
from .model import ReentrantRequest

_DIRECT_CALLS = frozenset({CALL, RETURN_CALL})
_CALLS = frozenset({CALL, CALL_INDIRECT, CALL_REF, RETURN_CALL, RETURN_CALL_INDIRECT, RETURN_CALL_REF})


def allocating_imports(module: Module, request: ReentrantRequest, malloc: int | None) -> tuple[str, ...]:
    """Return the imports, of those that may suspend, that ``malloc`` calls: by name, or by direct calls.

    :raises WasmFormatError: the code is malformed
    """
    called = _called_imports(module, malloc) if malloc is not None else set()
    return tuple(
        dict.fromkeys(
            each.full_name
            for each in module.function_imports()
            if each.full_name in request.suspend
            and (
                each.index in called
                or request.invoke_names.get(each.full_name, each.name) in names("growing")
            )
        )
    )


def _called_imports(module: Module, function: int) -> set[int]:
    """Return the imports to which direct calls lead from a function."""
    reached = {function}
    left = [function]
    while left:
        start, end = module.code_range(left.pop())
        found = find_instructions(module.data, start, end, _DIRECT_CALLS)
        new = {each.immediates[0] for each in found} - reached
        reached |= new
        left += [each for each in new if module.imported_function_count <= each < module.function_count]
    return {each for each in reached if each < module.imported_function_count}


def stack_exports(module: Module, request: ReentrantRequest, pointer: int) -> tuple[str, ...]:
    """Return the exports, of those that are promising, by which glue uses the C stack of whoever runs.

    They call nothing, so they do not wait.
    """
    return tuple(
        each.name
        for each in module.exports
        if each.kind == "func"
        and each.name in request.promise
        and (
            each.name in names("stack")
            or each.name.startswith(names("stack_prefixes"))
            or _only_uses(module, each.index, pointer)
        )
    )


def _only_uses(module: Module, function: int, pointer: int) -> bool:
    """Whether a function uses the pointer and calls nothing."""
    if function < module.imported_function_count:
        return False
    start, end = module.code_range(function)
    uses = False
    for each in find_instructions(module.data, start, end, _CALLS | {GLOBAL_GET, GLOBAL_SET}):
        if each.opcode in _CALLS:
            return False
        uses = uses or each.immediates[0] == pointer
    return uses
