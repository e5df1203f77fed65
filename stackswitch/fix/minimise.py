"""Which entries of lists no observed stack needs: pure. A run without them verifies it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from stackswitch.binaryen.listfile import matches
from stackswitch.lists.emscripten_imports import IMPORT_LISTS, full_import_name
from stackswitch.models.expect import ListName

MINIMISED: tuple[ListName, ...] = (
    "ASYNCIFY_ONLY",
    "ASYNCIFY_ADD",
    "ASYNCIFY_IMPORTS",
    "JSPI_IMPORTS",
    "JSPI_EXPORTS",
)
"""The lists of which entries that no observed stack needs are removed."""


def unneeded(
    lists: Mapping[ListName, Iterable[str]],
    used: Mapping[ListName, Collection[str]],
    *,
    emscripten: bool = False,
) -> dict[ListName, tuple[str, ...]]:
    """Return the entries that match nothing that was used, and those that repeat what others say.

    A wildcard is removed if every used name that it matches is listed in full.

    :param used: the names that each list is there for; of another list, no entry is removed
    :param emscripten: an import without a module is one of ``env``
    """
    found: dict[ListName, tuple[str, ...]] = {}
    for which, entries in lists.items():
        wanted = used.get(which)
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
