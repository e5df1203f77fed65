"""What changed since an earlier report."""

from __future__ import annotations

from collections.abc import Iterator

from stackswitch.models.readiness import LEVELS, STATUSES, CaseStatus, Change, Level, Report

from .verdict import worst

_MOST_HISTORY = 200
_STATUS_RANK: dict[CaseStatus, int] = {
    "neither": 0,
    "silently-wrong": 0,
    "flaky": 1,
    "asyncify-only": 1,
    "one-backend": 2,
    "needs-list": 3,
    "jspi-only": 4,
    "as-meant": 5,
    "both": 5,
}


def compared(new: Report, old: Report, name: str) -> Report:
    """Return the new report with what changed since the old one, and with its history.

    :param name: what to call the old one
    """
    history = (*old.history, old.point)[-_MOST_HISTORY:]
    return new.model_copy(
        update={"changes": tuple(_changes(new, old)), "history": history, "compared_with": name}
    )


def _changes(new: Report, old: Report) -> Iterator[Change]:
    yield from _of_level("the verdict", old.level, new.level)
    was, now = ({each.case_id: each.status for each in of.cases} for of in (old, new))
    for case in dict.fromkeys((*now, *was)):
        yield from _of_case(case, was.get(case), now.get(case))
    yield from _of_findings(new, old)
    levels = {each.name: each.level for each in old.engines}
    for engine in new.engines:
        yield from _of_level(engine.name, levels.get(engine.name, engine.level), engine.level)
    if new.module is not None and old.module is not None and new.module.sha256 != old.module.sha256:
        sizes = (f"{each.size_bytes:,} bytes" for each in (old.module, new.module))
        yield Change(subject="the module", before=next(sizes), after=next(sizes))


def _of_level(subject: str, before: Level, after: Level) -> Iterator[Change]:
    if before != after:
        better = worst((after, before)) == before
        yield Change(subject=subject, before=LEVELS[before], after=LEVELS[after], better=better)


def _of_case(case: str, before: CaseStatus | None, after: CaseStatus | None) -> Iterator[Change]:
    if before == after:
        return
    gain = 0 if before is None or after is None else _STATUS_RANK[after] - _STATUS_RANK[before]
    words = (STATUSES[each] if each is not None else "not there" for each in (before, after))
    yield Change(subject=case, before=next(words), after=next(words), better=None if gain == 0 else gain > 0)


def _of_findings(new: Report, old: Report) -> Iterator[Change]:
    # What is about cases shows in them already.
    was, now = (
        {f"{each.rule} {each.subject}".strip() for each in of.findings if each.scope != "case"}
        for of in (old, new)
    )
    for each in sorted(now - was):
        yield Change(subject=each, before="did not apply", after="applies", better=False)
    for each in sorted(was - now):
        yield Change(subject=each, before="applied", after="does not", better=True)
