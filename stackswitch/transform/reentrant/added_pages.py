"""Whether a module leaves pages alone that somebody else has added to its memory."""

from __future__ import annotations

from stackswitch.wasm.instructions import (
    I32_CONST,
    I64_CONST,
    LOCAL_GET,
    LOCAL_SET,
    LOCAL_TEE,
    MEMORY_GROW,
    MEMORY_SIZE,
    Instruction,
    read_instructions,
)
from stackswitch.wasm.module import Module
from stackswitch.wasm.scan import find_instructions

from .adapter import refusal

_OF_MEMORY = frozenset({MEMORY_SIZE, MEMORY_GROW})
_SHIFTS, _MULTIPLICATIONS = (0x74, 0x86), (0x6C, 0x7E)
_PAGE_BITS, _PAGE_BYTES = 16, 65536


def refuse_pages(module: Module) -> None:
    """Check that pages which are added to the memory stay those of whoever has added them.

    Emscripten's ``sbrk`` takes all memory up to ``memory.size`` for its own, also where it grows the memory
    in WebAssembly: it only looks whether ``memory.grow`` has failed. Other allocators, such as that of
    wasi-libc, use its result as the address of the new pages.

    :raises ModuleRefusedError: the memory cannot grow, or the module may take pages for its own
    """
    memory = module.memories[0]
    if memory.maximum == memory.minimum:
        raise refusal("no-room")
    known = {each.name for each in module.exports} | {each.name for each in module.function_imports()}
    looks = grows = False
    certain = not any("emscripten" in each or "sbrk" in each for each in known)
    for function in module.defined_functions:
        start, end = module.code_range(function)
        found = {each.opcode for each in find_instructions(module.data, start, end, _OF_MEMORY)}
        looks |= MEMORY_SIZE in found
        if MEMORY_GROW in found:
            grows = True
            certain = certain and _uses_addresses(list(read_instructions(module.data, start, end)))
    if not certain or (looks and not grows):
        raise refusal("no-malloc:pages")


def _uses_addresses(code: list[Instruction]) -> bool:
    """Whether each result of ``memory.grow`` is made an address, at once or from a local."""
    return all(_is_address(code, at + 1) for at, each in enumerate(code) if each.opcode == MEMORY_GROW)


def _is_address(code: list[Instruction], at: int) -> bool:
    if _scales(code, at):
        return True
    if at >= len(code) or code[at].opcode not in (LOCAL_SET, LOCAL_TEE):
        return False
    local = code[at].immediates[0]
    return any(
        each.opcode in (LOCAL_GET, LOCAL_TEE) and each.immediates[0] == local and _scales(code, place + 1)
        for place, each in enumerate(code)
        if place >= at
    )


def _scales(code: list[Instruction], at: int) -> bool:
    """Whether the instructions multiply by the size of a page."""
    if at + 1 >= len(code) or code[at].opcode not in (I32_CONST, I64_CONST):
        return False
    factor, operation = code[at].immediates[0], code[at + 1].opcode
    return (factor == _PAGE_BITS and operation in _SHIFTS) or (
        factor == _PAGE_BYTES and operation in _MULTIPLICATIONS
    )
