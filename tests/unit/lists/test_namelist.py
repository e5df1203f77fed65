from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.errors import ConfigError
from stackswitch.lists.namelist import (
    NameIndex,
    bracket_balance,
    comma_trouble,
    shorten,
    split_commas,
    split_text,
)

LETTERS = st.text("ab\0*", max_size=6)


@given(entry=LETTERS, names=st.lists(st.text("ab\n\0", max_size=7), unique=True, max_size=12))
def test_a_star_is_any_run_of_characters(entry: str, names: list[str]) -> None:
    pattern = re.compile(".*".join(map(re.escape, entry.split("*"))), re.DOTALL)
    expected = {at for at, name in enumerate(names) if pattern.fullmatch(name)}
    assert NameIndex(names).matching(entry) == expected


def test_imports_are_named_in_full_or_not_at_all() -> None:
    index = NameIndex(["wait", "waiter"], imported=1)
    assert index.matching("wait") == {0}
    assert index.matching("wait*") == {1}


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("a,b", ("a", "b")),
        ("f(int, x),b", ("f(int, x)", "b")),
        ("a,,b,", ("a", "b")),
        ("a\nb,c\n", ("a", "b,c")),
        ("a\n", ("a",)),
        ("operator<\nb", ("operator<", "b")),
        (" a, b ", (" a", " b")),
        ("a\r\nb\r\n", ("a\r", "b")),
        ("a\n\nb", ("a", "", "b")),
        ("operator<,x,operator>", ("operator<,x,operator>",)),
        ("", ()),
    ],
)
def test_splitting(text: str, entries: tuple[str, ...]) -> None:
    assert split_text(text) == entries


@pytest.mark.parametrize("text", ["operator<", "a->b,c", "a,operator<<,b"])
def test_brackets_that_do_not_come_out_even_are_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(ConfigError, match="each name on a line"):
        split_text(text)


@given(st.lists(st.text("ab,()<>\n @", min_size=1, max_size=6), min_size=1, max_size=4))
def test_entries_without_trouble_come_out_of_a_comma_list_as_they_went_in(entries: list[str]) -> None:
    text = ",".join(entries)
    if not comma_trouble(entries):
        assert split_text(text) == tuple(entries)
        assert not text.startswith("@")


def test_a_thousand_patterns_among_twenty_thousand_names() -> None:
    choose = random.Random(1)
    words = [
        "zend",
        "php",
        "mysqlnd",
        "stream",
        "curl",
        "handler",
        "SPEC",
        "VAR",
        "sqlite3",
        "get",
        "set",
        "xml",
    ]
    names = list({"_".join(choose.choices(words, k=4)) + f"_{at}" for at in range(22_000)})
    index = NameIndex(names)
    patterns = [name[:12] + "*" for name in names[:300]]
    patterns += ["*" + name[-6:] for name in names[300:500]]
    patterns += [f"{name[:5]}*{name[-3:]}" for name in names[500:900]]
    patterns += [f"*_{word}_*{at}*" for word in words for at in range(8)]
    total = sum(len(index.matching(pattern)) for pattern in patterns)
    assert total > 22_000


@pytest.mark.parametrize(
    ("entries", "trouble"),
    [
        (["a", "f(int, x)"], []),
        (["a", ""], [("", "an empty entry is dropped")]),
        (["a\nb"], [("a\nb", "a newline in a list makes Binaryen split it on newlines only")]),
        (
            ["f(", "b>"],
            [
                ("f(", "its brackets do not come out even, which is fatal in a list split on commas"),
                ("b>", "its brackets do not come out even, which is fatal in a list split on commas"),
            ],
        ),
        (["a,b"], [("a,b", "it is split at its comma")]),
        (["f(a),b"], [("f(a),b", "it is split at its comma")]),
        (["@a", "@b"], [("@a", "a list that begins with @ is taken for a file's name")]),
        (["a ", "b\t"], [("b\t", "blanks at the end of a list are dropped")]),
    ],
)
def test_what_a_list_joined_by_commas_cannot_hold(entries: list[str], trouble: list[tuple[str, str]]) -> None:
    assert comma_trouble(entries) == trouble


@pytest.mark.parametrize(
    ("text", "entries", "left"),
    [
        ("a,,b", ["a", "b"], ""),
        ("f(a,b),c", ["f(a,b)", "c"], ""),
        ("f<a,[b,{c,d}]>,e", ["f<a,[b,{c,d}]>", "e"], ""),
        ("a,f(b,c", ["a"], "f(b,c"),
        ("a),b(,c", ["a),b(", "c"], ""),
        ("", [], ""),
    ],
)
def test_commas_outside_brackets(text: str, entries: list[str], left: str) -> None:
    assert split_commas(text) == (entries, left)


def test_brackets_of_all_kinds_are_counted() -> None:
    assert [bracket_balance(each) for each in "(<[{)>]}"] == [1, 1, 1, 1, -1, -1, -1, -1]
    assert bracket_balance("f(a<b>)[") == 1


def test_the_message_about_brackets_shows_where_they_begin() -> None:
    with pytest.raises(ConfigError, match=r"the brackets from 'b\(,c' on do not come out even"):
        split_text("a,b(,c")


def test_the_leftmost_place_of_each_part_is_taken() -> None:
    assert NameIndex(["xababx"]).matching("*a*b*a*") == {0}


def test_letters_are_neither_brackets_nor_blanks() -> None:
    assert bracket_balance("aXb") == 0
    assert split_text("X,aX") == ("X", "aX")


def test_blanks_and_nul_at_the_end_are_dropped() -> None:
    assert split_text("a,b \n\r\t\f\v\0") == ("a", "b")
    assert split_text("a\nb\n \0\n") == ("a", "b")


def test_long_names_are_cut() -> None:
    assert shorten("x" * 60) == repr("x" * 60)
    assert shorten("x" * 61) == repr("x" * 59 + "…")
    assert shorten("abc", 2) == "'a…'"


NAMES = ["env.wait", "foo", "foobar", "bar", "foo", "xfoox", "ab", "aba"]


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("foo", {1}),
        ("none", set()),
        ("*", {1, 2, 3, 4, 5, 6, 7}),
        ("foo*", {1, 2, 4}),
        ("*bar", {2, 3}),
        ("*oo*", {1, 2, 4, 5}),
        ("x*o*x", {5}),
        ("*f*o*", {1, 2, 4, 5}),
        ("*o*f*", set()),
        ("ab*ba", set()),
        ("a*a", {7}),
        ("ab*a", {7}),
        ("aba*aba", set()),
        ("f*o*r", {2}),
        ("foo*o*r", set()),
        ("env*", set()),
        ("*a*", {2, 3, 6, 7}),
        ("**ba**", {2, 3, 7}),
        ("*bar*bar", set()),
        ("*x*x*", {5}),
        ("*o*o*b*", {2}),
    ],
)
def test_matching(entry: str, found: set[int]) -> None:
    assert NameIndex(NAMES, imported=1).matching(entry) == found


def test_matching_several_and_naming_them() -> None:
    index = NameIndex(NAMES, imported=1)
    assert index.matching_any(["bar", "x*", "none"]) == {3, 5}
    assert index.matching_any([]) == frozenset()
    assert index.defined([0, 1, 3]) == {"foo", "bar"}
    assert index.by_name["foo"] == 1


def test_a_part_that_lies_across_two_names_is_in_none() -> None:
    assert NameIndex(["ab", "cd", "b\0c"]).matching("*b\0c*") == {2}
    assert NameIndex(["aa", "aaa"]).matching("*aa*") == {0, 1}


def test_only_a_full_name_matches_an_import() -> None:
    index = NameIndex(["a_import", "a", "ab", "c"], 1)
    assert index.matching_any(["a*"]) == {1, 2}
    assert index.matching_any(["a_import", "c"]) == {0, 3}
    assert index.matching_defined("a_import", "a") == {1}
