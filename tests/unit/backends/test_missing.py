"""Which list a function goes under that stood on the stack and is not instrumented."""

from __future__ import annotations

from stackswitch.backends.asyncify_missing import missing_names
from stackswitch.models.case import AsyncifyOptions

NAMES = ["wait", "leaf", "mid", "main"]
STACK = (1, 2, 3)


def test_nothing_is_missing() -> None:
    assert missing_names(AsyncifyOptions(), "env.wait", STACK, NAMES, {1, 2, 3}) == {}


def test_under_only() -> None:
    options = AsyncifyOptions(only=("main", "le*"))
    assert missing_names(options, "env.wait", STACK, NAMES, {1, 3}) == {"ASYNCIFY_ONLY": {"mid"}}


def test_under_add_and_remove() -> None:
    options = AsyncifyOptions(remove=("m*d",))
    found = missing_names(options, "env.wait", STACK, NAMES, {3})
    assert found == {"ASYNCIFY_REMOVE": {"mid"}, "ASYNCIFY_ADD": {"leaf"}}


def test_the_import_explains_what_was_not_instrumented_for_it() -> None:
    options = AsyncifyOptions(imports=("env.other",))
    assert missing_names(options, "env.wait", STACK, NAMES, set()) == {"ASYNCIFY_IMPORTS": {"env.wait"}}


def test_the_import_does_not_explain_what_an_only_list_leaves_out() -> None:
    options = AsyncifyOptions(imports=("env.other",), only=("leaf", "main"))
    found = missing_names(options, "env.wait", STACK, NAMES, set())
    assert found == {"ASYNCIFY_IMPORTS": {"env.wait"}, "ASYNCIFY_ONLY": {"mid"}}


def test_recursion_is_named_once_and_unknown_indexes_are_passed_over() -> None:
    found = missing_names(AsyncifyOptions(), "env.wait", (1, 1, 1, 99, -1), NAMES, set())
    assert found == {"ASYNCIFY_ADD": {"leaf"}}
