"""Whether a ``wasm-opt`` can do the work: by having it instrument a small module, not by its version.

The module has what old ones fail on: a legacy ``try`` on the way to the import (Binaryen 108 and 120 abort),
a name with comma, quotes and ``<`` in a list of several lines (108 takes the list for one name), and it is
to come out with the new kind of exceptions, which wasmtime needs.
"""

from __future__ import annotations

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.module import Module, parse_module

from .listfile import GUARD, list_text
from .tool import Tool

CHECK_FORMAT = 2
"""Part of a stored verdict's name: raise it when the check or what is stored changes."""
WOULD_DO = "Binaryen 125 or later; the one on npm does"
TIMEOUT_S = 60.0

_LISTED = 'f<1, "a">'
_MODULE = bytes.fromhex(
    "00 61 73 6d 01 00 00 00 "
    "01 08 02 60 00 00 60 00 01 7f "  # types: () -> (), () -> i32
    "02 0c 01 03 65 6e 76 04 77 61 69 74 00 00 "  # import env.wait
    "03 03 02 01 00 "
    "05 03 01 00 01 "  # a memory
    "0d 03 01 00 00 "  # a tag
    "07 10 02 04 6d 61 69 6e 00 01 05 6f 74 68 65 72 00 02 "  # exports: main, other
    "0a 1e 02 17 01 01 7f 41 01 21 00 06 40 10 00 08 00 07 00 41 02 21 00 0b 20 00 0b 04 00 10 "
    "00 0b "
    "00 2c 04 6e 61 6d 65 01 19 03 00 04 77 61 69 74 01 09 66 3c 31 2c 20 22 61 22 3e 02 05 6f "  # names
    "74 68 65 72 04 04 01 00 01 76 0b 04 01 00 01 65 "
)
_CAUGHT, _OTHER = 1, 2
"""Function indexes of the listed one and the one that is to stay as it is."""


async def self_check(tool: Tool) -> str | None:
    """Try a tool and return why it will not do; None if it does.

    :raises ToolError: it does not run at all
    """
    args = [
        "in.wasm",
        "-g",
        "--asyncify",
        "--pass-arg=asyncify-imports@@imports.txt",
        "--pass-arg=asyncify-onlylist@@only.txt",
        "--enable-exception-handling",
        "--enable-reference-types",
        "--emit-exnref",
        "-o",
        "out.wasm",
    ]
    files = {"in.wasm": _MODULE, "imports.txt": list_text(["env.wait"]), "only.txt": list_text([_LISTED])}
    run = await tool.run(args, files, ["out.wasm"], timeout_s=TIMEOUT_S)
    said = run.stderr_text.strip()
    if run.status or "out.wasm" not in run.files:
        last = said.splitlines()[-1] if said else "nothing on stderr"
        return f"it failed on legacy exceptions or on --emit-exnref (status {run.status}: {last})"
    try:
        before, after = parse_module(_MODULE), parse_module(run.files["out.wasm"])
    except WasmFormatError as error:
        return f"it wrote a module that can't be read: {error}"
    if after.export_named("asyncify_start_unwind") is None:
        return "its --asyncify adds no asyncify exports"
    if _body(before, _OTHER) != _body(after, _OTHER) or len(_body(after, _CAUGHT)) <= len(
        _body(before, _CAUGHT)
    ):
        return "it does not follow a list with one name on each line"
    if GUARD not in said:
        return "it does not warn of a list's name that matches nothing"
    return None


def _body(module: Module, index: int) -> bytes:
    start, end = module.body_range(index)
    return module.data[start:end]
