"""Results of several files: which shards of a suite are not among them, and builds that are kept apart."""

from __future__ import annotations

from itertools import combinations

from stackswitch.models.result import ShardOfSuite, SuiteResult
from stackswitch.readiness.merging import merged, missing_shards

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


def test_engines_and_shards_are_told_in_order() -> None:
    given = [shard(at, 1, backend) for at in (4, 2) for backend in ("jspi", "asyncify")]
    assert missing_shards(given) == (
        "asyncify on wasmtime 50.0.1: 2 of 3 cases, from 2/4, 4/4",
        "jspi on node 26.1.0: 2 of 3 cases, from 2/4, 4/4",
    )


def test_a_backend_that_was_skipped_in_one_shard_does_not_hide_another_backend_s() -> None:
    """In shard 3, asyncify ran and jspi was skipped: jspi has all its shards, asyncify has not."""
    mixed = SuiteResult(
        shard=ShardOfSuite(index=3, count=4, cases=1, suite_cases=3),
        results=(result("jspi", "skipped", case_id="x"), result("asyncify", case_id="x")),
    )
    assert missing_shards([*WHOLE[:2], mixed]) == ("asyncify on wasmtime 50.0.1: 1 of 3 cases, from 3/4",)


A, B, C = ("sha256:" + letter * 64 for letter in "abc")


def file(backend: str, **modules: str) -> SuiteResult:
    """Results of cases, by the module that each ran on."""
    return SuiteResult(
        results=tuple(result(backend, case_id=case, module=of) for case, of in modules.items())
    )


def names(*files: SuiteResult) -> tuple[list[str], dict[str, int]]:
    results, conflicts, builds = merged(files)
    assert conflicts == ()
    return sorted(each.case_id for each in results), builds


def test_results_of_one_build_are_put_together() -> None:
    assert names(file("jspi", one=A), file("jspi", two=A)) == (["one", "two"], {})
    # A backend has a build of its own, and results of old files have no module.
    assert names(file("jspi", one=A), file("asyncify", one=B)) == (["one", "one"], {})
    assert names(file("jspi", one=A), file("jspi", two="")) == (["one", "two"], {})


def test_the_build_with_most_cases_keeps_the_names() -> None:
    given = [file("jspi", one=A, two=B), file("jspi", one=B, two=C)]
    assert names(*given) == (["one", "one @aaaaaaaa", "two", "two @cccccccc"], {A: 1, B: 2, C: 1})


def test_of_builds_with_as_many_cases_the_first_hash_keeps_the_names() -> None:
    assert names(file("jspi", one=B), file("jspi", one=A)) == (["one", "one @bbbbbbbb"], {A: 1, B: 1})


def test_a_case_without_a_module_keeps_its_name() -> None:
    results, _, _ = merged([file("jspi", one=A), file("jspi", one=B), file("asyncify", one="")])
    assert sorted((each.backend, each.case_id) for each in results) == [
        ("asyncify", "one"),
        ("jspi", "one"),
        ("jspi", "one @bbbbbbbb"),
    ]


def test_only_cases_of_several_builds_are_renamed() -> None:
    given = [file("jspi", one=A, two=C), file("jspi", one=B), file("asyncify", one=C)]
    assert names(*given) == (["one", "one", "one @bbbbbbbb", "two"], {A: 1, B: 1, C: 1})
