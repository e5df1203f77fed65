from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.binaryen.listfile import GUARD, list_text, matches


def split_like_binaryen(text: str) -> list[str]:
    """``String::trim``, then ``Split::NewLineOr(",")``, bracket balancing left out."""
    trimmed = text.strip(" \t\r\n\f\v")
    inner = trimmed.find("\n")
    return trimmed.split("\n") if inner not in (-1, len(trimmed) - 1) else trimmed.split(",")


names = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1)


@given(st.lists(names))
def test_binaryen_reads_back_every_name_whatever_is_in_it(listed: list[str]) -> None:
    assert split_like_binaryen(list_text(listed).decode()) == [GUARD, *listed, GUARD]


def test_a_name_with_a_line_break_is_left_out() -> None:
    assert list_text(["a\nb", "c"]) == f"{GUARD}\nc\n{GUARD}".encode()


def test_bytes_that_are_no_utf8_travel_unchanged() -> None:
    assert b"\na\xff\n" in list_text([b"a\xff".decode("utf-8", "surrogateescape")])


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        ("a*", "a", True),
        ("*a", "ba", True),
        ("a*a", "a", False),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "a-c-b", False),
        ("**", "", True),
        ("a?c", "abc", False),
        ("[a]", "a", False),
    ],
)
def test_wildcards(pattern: str, name: str, expected: bool) -> None:
    assert matches(pattern, name) is expected


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_wildcards_agree_with_fnmatch(pattern: str, name: str) -> None:
    assert matches(pattern, name) == bool(re.match(fnmatch.translate(pattern), name))
