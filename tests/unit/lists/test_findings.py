from __future__ import annotations

from pathlib import Path

import pytest

from stackswitch.lists.findings import REASONS, Shadowed, examine
from stackswitch.lists.namelist import NameIndex

NAMES = [
    "wait",
    "main",
    "zend_call",
    "zend_exec",
    "Foo::bar(int, char const*)",
    "Foo::bar(int)",
    "x.specialized.1",
    "operator<(A const&, B)",
    "größe",
]
INDEX = NameIndex(NAMES, imported=1)


@pytest.mark.parametrize(
    ("entry", "reason", "suggestion"),
    [
        ("gone", "absent", None),
        ("gone*", "absent", None),
        ("wait", "imported", None),
        ("", "empty", None),
        ("main\r", "carriage-return", "main"),
        (" main", "surrounding-blanks", "main"),
        ('"main"', "quotes", "main"),
        ('"main",', "quotes", "main"),
        ("main,", "separator", "main"),
        (r"Foo::bar\28int\29", "escaped", "Foo::bar(int)"),
        ("gr\\c3\\b6\\c3\\9fe", "escaped", "größe"),
        ("$main", "dollar", "main"),
        ("Foo::bar(int?.char.const*)", "emcc-spelling", "Foo::bar(int, char const*)"),
        ("x specialized 1", "emcc-rewritten", "x.specialized.1"),
        ("_main", "leading-underscore", "main"),
        ("byn$fpcast-emu$zend_call", "fpcast-prefix", "zend_call"),
        ("Foo::bar", "signature-missing", "Foo::bar(int)"),
        ("Foo::bar( int )", "signature-spelling", "Foo::bar(int)"),
        ("_ZN3Foo3barEi", "mangled", None),
        ("Zend_Call", "case", "zend_call"),
    ],
)
def test_a_name_that_cannot_match_is_told_why(entry: str, reason: str, suggestion: str | None) -> None:
    (stale,) = examine([entry], INDEX).stale
    assert stale.reason == reason
    assert stale.reason in REASONS
    if suggestion is None:
        assert not stale.suggestions
    else:
        assert suggestion in stale.suggestions
        assert INDEX.matching(suggestion)


def test_a_likeness_to_a_name_that_the_list_has_too_is_chance() -> None:
    found = examine(["zend_call", "Zend_Call", "_zend_call", "Zend_Exec"], INDEX)
    assert [(each.entry, each.reason) for each in found.stale] == [
        ("Zend_Call", "absent"),
        ("_zend_call", "absent"),
        ("Zend_Exec", "case"),
    ]


def test_entries_that_add_nothing_are_told_with_what_covers_them() -> None:
    entries = ["main", "zend_call", "zend_*", "zend_e*", "main", "*end_*", "Foo::bar(int)"]
    found = examine(entries, INDEX)
    assert set(found.shadowed) == {
        Shadowed("main", "main"),
        Shadowed("zend_call", "zend_*"),
        Shadowed("zend_e*", "zend_*"),
        Shadowed("*end_*", "zend_*"),
    }
    assert INDEX.matching_defined(*entries) == {1, 2, 3, 5}
    # What is told to be covered can go, all at once.
    rest = ["main", "zend_*", "Foo::bar(int)"]
    assert INDEX.matching_defined(*rest) == {1, 2, 3, 5}


def test_a_signature_with_a_star_is_a_wildcard_whether_meant_or_not() -> None:
    index = NameIndex(["f(char const*)", "f(char const*, int*)", "f(char)"])
    found = examine(["f(char const*)", "f(char const*, int*)"], index)
    assert index.matching_defined("f(char const*)") == {0, 1}
    assert found.shadowed == (Shadowed("f(char const*, int*)", "f(char const*)"),)


def test_a_real_list_against_a_module_that_has_moved_on() -> None:
    lines = (Path(__file__).parents[2] / "data/lists/playground-2024-10-only.txt").read_text("utf-8").split()
    kept = [name for at, name in enumerate(dict.fromkeys(lines)) if at % 4]
    index = NameIndex(kept)
    found = examine(lines, index)
    assert {each.entry for each in found.stale} == set(lines) - set(kept)
    assert len(found.shadowed) == len(lines) - len(set(lines)) > 0
    assert index.matching_defined(*lines) == set(range(len(kept)))
