"""Moves a source map with the code that it describes: its columns are offsets in the module's file.

Sources: "Source Map Format" (https://tc39.es/ecma426/), and what Emscripten's ``tools/wasm-sourcemap.py``
writes.
"""

from __future__ import annotations

import json
from typing import Any

from stackswitch.errors import WasmFormatError

from .code_moves import CodeMoves

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_MORE = 32


def move_source_map(data: bytes, moves: CodeMoves, old_start: int, new_start: int) -> bytes:
    """Return a source map of a module whose code has moved.

    :param moves: of offsets in the code section's content, which begins at these offsets in the files
    :raises WasmFormatError: it is no source map, or consists of several
    """
    try:
        parsed: Any = json.loads(data)
    except ValueError:
        raise WasmFormatError("the source map is no JSON", 0) from None
    if not isinstance(parsed, dict) or not isinstance(parsed.get("mappings"), str):
        raise WasmFormatError("the source map has no mappings, or has them in sections", 0)
    lines = parsed["mappings"].split(";")
    parsed["mappings"] = ";".join(_line(line, moves, old_start, new_start) for line in lines)
    return json.dumps(parsed, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _line(line: str, moves: CodeMoves, old_start: int, new_start: int) -> str:
    old = new = 0
    out = []
    for segment in line.split(",") if line else ():
        delta, rest = _decoded(segment)
        old += delta
        column = new_start + moves.moved(old - old_start) if old >= old_start else old
        out.append(_encoded(column - new) + rest)
        new = column
    return ",".join(out)


def _decoded(segment: str) -> tuple[int, str]:
    """Return the first number of a segment, and the others as they are."""
    value = shift = 0
    for at, digit in enumerate(segment):
        part = _VALUES.get(digit)
        if part is None:
            break
        value |= (part & (_MORE - 1)) << shift
        shift += 5
        if not part & _MORE:
            return -(value >> 1) if value & 1 else value >> 1, segment[at + 1 :]
    raise WasmFormatError(f"the source map has a segment that is malformed: {segment[:20]}", 0)


def _encoded(number: int) -> str:
    value = -number << 1 | 1 if number < 0 else number << 1
    out = ""
    while value >= _MORE:
        out += _DIGITS[value & (_MORE - 1) | _MORE]
        value >>= 5
    return out + _DIGITS[value]
