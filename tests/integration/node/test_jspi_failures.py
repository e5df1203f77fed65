"""Every case has its result, whatever becomes of the engine."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest

from stackswitch.backends.base import Build, LoadedCase
from stackswitch.backends.node.cases.jspi import JspiBackend, open_jspi
from stackswitch.errors import BackendUnavailableError
from stackswitch.models.result import Observation

from .conftest import make_case

WAITS = """(module (import "env" "wait" (func $wait (result i32)))
  (func (export "main") (result i32) (i32.add (call $wait) (i32.const 1))))"""
LOOPS = """(module (import "env" "wait" (func $wait (result i32)))
  (func (export "main") (result i32) (drop (call $wait)) (loop $l (br $l)) (unreachable)))"""
GATE = [{"import": "env.wait", "gate": "never", "returns": "i32:1"}]
DELAY = [{"import": "env.wait", "delay_ms": 1, "returns": "i32:41"}]


async def run_case(backend: JspiBackend, loaded: LoadedCase, timeout_s: float = 10.0) -> Observation:
    build = await backend.prepare(loaded)
    assert isinstance(build, Build)
    return await backend.run(loaded, build, timeout_s=timeout_s)


async def running(backend: JspiBackend) -> None:
    for _ in range(2000):
        if backend.pool.busy and backend.pool.busy[0].begun:
            break
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.02)


async def kill_when_running(backend: JspiBackend, number: int) -> None:
    await running(backend)
    os.kill(backend.pool.busy[0].stream.pid, number)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_child_killed_in_a_case_crashes_that_case_alone(run: Any, number: signal.Signals) -> None:
    async def scenario() -> tuple[list[Observation], Observation]:
        backend = await open_jspi()
        try:
            stuck = make_case(WAITS, export="main", host=GATE)
            fine = make_case(WAITS, export="main", host=DELAY)
            results = await asyncio.gather(
                run_case(backend, stuck), run_case(backend, fine), kill_when_running(backend, number)
            )
            return [results[0], results[1]], await run_case(backend, fine)
        finally:
            await backend.aclose()

    (crashed, other), after = run(scenario())
    assert crashed.status == "crashed"
    assert number.name in crashed.detail
    assert other.steps[0].values == after.steps[0].values == ("i32:42",)


def test_an_engine_that_aborts_says_why_and_the_rest_go_on(run: Any) -> None:
    """A heap too small for the guest's garbage: V8 itself ends the process."""
    wat = """(module (type $list (struct (field (ref null $list)) (field i64) (field i64)))
      (func (export "main") (local $l (ref null $list))
        (loop $on (local.set $l (struct.new $list (local.get $l) (i64.const 1) (i64.const 2))) (br $on))))"""

    async def scenario() -> tuple[Observation, Observation]:
        backend = await open_jspi()
        backend.argv[1:1] = ["--max-old-space-size=30"]
        try:
            for child in backend.pool.idle:
                child.stream.kill()
            crashed = await run_case(backend, make_case(wat, export="main"), timeout_s=60)
            return crashed, await run_case(backend, make_case(WAITS, export="main", host=DELAY))
        finally:
            await backend.aclose()

    crashed, after = run(scenario())
    assert crashed.status == "crashed", crashed
    assert "out of memory" in crashed.detail
    assert "out of memory" in crashed.stderr
    assert after.status == "finished"


def test_a_guest_that_computes_without_end_is_stopped(run: Any, jspi: JspiBackend) -> None:
    hung = run(run_case(jspi, make_case(LOOPS, export="main", host=DELAY), timeout_s=0.3))
    assert (hung.status, "without giving way" in hung.detail) == ("hung", True)
    after = run(run_case(jspi, make_case(WAITS, export="main", host=DELAY)))
    assert after.steps[0].values == ("i32:42",)


def test_a_call_that_waits_for_ever_is_told_apart(run: Any, jspi: JspiBackend) -> None:
    hung = run(run_case(jspi, make_case(WAITS, export="main", host=GATE), timeout_s=0.3))
    assert (hung.status, "all that is left waits" in hung.detail) == ("hung", True)


def test_a_child_that_died_between_cases_is_replaced(run: Any) -> None:
    async def scenario() -> Observation:
        backend = await open_jspi()
        try:
            (child,) = backend.pool.idle
            os.kill(child.stream.pid, signal.SIGKILL)
            return await run_case(backend, make_case(WAITS, export="main", host=DELAY))
        finally:
            await backend.aclose()

    assert run(scenario()).steps[0].values == ("i32:42",)


def test_a_run_that_is_cancelled_leaves_no_child_behind(run: Any) -> None:
    async def scenario() -> None:
        backend = await open_jspi()
        try:
            task = asyncio.ensure_future(run_case(backend, make_case(WAITS, export="main", host=GATE)))
            await running(backend)
            pid = backend.pool.busy[0].stream.pid
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
            after = await run_case(backend, make_case(WAITS, export="main", host=DELAY))
            assert after.status == "finished"
        finally:
            await backend.aclose()

    run(scenario())


def test_a_module_that_is_none_is_a_build_error(run: Any, jspi: JspiBackend) -> None:
    loaded = make_case(WAITS, export="main", host=DELAY)
    cut = loaded.model_copy(update={"modules": {"main": loaded.main[:-3]}})
    assert "offset" in (run(jspi.prepare(cut)).error or "")


def test_a_module_that_does_not_validate_is_an_error(run: Any, jspi: JspiBackend) -> None:
    loaded = make_case(WAITS, export="main", host=DELAY)
    bent = loaded.main.replace(b"\x41\x01\x6a", b"\x42\x01\x6a")  # i32.const becomes i64.const
    seen = run(jspi.run(loaded, Build(modules={"main": bent}), timeout_s=5))
    assert seen.status == "error"
    assert "CompileError" in seen.detail


def test_a_closed_backend_says_so(run: Any) -> None:
    async def scenario() -> None:
        backend = await open_jspi()
        await backend.aclose()
        await backend.aclose()
        await run_case(backend, make_case(WAITS, export="main", host=DELAY))

    with pytest.raises(BackendUnavailableError, match="closed"):
        run(scenario())
