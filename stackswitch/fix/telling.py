"""What is said of a fix: the edits, what is still missing, and why nothing helps: pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from stackswitch.models.case import Case
from stackswitch.models.result import CaseResult

from .report import Edit
from .seen import SourceSeen
from .sources import ListSource

_MOST_NAMES = 10
_MOST_CASES = 3


def edits_of(sources: Sequence[ListSource], seen: Sequence[SourceSeen]) -> tuple[Edit, ...]:
    """Return what changes in each list."""
    edits = []
    for source, known in zip(sources, seen, strict=True):
        if not source.changed:
            continue
        before, after = source.lists_before, source.lists
        for which in source.variables:
            added = tuple(sorted(set(after[which]) - set(before[which])))
            removed = tuple(sorted(set(before[which]) - set(after[which])))
            cases = {
                name: tuple(sorted(known.needed_by[which, name]))
                for name in added
                if known.needed_by.get((which, name))
            }
            if added or removed:
                edits.append(
                    Edit(path=str(source.path), list=which, added=added, removed=removed, needed_by=cases)
                )
    return tuple(edits)


def told_missing(edits: Iterable[Edit]) -> str:
    """Say what the lists lack, some names of each."""
    told = []
    for edit in edits:
        what = "lacks" if edit.added else "has too much:"
        names = edit.added or edit.removed
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        told.append(f"{edit.path}: {edit.list} {what} {', '.join(names[:_MOST_NAMES])}{more}")
    return "\n".join(told)


def told_shown(number: int, results: Iterable[CaseResult]) -> str:
    """Say which names a round's run has shown that the lists lacked, and in which cases."""
    cases: defaultdict[str, set[str]] = defaultdict(set)
    for each in results:
        for name in (name for names in each.missing.values() for name in names):
            cases[name].add(each.case_id)
    names = [f"{name} ({', '.join(sorted(cases[name])[:_MOST_CASES])})" for name in sorted(cases)]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"the run of round {number} showed more names: {', '.join(names[:_MOST_NAMES])}{more}"


def why_no_progress(result: CaseResult, case: Case, source: ListSource | None, *, built: bool) -> str:
    """Say why names that are missing are so for good.

    :param source: the lists that hold for the case, if any
    :param built: a build command has been run
    """
    told = "; ".join(f"{which}: {', '.join(names)}" for which, names in result.missing.items())
    if source is None:
        return f"{result.case_id}: {told}, and no list that is to be fixed holds for this case"
    absent = [which for which in result.missing if which not in source.variables]
    if absent:
        wanted = " or ".join(absent)
        return f"{result.case_id}: {told}, and {source.path} has no list {wanted}: add an empty one"
    if not case.asyncify.prebuilt:
        return f"{result.case_id}: {told}, which the list has, and the build does not"
    if built:
        return f"{result.case_id}: {told}: the list has these, and what the build command made does not"
    return f"{result.case_id}: {told}; its module is a build already: say with --build what makes it again"
