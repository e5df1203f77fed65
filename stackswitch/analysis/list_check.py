"""Lists compared with a module, in words: entries that match nothing, add nothing or name imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stackswitch.lists.findings import REASONS, examine
from stackswitch.lists.namelist import NameIndex, shorten
from stackswitch.models.base import Frozen
from stackswitch.models.expect import ListName
from stackswitch.reports.text import some

FUNCTION_LISTS: tuple[ListName, ...] = ("ASYNCIFY_ONLY", "ASYNCIFY_ADD", "ASYNCIFY_REMOVE")


class ListFinding(Frozen):
    """An entry of a list that does nothing: why, and what may be meant."""

    list: ListName
    entry: str
    kind: str
    text: str
    suggestions: tuple[str, ...] = ()


def check_lists(lists: Mapping[ListName, Sequence[str]], index: NameIndex) -> tuple[ListFinding, ...]:
    """Find what is wrong with lists of functions: stale entries first, then those that others cover."""
    stale: list[ListFinding] = []
    shadowed: list[ListFinding] = []
    for which in FUNCTION_LISTS:
        if which not in lists:
            continue
        found = examine(lists[which], index)
        for each in found.stale:
            close = some(list(map(shorten, each.suggestions)), 3, " or ")
            meant = f": {close} may be meant" if close else ""
            stale.append(
                ListFinding(
                    list=which,
                    entry=each.entry,
                    kind=each.reason,
                    text=f"{shorten(each.entry)} matches nothing: {REASONS[each.reason]}{meant}",
                    suggestions=each.suggestions,
                )
            )
        for other in found.shadowed:
            why = "is listed twice" if other.entry == other.by else f"adds nothing to {shorten(other.by)}"
            shadowed.append(
                ListFinding(
                    list=which, entry=other.entry, kind="shadowed", text=f"{shorten(other.entry)} {why}"
                )
            )
    return (*stale, *shadowed)
