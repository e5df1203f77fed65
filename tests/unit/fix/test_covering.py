from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stackswitch.fix.command_evidence import covering


def test_the_largest_first_and_no_more_than_needed() -> None:
    assert covering({"a": "12", "b": "123", "c": "34", "d": ""}) == {"b", "c"}
    assert covering({}) == frozenset()
    assert covering({"a": "", "b": ""}) == frozenset()


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.frozensets(st.text("xyz", max_size=2))))
def test_it_covers_everything_and_each_case_brings_something(functions: dict[str, frozenset[str]]) -> None:
    chosen = covering(functions)
    everything = frozenset().union(*functions.values())
    assert frozenset().union(*(functions[each] for each in chosen)) == everything
    assert len(chosen) <= len(everything)
