from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.errors import ConfigError
from stackswitch.lists.namelist import NameIndex, comma_trouble, split_text

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
