"""Merge the results of many files: shards, engines, days. Builds of one module are kept apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from stackswitch.models.result import CaseResult, SuiteResult
from stackswitch.suite.shards import Conflict, merge_results

Merged = tuple[tuple[CaseResult, ...], tuple[Conflict, ...], dict[str, int]]


def merged(files: Sequence[SuiteResult]) -> Merged:
    """Merge the results of several files.

    :returns: the results; the cases that came out differently when run again; where one case was run on more
        than one build on one backend, the hashes of the builds, and how many cases each has. Cases of all but
        the build with most carry the first digits of the hash after their name.
    """
    builds: dict[tuple[str, str], set[str]] = defaultdict(set)
    count: Counter[str] = Counter()
    for file in files:
        for each in file.results:
            if each.module:
                builds[each.case_id, each.backend].add(each.module)
    mixed = {case for (case, _), hashes in builds.items() if len(hashes) > 1}
    for case, backend in builds:
        if case in mixed:
            count.update(builds[case, backend])
    main = {case: _main(builds, case, count) for case in mixed}
    renamed = [
        SuiteResult(results=tuple(_named_by_build(each, main.get(each.case_id)) for each in file.results))
        for file in files
    ]
    together = merge_results(renamed)
    return together.result.results, together.conflicts, dict(sorted(count.items()))


def missing_shards(files: Sequence[SuiteResult]) -> tuple[str, ...]:
    """Say for which backends and engines shards of a suite are not among the files.

    A shard without cases is not missed, and neither is one in which the backend was skipped.
    """
    suites: dict[tuple[int, int], list[SuiteResult]] = defaultdict(list)
    for file in files:
        if file.shard is not None:
            suites[file.shard.count, file.shard.suite_cases].append(file)
    lines = []
    for (count, in_all), parts in sorted(suites.items()):
        for engine in sorted({each for part in parts for each in _engines(part)}):
            cases = {
                part.shard.index: part.shard.cases
                for part in parts
                if part.shard is not None
                and (
                    engine in _engines(part)
                    or {each.outcome for each in part.results if each.backend == engine[0]} == {"skipped"}
                )
            }
            if sum(cases.values()) < in_all:
                shards = ", ".join(f"{index}/{count}" for index in sorted(cases))
                name = f"{engine[0]} on {engine[1]} {engine[2]}"
                lines.append(f"{name}: {sum(cases.values())} of {in_all} cases, from {shards}")
    return tuple(lines)


def _engines(result: SuiteResult) -> set[tuple[str, str, str]]:
    """Each backend with the engine and version on which it ran."""
    ran = (each for each in result.results if each.outcome != "skipped")
    return {(each.backend, each.engine, each.engine_version) for each in ran}


def _main(builds: dict[tuple[str, str], set[str]], case: str, count: Counter[str]) -> frozenset[str]:
    """On each backend the build of a case that most cases have."""
    return frozenset(
        max(sorted(hashes), key=lambda each: count[each]) for (of, _), hashes in builds.items() if of == case
    )


def _named_by_build(each: CaseResult, main: frozenset[str] | None) -> CaseResult:
    if main is None or not each.module or each.module in main:
        return each
    return each.model_copy(update={"case_id": f"{each.case_id} @{each.module.removeprefix('sha256:')[:8]}"})
