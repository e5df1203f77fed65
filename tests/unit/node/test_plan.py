from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wasmtime import wat2wasm

from stackswitch.backends.node.cases.plan import case_plan, from_wire, to_wire
from stackswitch.models.backend import BackendInfo
from stackswitch.models.case import Case
from stackswitch.models.values import normalise_value, value_text
from stackswitch.wasm.module import parse_module

NODE = BackendInfo(name="jspi", engine="node", engine_version="24.19.0")


@given(st.sampled_from(["i32", "i64", "f32", "f64"]), st.integers(min_value=0, max_value=2**64 - 1))
def test_values_go_to_the_wire_and_back_bit_for_bit(kind: str, bits: int) -> None:
    text = value_text(kind, bits & (2 ** int(kind[1:]) - 1))
    assert from_wire(to_wire(text)) == text


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("f32:1.0", "f32:0x3f800000"),
        ("f64:-0.0", "f64:0x8000000000000000"),
        ("f32:nan:0x200001", "f32:0x7fa00001"),
        ("f32:nan", "f32:nan"),
        ("i64:-1", "i64:-1"),
        ("externref:7", "externref:7"),
        ("funcref:main", "funcref:main"),
    ],
)
def test_floats_travel_by_their_bits(text: str, wire: str) -> None:
    assert to_wire(normalise_value(text)) == wire


MODULE = parse_module(
    bytes(
        wat2wasm("""(module
  (type $t (func))
  (import "env" "wait" (func (param i64 f32 v128 externref) (result funcref)))
  (memory i64 1) (memory (export "second") 1)
  (table (export "t") i64 2 funcref)
  (global (export "g") (mut f64) (f64.const 1))
  (func (export "f") (param (ref null $t) (ref null extern) i31ref) (result i32 i64)
    (i32.const 1) (i64.const 2)))""")
    )
)


def plan_of(**fields: object) -> dict[str, object]:
    case = Case.model_validate({"id": "a", "why": "b", "source": "c.wat", **fields})
    plan = case_plan(case, {"main": MODULE}, case.expectations(NODE)[1])
    json.dumps(plan)
    return plan


def test_the_types_of_the_boundary_are_looked_up() -> None:
    (instance,) = plan_of(export="f")["instances"]  # type: ignore[misc]
    assert instance["imports"] == [
        {
            "module": "env",
            "name": "wait",
            "kind": "func",
            "params": ["i64", "f32", "v128", "externref"],
            "results": ["funcref"],
        }
    ]
    assert instance["functions"] == {
        "f": {"params": ["funcref", "externref", "externref"], "results": ["i32", "i64"]}
    }
    assert instance["memory"] == {"name": "second", "is64": False}
    assert instance["tables"] == {"t": {"is64": True}}
    assert instance["globals"] == {"g": "f64"}


def test_lists_default_to_what_is_called_and_what_waits() -> None:
    host = [{"import": "env.wait", "delay_ms": 1}]
    plan = plan_of(export="f", host=host)
    assert (plan["exports"], plan["imports"]) == (("f",), ("env.wait",))
    plan = plan_of(export="f", host=host, jspi={"exports": [], "imports": []})
    assert (plan["exports"], plan["imports"], plan["waiting"]) == ((), (), ("env.wait",))


def test_entries_of_one_import_keep_their_order() -> None:
    host = [
        {"import": "env.wait", "returns": "f32:1", "times": 2},
        {"import": "env.wait", "rejects": {"tag": "e", "values": ["f64:2"]}, "returns": "arg:0"},
    ]
    first, second = plan_of(export="f", host=host)["host"]["env.wait"]  # type: ignore[index]
    assert (first["returns"], first["times"]) == (["f32:0x3f800000"], 2)
    assert second["rejects"] == {"message": "", "tag": "e", "values": ["f64:0x4000000000000000"]}
    assert second["returns"] == ["arg:0"]


def test_what_is_read_after_a_step_is_what_will_be_compared() -> None:
    differs = [
        {"engine": "node<20", "reason": "old", "expect": {"memory": [{"at": 1, "hex": "00"}]}},
        {"engine": "node>=24", "reason": "new", "expect": {"memory": [{"at": 2, "hex": "0000"}]}},
        {"backend": "jspi", "reason": "later", "expect": {}},
    ]
    expect = {"memory": [{"at": 3, "hex": ""}], "globals": {"g": "f64:1"}}
    (step,) = plan_of(export="f", expect=expect, differs=differs)["steps"]  # type: ignore[misc]
    assert (step["memory"], step["globals"]) == ([{"at": 2, "size": 2}], [])
    (step,) = plan_of(export="f", expect=expect, differs=differs[:1])["steps"]  # type: ignore[misc]
    assert (step["memory"], step["globals"]) == ([{"at": 3, "size": 0}], ["g"])


def test_where_asyncify_switches_the_lists_of_jspi_say_nothing() -> None:
    case = Case.model_validate(
        {
            "id": "t",
            "why": "a test",
            "source": "t.wat",
            "export": "f",
            "host": [{"import": "env.wait", "returns": "i32:1", "delay_ms": 0}],
            "jspi": {"exports": [], "imports": []},
        }
    )
    looked_at = case.expectations(NODE)[1]
    plain = case_plan(case, {"main": MODULE}, looked_at)
    assert (plain["exports"], plain["imports"], plain["asyncify"]) == ((), (), None)
    switched = case_plan(case, {"main": MODULE}, looked_at, {"buffer_bytes": 64, "guard": None})
    assert (switched["exports"], switched["imports"]) == (("f",), ("env.wait",))
    assert switched["asyncify"] == {"buffer_bytes": 64, "guard": None}
