"""A module of wrappers between a guest and the host functions that it waits for, on an engine with JSPI.

An exception that such a function ends in is thrown into the guest without its stack. To capture the stack at
each wait costs a third of a wait. So each import goes through a function of wasm that calls the host's, and
then ``check``: an ordinary function, which throws what is to be thrown, with the whole stack.
"""

from __future__ import annotations

from collections.abc import Sequence

from .encoding import (
    CODE,
    EXPORT,
    FUNCTION,
    FUNCTION_KIND,
    IMPORT,
    TYPE,
    assemble,
    export,
    function_body,
    function_type,
    name,
    unsigned,
)
from .types import FuncType

_CALL, _LOCAL_GET = b"\x10", b"\x20"
_NOTHING = FuncType((), ())


def import_wrapper_module(waiting: Sequence[FuncType]) -> bytes:
    """Make the module: it imports ``host.0``, ``host.1``, … and ``host.check``, and exports ``0``, ``1``, …,
    and ``check``, which only calls the import.

    :param waiting: the signatures, of numbers and externrefs
    """
    functions = (*waiting, _NOTHING)
    names = [*map(str, range(len(waiting))), "check"]
    types = list(dict.fromkeys((_NOTHING, *waiting)))
    indexes = [unsigned(types.index(each)) for each in functions]
    check = _CALL + unsigned(len(waiting))
    bodies = []
    for at, type_ in enumerate(waiting):
        arguments = b"".join(_LOCAL_GET + unsigned(each) for each in range(len(type_.params)))
        bodies.append(arguments + _CALL + unsigned(at) + check)
    bodies.append(check)
    imports = [
        name("host") + name(each) + bytes([FUNCTION_KIND]) + index
        for each, index in zip(names, indexes, strict=True)
    ]
    exports = [export(each, FUNCTION_KIND, at) for at, each in enumerate(names, len(functions))]
    return assemble(
        {
            TYPE: map(function_type, types),
            IMPORT: imports,
            FUNCTION: indexes,
            EXPORT: exports,
            CODE: map(function_body, bodies),
        }
    )
