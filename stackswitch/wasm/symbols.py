r"""Names of functions from a file of their own, put into a module that was stripped of them.

emcc writes such a file with ``--emit-symbol-map`` (``app.js.symbols``), Binaryen with ``--symbolmap``: a line
``INDEX:NAME`` for each function, imports counted, bytes that are no identifier's as ``\XX``.
"""

from __future__ import annotations

import re

from stackswitch.errors import ConfigError

from .encoding import CUSTOM, HEADER, iterate_sections, section, sized, unsigned, vector
from .encoding import name as encoded_name
from .module import Module

_LINE = re.compile(rb"(\d{1,9}):(.+)\Z")
_ESCAPED = re.compile(rb"\\([0-9A-Fa-f]{2})")
_FUNCTION_NAMES = 1


def read_symbols(data: bytes, path: str) -> dict[int, bytes]:
    """Read a symbol file: names by function index.

    :raises ConfigError: a line is malformed; with its number
    """
    found: dict[int, bytes] = {}
    for number, line in enumerate(data.split(b"\n"), 1):
        text = line.rstrip(b"\r")
        if not text:
            continue
        match = _LINE.match(text)
        if match is None:
            raise ConfigError(f"{path}: line {number} is none of a symbol file: it takes INDEX:NAME")
        found[int(match[1])] = _ESCAPED.sub(lambda each: bytes([int(each[1], 16)]), match[2])
    if not found:
        raise ConfigError(f"{path}: there is no symbol in it")
    return found


def with_symbols(module: Module, symbols: dict[int, bytes], path: str) -> bytes:
    """Return a module with the names of a symbol file; its own names take precedence.

    Function indexes are the same; the section goes to the end, so offsets of code are the same too if the
    module had no names.

    :raises ConfigError: a function of the file is not there: it belongs to another build
    """
    count = module.function_count
    over = [index for index in symbols if index >= count]
    if over:
        raise ConfigError(
            f"{path}: names function {min(over)}, and the module has {count}: it is another build's file"
        )
    names = {**symbols, **dict(module.function_name_entries)}
    content = vector(unsigned(index) + sized(names[index]) for index in sorted(names) if index < count)
    body = encoded_name("name") + bytes([_FUNCTION_NAMES]) + sized(content)
    return _without_names(module.data) + section(CUSTOM, body)


def _without_names(data: bytes) -> bytes:
    parts = [
        data[start : content.end]
        for number, start, content in iterate_sections(data)
        if number != CUSTOM or content.raw_name(content.left) != b"name"
    ]
    return HEADER + b"".join(parts)
