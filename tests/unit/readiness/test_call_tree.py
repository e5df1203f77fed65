"""The ways from exports to waits, as a tree."""

from __future__ import annotations

import wasmtime
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.models.picture import Picture
from stackswitch.models.trace import Suspension
from stackswitch.readiness.call_tree import Instrumented, call_tree
from stackswitch.readiness.facts import confidence, listed_names, shadow_stack, ways
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import parse_module

WAT = """(module
  (type $t (func (param i32) (result i32)))
  (import "env" "wait" (func $wait (type $t)))
  (table 2 funcref) (elem (i32.const 0) $leaf $other)
  (memory 1)
  (global $sp (mut i32) (i32.const 65536))
  (func $leaf (type $t) (call $wait (local.get 0)))
  (func $other (type $t) (local.get 0))
  (func $mid (type $t) (call_indirect (type $t) (local.get 0) (i32.const 0)))
  (func $main (export "main") (type $t) (call $mid (local.get 0)))
  (func $near (export "near") (type $t) (call $wait (local.get 0)))
  (func $far (export "far") (type $t) (local.get 0)))"""
MODULE = parse_module(bytes(wasmtime.wat2wasm(WAT)))


def stack(*names: str, count: int = 1, truncated: bool = False) -> Suspension:
    """A stack, outermost first."""
    frames = tuple((at, -1, name) for at, name in enumerate(reversed(names)))
    return Suspension(
        module="m",
        backend="jspi",
        import_="env.wait",
        export=names[0],
        frames=frames,
        count=count,
        truncated=truncated,
    )


def shown(picture: Picture) -> list[str]:
    """The tree as indented lines."""
    depths: list[int] = []
    lines = []
    children: dict[int, list[int]] = {}
    for at, node in enumerate(picture.nodes):
        children.setdefault(node.parent, []).append(at)
        depths.append(0 if node.parent < 0 else depths[node.parent] + 1)

    def walk(at: int) -> None:
        node = picture.nodes[at]
        name = picture.functions[node.function]
        repeat = f" x{node.repeat}" if node.repeat > 1 else ""
        lines.append(f"{' ' * depths[at]}{name.name}{repeat} {node.stacks} {name.state}")
        for child in children.get(at, ()):
            walk(child)

    for top in children.get(-1, ()):
        walk(top)
    return lines


def test_stacks_share_what_they_have_in_common() -> None:
    picture = call_tree(
        {
            "one": [stack("main", "a", "b")],
            "two": [stack("main", "a", "c"), stack("main", "a", "b", count=3)],
        },
        Instrumented(names={"main", "a", "b", "d"}),
        ways=[("other", "d", "env.wait")],
    )
    assert shown(picture) == [
        "main 2 instrumented",
        " a 2 instrumented",
        "  b 1 instrumented",
        "   env.wait 1 import",
        "  c 1 missing",
        "   env.wait 1 import",
        "other 0 possible",
        " d 0 not-needed",
        "  env.wait 0 import",
    ]
    assert [(each.cases, each.count) for each in picture.stacks] == [(("one", "two"), 4), (("two",), 1)]


def test_without_a_list_nothing_is_missing_but_what_is_known_to_be() -> None:
    picture = call_tree({"": [stack("main", "a")]}, Instrumented(missing={"a"}))
    assert shown(picture) == ["main 1 seen", " a 1 missing", "  env.wait 1 import"]


def test_recursion_is_one_node_and_a_deep_stack_loses_its_middle() -> None:
    alternating = ["even", "odd"] * 500
    picture = call_tree(
        {"deep": [stack("main", *["down"] * 15_000), stack("main", *alternating)]}, Instrumented()
    )
    lines = shown(picture)
    assert " down x15000 1 seen" in lines
    assert any("… 701 frames …" in line for line in lines)
    assert [len(each.frames) for each in picture.stacks] == [15_001, 1_001]


def test_a_truncated_stack_says_so() -> None:
    picture = call_tree({"": [stack("main", truncated=True)]}, Instrumented())
    assert shown(picture)[0].startswith("… outside of what was seen …")


def test_too_many_nodes_are_left_out_those_with_fewest_stacks_first() -> None:
    many = [stack("main", f"f{at}") for at in range(50)] + [
        stack("main", "often", f"g{at}") for at in range(9)
    ]
    picture = call_tree({"": many}, Instrumented(), most_nodes=10)
    assert len(picture.nodes) == 10
    assert picture.left_out == 59 * 2 + 2 - 10
    names = [picture.functions[each.function].name for each in picture.nodes]
    assert names[:2] == ["main", "often"]


@given(st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=6), max_size=8))
def test_every_stack_is_a_way_down_the_tree(stacks: list[list[str]]) -> None:
    picture = call_tree({"": [stack(*names) for names in stacks]}, Instrumented())
    assert sum(each.count for each in picture.stacks) == len(stacks)
    for at, node in enumerate(picture.nodes):
        assert node.parent < at
        below = [each for each in picture.nodes if each.parent == at]
        assert sum(each.stacks for each in below) <= node.stacks
    for each in (node for node in picture.nodes if node.stack >= 0):
        way = []
        node = each
        while node.parent >= 0:
            node = picture.nodes[node.parent]
            way[:0] = [picture.functions[node.function].name] * node.repeat
        assert way == [picture.functions[at].name for at in picture.stacks[each.stack].frames]


def test_the_ways_that_the_code_allows() -> None:
    graph = call_graph(MODULE)
    assert list(ways(graph, ("env.wait",))) == [
        ("near", "env.wait"),
        ("main", "mid", "leaf", "env.wait"),
    ]


def test_the_c_stack() -> None:
    assert shadow_stack(MODULE) == "hidden"
    exported = WAT.replace("(global $sp", '(global $sp (export "__stack_pointer")')
    assert shadow_stack(parse_module(bytes(wasmtime.wat2wasm(exported)))) == "reachable"
    assert shadow_stack(parse_module(bytes(wasmtime.wat2wasm("(module (memory 1))")))) == "none"


def test_what_a_list_names() -> None:
    assert listed_names(MODULE, {}) is None
    assert listed_names(MODULE, {"ASYNCIFY_ONLY": ("m*", "wait")}) == {"mid", "main"}


def test_a_list_computed_from_some_cases_covers_others_that_do_the_same() -> None:
    names = {"leaf": 1, "mid": 3, "main": 4, "near": 5}

    def real(*way: str) -> Suspension:
        frames = tuple((names[name], -1, name) for name in reversed(way))
        return Suspension(module="m", backend="jspi", import_="env.wait", export=way[0], frames=frames)

    deep = [real("main", "mid", "leaf")]
    cases = {f"same/{at}": deep for at in range(5)} | {"other": [real("near")]}
    found = {each.policy: each for each in confidence(call_graph(MODULE), ("env.wait",), cases)}
    assert found["observed"].covered == round(5 / 6, 4)
    assert found["observed"].functions == 4
    assert confidence(call_graph(MODULE), ("env.wait",), {"one": deep}) == ()
