"""Calls that overlap in any order keep what is on their C stacks, and so does glue that puts data there.

The engine's part is played here: promising calls begin, wait, continue and end through ``__jspi_enter`` and
so on, in orders that JSPI allows. Every block on a stack has its own pattern until it is popped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st

from stackswitch.transform.reentrant import ReentrantRequest, make_reentrant

from .guests import ENGINE, GO, assembled, validate

SMALL = 4096
"""The region: small, so that idle stacks fill up."""


@dataclass
class Block:
    """Bytes on a stack, and the pattern in them."""

    at: int
    size: int
    pattern: int


@dataclass
class Call:
    """A promising call: its frames, each with the stack pointer at its beginning."""

    token: int
    frames: list[tuple[int, Block]] = field(default_factory=list)
    arguments: tuple[int, Block] | None = None
    received: list[Block] = field(default_factory=list)


class Program:
    """A module, with an engine and glue that do what the random numbers say."""

    def __init__(self, random: Random, *, hands_out: bool = False) -> None:
        self.random = random
        self.hands_out = hands_out
        request = ReentrantRequest(
            wasm=assembled(GO),
            suspend=("env.wait",),
            promise=("go",),
            region_bytes=SMALL,
            new_exceptions=True,
        )
        module = validate(make_reentrant(request).wasm)
        self.store = wasmtime.Store(ENGINE)
        wait = wasmtime.Func(
            self.store,
            wasmtime.FuncType([wasmtime.ValType.i32()], [wasmtime.ValType.i32()]),
            lambda value: value,
        )
        self.exports: Any = wasmtime.Instance(self.store, module, [wait]).exports(self.store)
        self.memory = self.exports["memory"]
        self.waiting: list[Call] = []
        self.returned: list[Call] = []
        self.calls = 0

    def call(self, name: str, *arguments: int) -> Any:
        return self.exports[name](self.store, *arguments)

    def push(self) -> tuple[int, Block]:
        """Put a block on the current stack; return the pointer before, and the block."""
        before = self.call("stackSave") & 0xFFFFFFFF
        size = self.random.randrange(1, 120)
        block = Block(self.call("stackAlloc", size) & 0xFFFFFFFF, size, self.random.randrange(256))
        self.memory.write(self.store, bytes([block.pattern]) * size, block.at)
        return before, block

    def check(self, block: Block) -> None:
        found = bytes(self.memory.read(self.store, block.at, block.at + block.size))
        assert found == bytes([block.pattern]) * block.size

    def pop(self, frame: tuple[int, Block]) -> None:
        """End a function of the guest: its frame is as it was, and the pointer goes back."""
        self.check(frame[1])
        self.call("pop", frame[0])

    def begin(self, depth: int = 0) -> None:
        """Begin a call from here, sometimes with arguments on the stack of the caller, as ccall does."""
        with_arguments = depth == 0 and self.random.random() < 0.5
        arguments = self.push() if with_arguments else None
        self.calls += 1
        self.run(Call(self.call("__jspi_enter"), arguments=arguments), depth)

    def run(self, call: Call, depth: int) -> None:
        """Let a call go on until it waits or ends."""
        while True:
            choice = self.random.random()
            if choice < 0.35 and len(call.frames) < 8:
                call.frames.append(self.push())
            elif choice < 0.55 and call.frames:
                self.pop(call.frames.pop())
            elif choice < 0.65 and depth < 3 and self.calls < 60:
                self.begin(depth + 1)  # the call is in an import that calls
            elif choice < 0.7:
                frame = self.push()  # a function that the glue calls, or its own data in an import
                self.pop(frame)
            elif choice < 0.9:
                self.suspend(call, depth)
                if call in self.waiting:
                    return
            else:
                self.end(call)
                return

    def suspend(self, call: Call, depth: int) -> None:
        token = self.call("__jspi_suspend")
        assert token == call.token
        if self.random.random() < 0.2:  # the import returns at once
            self.call("__jspi_resume", token, 0)
        else:
            self.waiting.append(call)

    def end(self, call: Call) -> None:
        failed = self.random.random() < 0.2
        while call.frames and not failed:
            self.pop(call.frames.pop())
        for each in call.received:
            self.check(each)
        if call.arguments is not None:
            self.check(call.arguments[1])
        self.call("__jspi_exit", call.token, int(failed))
        self.returned.append(call)

    def resume(self) -> None:
        call = self.waiting.pop(self.random.randrange(len(self.waiting)))
        if self.hands_out and self.random.random() < 0.5:
            call.received.append(self.push()[1])  # its import allocates, and hands the address out
        self.call("__jspi_resume", call.token, 0)
        for _, each in call.frames:
            self.check(each)
        for each in call.received:
            self.check(each)
        self.run(call, 0)

    def settle_one(self) -> None:
        """Let glue take the arguments of a call that has ended off the stack, whenever it comes to it."""
        call = self.returned.pop(self.random.randrange(len(self.returned)))
        if call.arguments is not None:
            self.call("stackRestore", call.arguments[0])

    def idle(self) -> None:
        """Call an export while no promising call runs: it uses the idle stack."""
        frame = self.push()
        inner = self.push()
        self.pop(inner)
        self.pop(frame)

    def play(self, steps: int) -> None:
        for _ in range(steps):
            choice = self.random.random()
            if choice < 0.25 and self.calls < 60:
                self.begin()
            elif choice < 0.6 and self.waiting:
                self.resume()
            elif choice < 0.8 and self.returned:
                self.settle_one()
            else:
                self.idle()
        while self.waiting:
            self.resume()
        while self.returned:
            self.settle_one()


@given(st.integers(0, 2**32))
@settings(max_examples=60)
def test_calls_that_overlap_keep_their_stacks(seed: int) -> None:
    program = Program(Random(seed))
    begin = program.call("stackSave")
    program.play(80)
    assert program.call("stackSave") == begin


@given(st.integers(0, 2**32))
@settings(max_examples=40)
def test_what_imports_allocate_while_a_call_waits_is_kept_as_long_as_the_call(seed: int) -> None:
    Program(Random(seed), hands_out=True).play(120)


def test_memory_does_not_grow_with_the_number_of_calls() -> None:
    program = Program(Random(1))
    pages = []
    for _ in range(3):
        for _ in range(2000):
            before = program.call("stackSave")
            program.call("stackAlloc", 100)
            token = program.call("__jspi_enter")
            program.call("stackAlloc", 100)
            assert program.call("__jspi_suspend") == token
            program.call("__jspi_resume", token, 0)
            program.call("__jspi_exit", token, 0)
            program.call("stackRestore", before)
        pages.append(program.memory.size(program.store))
    assert pages[0] == pages[-1]


def test_glue_that_allocates_for_a_long_call_and_never_frees_does_not_fill_the_stack() -> None:
    program = Program(Random(1))
    token = program.call("__jspi_enter")
    for _ in range(3):
        assert program.call("__jspi_suspend") == token
        for _ in range(5):
            program.call("stackAlloc", 500)
        program.call("__jspi_resume", token, 0)
    program.call("__jspi_exit", token, 0)
    assert program.call("stackSave") == 65536  # the module's own stack again, and empty


def test_arguments_of_overlapping_calls_are_taken_off_when_the_last_has_ended() -> None:
    program = Program(Random(1))
    first = program.push()
    one = program.call("__jspi_enter")
    program.call("__jspi_suspend")
    second = program.push()
    two = program.call("__jspi_enter")
    program.call("__jspi_suspend")
    program.call("__jspi_resume", one, 0)
    program.call("__jspi_exit", one, 0)
    program.call("stackRestore", first[0])
    program.idle()
    program.check(second[1])
    program.call("__jspi_resume", two, 0)
    program.check(second[1])
    program.call("__jspi_exit", two, 0)
    program.call("stackRestore", second[0])
    assert program.call("stackSave") == 65536


def test_a_trap_in_a_nested_call_gives_its_region_back() -> None:
    program = Program(Random(1))
    outer = program.call("__jspi_enter")
    frame = program.push()
    program.call("__jspi_enter")
    program.call("stackAlloc", 64)
    # It traps; JavaScript in the outer call's import catches the error. The outer call's function ends.
    program.pop(frame)
    program.call("__jspi_suspend")
    program.call("__jspi_resume", outer, 0)
    program.call("__jspi_exit", outer, 0)
    assert program.call("stackSave") == 65536
    heap = program.memory.size(program.store)
    for _ in range(100):
        program.call("__jspi_exit", program.call("__jspi_enter"), 0)
    assert program.memory.size(program.store) == heap


def test_the_stack_of_a_call_that_trapped_is_idle_until_another_one_continues() -> None:
    program = Program(Random(1))
    other = program.call("__jspi_enter")
    kept = program.push()
    program.call("__jspi_suspend")
    program.call("__jspi_enter")
    program.call("stackAlloc", 64)
    # It traps. Exports that are called then run on its stack.
    assert program.call("stackSave") > 65536
    program.idle()
    program.call("__jspi_resume", other, 0)
    program.pop(kept)
    program.call("__jspi_exit", other, 0)
    assert program.call("stackSave") == 65536


def test_an_overflow_traps_with_a_name_that_says_what_to_do() -> None:
    program = Program(Random(1))
    program.call("__jspi_enter")
    low = program.call("stackAlloc", SMALL + 100) & 0xFFFFFFFF
    program.memory.write(program.store, bytes(SMALL + 100), low)
    with pytest.raises(wasmtime.Trap, match=r"C_stack_overflow.*larger_region"):
        program.call("__jspi_suspend")


def test_a_frame_larger_than_the_region_traps_even_if_nothing_was_written() -> None:
    program = Program(Random(1))
    program.call("__jspi_enter")
    program.call("stackAlloc", SMALL * 3)
    with pytest.raises(wasmtime.Trap, match="C_stack_overflow"):
        program.call("__jspi_suspend")


def test_a_nested_promising_call_that_is_not_wrapped_traps_and_corrupts_nothing() -> None:
    program = Program(Random(1))
    program.call("__jspi_enter")
    frame = program.push()
    # In an import, JavaScript makes a function promising that no list has. It waits, and control returns.
    program.call("__jspi_suspend")
    program.call("pop", frame[0])
    with pytest.raises(wasmtime.Trap, match="promising_call_that_is_not_listed"):
        program.call("__jspi_suspend")


def test_promising_functions_that_are_not_wrapped_overlap_when_they_are_called_from_outside() -> None:
    program = Program(Random(1))
    frames, tokens = [], []
    for _ in range(5):
        frames.append(program.push())
        tokens.append(program.call("__jspi_suspend"))
    for at in (1, 4, 0, 3, 2):
        program.call("__jspi_resume", tokens[at], 0)
        program.pop(frames[at])
    heap = program.memory.size(program.store)
    for _ in range(200):
        frame = program.push()
        token = program.call("__jspi_suspend")
        program.idle()
        program.call("__jspi_resume", token, 0)
        program.pop(frame)
    assert program.memory.size(program.store) == heap
