"""Holding out: what is asked, and what counts as covered."""

from __future__ import annotations

import runpy
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stackswitch.lists.evidence import Evidence
from stackswitch.lists.holdout import hold_out, random_splits

CASES = st.dictionaries(
    st.text("ab", min_size=1, max_size=3), st.builds(Evidence, st.frozensets(st.integers(0, 8))), max_size=8
)


@given(st.sets(st.text("abc", min_size=1, max_size=2), min_size=1), st.floats(0, 1), st.integers(1, 4))
def test_a_case_is_kept_or_held_out(cases: set[str], kept: float, repeats: int) -> None:
    splits = random_splits(cases, kept, repeats)
    assert len(splits) == repeats
    assert splits == random_splits(cases, kept, repeats)
    for inside, outside in splits:
        assert inside | outside == cases
        assert not inside & outside


def test_families_go_out_whole_and_each_once_a_repeat() -> None:
    families = {f"{family}/{case}": family for family in "abcdefg" for case in range(3)}
    path = Path(__file__).parents[3] / "benchmarks" / "holdout.py"
    splits = runpy.run_path(str(path))["family_splits"](families, 3, 2)
    assert len(splits) == 6
    for inside, outside in splits:
        assert {families[each] for each in inside}.isdisjoint({families[each] for each in outside})
    for first in (0, 3):
        held = [case for _, outside in splits[first : first + 3] for case in outside]
        assert sorted(held) == sorted(families)


@given(CASES, st.frozensets(st.integers(0, 8)))
def test_covered_is_what_the_list_holds_whole(cases: dict[str, Evidence], drawn: frozenset[int]) -> None:
    split = (frozenset[str](), frozenset(cases))
    found = hold_out(cases, [split], lambda _: drawn, lambda functions: len(functions))
    assert found.asked == len(cases)
    assert found.covered == sum(each.functions <= drawn for each in cases.values())
    assert set(found.missing).isdisjoint(drawn)
    assert found.sizes == (len(drawn),)


def test_evidence_from_elsewhere_is_always_there() -> None:
    cases = {"a": Evidence(frozenset({1})), "b": Evidence(frozenset({2}))}
    splits = [(frozenset({"a"}), frozenset({"b"}))]

    def draw(evidence: Evidence) -> frozenset[int]:
        return evidence.functions

    assert hold_out(cases, splits, draw, len).share == 0
    assert hold_out(cases, splits, draw, len, Evidence(frozenset({2}))).share == 1


def test_covered_is_the_share_of_those_held_out() -> None:
    cases = {case: Evidence(frozenset({1, 2} if case == "c" else {1})) for case in "abcd"}
    for (kept,), held in random_splits(cases, 1 / 4, 6):
        found = hold_out(cases, [(frozenset({kept}), held)], lambda evidence: evidence.functions, len)
        assert found.share == (1.0 if kept == "c" else 2 / 3)
