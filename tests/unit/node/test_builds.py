"""What is asked of Binaryen for a module that a program compiles."""

from __future__ import annotations

import pytest
from wasmtime import wat2wasm

from stackswitch.backends.node.commands.builds import Lists, build_request, observed_lists
from stackswitch.errors import ConfigError
from stackswitch.wasm.module import Module, parse_module


def module(text: str) -> Module:
    return parse_module(bytes(wat2wasm(text)))


WAITS = module('(module (import "env" "a" (func)) (import "b" "c" (func)) (func $f (call 0)))')
ALONE = module("(module (func $f))")


def test_all_imports_may_wait_unless_a_list_says_which() -> None:
    request = build_request(WAITS, {"ASYNCIFY_ONLY": ("f",)}, 1)
    assert request is not None
    assert (request.imports, request.only, request.optimize_level) == (("env.a", "b.c"), ("f",), 1)
    named = build_request(WAITS, {"ASYNCIFY_IMPORTS": ("b.c",), "ASYNCIFY_REMOVE": ("f",)}, 0)
    assert named is not None
    assert (named.imports, named.only, named.remove) == (("b.c",), None, ("f",))


def test_an_empty_list_instruments_nothing_and_lets_waits_be_seen() -> None:
    request = build_request(WAITS, {"ASYNCIFY_ONLY": ()}, 0)
    assert request is not None
    assert request.only == ()


def test_what_imports_nothing_cannot_wait() -> None:
    assert build_request(ALONE, {"ASYNCIFY_ONLY": ("f",)}, 0) is None


@pytest.mark.parametrize("lists", [{}, {"ASYNCIFY_ADD": ("f",)}, {"ASYNCIFY_REMOVE": ("f",)}])
def test_everything_below_any_import_is_not_what_is_meant(lists: Lists) -> None:
    with pytest.raises(ConfigError, match="which imports wait is not known"):
        build_request(WAITS, lists, 0)


def test_what_was_observed_is_the_list() -> None:
    assert observed_lists(["b", "a", "b"]) == {"ASYNCIFY_ONLY": ("a", "b")}
