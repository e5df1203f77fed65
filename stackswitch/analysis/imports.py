"""Which imports may suspend, by the user's patterns or by a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stackswitch.binaryen.listfile import matches
from stackswitch.lists.emscripten_imports import full_import_name
from stackswitch.reports.text import some
from stackswitch.transform.reentrant.adapter import mistake
from stackswitch.wasm.module import Module


def function_import_names(module: Module) -> tuple[str, ...]:
    """Return the imported functions as ``module.name``, each once, in the order of the module."""
    return tuple(dict.fromkeys(module.import_names))


def imports_matching(module: Module, patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the imports that these match: ``module.name``, ``*`` for any run of characters.

    :raises ConfigError: one matches none; the message lists the imports
    """
    names = function_import_names(module)
    for pattern in patterns:
        if not any(matches(pattern, name) for name in names):
            present = some(names, 12) or "none"
            raise mistake("import_pattern", pattern=pattern, present=present)
    return tuple(name for name in names if any(matches(pattern, name) for pattern in patterns))


def imports_listed(module: Module, entries: Sequence[str]) -> tuple[str, ...]:
    """Return the imports that a list ``ASYNCIFY_IMPORTS`` matches; it may be for several modules.

    :raises ConfigError: no entry matches any
    """
    full = [full_import_name(each) for each in entries]
    matching = [each for each in full if any(matches(each, name) for name in module.import_names)]
    return imports_matching(module, matching or full)


def import_indexes(module: Module, names: Iterable[str]) -> frozenset[int]:
    """Return the function indexes of imports by full name."""
    wanted = set(names)
    return frozenset(each.index for each in module.function_imports() if each.full_name in wanted)
