"""What the fiber backend says beyond the outcomes that the conformance suite holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import wasmtime

from stackswitch.backends.base import LoadedCase
from stackswitch.backends.wasmtime.cases.backend import FiberBackend, open_fiber
from stackswitch.backends.wasmtime.fiber import build as fiberbuild
from stackswitch.backends.wasmtime.fiber.engine import FiberEngine
from stackswitch.models.case import Case
from stackswitch.models.result import Observation


@asynccontextmanager
async def backend(*, binaryen: bool = False) -> AsyncIterator[FiberBackend]:
    opened = await open_fiber() if binaryen else FiberBackend(FiberEngine(), None, "not wanted")
    try:
        yield opened
    finally:
        await opened.aclose()


def observe(text: str, *, library: str | None = None, binaryen: bool = False, **fields: Any) -> Observation:
    modules = {"main": bytes(wasmtime.wat2wasm(text))}
    if library is not None:
        modules = {"lib": bytes(wasmtime.wat2wasm(library)), **modules}
        fields["instance"] = [{"name": "lib", "source": "lib.wat"}]
    case = Case.model_validate({"id": "a", "why": "b", "source": "a.wat", **fields})
    loaded = LoadedCase(case=case, modules=modules)

    async def run() -> Observation:
        async with backend(binaryen=binaryen) as opened:
            build = await opened.prepare(loaded)
            if build.unsupported is not None:
                return Observation(status="unsupported", unsupported=build.unsupported)
            return await opened.run(loaded, build, timeout_s=5)

    return asyncio.run(run())


WAIT: list[dict[str, Any]] = [{"import": "env.wait", "delay_ms": 0}]


def test_the_stack_of_a_wait_has_every_name_by_index_of_the_plain_module() -> None:
    seen = observe(
        """(module (import "env" "plain" (func $plain)) (import "env" "wait" (func $wait))
          (func $leaf (call $plain) (call $wait)) (func $mid (call $leaf)) (func (call $mid))
          (func $top (export "f") (call 4)))""",
        export="f",
        host=[*WAIT, {"import": "env.plain"}],
    )
    (found,) = seen.suspensions
    assert found.frames == ((2, -1, "leaf"), (3, -1, "mid"), (4, -1, "2"), (5, -1, "top"))
    assert (found.import_, found.export, found.backend, found.missing) == ("env.wait", "f", "fiber", ())
    assert seen.missing == {}


def test_a_wait_under_a_thousand_frames_is_seen_whole() -> None:
    seen = observe(
        """(module (import "env" "wait" (func $wait))
          (func $down (export "f") (param i32)
            (if (local.get 0)
              (then (call $down (i32.sub (local.get 0) (i32.const 1))))
              (else (call $wait)))))""",
        export="f",
        args=["i32:5000"],
        host=WAIT,
    )
    assert len(seen.suspensions[0].frames) == 5001


def test_a_start_function_may_wait() -> None:
    seen = observe(
        """(module (import "env" "wait" (func $wait))
          (func $s (call $wait)) (start $s) (func (export "f")))""",
        export="f",
        host=WAIT,
    )
    assert [each.ended for each in seen.steps] == ["returned"]
    assert [(each.export, [name for *_, name in each.frames]) for each in seen.suspensions] == [
        ("(start)", ["s"])
    ]


def test_a_start_function_that_fails_ends_the_calls_not_the_process() -> None:
    seen = observe(
        """(module (import "env" "wait" (func $wait)) (global (export "g") (mut i32) (i32.const 0))
          (func $s (call $wait)) (start $s) (func (export "f")))""",
        export="f",
        host=[{"import": "env.wait", "delay_ms": 0, "sets": [{"name": "g", "value": "i32:1"}]}],
    )
    (step,) = seen.steps
    assert step.trap is not None
    assert "its start function is running" in step.trap.message


@pytest.mark.parametrize("binaryen", [False, True])
def test_legacy_exceptions_come_with_binaryen(binaryen: bool) -> None:
    text = (Path(fiberbuild.__file__).parents[3] / "suite/cases/exceptions/throw-after-resume.wat").read_text(
        "utf-8"
    )
    try:
        bytes(wasmtime.wat2wasm(text))
    except wasmtime.WasmtimeError:
        pytest.skip("this wat2wasm does not know legacy exceptions")
    seen = observe(
        text,
        export="main",
        host=[{"import": "env.wait", "delay_ms": 0, "returns": "i32:40"}],
        binaryen=binaryen,
    )
    if binaryen:
        assert seen.steps[0].values == ("i32:1042",)
    else:
        assert seen.unsupported is not None
        assert seen.unsupported.feature == "legacy-exceptions"


LITTER = """(module
  (import "env" "wait" (func $wait))
  (type $bytes (array (mut i32)))
  (func (export "litter") (local $i i32)
    (loop $more
      (drop (array.new $bytes (local.get $i) (i32.const 4096)))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20000)))))
  (func (export "f") (result i32) (local $a (ref null $bytes))
    (local.set $a (array.new_fixed $bytes 2 (i32.const 40) (i32.const 2)))
    (call $wait)
    (i32.add
      (array.get $bytes (local.get $a) (i32.const 0))
      (array.get $bytes (local.get $a) (i32.const 1)))))"""
LITTERING = [{"import": "env.wait", "delay_ms": 0, "calls": [{"export": "litter", "when": "during"}]}]


def test_references_are_not_left_to_a_collector_that_does_not_see_them() -> None:
    seen = observe(LITTER, export="f", host=LITTERING)
    assert seen.unsupported is not None
    assert seen.unsupported.feature == "concurrent-references"


def test_without_that_refusal_the_collector_takes_them_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """When this fails, wasmtime has learnt to look into fibers that are suspended: the refusal can go."""
    monkeypatch.setattr(fiberbuild, "kept_references", lambda _: None)
    seen = observe(LITTER, export="f", host=LITTERING)
    assert seen.steps[0].values != ("i32:42",)


def test_a_guest_that_prints_for_ever_is_stopped() -> None:
    seen = observe(
        """(module (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 2) (func (export "_start")
            (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 65536))
            (loop $l (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) (br $l))))""",
        export="_start",
        wasi={"args": ["p"]},
    )
    assert seen.status == "hung"
    assert len(seen.stdout) <= 16 << 20


def test_an_import_with_two_types_is_said() -> None:
    seen = observe(
        """(module (import "env" "wait" (func (param i32))) (import "env" "wait" (func (param i64)))
          (func (export "f")))""",
        export="f",
        host=WAIT,
    )
    assert "two types" in (seen.detail + str(seen.steps))


@pytest.mark.parametrize(("size", "warned"), [(60_000, False), (70_000, True)])
def test_a_call_that_leaves_its_c_stack_is_a_warning(size: int, warned: bool) -> None:
    seen = observe(
        """(module (import "env" "wait" (func $wait)) (memory (export "memory") 2)
          (global $sp (export "__stack_pointer") (mut i32) (i32.const 131072))
          (func (export "f") (param $size i32)
            (global.set $sp (i32.sub (global.get $sp) (local.get $size)))
            (call $wait)
            (global.set $sp (i32.add (global.get $sp) (local.get $size)))))""",
        host=[{"import": "env.wait", "gate": "a"}, {"import": "env.wait", "gate": "b"}],
        step=[
            {"start": "a", "export": "f", "args": ["i32:16"]},
            {"start": "b", "export": "f", "args": [f"i32:{size}"]},
            {"release": "a"},
            {"release": "b"},
            {"finish": "a"},
            {"finish": "b"},
        ],
    )
    assert seen.status == "finished", seen
    assert [("memory may be damaged" in each) for each in seen.warnings] == [True] * warned
