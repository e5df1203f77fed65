"""Divides a suite among machines, in the same way on each, and merges their results."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import median

from stackswitch.errors import ConfigError
from stackswitch.models.base import Frozen
from stackswitch.models.result import CaseResult, CaseRun, SuiteResult

from .loader import Suite

MAX_SHARDS = 1000


class Shard(Frozen):
    """One of ``count`` parts, counted from 1."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def parse_shard(text: str) -> Shard:
    """Read ``2/5``.

    :raises ConfigError: it is not of that form, or there is no such part
    """
    match = re.match(r"([0-9]{1,6})/([0-9]{1,6})\Z", text.strip(), re.ASCII)
    if match is None:
        raise ConfigError(f"{text!r} is no shard: write 2/5 for the second of five")
    index, count = int(match[1]), int(match[2])
    if not 1 <= index <= count <= MAX_SHARDS:
        raise ConfigError(f"there is no shard {text}: they go from 1/N to N/N, and N to {MAX_SHARDS}")
    return Shard(index=index, count=count)


def recorded_durations(result: SuiteResult, backends: Collection[str] = ()) -> dict[str, float]:
    """Return how long each case took (ms): the sum over backends of the mean over engines and repeats.

    :param backends: count only these; none: all. Skipped cases do not count.
    """
    times: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for each in result.results:
        if each.outcome != "skipped" and (not backends or each.backend in backends):
            times[each.case_id][each.backend].append(each.duration_ms)
    return {
        case: sum(sum(each) / len(each) for each in by_backend.values()) for case, by_backend in times.items()
    }


def split_cases(
    case_ids: Iterable[str], count: int, durations: Mapping[str, float]
) -> tuple[tuple[str, ...], ...]:
    """Divide cases into ``count`` parts of about the same duration; each case is in one of them.

    The longest case first, each into the part that is shortest so far (Graham, "Bounds on multiprocessing
    timing anomalies", 1969: at most 4/3 of the best possible). A case without a duration counts as the median
    of the others; if none has one, all count the same. The result depends only on the arguments, so all
    machines with the same file of durations divide alike.

    :param durations: by case, in any one unit; cases that are not in the suite are ignored
    """
    ids = sorted(set(case_ids))
    known = [durations[each] for each in ids if each in durations]
    usual = (median(known) if known else 0.0) or 1.0
    weights = {each: durations.get(each, usual) for each in ids}
    parts: list[list[str]] = [[] for _ in range(count)]
    loads = [0.0] * count
    for case in sorted(ids, key=lambda each: (-weights[each], each)):
        lightest = min(range(count), key=lambda at: (loads[at], len(parts[at]), at))
        parts[lightest].append(case)
        loads[lightest] += weights[case]
    return tuple(tuple(sorted(part)) for part in parts)


def take_shard(suite: Suite, shard: Shard, durations: Mapping[str, float]) -> Suite:
    """Return the suite with the cases of one shard; it has none if there are fewer cases than shards."""
    return suite.only(split_cases(suite.ids, shard.count, durations)[shard.index - 1])


class Conflict(CaseRun):
    """A case with different results in two runs on the same backend and engine."""

    outcomes: tuple[str, ...]


class Merged(Frozen):
    """Merged results, and their contradictions."""

    result: SuiteResult
    conflicts: tuple[Conflict, ...] = ()


_Key = tuple[str, str, str, str, str]


def merge_results(results: Sequence[SuiteResult]) -> Merged:
    """Merge the results of shards and jobs, ordered by case, backend, engine.

    A case that ran twice on one engine has one result. If its runs differ, that is the first one that was not
    as expected, so that no failure is lost, and the conflict is reported. If it was skipped in one run and
    ran in another, only the second counts.
    """
    runs: dict[_Key, list[CaseResult]] = defaultdict(list)
    for result in results:
        for each in result.results:
            build = each.build or ""
            runs[each.case_id, each.backend, each.engine, each.engine_version, build].append(each)
    merged: list[CaseResult] = []
    conflicts: list[Conflict] = []
    for _, found in sorted(runs.items()):
        same = [each for each in found if each.outcome != "skipped"] or found
        merged.append(next((each for each in same if not each.as_expected), same[0]))
        if len(same) > 1 and len({_substance(each) for each in same}) > 1:
            outcomes = tuple(dict.fromkeys(_words(each) for each in same))
            where = {name: getattr(same[0], name) for name in CaseRun.model_fields}
            conflicts.append(Conflict(**where, outcomes=outcomes))
    return Merged(result=SuiteResult(results=tuple(merged)), conflicts=tuple(conflicts))


def _substance(each: CaseResult) -> tuple[object, ...]:
    """Return what must be the same in every run; durations and messages may differ."""
    missing = tuple(sorted((which, names) for which, names in each.missing.items() if names))
    return each.outcome, each.as_expected, missing, each.suspensions


def _words(each: CaseResult) -> str:
    suspensions = f"{each.suspensions} suspension{'' if each.suspensions == 1 else 's'}"
    names = sum(len(names) for names in each.missing.values())
    lacking = f", {names} missing name{'' if names == 1 else 's'}" if names else ""
    return f"{each.outcome}{'' if each.as_expected else ' (unexpected)'}, {suspensions}{lacking}"
