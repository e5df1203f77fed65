from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.binaryen.listfile import matches
from stackswitch.fix.minimise import unneeded
from stackswitch.models.expect import ListName

USED: dict[ListName, set[str]] = {
    "ASYNCIFY_ONLY": {"leaf", "mid", "f(char*)"},
    "ASYNCIFY_ADD": {"mid"},
    "ASYNCIFY_IMPORTS": {"env.wait"},
    "JSPI_IMPORTS": {"env.wait"},
    "JSPI_EXPORTS": {"main"},
}


@pytest.mark.parametrize(
    ("which", "entries", "removed"),
    [
        ("ASYNCIFY_ONLY", ("leaf", "never", "mid"), ("never",)),
        ("ASYNCIFY_ONLY", ("le*", "mid"), ()),
        ("ASYNCIFY_ONLY", ("le*", "leaf", "mid"), ("le*",)),
        ("ASYNCIFY_ONLY", ("zend_*",), ("zend_*",)),
        ("ASYNCIFY_ONLY", ("f(char*)",), ()),
        ("ASYNCIFY_ADD", ("leaf", "mid"), ("leaf",)),
        ("ASYNCIFY_IMPORTS", ("env.wait", "env.other", "wasi.*"), ("env.other", "wasi.*")),
        ("JSPI_EXPORTS", ("main", "other"), ("other",)),
        ("JSPI_IMPORTS", ("env.*",), ()),
        ("ASYNCIFY_REMOVE", ("whatever",), ()),
    ],
)
def test_entries_that_no_stack_needs_are_removed(
    which: ListName, entries: tuple[str, ...], removed: tuple[str, ...]
) -> None:
    assert unneeded({which: entries}, USED) == ({which: removed} if removed else {})


NAMES = st.text("ab*", min_size=1, max_size=4)


@given(st.lists(NAMES, unique=True), st.sets(st.text("ab", min_size=1, max_size=4)))
def test_what_is_used_and_was_covered_stays_covered(entries: list[str], used: set[str]) -> None:
    removed = set(unneeded({"ASYNCIFY_ONLY": entries}, {"ASYNCIFY_ONLY": used}).get("ASYNCIFY_ONLY", ()))
    kept = [each for each in entries if each not in removed]
    for name in used:
        if any(matches(each, name) for each in entries):
            assert any(matches(each, name) for each in kept)
    for each in kept:
        assert each in used or any(matches(each, name) for name in used)
