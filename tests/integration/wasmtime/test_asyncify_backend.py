"""The asyncify backend on real builds: the rows of a wrong list, values, cancelling, limits."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from typing import Any

import pytest
import wasmtime

from stackswitch.backends.base import LoadedCase
from stackswitch.backends.wasmtime.cases.backend import AsyncifyBackend
from stackswitch.backends.wasmtime.cases.session import CaseSession
from stackswitch.backends.wasmtime.engine import WasmtimeEngine
from stackswitch.binaryen.asyncify import open_binaryen
from stackswitch.models.case import Case
from stackswitch.models.result import Observation

HOST = [{"import": "env.wait", "returns": "i32:5", "delay_ms": 0}]
CHAIN = """(module
  (import "env" "wait" (func $wait (result i32)))
  (type $unary (func (param i32) (result i32)))
  (memory (export "memory") 1)
  (global $entered (export "entered") (mut i32) (i32.const 0))
  (global $out (export "out") (mut i32) (i32.const 0))
  (table 1 funcref) (elem (i32.const 0) $mid)
  (func $leaf (param i32) (result i32) (i32.add (call $wait) (local.get 0)))
  (func $mid (param i32) (result i32)
    (global.set $entered (i32.add (global.get $entered) (i32.const 1)))
    (i32.mul (call $leaf (local.get 0)) (i32.const 10)))
  (func $quiet (param i32) (global.set $out (call $leaf (local.get 0))))
  (func $direct (export "direct") (param i32) (result i32) (i32.add (call $mid (local.get 0)) (i32.const 1)))
  (func $void (export "void") (param i32) (result i32) (call $quiet (local.get 0)) (global.get $out))
  (func $table (export "table") (param i32) (result i32)
    (i32.add (call_indirect (type $unary) (local.get 0) (i32.const 0)) (i32.const 1))))"""


def load(text: str, **case: Any) -> LoadedCase:
    case = {"id": "case", "why": "a test", "source": "case.wat", "host": HOST, **case}
    return LoadedCase(case=Case.model_validate(case), modules={"main": bytes(wasmtime.wat2wasm(text))})


class Runner:
    """Backends on one loop: Binaryen stays warm between tests."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.engine = WasmtimeEngine()
        self.binaryen = self.loop.run_until_complete(open_binaryen())

    def see(self, loaded: LoadedCase, *, detect: Any = "stack", timeout_s: float = 60) -> Observation:
        backend = AsyncifyBackend(self.engine, self.binaryen, detect=detect)

        async def both() -> Observation:
            build = await backend.prepare(loaded)
            assert build.error is None
            assert build.unsupported is None
            return await backend.run(loaded, build, timeout_s=timeout_s)

        return self.loop.run_until_complete(both())

    def close(self) -> None:
        self.loop.run_until_complete(self.binaryen.aclose())
        self.engine.close()
        self.loop.close()


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    found = Runner()
    yield found
    found.close()


ROWS = {
    "leaf": ("direct", ("direct", "mid"), {"ASYNCIFY_ONLY": ("leaf",)}),
    "mid, called directly": ("direct", ("direct", "leaf"), {"ASYNCIFY_ONLY": ("mid",)}),
    "mid, from a void caller": ("void", ("void", "leaf"), {"ASYNCIFY_ONLY": ("quiet",)}),
    "mid, through a table": ("table", ("table", "leaf"), {"ASYNCIFY_ONLY": ("mid",)}),
    "the export itself": ("direct", ("mid", "leaf"), {"ASYNCIFY_ONLY": ("direct",)}),
}
RESULTS = {"direct": "i32:81", "void": "i32:8", "table": "i32:81"}


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("asserts", [False, True])
def test_a_missing_name_is_told_and_the_run_goes_on(runner: Runner, row: str, *, asserts: bool) -> None:
    export, only, missing = ROWS[row]
    options = {"only": only, "asserts": asserts}
    seen = runner.see(load(CHAIN, export=export, args=["i32:3"], asyncify=options))
    assert seen.missing == missing
    assert [(step.ended, step.values) for step in seen.steps] == [("returned", (RESULTS[export],))]
    assert seen.log == ("env.wait",)


def test_an_import_that_is_not_listed(runner: Runner) -> None:
    seen = runner.see(load(CHAIN, export="direct", args=["i32:3"], asyncify={"imports": ["env.other"]}))
    assert seen.missing == {"ASYNCIFY_IMPORTS": ("env.wait",)}
    assert seen.steps[0].values == ("i32:81",)


# What the protocol alone finds of each row; None: nothing, though code has run twice.
NOTICED = {
    "leaf": "trap-while-switching",
    "mid, called directly": "trap-while-switching",
    "mid, from a void caller": "trap-while-switching",
    "mid, through a table": None,
    "the export itself": None,
}


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("asserts", [False, True])
def test_what_the_protocol_alone_notices(runner: Runner, row: str, *, asserts: bool) -> None:
    export, only, _ = ROWS[row]
    options = {"only": only, "asserts": asserts}
    rule = "trap-while-switching" if asserts else NOTICED[row]
    seen = runner.see(load(CHAIN, export=export, args=["i32:3"], asyncify=options), detect="state")
    assert seen.missing == {}
    trap = seen.steps[0].trap
    if rule is None:
        assert trap is None
    else:
        assert trap is not None
        assert (trap.kind, trap.message.partition(":")[0]) == ("asyncify-state", rule)


def test_every_number_keeps_its_bits(runner: Runner) -> None:
    text = """(module
      (import "env" "wait" (func $wait (param i32 i64 f32 f64 v128) (result i32 i64 f32 f64 v128)))
      (func (export "main") (param i32 i64 f32 f64 v128) (result i32 i64 f32 f64 v128)
        (call $wait (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4))))"""
    values = [
        "i32:-1",
        "i64:-9223372036854775808",
        "f32:nan:0x200001",
        "f64:-nan:0x4000000000001",
        "v128:0x000102030405060708090a0b0c0d0eff",
    ]
    host = [
        {"import": "env.wait", "args": values, "returns": [f"arg:{at}" for at in range(5)], "delay_ms": 0}
    ]
    seen = runner.see(load(text, export="main", args=values, host=host))
    assert seen.problems == ()
    assert seen.steps[0].values == tuple(values)


def test_the_guests_memory_is_left_as_it_was(runner: Runner) -> None:
    text = """(module
      (import "env" "wait" (func $wait (result i32)))
      (memory (export "memory") 1 1)
      (func (export "main") (result i32 i32) (call $wait) (memory.size)))"""
    seen = runner.see(load(text, export="main"))
    assert seen.steps[0].values == ("i32:5", "i32:1")


def test_deep_stacks_are_seen_whole(runner: Runner) -> None:
    text = """(module
      (import "env" "wait" (func $wait (result i32)))
      (func $main (export "main") (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (i32.const 1) (call $main (i32.sub (local.get 0) (i32.const 1)))))
          (else (call $wait)))))"""
    seen = runner.see(load(text, export="main", args=["i32:10000"]))
    assert seen.steps[0].values == ("i32:10005",)
    assert [len(each.frames) for each in seen.suspensions] == [10_001]


@pytest.mark.parametrize(("room", "kind"), [(64, "asyncify-overflow"), (4096, None)])
def test_a_small_buffer_overflows_and_the_instance_lives(runner: Runner, room: int, kind: str | None) -> None:
    text = """(module
      (import "env" "wait" (func $wait (result i32)))
      (func $main (export "main") (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (i32.const 1) (call $main (i32.sub (local.get 0) (i32.const 1)))))
          (else (call $wait)))))"""
    steps = [{"call": "main", "args": ["i32:20"]}, {"call": "main", "args": ["i32:0"]}]
    seen = runner.see(load(text, step=steps, asyncify={"buffer_bytes": room}))
    trap = seen.steps[0].trap
    assert (trap.kind if trap else None) == kind
    assert seen.steps[1].values == ("i32:5",)


def test_an_endless_guest_is_stopped_and_others_run_meanwhile(runner: Runner) -> None:
    backend = AsyncifyBackend(runner.engine, runner.binaryen)
    endless = load('(module (func (export "main") (loop (br 0))))', export="main", host=[])
    quick = load(CHAIN, export="direct", args=["i32:3"])

    async def both() -> list[Observation]:
        builds = [await backend.prepare(endless), await backend.prepare(quick)]
        return await asyncio.gather(
            backend.run(endless, builds[0], timeout_s=0.3), backend.run(quick, builds[1], timeout_s=5)
        )

    hung, done = runner.loop.run_until_complete(both())
    assert hung.status == "hung"
    assert hung.duration_ms < 3000
    assert done.steps[0].values == ("i32:81",)


def test_a_cancelled_call_gives_the_shadow_stack_back(runner: Runner) -> None:
    text = """(module
      (import "env" "wait" (func $wait (result i32)))
      (memory (export "memory") 2)
      (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
      (func (export "main") (result i32) (local $fp i32) (local $got i32)
        (local.set $fp (i32.sub (global.get $sp) (i32.const 64)))
        (global.set $sp (local.get $fp))
        (local.set $got (call $wait))
        (global.set $sp (i32.add (local.get $fp) (i32.const 64)))
        (local.get $got)))"""
    host = [{"import": "env.wait", "returns": "i32:5", "gate": "g"}]
    steps: list[dict[str, Any]] = [
        {"start": "a", "export": "main"},
        {"cancel": "a", "expect": {"globals": {"__stack_pointer": "i32:65536"}}},
        {"release": "g"},
        {"call": "main", "expect": {"globals": {"__stack_pointer": "i32:65536"}}},
    ]
    seen = runner.see(load(text, step=steps, host=host))
    assert [step.ended for step in seen.steps] == ["done", "cancelled", "done", "returned"]
    assert seen.steps[1].globals == seen.steps[3].globals == {"__stack_pointer": "i32:65536"}


def test_many_at_once_resumed_backwards(runner: Runner) -> None:
    steps: list[dict[str, Any]] = [
        {"start": f"c{at}", "export": "direct", "args": [f"i32:{at}"]} for at in range(20)
    ]
    steps.append({"release": "g"})
    steps += [{"finish": f"c{at}"} for at in reversed(range(20))]
    host = [{"import": "env.wait", "returns": "i32:5", "gate": "g"}]
    seen = runner.see(load(CHAIN, step=steps, host=host))
    values = [step.values for step in seen.steps if step.ended == "returned"]
    assert values == [(f"i32:{(at + 5) * 10 + 1}",) for at in reversed(range(20))]


def test_a_gate_that_nobody_opens_in_place_ends_the_call(runner: Runner) -> None:
    host = [{"import": "env.wait", "returns": "i32:5", "gate": "g"}]
    steps = [{"call": "direct", "args": ["i32:3"]}]
    seen = runner.see(load(CHAIN, step=steps, host=host, asyncify={"only": ["direct", "leaf"]}))
    assert seen.missing == {"ASYNCIFY_ONLY": ("mid",)}
    assert seen.steps[0].trap is not None
    assert seen.steps[0].trap.kind == "asyncify-state"


def test_nobody_complains_of_a_call_that_failed_and_was_left(
    runner: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    host = [{"import": "env.wait", "returns": "i32:5", "gate": "never"}]
    both = [{"start": name, "export": "direct", "args": ["i32:3"]} for name in ("a", "b")]
    steps = [*both, {"finish": "a"}]
    seen = runner.see(load(CHAIN, step=steps, host=host, asyncify={"only": ["direct", "leaf"]}))
    assert seen.missing == {"ASYNCIFY_ONLY": ("mid",)}
    gc.collect()
    assert not caplog.records, caplog.text


@pytest.mark.parametrize(
    "steps",
    [
        [{"call": "direct", "args": ["i32:3"]}],
        [{"start": "a", "export": "direct", "args": ["i32:3"]}, {"settle_ms": 1}],
        [{"start": "a", "export": "direct", "args": ["i32:3"]}, {"settle_ms": 10_000}],
        [{"start": "a", "export": "direct", "args": ["i32:3"]}, {"finish": "a"}],
    ],
    ids=["called, hung", "started, left", "started, hung", "finished in vain"],
)
def test_no_call_still_waits_when_the_store_is_closed(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, steps: list[dict[str, Any]]
) -> None:
    waiting: list[int] = []
    close = CaseSession.close

    def closing(session: CaseSession) -> None:
        waiting.append(len(asyncio.all_tasks()) - 1)
        close(session)

    monkeypatch.setattr(CaseSession, "close", closing)
    host = [{"import": "env.wait", "returns": "i32:5", "gate": "g"}]
    runner.see(load(CHAIN, step=steps, host=host), timeout_s=0.2)
    assert waiting == [0]


def test_a_wait_without_end_hangs_and_nothing_else_breaks(runner: Runner) -> None:
    host = [{"import": "env.wait", "returns": "i32:5", "gate": "g"}]
    waiting = load(CHAIN, step=[{"call": "direct", "args": ["i32:3"]}], host=host)
    assert runner.see(waiting, timeout_s=0.2).status == "hung"
    assert runner.see(load(CHAIN, export="direct", args=["i32:3"])).steps[0].values == ("i32:81",)


WAITS_OFTEN = """(module
  (import "env" "wait" (func $wait (param i64 f32) (result f64)))
  (import "env" "now" (func $now (result i32)))
  (memory (export "memory") 1)
  (func $a (param $n i32) (result f64) (local $sum f64)
    (loop $again
      (local.set $sum
        (f64.add (local.get $sum) (call $wait (i64.extend_i32_s (local.get $n)) (f32.const 0.5))))
      (drop (call $now))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func $b (param $n i32) (result f64) (call $a (local.get $n)))
  (func (export "both") (param i32) (result f64 i32)
    (f64.add (call $a (local.get 0)) (call $b (local.get 0))) (local.get 0)))"""


def test_a_plain_import_after_each_wait_and_stacks_that_are_seen_again(runner: Runner) -> None:
    host = [
        {"import": "env.wait", "returns": "f64:0.25", "delay_ms": 0},
        {"import": "env.now", "returns": "i32:1"},
    ]
    seen = runner.see(load(WAITS_OFTEN, export="both", args=["i32:20"], host=host))
    assert seen.steps[0].values == ("f64:10.0", "i32:20")
    names = [([name for _, _, name in each.frames], each.count) for each in seen.suspensions]
    assert names == [(["a", "2"], 20), (["a", "b", "2"], 20)]


def test_no_frame_of_an_adapter_is_among_a_traps(runner: Runner) -> None:
    text = """(module
      (import "env" "wait" (func $wait (result i32)))
      (func $deep (param i32) (if (call $wait) (then unreachable)))
      (func (export "run") (param i32) (call $deep (local.get 0))))"""
    seen = runner.see(load(text, export="run", args=["i32:1"]))
    assert seen.steps[0].trap is not None
    assert seen.steps[0].trap.kind == "unreachable"
    assert seen.steps[0].trap.frames == ("deep", "1")


@pytest.mark.parametrize("kind", ["externref", "(ref null $f)"])
def test_references_pass_though_no_adapter_takes_them(runner: Runner, kind: str) -> None:
    text = f"""(module
      (type $f (func))
      (import "env" "wait" (func $wait (result i32)))
      (func (export "run") (param {kind}) (result i32) (call $wait)))"""
    null = "externref:null" if kind == "externref" else "funcref:null"
    seen = runner.see(load(text, export="run", args=[null]))
    assert seen.steps[0].values == ("i32:5",)
    assert seen.steps[0].suspensions == 1
