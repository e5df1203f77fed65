"""How large a module's own C stack is: what lies between its top and the data below it."""

from __future__ import annotations

from collections.abc import Iterator

from stackswitch.wasm.encoding import DATA, iterate_sections
from stackswitch.wasm.module import Module
from stackswitch.wasm.sections import read_constant_expression

from .adapter import adapter


def own_stack_bytes(module: Module, top: int) -> int:
    """Return the size at most (bytes): zero-initialised data below the stack is not in the module.

    :param top: the initial value of the stack pointer
    :raises WasmFormatError: the data section is malformed
    """
    first = adapter().sizes["linker_leaves"]
    return max(0, top - max((end for end in _data_ends(module) if end <= top), default=first))


def _data_ends(module: Module) -> Iterator[int]:
    """Yield where active data segments with a constant address end."""
    for number, _, content in iterate_sections(module.data):
        if number != DATA:
            continue
        for _ in range(content.u32()):
            flags = content.u32()
            start = None
            if flags == 2:
                content.u32()
            if flags != 1:
                start = read_constant_expression(content).value
            size = content.u32()
            content.skip(size)
            if start is not None:
                yield start + size
