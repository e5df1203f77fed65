"""An instance runs one thread after another, each on a stack of its own, while calls of those before wait."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import wasmtime

from stackswitch.errors import ModuleRefusedError
from stackswitch.transform.reentrant import ReentrantRequest, make_reentrant

from .guests import GO, MALLOC, STACK

LIMITS = """
  (global $base (mut i32) (i32.const 0)) (global $end (mut i32) (i32.const 0))
  (func (export "emscripten_stack_set_limits") (param i32 i32)
    (global.set $base (local.get 0)) (global.set $end (local.get 1)))
  (func (export "base") (result i32) (global.get $base))
  (func (export "end") (result i32) (global.get $end))
"""
WAIT = '(import "env" "wait" (func $wait (param i32) (result i32)))'


def module() -> bytes:
    """The module: its memory is shared, and the program's own stack ends at 65536."""
    stack = STACK.replace('(memory (export "memory") 1)', '(memory (export "memory") 64 64 shared)')
    return bytes(wasmtime.wat2wasm(f"(module {WAIT} {stack} {MALLOC} {GO} {LIMITS})"))


def request(**options: object) -> ReentrantRequest:
    defaults = {"wasm": module(), "suspend": ("env.wait",), "promise": ("go",), "new_exceptions": True}
    return ReentrantRequest.model_validate({**defaults, **options})


class Worker:
    """An instance, and what glue does in it."""

    def __init__(self) -> None:
        config = wasmtime.Config()
        config.wasm_threads = True
        config.wasm_exceptions = True
        config.shared_memory = True
        engine = wasmtime.Engine(config)
        self.store = wasmtime.Store(engine)
        made = wasmtime.Module(engine, make_reentrant(request(region_bytes=4096)).wasm)
        i32 = wasmtime.ValType.i32()
        wait = wasmtime.Func(self.store, wasmtime.FuncType([i32], [i32]), lambda value: value)
        self.exports: Any = wasmtime.Instance(self.store, made, [wait]).exports(self.store)

    def call(self, name: str, *arguments: int) -> Any:
        return self.exports[name](self.store, *arguments)

    @property
    def pointer(self) -> int:
        return int(self.call("stackSave"))

    def begin_thread(self, size: int = 8192) -> tuple[int, int]:
        """Take a stack from the allocator, as pthread_create does, and tell the module; return its bounds."""
        end = int(self.call("malloc", size))
        self.call("emscripten_stack_set_limits", end + size, end)
        self.call("stackRestore", end + size)
        assert self.pointer == end + size
        return end, end + size


def test_each_thread_idles_on_its_own_stack() -> None:
    worker = Worker()
    for _ in range(5):
        end, base = worker.begin_thread()
        for _ in range(3):
            token = worker.call("__jspi_enter")
            assert not end <= worker.pointer <= base
            waiting = worker.call("__jspi_suspend")
            assert worker.pointer == base
            worker.call("__jspi_resume", waiting, 0)
            worker.call("__jspi_exit", token, 0)
            assert (worker.pointer, worker.call("base"), worker.call("end")) == (base, base, end)


def test_calls_of_a_thread_that_has_ended_go_on_and_leave_the_next_ones_stack_alone() -> None:
    worker = Worker()
    _, old = worker.begin_thread()
    before = worker.pointer
    worker.call("stackAlloc", 64)  # arguments, which the glue takes off when the call has ended
    first = worker.call("__jspi_enter")
    worker.call("stackAlloc", 128)
    own = worker.pointer
    waits = worker.call("__jspi_suspend")
    end, base = worker.begin_thread()
    second = worker.call("__jspi_enter")
    again = worker.call("__jspi_suspend")
    assert worker.pointer == base
    worker.call("__jspi_resume", waits, 0)
    assert worker.pointer == own
    worker.call("__jspi_exit", first, 0)
    assert worker.pointer == base
    worker.call("stackRestore", before)  # late, of the thread before
    assert worker.pointer == base
    worker.call("__jspi_resume", again, 0)
    worker.call("__jspi_exit", second, 0)
    assert worker.pointer == base
    assert not end <= old <= base


def test_a_function_of_a_thread_that_waits_is_no_leak() -> None:
    """The glue makes a thread's function promising by reference: it waits on the thread's own stack."""
    worker = Worker()
    used = []
    for _ in range(6):
        _, base = worker.begin_thread(4096)
        worker.call("stackAlloc", 256)
        waits = worker.call("__jspi_suspend")
        assert worker.pointer != base - 256
        token = worker.call("__jspi_enter")
        worker.call("__jspi_exit", token, 0)
        worker.call("__jspi_resume", waits, 0)
        assert worker.pointer == base - 256
        worker.call("pop", base)
        used.append(worker.call("malloc", 0))
    assert {later - earlier for earlier, later in pairwise(used[1:])} == {4096}


def test_a_thread_that_traps_leaves_nothing_to_the_next() -> None:
    worker = Worker()
    worker.begin_thread()
    worker.call("__jspi_enter")  # and traps
    end, base = worker.begin_thread()
    token = worker.call("__jspi_enter")
    worker.call("__jspi_exit", token, 0)
    assert worker.pointer == base
    assert worker.call("end") == end


def test_a_host_has_no_threads() -> None:
    with pytest.raises(ModuleRefusedError, match="one thread for all calls"):
        make_reentrant(request(for_host=True))
