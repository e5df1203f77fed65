"""Function names: those of the name section, and as Binaryen's lists match them.

What Binaryen 132 does (tested by ``tests/integration/wasm/test_binaryen_names.py``): it reads the entries of
the name section in their order, and each name that was used before is given a
suffix: ``_`` and the count of names used so far, counted up until the result is new. Then functions without
a name get one, imports first: ``fimport$`` and their index, or for a defined one its decimal index among
the defined, with the same suffix if that is taken. Nothing is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator

from stackswitch.errors import WasmFormatError

from .module import Module


def binaryen_names(module: Module) -> tuple[str, ...]:
    """Return each function's name, by function index, as a line of ``asyncify-onlylist@@file`` matches it.

    Bytes that are not UTF-8 come as surrogate escapes: encode with ``"surrogateescape"`` to get them back.
    (Binaryen 132 refuses a module with such a name.)

    :raises WasmFormatError: the name section is malformed
    """
    cached: tuple[str, ...] | None = module.__dict__.get("_binaryen_names")
    if cached is None:
        cached = module.__dict__["_binaryen_names"] = tuple(_made_unique(module))
    return cached


def _made_unique(module: Module) -> Iterator[str]:
    used: set[bytes] = set()
    # Where each name's suffixes were left off: all below are known to be taken, and to try them again would
    # let a hostile module cost quadratic time.
    next_suffix: dict[bytes, int] = {}

    def use(name: bytes) -> bytes:
        """Return the name, or the first of its variants that is not used yet."""
        result = name
        if name in used:
            number = max(len(used), next_suffix.get(name, 0))
            while (result := b"%s_%d" % (name, number)) in used:
                number += 1
            next_suffix[name] = number + 1
        used.add(result)
        return result

    # An index that does not exist uses up a name all the same.
    names = {index: use(raw) for index, raw in module.function_name_entries}
    imported = module.imported_function_count
    for index in range(module.function_count):
        name = names.get(index)
        if name is None:
            name = use(b"fimport$%d" % index if index < imported else b"%d" % (index - imported))
        yield name.decode("utf-8", "surrogateescape")


def display_name(module: Module, index: int) -> str:
    """Return a name to show people: the name section's, an import's full name, else ``func[index]``.

    Never fails for what a module may hold: bytes that are not UTF-8 are shown as replacements.
    """
    try:
        raw = module.function_names.get(index)
    except WasmFormatError:
        raw = None
    if raw:
        return raw.decode("utf-8", "replace")
    imported = module.function_import(index)
    return f"func[{index}]" if imported is None else imported.full_name
