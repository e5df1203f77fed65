from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.errors import ConfigError
from stackswitch.models.result import CaseResult, SuiteResult
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.suite.loader import load_suite
from stackswitch.suite.shards import (
    Shard,
    merge_results,
    parse_shard,
    recorded_durations,
    split_cases,
    take_shard,
)


def line(case: str, backend: str = "jspi", **more: Any) -> CaseResult:
    facts = {"engine": "node", "engine_version": "26.0.0", "outcome": "returned", "as_expected": True}
    return CaseResult(**(facts | {"case_id": case, "backend": backend} | more))


def suite(*lines: CaseResult) -> SuiteResult:
    return SuiteResult(results=lines)


NAMES = st.text("abc/", min_size=1, max_size=4)


@given(st.sets(NAMES, max_size=40), st.integers(1, 7), st.dictionaries(NAMES, st.floats(0, 1e6)))
def test_every_case_is_in_one_shard_and_order_does_not_matter(
    ids: set[str], count: int, durations: dict[str, float]
) -> None:
    parts = split_cases(ids, count, durations)
    assert len(parts) == count
    assert sorted(case for part in parts for case in part) == sorted(ids)
    backwards = dict(sorted(durations.items(), reverse=True))
    assert split_cases(sorted(ids, reverse=True), count, backwards) == parts


@given(st.lists(st.floats(1, 1000), min_size=1, max_size=60), st.integers(1, 6))
def test_no_shard_is_longer_than_greedy_allows(times: list[float], count: int) -> None:
    durations = {f"c{at:02}": each for at, each in enumerate(times)}
    loads = [sum(durations[case] for case in part) for part in split_cases(durations, count, durations)]
    lower = max(max(times), sum(times) / count)  # no division can be better than this
    assert max(loads) <= lower * 2 - lower / count + 1e-6


def test_long_cases_are_spread_first() -> None:
    durations = {"a": 50.0, "b": 40.0, "c": 30.0, "d": 30.0, "e": 10.0}
    assert split_cases("abcde", 2, durations) == (("a", "d"), ("b", "c", "e"))


def test_a_case_that_was_never_timed_counts_as_the_median() -> None:
    durations = {"a": 10.0, "b": 10.0, "c": 1.0, "d": 1.0, "e": 1.0}
    # By the mean (4.6) or the longest it would go before the short ones.
    assert split_cases([*durations, "new"], 2, durations) == (("a", "c", "e"), ("b", "d", "new"))
    assert split_cases("abn", 2, {"a": 0.0, "b": 0.0}) == (("n",), ("a", "b"))


def test_without_durations_shards_are_of_one_size() -> None:
    parts = split_cases([f"c{at:03}" for at in range(100)], 3, {})
    assert sorted(map(len, parts)) == [33, 33, 34]


def test_a_new_case_counts_as_the_median() -> None:
    parts = split_cases(["a", "b", "c", "new"], 2, {"a": 10.0, "b": 4.0, "c": 4.0})
    assert parts == (("a",), ("b", "c", "new"))


def test_shards_of_the_conformance_suite_make_the_whole() -> None:
    whole = load_suite(CONFORMANCE_SUITE)
    parts = [take_shard(whole, Shard(index=at, count=3), {}) for at in (1, 2, 3)]
    assert sorted(each.case.id for part in parts for each in part.cases) == [
        each.case.id for each in whole.cases
    ]
    for part in parts:
        assert set(part.files) == {each.case.id for each in part.cases}
        assert len(part.cases) < len(whole.cases)


def test_more_shards_than_cases_leave_some_empty() -> None:
    assert split_cases(["a"], 3, {}) == (("a",), (), ())


@pytest.mark.parametrize("text", ["", "1", "0/3", "4/3", "1/0", "-1/3", "1/3/5", "1.5/3", "²/3", "1/1001"])
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(ConfigError, match="shard"):
        parse_shard(text)


def test_a_shard_is_read_and_written() -> None:
    assert parse_shard("2/5") == Shard(index=2, count=5)
    assert str(parse_shard(" 5/5 ")) == "5/5"


def test_durations_are_means_over_engines_and_sums_over_backends() -> None:
    recorded = suite(
        line("a", duration_ms=10),
        line("a", engine_version="24.0.0", duration_ms=20),
        line("a", "asyncify", duration_ms=100),
        line("b", "asyncify", duration_ms=1),
    )
    assert recorded_durations(recorded) == {"a": 115.0, "b": 1.0}
    assert recorded_durations(recorded, {"jspi"}) == {"a": 15.0}


def test_results_of_shards_and_jobs_merge() -> None:
    merged = merge_results([suite(line("b"), line("a", "jspi")), suite(line("a", "asyncify"))])
    assert [(each.case_id, each.backend) for each in merged.result.results] == [
        ("a", "asyncify"),
        ("a", "jspi"),
        ("b", "jspi"),
    ]
    assert merged.conflicts == ()


def test_one_case_on_two_versions_is_no_conflict() -> None:
    merged = merge_results([suite(line("a")), suite(line("a", engine_version="25", outcome="trapped"))])
    assert len(merged.result.results) == 2
    assert merged.conflicts == ()


def test_the_same_twice_stands_once_whatever_it_took() -> None:
    merged = merge_results([suite(line("a", duration_ms=1)), suite(line("a", duration_ms=9))])
    assert [each.duration_ms for each in merged.result.results] == [1]
    assert merged.conflicts == ()


def test_a_failure_is_not_lost_by_merging() -> None:
    bad = line("a", outcome="trapped", as_expected=False, suspensions=1)
    for order in ([suite(line("a")), suite(bad)], [suite(bad), suite(line("a"))]):
        merged = merge_results(order)
        assert merged.result.results == (bad,)
        [conflict] = merged.conflicts
        assert set(conflict.outcomes) == {
            "returned, 0 suspensions",
            "trapped (unexpected), 1 suspension",
        }


def test_other_missing_names_are_a_conflict() -> None:
    one = line("a", missing={"ASYNCIFY_ONLY": ("f",)})
    merged = merge_results([suite(one), suite(line("a"))])
    assert len(merged.conflicts) == 1
    assert merge_results([suite(one), suite(one)]).conflicts == ()


def test_merging_is_the_same_in_any_order(tmp_path: Path) -> None:
    parts = [suite(line("b")), suite(line("a"), line("c", "asyncify"))]
    assert merge_results(parts) == merge_results(parts[::-1])
    assert merge_results([]).result == SuiteResult()


def test_a_skip_takes_no_time_and_a_run_goes_before_it() -> None:
    skipped = {"outcome": "skipped", "as_expected": False, "detail": "no Node"}
    ran = line("a", duration_ms=8.0)
    assert recorded_durations(suite(line("a", **skipped), line("b", **skipped), ran)) == {"a": 8.0}
    for files in ([suite(line("a", **skipped)), suite(ran)], [suite(ran), suite(line("a", **skipped))]):
        merged = merge_results(files)
        assert merged.result.results == (ran,)
        assert merged.conflicts == ()
    both = merge_results([suite(line("b", **skipped)), suite(line("b", **(skipped | {"as_expected": True})))])
    assert [each.as_expected for each in both.result.results] == [False]
