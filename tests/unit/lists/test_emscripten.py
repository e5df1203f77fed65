from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.lists.emscripten import (
    SettingError,
    read_items,
    rewritten,
    to_emscripten,
    unsupported_names,
    wildcard_for,
)
from stackswitch.lists.namelist import NameIndex, comma_trouble, split_text


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("a,b", ["a", "b"]),
        ("[a, b]", ["a", "b"]),
        ('["a","f(int, x)"]', ["a", "f(int, x)"]),
        ("['a']", ["a"]),
        ("['f(int, x)']", ["f(int,'f(int, x)"]),
        ('["a\\b"]', ["a\\b"]),
        ("a\\b", ["a\\\\b"]),
        ("[]", []),
    ],
)
def test_values_are_read_as_emcc_reads_them(value: str, names: list[str]) -> None:
    assert [item.name for item in read_items(value)] == names


@pytest.mark.parametrize("value", ['"a"', "5", "[1]", "a,,b", '["a"', "'a,b", "null", '{"a": 1}'])
def test_what_emcc_refuses_is_refused(value: str) -> None:
    with pytest.raises(SettingError):
        read_items(value)


def test_a_part_of_a_list_may_end_with_a_comma() -> None:
    value = ' "a",\n"f(int, x)",'
    items = read_items(value, fragment=True)
    assert [item.name for item in items] == ["a", "f(int, x)"]
    assert [value[item.start : item.end] for item in items] == ['"a"', '"f(int, x)"']


@given(st.text("ab &,.#?()", min_size=1, max_size=10))
def test_a_name_spelled_for_emcc_is_what_emcc_rewrites_back(name: str) -> None:
    spelled = to_emscripten(name)
    if rewritten(name) == name:
        assert rewritten(spelled) == name
        assert not set(spelled) & set(" &,")
    else:
        assert name in {each.name for each in unsupported_names([name])}


@given(st.text("ab.#?()<>[]{},@ \n*-", min_size=1, max_size=12))
def test_the_wildcard_for_a_name_gets_through_emcc_and_matches_it(name: str) -> None:
    wildcard = wildcard_for(name)
    assert rewritten(wildcard) == wildcard
    assert not comma_trouble([wildcard])
    assert NameIndex([name]).matching(wildcard) == {0} or "*" not in wildcard
    if "*" not in wildcard:
        assert wildcard == name


def test_operators_keep_their_signature_in_the_wildcard() -> None:
    assert wildcard_for("operator<(A const&, B)") == "operator*(A const&, B)"
    (each,) = unsupported_names(["operator<(A, B)"])
    assert NameIndex(["operator<(A, B)", "operator+(A, B)", "operator<(A)"]).matching(each.wildcard) == {0, 1}
    assert split_text(f"{rewritten(each.wildcard)},x") == (each.wildcard, "x")
