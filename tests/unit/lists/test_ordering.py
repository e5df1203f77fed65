"""Where new names go."""

from __future__ import annotations

import pytest

from stackswitch.lists.ordering import merge, sort_key


@pytest.mark.parametrize(
    ("current", "wanted", "merged"),
    [
        ("a c", "a b c", "a b c"),
        ("c a", "a b c", "c a b"),
        ("c a", "d a b c", "c a d b"),
        ("a", "b a", "a b"),
        ("b", "b a", "b a"),
        ("", "b a", "b a"),
        ("a a b", "a b", "a a b"),
        ("a b c", "c", "c"),
        ("a B c", "a B c b", "a B b c"),
        ("_b a", "a _b _a", "_a _b a"),
        ("a _b c", "a _b c bb", "a _b bb c"),
        ("B a", "B a C", "B C a"),
        ("a b", "c c a b", "a b c"),
        ("a C", "a C B", "a B C"),
        ("a C", "b B a C", "a b B C"),
        ("a _B Xa", "a _B Xa b", "a _B b Xa"),
        ("a c e", "f d b a c e", "a b c d e f"),
    ],
)
def test_merging(current: str, wanted: str, merged: str) -> None:
    assert " ".join(merge(current.split(), wanted.split())) == merged


def test_the_order_that_a_list_has() -> None:
    def order(*names: str) -> list[str] | None:
        key = sort_key(names)
        return None if key is None else [key(each) for each in ("_B", "a")]

    assert order("a") is None
    assert order("b", "a") is None
    assert order("B", "_", "a") == ["_B", "a"]
    assert order("a", "B") == ["_b", "a"]
    assert order("a", "_B", "c") == ["b", "a"]
    assert order("a", "a") == ["_B", "a"]
