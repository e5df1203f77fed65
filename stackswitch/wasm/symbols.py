r"""Names of functions from a file of their own, put into a module that was stripped of them.

emcc writes such a file with ``--emit-symbol-map`` (``app.js.symbols``), Binaryen with ``--symbolmap``: a line
``INDEX:NAME`` for each function, imports counted, bytes that are no identifier's as ``\XX``.
"""

from __future__ import annotations

import re

from stackswitch.errors import ConfigError

from .encoding import HEADER, section, unsigned
from .encoding import name as encoded_name
from .module import Module
from .reader import Reader

_LINE = re.compile(rb"(\d{1,9}):(.+)\Z")
_ESCAPED = re.compile(rb"\\([0-9A-Fa-f]{2})")
_FUNCTION_NAMES = 1
_CUSTOM = 0


def read_symbols(data: bytes, path: str) -> dict[int, bytes]:
    """Read a symbol file: names by function index.

    :raises ConfigError: a line is none of such a file; its number is told
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
    """Return a module with the names of a symbol file; those that it has of its own stay.

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
    own = dict(module.function_name_entries)
    names = {**symbols, **own}
    content = b"".join(
        unsigned(index) + unsigned(len(names[index])) + names[index]
        for index in sorted(names)
        if index < count
    )
    content = unsigned(sum(index < count for index in names)) + content
    body = encoded_name("name") + bytes([_FUNCTION_NAMES]) + unsigned(len(content)) + content
    return _without_names(module.data) + section(_CUSTOM, body)


def _without_names(data: bytes) -> bytes:
    out = [data[: len(HEADER)]]
    reader = Reader(data, len(HEADER))
    while reader.left:
        start, number = reader.pos, reader.u8()
        content = reader.sub(reader.u32())
        if number != _CUSTOM or content.raw_name(content.left) != b"name":
            out.append(data[start : reader.pos])
    return b"".join(out)
