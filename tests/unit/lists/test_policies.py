"""What each policy takes of one small module."""

from __future__ import annotations

import pytest
import wasmtime

from stackswitch.lists.evidence import Evidence
from stackswitch.lists.namelist import NameIndex
from stackswitch.lists.policies import ListBuilder, PolicyName, jspi_lists
from stackswitch.models.trace import Suspension
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import parse_module
from tests.pass_options import built_list

TEXT = """(module (type $v (func)) (type $i (func (param i32))) (type $l (func (param i64)))
  (import "env" "wait" (func $wait)) (import "env" "log" (func $log))
  (table 4 funcref) (elem (i32.const 0) func $leaf $idle $second) (elem declare func $leaf)
  (func $leaf (type $v) (call $wait))
  (func $idle (type $i) (call $log))
  (func $direct (call $leaf))
  (func $by_table (call_indirect (type $v) (i32.const 0)))
  (func $by_other_table_type (call_indirect (type $i) (i32.const 7) (i32.const 1)))
  (func $by_reference (call_ref $v (ref.func $leaf)))
  (func $above_table (call $by_table))
  (func $above_other (call $by_other_table_type))
  (func $above_reference (call $by_reference))
  (func $apart (call $log))
  (func $second (type $l) (call $by_table))
  (func $by_second (call_indirect (type $l) (i64.const 0) (i32.const 2))))
"""
MODULE = parse_module(bytes(wasmtime.wat2wasm(TEXT)))
BUILDER = ListBuilder(call_graph(MODULE), [0])
ALWAYS = {"leaf", "direct"}
BY_TABLE = {"by_table", "above_table", "second", "by_second"}
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
        ("typed", NO_EVIDENCE, ALWAYS | BY_TABLE | {"by_reference", "above_reference"}),
        # Like Binaryen it takes every call through a table, and is blind to call_ref.
        (
            "auto",
            NO_EVIDENCE,
            ALWAYS | BY_TABLE | {"by_other_table_type", "above_other"},
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
        ("typed", {"ASYNCIFY_ADD": ("by_reference", "by_second", "by_table")}, True),
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


def test_what_ranked_may_add_is_what_typed_takes() -> None:
    builder = ListBuilder(BUILDER.graph, [0])
    assert set(builder.ranking.candidates) == builder.build("typed", NO_EVIDENCE)


def test_names_that_were_read_elsewhere_are_used() -> None:
    names = [f"n{at}" for at in range(len(BUILDER.index.names))]
    builder = ListBuilder(BUILDER.graph, [0], NameIndex(names, MODULE.imported_function_count))
    assert built_list(builder, "observed", SEEN).options.lists["ASYNCIFY_ONLY"] == (f"n{INDEX['leaf']}",)


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
        suspension("?.f", "unknown module"),
        suspension("env.ready?", "main"),
        suspension("env.b", "", through="env.other"),
        suspension("env.c", "", through="env.invoke_vi"),
    ]
    assert jspi_lists(seen) == {
        "JSPI_EXPORTS": ("again", "main", "unknown import", "unknown module"),
        "JSPI_IMPORTS": ("env.c", "env.read", "env.ready?", "env.wait"),
    }


def test_what_jspi_needs_is_sorted() -> None:
    names = "hgfedcba"
    lists = jspi_lists([suspension(f"env.{each}", each) for each in names])
    assert lists["JSPI_EXPORTS"] == tuple(reversed(names))
    assert lists["JSPI_IMPORTS"] == tuple(f"env.{each}" for each in reversed(names))
