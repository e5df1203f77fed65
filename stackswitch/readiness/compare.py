"""What changed since an earlier report."""

from __future__ import annotations

from collections.abc import Iterator

from stackswitch.models.readiness import (
    LEVELS,
    STATUSES,
    CaseStatus,
    Change,
    Report,
)

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
    if new.level != old.level:
        better = worst((new.level, old.level)) == old.level
        yield Change(subject="the verdict", before=LEVELS[old.level], after=LEVELS[new.level], better=better)
    yield from _of_cases(new, old)
    yield from _of_findings(new, old)
    was = {each.name: each for each in old.engines}
    for engine in new.engines:
        before = was.get(engine.name)
        if before is not None and before.level != engine.level:
            better = worst((engine.level, before.level)) == before.level
            yield Change(
                subject=engine.name, before=LEVELS[before.level], after=LEVELS[engine.level], better=better
            )
    if new.module is not None and old.module is not None and new.module.sha256 != old.module.sha256:
        sizes = (f"{each.size_bytes:,} bytes" for each in (old.module, new.module))
        yield Change(subject="the module", before=next(sizes), after=next(sizes))


def _of_cases(new: Report, old: Report) -> Iterator[Change]:
    was = {each.case_id: each.status for each in old.cases}
    now = {each.case_id: each.status for each in new.cases}
    for case, status in now.items():
        if case not in was:
            yield Change(subject=case, before="not there", after=STATUSES[status])
        elif was[case] != status:
            better = _STATUS_RANK[status] - _STATUS_RANK[was[case]]
            yield Change(
                subject=case,
                before=STATUSES[was[case]],
                after=STATUSES[status],
                better=None if better == 0 else better > 0,
            )
    for case, status in was.items():
        if case not in now:
            yield Change(subject=case, before=STATUSES[status], after="not there")


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
