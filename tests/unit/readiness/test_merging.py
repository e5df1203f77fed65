"""Results of several files: which shards of a suite are not among them."""

from __future__ import annotations

from itertools import combinations

from stackswitch.models.result import ShardOfSuite, SuiteResult
from stackswitch.readiness.merging import missing_shards

from .conftest import result


def shard(index: int, cases: int, *backends: str, outcome: str = "returned") -> SuiteResult:
    """One of four shards of a suite of three cases."""
    results = [
        result(backend, outcome, case_id=f"case-{index}-{at}") for backend in backends for at in range(cases)
    ]
    part = ShardOfSuite(index=index, count=4, cases=cases, suite_cases=3)
    return SuiteResult(shard=part, results=tuple(results))


WHOLE = [shard(1, 1, "jspi"), shard(2, 1, "jspi"), shard(3, 1, "jspi"), shard(4, 0)]


def test_any_shard_with_cases_is_missed() -> None:
    for size in range(1, 5):
        for given in combinations(WHOLE, size):
            cases = sum(len(each.results) for each in given)
            lines = missing_shards(given)
            assert len(lines) == (0 < cases < 3)
            assert not lines or lines[0].startswith(f"jspi on node 26.1.0: {cases} of 3 cases, from ")


def test_a_shard_that_is_given_twice_counts_once() -> None:
    assert missing_shards([WHOLE[0], WHOLE[0], WHOLE[1]])


def test_each_backend_has_to_have_all_shards() -> None:
    assert missing_shards([*WHOLE, shard(1, 1, "asyncify"), shard(2, 1, "asyncify")]) == (
        "asyncify on wasmtime 50.0.1: 2 of 3 cases, from 1/4, 2/4",
    )


def test_a_shard_in_which_a_backend_was_skipped_is_there() -> None:
    skipped = shard(3, 1, "jspi", outcome="skipped")
    assert missing_shards([*WHOLE[:2], skipped]) == ()


def test_results_of_a_whole_suite_have_none() -> None:
    assert missing_shards([SuiteResult(results=(result("jspi"),))]) == ()
