"""Sections ``metadata.code.*``: branch hints and the like, by offsets in functions.

Source: "Code Metadata" of the tool conventions
(https://github.com/WebAssembly/tool-conventions/blob/main/CodeMetadata.md).
"""

from __future__ import annotations

from collections.abc import Mapping

from . import limits
from .code_moves import CodeMoves
from .encoding import CODE, sized, unsigned, vector
from .module import Module
from .reader import Reader


def move_code_metadata(
    content: Reader, module: Module, moves: CodeMoves, indexes: Mapping[int, int] | None = None
) -> bytes:
    """Return a section's content with its offsets moved.

    :param module: the module as it was
    :param indexes: the new indexes of functions that have others than before
    :raises WasmFormatError: it is malformed, or names a function that the module does not define
    """
    functions = []
    for _ in range(content.count("functions", limits.FUNCTIONS, each=2)):
        index = content.index("function", module.function_count)
        if index < module.imported_function_count:
            raise content.fail(f"function {index} is imported")
        start = module.body_range(index)[0] - module.section_offsets[CODE]
        items = []
        for _ in range(content.count("items", limits.MODULE_BYTES, each=2)):
            offset = content.u32()
            data = content.take(content.u32())
            items.append(unsigned(moves.length(start, offset)) + sized(data))
        functions.append(unsigned((indexes or {}).get(index, index)) + vector(items))
    content.expect_end("code metadata")
    return vector(functions)
