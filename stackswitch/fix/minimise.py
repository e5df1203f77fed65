"""Which entries of lists no observed stack needs: pure. A run without them verifies it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from stackswitch.binaryen.listfile import matches
from stackswitch.lists.emscripten_imports import IMPORT_LISTS, full_import_name
from stackswitch.models.expect import ListName


@dataclass
class Used:
    """What all cases that a file's lists are for have used, by name.

    :ivar functions: functions that have to be instrumented
    :ivar beyond: those of them that Binaryen does not instrument by itself, with no add-list
    :ivar imports: the imports that waited, ``module.name``
    :ivar exports: the exports through which they did
    """

    functions: set[str] = field(default_factory=set)
    beyond: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    exports: set[str] = field(default_factory=set)

    def of(self, which: ListName) -> Collection[str] | None:
        """Return the names that the entries of a list are for; None: none of this list goes."""
        by_list: dict[ListName, Collection[str]] = {
            "ASYNCIFY_ONLY": self.functions,
            "ASYNCIFY_ADD": self.beyond,
            "ASYNCIFY_IMPORTS": self.imports,
            "JSPI_IMPORTS": self.imports,
            "JSPI_EXPORTS": self.exports,
        }
        return by_list.get(which)


def unneeded(
    lists: Mapping[ListName, Iterable[str]], used: Used, *, emscripten: bool = False
) -> dict[ListName, tuple[str, ...]]:
    """Return the entries that match nothing that was used, and those that repeat what others say.

    A wildcard is removed if every used name that it matches is listed in full.

    :param emscripten: an import without a module is one of ``env``
    """
    found: dict[ListName, tuple[str, ...]] = {}
    for which, entries in lists.items():
        wanted = used.of(which)
        if wanted is None:
            continue
        full = full_import_name if emscripten and which in IMPORT_LISTS else str
        listed = {each: full(each) for each in entries}
        plain = {each for each in listed.values() if "*" not in each or each in wanted}
        removed = tuple(each for each, name in listed.items() if not _needed(name, wanted, plain))
        if removed:
            found[which] = removed
    return found


def _needed(entry: str, wanted: Collection[str], plain: set[str]) -> bool:
    if entry in wanted:
        return True
    return "*" in entry and any(matches(entry, name) for name in wanted if name not in plain)
