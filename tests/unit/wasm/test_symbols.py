from __future__ import annotations

import pytest
from wasmtime import wat2wasm

from stackswitch.errors import ConfigError
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.symbols import read_symbols, with_symbols

PLAIN = bytes(wat2wasm('(module (import "env" "wait" (func)) (func) (func (export "f") (call 1)))'))


def test_names_of_a_file_are_the_modules() -> None:
    symbols = read_symbols(b"0:wait\n1:f\\28char*\\29\r\n\n2:na:me\n", "app.symbols")
    named = with_symbols(parse_module(PLAIN), symbols, "app.symbols")
    assert binaryen_names(parse_module(named)) == ("wait", "f(char*)", "na:me")
    again = with_symbols(parse_module(named), {1: b"x"}, "app.symbols")
    assert binaryen_names(parse_module(again)) == ("wait", "f(char*)", "na:me")
    assert parse_module(named).code_range(1) == parse_module(PLAIN).code_range(1)


@pytest.mark.parametrize(
    ("text", "says"),
    [(b"", "no symbol in it"), (b"0:a\nb\n", "line 2 is none"), (b"x:a", "line 1"), (b"1:", "line 1")],
)
def test_what_is_no_symbol_file_says_where(text: bytes, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_symbols(text, "app.symbols")


def test_symbols_of_another_build_are_refused() -> None:
    with pytest.raises(ConfigError, match="names function 3, and the module has 3"):
        with_symbols(parse_module(PLAIN), {3: b"a"}, "app.symbols")
