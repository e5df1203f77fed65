"""Which functions of a build Asyncify has instrumented, read from its bytes.

Binaryen's pass keeps its state in two mutable globals: the state (i32: 0 normal, 1 unwinding, 2 rewinding)
and the data (an address). Its control function ``asyncify_start_unwind`` begins, at every optimisation level,
with setting the one to 1 and the other to its argument; the globals are found by that shape, since exports
may be renamed. Relocatable builds import them as ``__asyncify_state`` and ``__asyncify_data``.

An instrumented function reads both: the state after each call that may suspend, the data to save its
locals and where it was. No other does: control functions read one of them at most, and the checks that
``asyncify-asserts`` puts into all other functions read only the state. Where optimisation has inlined
control functions into one that calls them itself, it must also write through the data.
Source: Binaryen src/passes/Asyncify.cpp, opening comment; tried on 132, see
``tests/integration/wasm/test_asyncified_builds.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, takewhile

from . import instructions as op
from .instructions import Instruction, read_instructions
from .module import Module
from .scan import find_instructions

_STATE_IMPORT, _DATA_IMPORT = "__asyncify_state", "__asyncify_data"
_UNWINDING = 1
_DROP = 0x1A
_STORES = (0x36, 0x37)  # i32.store, i64.store: the data block's stack position
_STORE_WITHIN = 12
"""How many instructions may lie between reading the data global and storing through it (seen: up to 8)."""
_BETWEEN = (op.LOCAL_SET, op.LOCAL_TEE, _DROP, op.I32_CONST)
"""Instructions between a call and the check of the state: they save its result, or push the call's number."""
_CONTROL_BYTES = 64
"""Control functions are shorter than this (seen: 24 bytes), so no other body is read to find them."""
_START_UNWIND = (op.I32_CONST, op.GLOBAL_SET, op.LOCAL_GET, op.GLOBAL_SET, op.GLOBAL_GET)
_GLOBALS = frozenset({op.GLOBAL_GET, op.GLOBAL_SET})
CONTROL_EXPORTS = (
    "asyncify_start_unwind",
    "asyncify_stop_unwind",
    "asyncify_start_rewind",
    "asyncify_stop_rewind",
)


@dataclass(frozen=True, slots=True)
class AsyncifyGlobals:
    """The indexes of the globals that hold Asyncify's state and the address of its data block."""

    state: int
    data: int


def asyncify_globals(module: Module) -> AsyncifyGlobals | None:
    """Return the globals that an Asyncify build keeps its state in; None: it is no such build.

    :raises WasmFormatError: code is malformed
    """
    imported = {
        each.name: each.index
        for each in module.imports
        if each.kind == "global" and each.name in (_STATE_IMPORT, _DATA_IMPORT)
    }
    if len(imported) == 2:
        return AsyncifyGlobals(imported[_STATE_IMPORT], imported[_DATA_IMPORT])
    for export in module.exports:
        if export.kind == "func" and (found := _start_unwind(module, export.index)):
            return found
    return None


def _start_unwind(module: Module, function: int) -> AsyncifyGlobals | None:
    """Return the globals that a function sets if it is ``asyncify_start_unwind``."""
    if function < module.imported_function_count or module.function_type(function).results:
        return None
    if module.function_type(function).params not in (("i32",), ("i64",)):
        return None
    start, end = module.body_range(function)
    if end - start > _CONTROL_BYTES:
        return None
    head = list(islice(read_instructions(module.data, *module.code_range(function)), 5))
    if tuple(each.opcode for each in head) != _START_UNWIND:
        return None
    (value,), (state,), (argument,), (data,), (read,) = (each.immediates for each in head)
    if (value, argument, read) != (_UNWINDING, 0, data) or state == data:
        return None
    return AsyncifyGlobals(state, data)


def is_asyncified(module: Module) -> bool:
    """Whether this is an Asyncify build.

    :raises WasmFormatError: code is malformed
    """
    return asyncify_globals(module) is not None


def missing_control_exports(module: Module) -> tuple[str, ...]:
    """Return the control functions that a module does not export under Binaryen's names.

    A host needs them to switch stacks with an Asyncify build.
    """
    return tuple([each for each in CONTROL_EXPORTS if module.export_named(each) is None])


def instrumented_functions(module: Module) -> frozenset[int]:
    """Return the functions that Asyncify has instrumented; none if this is no such build.

    A function into which others were inlined after the pass counts if one of these was instrumented.

    :raises WasmFormatError: code is malformed
    """
    found = asyncify_globals(module)
    if found is None:
        return frozenset()
    reads = [_read_of(index) for index in (found.state, found.data)]
    return frozenset(
        function
        for function in module.defined_functions
        if all(read.search(module.data, *module.body_range(function)) for read in reads)
        and _is_instrumented(module, function, found)
    )


def _read_of(index: int) -> re.Pattern[bytes]:
    """Return an expression for the bytes of ``global.get index``: without a match there is no such read."""
    digits = [index >> shift & 0x7F for shift in (0, 7, 14, 21, 28)]
    used = max(1, -(-index.bit_length() // 7))
    minimal = bytes([*(digit | 0x80 for digit in digits[: used - 1]), digits[used - 1]])
    padded = bytes(digit | 0x80 for digit in digits[:used])
    longer = re.escape(padded) + rb"\x80{0,%d}\x00" % (4 - used) if used < 5 else re.escape(minimal)
    return re.compile(rb"\x23(?:" + re.escape(minimal) + b"|" + longer + b")", re.DOTALL)


def _is_instrumented(module: Module, function: int, found: AsyncifyGlobals) -> bool:
    read: set[int] = set()
    sets_state = False
    accesses = find_instructions(module.data, *module.code_range(function), _GLOBALS)
    for access in accesses:
        if access.opcode == op.GLOBAL_GET:
            read.add(access.immediates[0])
        elif access.immediates[0] == found.state:
            sets_state = True
    if not {found.state, found.data} <= read:
        return False
    return not sets_state or _stores_through_data(module, function, found)


def _stores_through_data(module: Module, function: int, found: AsyncifyGlobals) -> bool:
    since = _STORE_WITHIN + 1
    for instruction in read_instructions(module.data, *module.code_range(function)):
        since += 1
        if instruction.opcode == op.GLOBAL_GET and instruction.immediates[0] == found.data:
            since = 0
        elif instruction.opcode in _STORES and since <= _STORE_WITHIN:
            return True
    return False


def suspending_imports(module: Module) -> frozenset[int] | None:
    """Return the imports after whose calls instrumented functions check the state.

    None: no Asyncify build. Imports that no instrumented function calls directly are unknown, and left out.

    :raises WasmFormatError: code is malformed
    """
    found = asyncify_globals(module)
    if found is None:
        return None
    imports = module.imported_function_count
    suspending: set[int] = set()
    for function in instrumented_functions(module):
        body = read_instructions(module.data, *module.code_range(function))
        suspending.update(called for called in _calls_with_state_check(body, found) if called < imports)
    return frozenset(suspending)


def checks_state_after_call(module: Module, function: int, offset: int) -> bool:
    """Whether a function of an Asyncify build checks, after its call at an offset, whether it is to unwind.

    :param offset: of the call's opcode, in the module
    :raises WasmFormatError: code is malformed
    """
    found = asyncify_globals(module)
    if found is None:
        return False
    start, end = module.code_range(function)
    if not start <= offset < end:
        return False
    after = _to_next_call(read_instructions(module.data, offset, end))
    return next(_calls_with_state_check(after, found), None) is not None


def _to_next_call(instructions: Iterator[Instruction]) -> Iterator[Instruction]:
    yield next(instructions)
    yield from takewhile(lambda each: each.opcode != op.CALL, instructions)


def _calls_with_state_check(instructions: Iterator[Instruction], found: AsyncifyGlobals) -> Iterator[int]:
    """Iterate over the functions of direct calls after which the state is compared with that of unwinding."""
    called: int | None = None  # the last call; then whether the state was read just after it
    state_read = False
    for instruction in instructions:
        if instruction.opcode == op.CALL:
            called, state_read = instruction.immediates[0], False
        elif called is None:
            continue
        elif state_read:
            # A comparison with 0 would be the guard of what comes next, not a check of this call.
            if instruction[2:] == (op.I32_CONST, (_UNWINDING,)):
                yield called
            called = None
        elif instruction[2:] == (op.GLOBAL_GET, (found.state,)):
            state_read = True
        elif instruction.opcode not in _BETWEEN:
            called = None
