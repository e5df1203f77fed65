"""What each policy takes of one small module."""

from __future__ import annotations

import pytest
import wasmtime

from stackswitch.lists.evidence import Evidence
from stackswitch.lists.policies import ListBuilder, PolicyName, jspi_lists
from stackswitch.models.trace import Suspension
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import parse_module
from tests.pass_options import built_list

TEXT = """(module (type $v (func)) (type $i (func (param i32)))
  (import "env" "wait" (func $wait)) (import "env" "log" (func $log))
  (table 4 funcref) (elem (i32.const 0) func $leaf $idle) (elem declare func $leaf)
  (func $leaf (type $v) (call $wait))
  (func $idle (type $i) (call $log))
  (func $direct (call $leaf))
  (func $by_table (call_indirect (type $v) (i32.const 0)))
  (func $by_other_table_type (call_indirect (type $i) (i32.const 7) (i32.const 1)))
  (func $by_reference (call_ref $v (ref.func $leaf)))
  (func $above_table (call $by_table))
  (func $above_other (call $by_other_table_type))
  (func $above_reference (call $by_reference))
  (func $apart (call $log)))
"""
MODULE = parse_module(bytes(wasmtime.wat2wasm(TEXT)))
BUILDER = ListBuilder(call_graph(MODULE), [0])
ALWAYS = {"leaf", "direct"}
NO_EVIDENCE = Evidence()
INDEX = BUILDER.index.by_name
SEEN = Evidence(frozenset({INDEX["leaf"]}), frozenset({INDEX["by_reference"]}), frozenset({0}))


@pytest.mark.parametrize(
    ("policy", "evidence", "names"),
    [
        ("observed", NO_EVIDENCE, set()),
        ("observed", SEEN, {"leaf"}),
        ("dispatch", NO_EVIDENCE, ALWAYS),
        ("dispatch", SEEN, ALWAYS | {"by_reference", "above_reference"}),
        ("typed", NO_EVIDENCE, ALWAYS | {"by_table", "above_table", "by_reference", "above_reference"}),
        # Like Binaryen it takes every call through a table, and is blind to call_ref.
        (
            "auto",
            NO_EVIDENCE,
            ALWAYS | {"by_table", "above_table", "by_other_table_type", "above_other"},
        ),
    ],
)
def test_a_policy(policy: PolicyName, evidence: Evidence, names: set[str]) -> None:
    drawn = built_list(BUILDER, policy, evidence)
    assert {BUILDER.index.names[each] for each in drawn.functions} == names


@pytest.mark.parametrize(
    ("policy", "lists", "propagates"),
    [
        ("observed", {"ASYNCIFY_ONLY": ("leaf",)}, False),
        ("ranked", {"ASYNCIFY_ONLY": ("leaf",)}, False),
        ("dispatch", {"ASYNCIFY_ADD": ("by_reference",)}, True),
        ("typed", {"ASYNCIFY_ADD": ("by_reference", "by_table")}, True),
        ("auto", {}, False),
    ],
)
def test_the_options_of_a_policy(
    policy: PolicyName, lists: dict[str, tuple[str, ...]], *, propagates: bool
) -> None:
    options = built_list(BUILDER, policy, SEEN).options
    found = dict(options.lists)
    assert found.pop("ASYNCIFY_IMPORTS") == ("env.wait",)
    if policy == "ranked":
        found["ASYNCIFY_ONLY"] = ("leaf",)  # what else it takes is in test_ranked.py
    assert found == lists
    assert (options.ignore_indirect, options.propagate_add) == (propagates, propagates)


def test_without_dispatchers_there_is_nothing_to_add() -> None:
    options = built_list(BUILDER, "dispatch", NO_EVIDENCE).options
    assert options.lists == {"ASYNCIFY_IMPORTS": ("env.wait",)}
    assert (options.ignore_indirect, options.propagate_add) == (True, True)


def test_names_are_those_of_defined_functions() -> None:
    assert BUILDER.index.defined([INDEX["leaf"], 0, INDEX["apart"], 1]) == {"apart", "leaf"}


def suspension(import_: str, export: str, through: str = "") -> Suspension:
    return Suspension(
        module="ab" * 32, backend="jspi", import_=import_, export=export, frames=(), through=through
    )


def test_what_jspi_needs() -> None:
    seen = [
        suspension("env.wait", "main"),
        suspension("env.read", "main"),
        suspension("env.wait", "again"),
        suspension("?", "unknown import"),
        suspension("env.b", "", through="env.other"),
        suspension("env.c", "", through="env.invoke_vi"),
    ]
    assert jspi_lists(seen) == {
        "JSPI_EXPORTS": ("again", "main", "unknown import"),
        "JSPI_IMPORTS": ("env.c", "env.read", "env.wait"),
    }
