"""Modules whose C stacks something else switches, or that are made for another backend: they are refused."""

from __future__ import annotations

from collections.abc import Iterator

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.asyncified import is_asyncified
from stackswitch.wasm.custom_sections import FUNCTION_NAMES, GLOBAL_NAMES, read_names
from stackswitch.wasm.module import Module

from .adapter import names, refusal
from .linking import LINKED
from .model import TRAPS


def refuse_other_schemes(module: Module) -> None:
    """Check that nothing else switches the module's stacks.

    :raises ModuleRefusedError: something does, or it is an Asyncify build
    """
    if is_asyncified(module):
        raise refusal("asyncify")
    found = set(_names(module))
    if any(each in LINKED or each.startswith(TRAPS) for each in found):
        raise refusal("hooks:made")
    for each in sorted(found):
        if each in names("bindgen") or any(part in each for part in names("bindgen_parts")):
            raise refusal("wasm-bindgen", name=each)
        if each in names("pyodide"):
            raise refusal("pyodide", name=each)
        if each in (*names("hooks"), *names("emscripten_hooks")) or each.startswith(names("binaryen_hooks")):
            raise refusal("hooks", name=each)


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
