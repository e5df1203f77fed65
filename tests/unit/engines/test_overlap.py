"""Calls as users write them, for a proof that they may overlap."""

from __future__ import annotations

import pytest
from wasmtime import wat2wasm

from stackswitch.engines.overlap import planned_call
from stackswitch.engines.stubs import import_stubs
from stackswitch.errors import ConfigError
from stackswitch.wasm.module import parse_module

MODULE = parse_module(
    bytes(
        wat2wasm("""(module
  (import "env" "f" (func (result i64)))
  (import "env" "m" (memory 1 2))
  (import "env" "g" (global (mut i32)))
  (func (export "none"))
  (func (export "all") (param i32 i64 f32 f64))
  (func (export "reference") (param externref)))""")
    )
)


def test_values_have_the_types_of_the_export() -> None:
    assert planned_call(MODULE, "none").values == planned_call(MODULE, " none() ").values == ()
    assert planned_call(MODULE, "all(0x10, -5, 1, 2.5)").values == (16, {"i64": "-5"}, 1.0, 2.5)


@pytest.mark.parametrize(
    "text", ["", "nothing", "m", "none(1)", "all(1)", "all(1, 2, 3, x)", "reference(1)", "none(", "none)("]
)
def test_what_is_no_call_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError):
        planned_call(MODULE, text)


def test_stubs_know_the_types() -> None:
    assert [each["type"] for each in import_stubs(MODULE)] == [
        {"results": ("i64",)},
        {"initial": 1, "maximum": 2, "shared": False},
        {"value": "i32", "mutable": True},
    ]
