"""Where the stack pointer is looked for, and what is done where it cannot be reached."""

from __future__ import annotations

import pytest
from wasmtime import wat2wasm

from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.wasm.encoding import CUSTOM, name, section
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.stack_pointer import (
    NO_STACK_SPACE,
    is_reachable,
    named_stack_pointer,
    serialization_reason,
    unreachable_stack_pointer,
    with_stack_pointer,
)

FOLDER = CONFORMANCE_SUITE / "c-stack"


def built(kind: str) -> Module:
    return parse_module((FOLDER / f"cstack-{kind}.wasm").read_bytes())


def module(text: str) -> Module:
    return parse_module(bytes(wat2wasm(f"(module {text})")))


@pytest.mark.parametrize("kind", ["exported", "64", "full"])
def test_an_exported_pointer_is_left_as_it_is(kind: str) -> None:
    given = built(kind)
    assert with_stack_pointer(given) is given.data
    assert unreachable_stack_pointer(given) is None


def test_a_named_one_is_exported_and_what_follows_moves_up() -> None:
    given = built("named")
    made = parse_module(with_stack_pointer(given))
    export = made.export_named("__stack_pointer")
    assert export is not None
    assert (export.kind, export.index) == ("global", 0)
    grown = len(made.data) - len(given.data)
    assert [(start - grown, end - grown) for start, end in made.bodies] == list(given.bodies)
    assert unreachable_stack_pointer(given) is None


def test_one_that_nothing_names_is_not_touched() -> None:
    given = built("hidden")
    assert with_stack_pointer(given) is given.data
    why = unreachable_stack_pointer(given)
    assert why is not None
    assert "global 0" in why
    assert serialization_reason(given) == why


def test_functions_are_as_good_where_the_host_takes_them() -> None:
    get = '(func (export "stackSave") (result i32) (global.get 0))'
    put = '(func (export "stackRestore") (param i32) (global.set 0 (local.get 0)))'
    given = module(f'(memory (export "memory") 1) (global (mut i32) (i32.const 4096)) {get} {put}')
    assert unreachable_stack_pointer(given) is None
    assert unreachable_stack_pointer(given, functions=False) is not None


def test_a_memory_that_cannot_grow_has_no_room() -> None:
    assert serialization_reason(built("full")) == NO_STACK_SPACE
    assert serialization_reason(built("exported")) is None


@pytest.mark.parametrize(
    "text",
    [
        "(global (mut i32) (i32.const 65536))",  # no memory to have a stack in
        "(memory 1) (global (mut i32) (i32.const 0))",  # a counter
        "(memory 1) (global i32 (i32.const 65536))",  # a constant: the heap's base, say
        "(memory 1) (global (mut i32) (i32.const 65544))",  # past the memory, and not aligned
        "(memory 1) (global (mut i32) (i32.const 4104))",  # not aligned
        "(memory 1) (global (mut i32) (i32.const 1008))",  # below what linkers leave free
        "(memory 1) (global (mut i32) (i32.const 65552))",  # past the memory
        "(memory 16) (global (mut i32) (i32.const 1048592))",
        '(import "e" "g" (global i32)) (memory 1) (global (mut i32) (global.get 0))',
        "(memory 1) (global (mut f32) (f32.const 4096))",
    ],
)
def test_what_looks_like_no_pointer_takes_no_turns(text: str) -> None:
    assert serialization_reason(module(text)) is None


def test_an_export_of_that_name_that_is_something_else_stays() -> None:
    given = module('(memory 1) (func (export "__stack_pointer")) (global (mut i32) (i32.const 4096))')
    assert with_stack_pointer(given) is given.data


@pytest.mark.parametrize(
    "value", ["(mut i32) (i32.const 1024)", "(mut i32) (i32.const 65536)", "(mut i64) (i64.const 4096)"]
)
def test_what_looks_like_a_pointer(value: str) -> None:
    why = serialization_reason(module(f"(global i32 (i32.const 4096)) (memory 1) (global {value})"))
    assert why is not None
    assert why.startswith("global 1 may be the pointer")


MEMORY = "(memory 1)"
HIDDEN = f"{MEMORY} (global (mut i32) (i32.const 4096))"
SHARED = [
    '(import "env" "__stack_pointer" (global (mut i32)))',
    '(import "env" "other" (global i32)) (import "env" "__stack_pointer" (global (mut i64)))',
    '(global (mut i32) (i32.const 0)) (export "__stack_pointer" (global 0))',
    "(global $__stack_pointer (mut i32) (i32.const 0))",
]
NOT_SHARED = [
    "",
    '(import "env" "__stack_pointer" (global i32))',
    '(import "env" "__stack_pointer" (global (mut f32)))',
    '(import "env" "__stack_pointer" (func))',
    '(import "env" "__other" (global (mut i32)))',
    "(global $__stack_pointer i32 (i32.const 0))",
    "(global $__stack_pointer (mut f64) (f64.const 0))",
    "(global $__stack_pointer1 (mut i32) (i32.const 0))",
]


@pytest.mark.parametrize("text", SHARED)
def test_a_pointer_that_a_host_can_reach(text: str) -> None:
    given = module(f"{text} {MEMORY}")
    assert is_reachable(given)
    assert is_reachable(given, functions=False)
    exported = parse_module(with_stack_pointer(given)).export_named("__stack_pointer")
    assert (exported is None) == text.startswith("(import")


@pytest.mark.parametrize("text", NOT_SHARED)
def test_a_pointer_that_a_host_cannot_reach(text: str) -> None:
    given = module(f"{text} {HIDDEN}")
    assert not is_reachable(given)
    assert with_stack_pointer(given) is given.data
    assert unreachable_stack_pointer(given) is not None


@pytest.mark.parametrize(
    "text",
    [
        '(import "env" "__stack_pointer" (global $__stack_pointer (mut i32)))',
        '(func (export "__stack_pointer")) (global $__stack_pointer (mut i32) (i32.const 0))',
        '(global $__stack_pointer (mut i32) (i32.const 0)) (export "__stack_pointer" (global 0))',
    ],
)
def test_a_named_pointer_is_exported_where_it_is_not_shared_and_the_name_is_free(text: str) -> None:
    given = module(text)
    assert named_stack_pointer(given) == 0
    assert with_stack_pointer(given) is given.data


def name_section(*globals_: int) -> bytes:
    entries = b"".join(bytes([each]) + name("__stack_pointer") for each in globals_)
    part = bytes([len(globals_)]) + entries
    return section(CUSTOM, name("name") + bytes([7, len(part)]) + part)


def test_a_name_that_two_globals_have_or_none_has_names_no_pointer() -> None:
    bare = module('(import "e" "g" (global (mut i32))) (global (mut i32) (i32.const 0)) (func)').data
    assert named_stack_pointer(parse_module(bare)) is None
    assert named_stack_pointer(parse_module(bare + name_section(1))) == 1
    assert named_stack_pointer(parse_module(bare + name_section(1, 2))) == 1  # there is no global 2
    assert named_stack_pointer(parse_module(bare + name_section(0, 1))) is None
    assert named_stack_pointer(parse_module(bare + name_section(2))) is None
    malformed = section(CUSTOM, name("name") + bytes([7, 9]))
    assert named_stack_pointer(parse_module(bare + malformed)) is None


PAIRS = [("emscripten_stack_get_current", "_emscripten_stack_restore"), ("stackSave", "stackRestore")]


@pytest.mark.parametrize(("get", "put"), PAIRS)
def test_functions_reach_it_as_a_pair(get: str, put: str) -> None:
    both = module(f'{HIDDEN} (func (export "{get}")) (func (export "{put}"))')
    assert is_reachable(both)
    assert not is_reachable(both, functions=False)
    assert serialization_reason(both) is None
    assert serialization_reason(both, functions=False) is not None
    for one in (get, put):
        assert not is_reachable(module(f'{HIDDEN} (func (export "{one}"))'))
    assert not is_reachable(
        module(f'{HIDDEN} (func (export "{PAIRS[0][0]}")) (func (export "{PAIRS[1][1]}"))')
    )


POINTER = '(global (mut i32) (i32.const 4096)) (export "__stack_pointer" (global 0))'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"(memory 1 1) {POINTER}", NO_STACK_SPACE),
        (f"(memory 1 2) {POINTER}", None),
        (f"(memory 1) {POINTER}", None),
        (f'(memory 1 1) {POINTER} (func (export "malloc"))', None),
        (f'(memory 1 1) {POINTER} (func (export "realloc"))', NO_STACK_SPACE),
        (POINTER, None),
    ],
)
def test_another_stack_needs_memory_that_can_grow_or_malloc(text: str, why: str | None) -> None:
    assert serialization_reason(module(text)) == why
