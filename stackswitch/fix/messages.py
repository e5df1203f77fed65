"""What is said of a fix: the edits, what is still missing, and why it is: pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from stackswitch.models.result import CaseResult
from stackswitch.reports.text import some

from .list_state import ListState
from .report import Edit
from .sources import ListSource

MOST_NAMES = 10
_MOST_CASES = 3


def edits_of(states: Iterable[ListState]) -> tuple[Edit, ...]:
    """Return what changes in each list."""
    edits = []
    for state in states:
        source = state.source
        if not source.changed:
            continue
        before, after = source.lists_before, source.lists
        for which in source.variables:
            added = tuple(sorted(set(after[which]) - set(before[which])))
            removed = tuple(sorted(set(before[which]) - set(after[which])))
            cases = {
                name: tuple(sorted(state.evidence.needed_by[which, name]))
                for name in added
                if state.evidence.needed_by.get((which, name))
            }
            if added or removed:
                edits.append(
                    Edit(path=str(source.path), list=which, added=added, removed=removed, needed_by=cases)
                )
    return tuple(edits)


def missing_in(edits: Iterable[Edit]) -> str:
    """Say what the lists lack, some names of each; a line a list."""
    return "\n".join(
        f"{edit.path}: {edit.list} lacks {some(edit.added, MOST_NAMES)}"
        if edit.added
        else f"{edit.path}: {edit.list} has too much: {some(edit.removed, MOST_NAMES)}"
        for edit in edits
    )


def shown_by_round(number: int, results: Iterable[CaseResult]) -> str:
    """Say which names that the lists lacked a round's run has shown, and in which cases."""
    cases: defaultdict[str, set[str]] = defaultdict(set)
    for each in results:
        for name in (name for names in each.missing.values() for name in names):
            cases[name].add(each.case_id)
    names = [f"{name} ({', '.join(sorted(cases[name])[:_MOST_CASES])})" for name in sorted(cases)]
    return f"the run of round {number} showed more names: {some(names, MOST_NAMES)}"


def why_missing(
    result: CaseResult, source: ListSource | None, *, prebuilt: bool = False, built: bool = False
) -> str:
    """Say why names that a result lacks are still missing when no list changes any more.

    :param source: the lists that are for the case, if any
    :param prebuilt: its module is an Asyncify build of the user
    :param built: a build command has been run
    """
    missing = "; ".join(f"{which}: {', '.join(names)}" for which, names in result.missing.items())
    if source is None:
        return f"{result.case_id}: {missing}, and no list that is to be fixed is for this case"
    absent = [which for which in result.missing if which not in source.variables]
    if absent:
        wanted = " or ".join(absent)
        return f"{result.case_id}: {missing}, and {source.path} has no list {wanted}: add an empty one"
    if not prebuilt:
        return f"{result.case_id}: {missing}: the list has these, and the build does not instrument them"
    if built:
        return f"{result.case_id}: {missing}: the list has these, and what the build command made does not"
    return (
        f"{result.case_id}: {missing}; its module is an Asyncify build already: give --build COMMAND, which "
        "makes it again"
    )
