"""Adds imports of functions to a module: its own functions get other indexes, wherever they stand.

Functions stand in instructions (``call``, ``ref.func``), elements, exports, the start, initialisers of
globals and tables, names, and branch hints. Object files have them in relocations, too: they are refused
before.
"""

from __future__ import annotations

from collections.abc import Sequence

from stackswitch.wasm.encoding import FUNCTION_KIND, name, unsigned
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.types import FuncType

from .additions import Additions
from .custom_sections import custom_sections
from .debug_info import moved_files
from .model import ReentrantRequest
from .patch import assembled, patched_sections


def with_imports(
    request: ReentrantRequest, imports: Sequence[tuple[str, str, FuncType]]
) -> tuple[ReentrantRequest, tuple[str, ...]]:
    """Return a request for the module with more imports, after its own ones, and notes.

    :param imports: module, name and type of each
    :raises WasmFormatError: the module is malformed
    :raises ModuleRefusedError: a file for debuggers cannot be moved
    """
    module = parse_module(request.wasm)
    additions = Additions(module)
    for from_, field, type_ in imports:
        kind = bytes([FUNCTION_KIND]) + unsigned(additions.type_index(type_))
        additions.imports.append(name(from_) + name(field) + kind)
    indexes = {index: index + len(imports) for index in module.defined_functions}
    additions.calls.update(indexes)
    additions.references.update(indexes)
    patched = patched_sections(additions)
    custom = custom_sections(module, request, _names(module, imports), patched.moves, indexes)
    wasm = assembled(patched.sections, custom)
    files = moved_files(request, module, wasm, patched.moves, patched.sections)
    moved = {"wasm": wasm, "source_map": files.source_map, "debug_module": files.debug_module}
    return request.model_copy(update=moved), (*custom.notes, *files.notes)


def _names(module: Module, imports: Sequence[tuple[str, str, FuncType]]) -> list[tuple[int, str]]:
    """Return index and name of the imports, if the module has names."""
    first = module.imported_function_count
    named = "name" in module.custom_sections
    return [(first + at, field) for at, (_, field, _) in enumerate(imports) if named]
