"""What the transform does for a host that calls exports itself: regions without malloc, calls that fail."""

from __future__ import annotations

from random import Random

import pytest
import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st

from stackswitch.errors import ModuleRefusedError
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.transform.reentrant import CALL_FAILED, NEXT_CALL
from stackswitch.transform.reentrant.added_pages import refuse_pages
from stackswitch.wasm.instructions import read_instructions
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.moved_code import MovedCode

from .guests import GO, MALLOC, STACK, assembled
from .hosts import PAGE, Instance, made, text


@pytest.mark.parametrize("address", ["i32", "i64"])
def test_without_malloc_regions_are_in_added_pages(address: str) -> None:
    memory = f'(memory (export "memory") {address} 1)'.replace(" i32", "")
    stack = f'(global $sp (export "__stack_pointer") (mut {address}) ({address}.const 65536))'
    one = Instance(made(text(memory, stack), 65184))
    tokens = []
    for count in range(1, 4):
        tokens.append(one.enter()[1])
        assert one.pages == 1 + count
        one.call("__jspi_suspend")
    assert all(PAGE < token <= 4 * PAGE for token in tokens)
    for token in tokens:
        one.call("__jspi_resume", token, 0)
        one.call("__jspi_exit", token, 0)
    assert one.exports["__stack_pointer"].value(one.store) == PAGE


def test_no_number_if_there_is_no_room() -> None:
    one = Instance(made(text(STACK.replace('"memory") 1', '"memory") 1 2')), 65184))
    first, token = one.enter()
    assert first == 1
    assert one.call(NEXT_CALL, 0) == 0
    with pytest.raises(wasmtime.Trap):
        one.call("__jspi_enter")
    one.call("__jspi_exit", token, 0)
    assert one.call(NEXT_CALL, 0) == 2


GROWS = "(drop (memory.size)) (i32.shl (memory.grow (i32.const 1)) (i32.const 16))"
"""What allocators do that use what they have asked for, and nothing else."""


@pytest.mark.parametrize(
    ("reason", "parts"),
    [
        ("no-room", [STACK.replace('"memory") 1', '"memory") 1 1')]),
        ("no-malloc", [STACK, "(func (drop (memory.size)))"]),
        ("no-malloc", [STACK, '(func (export "emscripten_get_sbrk_ptr") (result i32) (i32.const 0))']),
        # What Emscripten's emscripten_resize_heap does in standalone builds, optimised and not.
        ("no-malloc", [STACK, "(func (result i32) (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))"]),
        (
            "no-malloc",
            [
                STACK,
                """(func (result i32) (local $old i32) (local $end i32)
                  (local.set $end (i32.shl (memory.size) (i32.const 16)))
                  (local.set $old (memory.grow (i32.const 1)))
                  (if (i32.eq (local.get $old) (i32.const -1)) (then (return (i32.const 0))))
                  (i32.shl (local.get $end) (i32.const 16)))""",
            ],
        ),
        ("no-malloc", [STACK, f"(func (result i32) {GROWS}) (func (drop (memory.grow (i32.const 1))))"]),
        ("no-malloc", [STACK, "(func (result i32) (memory.grow (i32.const 1)))"]),
    ],
)
def test_pages_that_the_module_may_take_are_not_added(reason: str, parts: list[str]) -> None:
    with pytest.raises(ModuleRefusedError) as caught:
        made(text(*parts))
    assert caught.value.reason == reason


def test_a_module_that_grows_its_memory_itself_may_have_pages_added() -> None:
    kept = """(local $new i32) (drop (memory.size)) (local.set $new (memory.grow (i32.const 2)))
      (if (i32.eq (local.get $new) (i32.const -1)) (then (return (i32.const 0))))
      (i32.mul (local.get $new) (i32.const 65536))"""
    for grows in (GROWS, kept):
        assert Instance(made(text(STACK, f"(func (result i32) {grows})"))).enter()[0] == 1


@pytest.mark.parametrize("name", ["lua", "sqlite"])
def test_wasi_libc_may_have_pages_added(name: str) -> None:
    (path,) = CONFORMANCE_SUITE.rglob(f"{name}.wasm")
    refuse_pages(parse_module(path.read_bytes()))


def test_functions_of_tables_stay_as_they_are() -> None:
    wasm = assembled('(table (export "table") 1 funcref) (elem (i32.const 0) $go)' + GO)
    before, after = parse_module(wasm), parse_module(made(wasm))
    assert after.elements[0].functions == before.elements[0].functions
    assert after.export_named("go") != before.export_named("go")


@given(st.randoms(), st.sampled_from([MALLOC, ""]))
@settings(max_examples=25)
def test_regions_of_calls_that_fail_are_used_again(random: Random, malloc: str) -> None:
    """Calls begin, wait, continue, trap and are abandoned at their waits; frames keep what is in them."""
    one = Instance(made(text(STACK, malloc)))
    memory = one.exports["memory"]
    waiting: list[tuple[int, int, int, int]] = []
    most = began = 0
    for _ in range(150):
        choice = random.random()
        if choice < 0.5 and len(waiting) < 8:
            number, token = one.enter(alone=not waiting)
            frame = one.call("stackAlloc", 32) & 0xFFFFFFFF
            began += 1
            if random.random() < 0.3:  # it traps: its frames stay on the stack
                one.call(CALL_FAILED, number)
                continue
            memory.write(one.store, bytes([began % 251]) * 32, frame)
            assert one.call("__jspi_suspend") == token
            waiting.append((number, token, frame, began % 251))
            most = max(most, len(waiting))
        elif waiting:
            number, token, frame, pattern = waiting.pop(random.randrange(len(waiting)))
            assert bytes(memory.read(one.store, frame, frame + 32)) == bytes([pattern]) * 32
            if choice < 0.7:  # abandoned at its wait
                one.call(CALL_FAILED, number)
                continue
            one.call("__jspi_resume", token, 0)
            if choice < 0.8:  # it traps after its wait
                one.call(CALL_FAILED, number)
            else:
                one.call("pop", frame + 32)
                one.call("__jspi_exit", token, 0)
        one.call(CALL_FAILED, 0)  # no call's number
    for number, *_ in waiting:
        one.call(CALL_FAILED, number)
    assert one.call("stackSave") == PAGE
    tokens = {one.enter()[1] for _ in range(most)}
    pages = one.pages
    for token in tokens:  # as if they had trapped, each within the one before
        assert token
    assert one.pages == pages
    assert len(tokens) == most


@given(st.integers(0, 200), st.integers(0, 6), st.randoms())
@settings(max_examples=20)
def test_each_instruction_is_found_in_the_module_as_it_was_given(
    fillers: int, calls: int, random: Random
) -> None:
    parts = ["(func (result i32) (i32.const 4112))"] * fillers
    for _ in range(calls):
        code = random.choice(
            ["(call $wait (i32.const 1))", "(i32.add (call $wait (local.get 0)) (i32.const 2))"]
        )
        again = f"(drop {code})" * random.randrange(4)
        parts.insert(random.randrange(len(parts) + 1), f"(func (param i32) (result i32) {again} {code})")
    wasm = assembled(GO + "".join(parts))
    given_module = parse_module(wasm)
    running = parse_module(made(wasm))
    moved = MovedCode(given_module, running)
    for function in given_module.defined_functions:
        assert not moved.is_added(function)
        before = list(read_instructions(wasm, *given_module.code_range(function)))
        after = list(read_instructions(running.data, *running.code_range(function)))
        assert [moved.given_offset(function, each.offset) for each in after] == [
            each.offset for each in before
        ]
        assert all(one.opcode == two.opcode for one, two in zip(before, after, strict=True))
    assert moved.is_added(given_module.function_count)
