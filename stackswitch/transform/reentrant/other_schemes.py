"""Modules whose C stacks something else switches, or that are made for another backend: they are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.asyncified import is_asyncified
from stackswitch.wasm.custom_sections import FUNCTION_NAMES, GLOBAL_NAMES, read_names
from stackswitch.wasm.module import Module

from .adapter import names, refusal
from .linking import LINKED
from .model import TRAPS

Scheme = Literal["hooks:made", "wasm-bindgen", "pyodide", "hooks"]
"""Who switches C stacks: a build of ours, wasm-bindgen, Pyodide, or the hooks of Binaryen and Emscripten."""


def refuse_other_schemes(module: Module) -> None:
    """Check that nothing else switches the module's stacks.

    :raises ModuleRefusedError: something does, or it is an Asyncify build
    """
    if is_asyncified(module):
        raise refusal("asyncify")
    for scheme, name in c_stack_schemes(module):
        raise refusal(scheme, name=name)


def c_stack_schemes(module: Module) -> Iterator[tuple[Scheme, str]]:
    """Yield what switches a module's C stacks, each with the name that shows it; a build of ours alone.

    The names are those of imports and exports, and of functions and globals in the name section.
    """
    found = set(_names(module))
    ours = sorted(each for each in found if each in LINKED or each.startswith(TRAPS))
    if ours:
        yield "hooks:made", ours[0]
        return
    for each in sorted(found):
        if each in names("bindgen") or any(part in each for part in names("bindgen_parts")):
            yield "wasm-bindgen", each
        elif each in names("pyodide"):
            yield "pyodide", each
        elif each in (*names("hooks"), *names("emscripten_hooks")) or each.startswith(
            names("binaryen_hooks")
        ):
            yield "hooks", each


def _names(module: Module) -> Iterator[str]:
    """Yield the names of imports and exports, and of functions and globals in the name section."""
    yield from (each.name for each in module.imports)
    yield from (each.name for each in module.exports)
    for subsection in (FUNCTION_NAMES, GLOBAL_NAMES):
        section = module.custom_section("name")
        try:
            found = read_names(section, subsection) if section is not None else ()
        except WasmFormatError:
            continue
        yield from (raw.decode("utf-8", "replace") for _, raw in found)
