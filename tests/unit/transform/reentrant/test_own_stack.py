"""A call that is alone when it begins has the module's own C stack, and leaves it as it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from stackswitch.transform.reentrant import CALL_FAILED

from .guests import MALLOC, STACK
from .hosts import PAGE, Instance, made, text


def allocated(one: Instance, size: int = 32) -> int:
    return int(one.call("stackAlloc", size)) & 0xFFFFFFFF


def test_a_call_that_is_alone_has_the_modules_own_stack() -> None:
    one = Instance(made(text(STACK)))
    for _ in range(300):
        _, token = one.enter(alone=True)
        first = allocated(one, 60_000)
        assert first == PAGE - 60_000
        one.memory[first] = 7
        assert one.call("__jspi_suspend") == token
        _, other = one.enter()
        assert allocated(one) > PAGE
        assert one.call("__jspi_suspend") == other
        one.call("__jspi_resume", token, 0)
        assert one.call("stackSave") == first
        assert one.memory[first] == 7
        one.call("pop", PAGE)
        one.call("__jspi_exit", token, 0)
        assert one.call("stackSave") == PAGE
        one.call("__jspi_resume", other, 0)
        one.call("__jspi_exit", other, 0)
        assert one.call("stackSave") == PAGE
    assert one.pages == 2


def test_a_call_that_is_alone_leaves_the_modules_stack_as_it_was() -> None:
    one = Instance(made(text(STACK)))
    kept = allocated(one, 48)
    one.memory[kept] = 5
    for fails in (False, True):
        for waits in (False, True):
            number, token = one.enter(alone=True)
            assert allocated(one) == kept - 32
            if waits:
                one.call("__jspi_suspend")
                one.memory[allocated(one)] = 1  # by the host, elsewhere
                one.call("__jspi_resume", token, 0)
            if fails:
                one.call(CALL_FAILED, number)
            else:
                one.call("__jspi_exit", token, 0)
            assert (one.call("stackSave"), one.memory[kept]) == (kept, 5)
    number, _ = one.enter(alone=True)
    one.call("__jspi_suspend")
    one.call(CALL_FAILED, number)  # at its wait
    assert (one.call("stackSave"), one.memory[kept]) == (kept, 5)


def test_a_stack_that_is_half_full_is_left_to_what_is_on_it() -> None:
    one = Instance(made(text(STACK)))
    allocated(one, 40_000)
    one.enter(alone=True)
    assert allocated(one) > PAGE


@dataclass
class Running:
    """A call: its number, token, and frames (address, pattern), innermost last."""

    number: int
    token: int
    frames: list[tuple[int, int]] = field(default_factory=list)


class Host:
    """A host that begins calls one in another, has them wait, continue, trap, and hears of traps late."""

    def __init__(self, one: Instance, random: Random) -> None:
        self.one, self.random = one, random
        self.waiting: list[Running] = []
        self.failed: list[int] = []
        self.left: list[tuple[int, int]] = []
        self.own = 0

    def push(self, frames: list[tuple[int, int]]) -> None:
        at, pattern = allocated(self.one, self.random.choice([16, 48, 400])), self.random.randrange(256)
        self.one.memory[at] = pattern
        frames.append((at, pattern))

    def pop(self, frames: list[tuple[int, int]], top: int) -> None:
        at, pattern = frames.pop()
        assert self.one.memory[at] == pattern
        self.one.call("pop", frames[-1][0] if frames else top)

    def begin(self, depth: int) -> None:
        alone = depth == 0 and not self.waiting and not self.failed
        top = self.one.call("stackSave")
        call = Running(*self.one.enter(alone=alone))
        self.own += alone and self.one.call("stackSave") == top
        self.go_on(call, depth)

    def go_on(self, call: Running, depth: int) -> None:
        top = call.frames[0][0] if call.frames else self.one.call("stackSave")
        self.push(call.frames)
        if depth < 2 and self.random.random() < 0.4:
            self.begin(depth + 1)
        choice = self.random.random()
        if choice < 0.5:
            assert self.one.call("__jspi_suspend") == call.token
            self.waiting.append(call)
        elif choice < 0.7:  # it traps
            if depth:  # and the import that has begun it is told at once
                self.one.call(CALL_FAILED, call.number)
            else:
                self.failed.append(call.number)
        else:
            while call.frames:
                self.pop(call.frames, top)
            self.one.call("__jspi_exit", call.token, 0)

    def step(self) -> None:
        choice = self.random.random()
        if self.failed and choice < 0.5:
            self.one.call(CALL_FAILED, self.failed.pop(0))
        elif choice < 0.45 and len(self.waiting) < 6:
            self.begin(0)
        elif choice < 0.8 and self.waiting:
            call = self.waiting.pop(self.random.randrange(len(self.waiting)))
            assert all(self.one.memory[at] == pattern for at, pattern in call.frames)
            if choice < 0.5:  # abandoned
                self.failed.append(call.number)
            else:
                self.one.call("__jspi_resume", call.token, 0)
                assert self.one.call("stackSave") == call.frames[-1][0]
                self.go_on(call, 0)
        elif not self.waiting and not self.failed and len(self.left) < 5:
            self.push(self.left)

    def end(self) -> None:
        for number in (*self.failed, *(each.number for each in self.waiting)):
            self.one.call(CALL_FAILED, number)
        self.failed, self.waiting = [], []


@given(st.integers(0, 2**32), st.sampled_from([MALLOC, ""]))
@settings(max_examples=60)
def test_calls_on_the_modules_own_stack_and_beside_it_keep_their_data(seed: int, malloc: str) -> None:
    one = Instance(made(text(STACK, malloc)))
    host = Host(one, Random(seed))
    for _ in range(4):
        for _ in range(60):
            host.step()
        host.end()
        while host.left:
            host.pop(host.left, PAGE)
        assert one.call("stackSave") == PAGE
    assert host.own
    _, token = one.enter(alone=True)
    assert allocated(one) == PAGE - 32
    one.call("__jspi_exit", token, 0)
