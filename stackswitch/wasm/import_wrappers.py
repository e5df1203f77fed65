"""A module between a guest and the host functions that it waits for, on an engine that switches stacks.

An exception that such a function ends in is thrown into the guest without its stack, and to note the stack
at each wait, in case, costs a third of a wait. So each import goes through a function of wasm that calls the
host's, and then ``check``, an ordinary function which throws where there is something to be thrown: with the
whole stack.
"""

from __future__ import annotations

from collections.abc import Sequence

from .encoding import (
    CODE,
    EXPORT,
    FUNCTION,
    FUNCTION_KIND,
    HEADER,
    TYPE,
    export,
    name,
    section,
    unsigned,
    vector,
)
from .types import NUMBER_TYPES, FuncType

_IMPORT = 2
_CODES = {text: bytes([code]) for code, text in NUMBER_TYPES.items()} | {"externref": b"\x6f"}
_CALL, _LOCAL_GET, _END = b"\x10", b"\x20", b"\x0b"


def import_wrapper_module(waiting: Sequence[FuncType]) -> bytes:
    """Make the module: it imports ``host.0``, ``host.1``, … and ``host.check``, and exports ``0``, ``1``, …,
    and ``check``, which only calls the import.

    :param waiting: the signatures, of numbers and externrefs
    """
    types = list(dict.fromkeys((FuncType((), ()), *waiting)))
    count = len(waiting)
    imports = [
        name("host") + name(text) + b"\0" + unsigned(types.index(type_))
        for text, type_ in [*((str(at), type_) for at, type_ in enumerate(waiting)), ("check", types[0])]
    ]
    bodies = []
    for at, type_ in enumerate(waiting):
        arguments = b"".join(_LOCAL_GET + unsigned(each) for each in range(len(type_.params)))
        code = b"\0" + arguments + _CALL + unsigned(at) + _CALL + unsigned(count) + _END
        bodies.append(code)
    bodies.append(b"\0" + _CALL + unsigned(count) + _END)
    exports = [*map(str, range(count)), "check"]
    return b"".join(
        [
            HEADER,
            section(TYPE, vector(_type(each) for each in types)),
            section(_IMPORT, vector(imports)),
            section(FUNCTION, vector(unsigned(types.index(each)) for each in (*waiting, types[0]))),
            section(
                EXPORT, vector(export(each, FUNCTION_KIND, count + 1 + at) for at, each in enumerate(exports))
            ),
            section(CODE, vector(unsigned(len(each)) + each for each in bodies)),
        ]
    )


def _type(type_: FuncType) -> bytes:
    params = vector(_CODES[each] for each in type_.params)
    return b"\x60" + params + vector(_CODES[each] for each in type_.results)
