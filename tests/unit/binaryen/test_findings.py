from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.binaryen.findings import explain_unmatched, imported_name, missing_features, read_warnings
from stackswitch.binaryen.listfile import GUARD
from stackswitch.models.expect import ListName


def warning(name: str, which: str = "only", what: str = "non-existing function name") -> str:
    return f"warning: Asyncify {which}list contained a {what}: {name}"


def test_each_list_and_both_kinds_of_warning() -> None:
    stderr = "\n".join(
        [
            warning("'gone'"),
            warning("'old'", "add"),
            warning("'ex*'", "remove", "non-matching pattern"),
            "",
        ]
    )
    lists: dict[ListName, list[str]] = {
        "ASYNCIFY_ONLY": ["gone"],
        "ASYNCIFY_ADD": ["old"],
        "ASYNCIFY_REMOVE": ["ex*"],
    }
    found = read_warnings(stderr, lists)
    assert found.unmatched == (
        ("ASYNCIFY_ONLY", "gone"),
        ("ASYNCIFY_ADD", "old"),
        ("ASYNCIFY_REMOVE", "ex*"),
    )
    assert found.other == ()


def test_the_older_spelling_with_the_escaped_name() -> None:
    found = read_warnings(warning("a b (a\\20b)"), {"ASYNCIFY_ONLY": ["a b", "a"]})
    assert found.unmatched == (("ASYNCIFY_ONLY", "a b"),)


def test_our_own_guard_is_no_finding() -> None:
    found = read_warnings(f"{warning(repr(GUARD))}\n{warning(repr(GUARD))}\n", {"ASYNCIFY_ONLY": []})
    assert found == read_warnings("", {})


def test_names_of_labels_are_of_no_account() -> None:
    stderr = "warning: unknown name subsection with id 3 at 108\nwarning: unknown name subsection with id 3"
    assert read_warnings(stderr, {}).other == ("warning: unknown name subsection with id 3",)


def test_blanks_around_a_name_are_shown() -> None:
    assert explain_unmatched([("ASYNCIFY_ONLY", " leaf")], {}, {}) == [
        "ASYNCIFY_ONLY: no function has the name ' leaf'"
    ]


def test_what_is_not_understood_is_kept() -> None:
    stderr = f"warning: something new\n{warning(repr('never given'))}"
    assert read_warnings(stderr, {"ASYNCIFY_ONLY": ["a"]}).other == tuple(stderr.split("\n"))


@given(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1), st.booleans())
def test_any_name_is_found_once(name: str, quoted: bool) -> None:
    line = warning(f"'{name}'" if quoted else f"{name} (x)")
    found = read_warnings(f"{line}\n{line}\n", {"ASYNCIFY_ONLY": [name]})
    assert found.unmatched == (() if name == GUARD else (("ASYNCIFY_ONLY", name),))
    assert found.other == ()


def test_an_imported_name() -> None:
    stderr = (
        "Fatal: Asyncify addlist contained an imported function name "
        "(use the import list for imports): wait: 1\n"
    )
    assert imported_name(stderr, {"ASYNCIFY_ADD": ["a", "wait: 1"]}) == ("ASYNCIFY_ADD", "wait: 1")
    assert imported_name(stderr, {"ASYNCIFY_ADD": ["a"]}) is None
    assert imported_name("Fatal: something else\n", {"ASYNCIFY_ADD": ["a"]}) is None


@pytest.mark.parametrize(
    ("stderr", "flags"),
    [
        (
            "unexpected false: try requires exception-handling [--enable-exception-handling], on",
            ("exception-handling",),
        ),
        ("unexpected false: --enable-gc requires --enable-reference-types, on", ("reference-types",)),
        ("[--enable-simd] and [--enable-simd]", ("simd",)),
        ("Fatal: tail calls not yet supported in asyncify", ()),
    ],
)
def test_features_the_validator_asks_for(stderr: str, flags: tuple[str, ...]) -> None:
    assert missing_features(stderr) == flags


def test_findings_in_words() -> None:
    lines = explain_unmatched(
        [
            ("ASYNCIFY_IMPORTS", "env.gone"),
            ("ASYNCIFY_ONLY", "$wait"),
            ("ASYNCIFY_ONLY", "stale"),
            ("ASYNCIFY_ONLY", "a\nb"),
        ],
        {"ASYNCIFY_REMOVE": ["$w*", "x*"]},
        {"$wait": "env.wait"},
    )
    assert lines == [
        "ASYNCIFY_IMPORTS: no imported function is env.gone",
        "ASYNCIFY_ONLY: $wait is imported: it belongs in ASYNCIFY_IMPORTS, as env.wait",
        "ASYNCIFY_ONLY: no function has the name stale",
        "ASYNCIFY_ONLY: 'a\\nb' has a line break, which a list can't hold: write * in its place",
        "ASYNCIFY_REMOVE: $w* matches the import env.wait: it can't suspend",
    ]
