"""Results of many files put together: shards, engines, days; builds of one module told apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from stackswitch.models.result import CaseResult, SuiteResult
from stackswitch.suite.shards import merge_results

from .material import Flaky


def merged(
    files: Sequence[SuiteResult],
) -> tuple[tuple[CaseResult, ...], tuple[Flaky, ...], dict[str, int]]:
    """Merge.

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
        SuiteResult(results=tuple(_told_apart(each, main.get(each.case_id)) for each in file.results))
        for file in files
    ]
    together = merge_results(renamed)
    flaky = tuple(
        Flaky(each.case_id, f"{each.backend} on {each.engine} {each.engine_version}", each.outcomes)
        for each in together.conflicts
    )
    return together.result.results, flaky, dict(sorted(count.items()))


def _main(builds: dict[tuple[str, str], set[str]], case: str, count: Counter[str]) -> frozenset[str]:
    """On each backend the build of a case that most cases have."""
    return frozenset(
        max(sorted(hashes), key=lambda each: count[each]) for (of, _), hashes in builds.items() if of == case
    )


def _told_apart(each: CaseResult, main: frozenset[str] | None) -> CaseResult:
    if main is None or not each.module or each.module in main:
        return each
    return each.model_copy(update={"case_id": f"{each.case_id} @{each.module.removeprefix('sha256:')[:8]}"})
