"""The backend ``asyncify`` on Node: builds, missing names, a guest that cannot be suspended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from wasmtime import wat2wasm

from stackswitch.backends.base import LoadedCase
from stackswitch.backends.node.cases.asyncify import NodeAsyncifyBackend, open_asyncify
from stackswitch.backends.registry import BackendOptions, open_backend
from stackswitch.engines.locate import find_engine
from stackswitch.errors import BackendUnavailableError
from stackswitch.models.case import Case
from stackswitch.models.result import Observation
from stackswitch.tools.paths import wheel_node

WAIT = {"import": "env.wait", "returns": "i32:7", "delay_ms": 0}
CHAIN = """(module
  (import "env" "wait" (func $wait (result i32)))
  (type $t (func (result i32)))
  (table 1 funcref) (elem (i32.const 0) $behind)
  (global $entered (export "entered") (mut i32) (i32.const 0))
  (memory (export "memory") 1)
  (func $leaf (result i32) (i32.add (call $wait) (i32.const 1)))
  (func $mid (result i32)
    (global.set $entered (i32.add (global.get $entered) (i32.const 1)))
    (i32.add (call $leaf) (i32.const 10)))
  (func $behind (result i32) (i32.add (call $wait) (i32.const 100)))
  (func (export "main") (result i32)
    (i32.add (call $mid) (call_indirect (type $t) (i32.const 0)))))"""


@pytest.fixture(scope="module")
def backend(run: Any) -> Iterator[NodeAsyncifyBackend]:
    """On the engine of the package, which has JSPI only by a flag that it is not given."""
    opened = run(open_asyncify(BackendOptions(engine=f"node:{wheel_node()}", jobs=2)))
    yield opened
    run(opened.aclose())


Observe = Callable[..., Observation]


@pytest.fixture
def observe(backend: NodeAsyncifyBackend, run: Any) -> Observe:
    def observe(wat: str, *, timeout_s: float = 20.0, **fields: Any) -> Observation:
        loaded = _loaded(wat, **fields)
        build = run(backend.prepare(loaded))
        assert build.error is None
        assert build.unsupported is None
        seen: Observation = run(backend.run(loaded, build, timeout_s=timeout_s))
        return seen

    return observe


def _loaded(wat: str, **fields: Any) -> LoadedCase:
    case = Case.model_validate({"id": "t", "why": "a test", "source": "t.wat", "export": "main", **fields})
    return LoadedCase(case=case, modules={"main": bytes(wat2wasm(wat))})


def test_the_engine_needs_no_jspi(backend: NodeAsyncifyBackend) -> None:
    assert (backend.info.name, backend.info.engine) == ("asyncify", "node")
    assert not any("jspi" in flag for flag in backend.info.flags)
    assert "reference-locals" not in backend.info.features  # what JSPI can do, by its nature


def test_a_stack_is_told_by_the_names_before_the_pass(observe: Observe) -> None:
    seen = observe(CHAIN, host=[WAIT], expect={"globals": {"entered": "i32:1"}})
    assert seen.steps[0].values == ("i32:125",)
    assert seen.steps[0].globals == {"entered": "i32:1"}
    assert seen.suspension_count == 2
    assert [[name for _, _, name in each.frames] for each in seen.suspensions] == [
        ["leaf", "mid", "3"],
        ["behind", "3"],
    ]
    assert seen.suspensions[0].backend == "asyncify"
    assert seen.missing == {}


def test_all_missing_names_come_out_and_the_run_goes_on_right(observe: Observe) -> None:
    seen = observe(
        CHAIN, host=[WAIT], asyncify={"only": ["leaf", "3"]}, expect={"globals": {"entered": "i32:1"}}
    )
    assert seen.missing == {"ASYNCIFY_ONLY": ("behind", "mid")}
    assert seen.steps[0].ended == "returned"
    assert seen.steps[0].globals == {"entered": "i32:1"}  # nothing ran twice
    assert [each.missing for each in seen.suspensions] == [("mid",), ("behind",)]


def test_an_import_that_is_not_listed_is_told(observe: Observe) -> None:
    seen = observe(CHAIN, host=[WAIT], asyncify={"imports": ["env.other"]})
    assert seen.missing == {"ASYNCIFY_IMPORTS": ("env.wait",)}


def test_a_name_to_be_taken_off_the_remove_list_is_told(observe: Observe) -> None:
    seen = observe(CHAIN, host=[WAIT], asyncify={"remove": ["mi*"]})
    assert seen.missing == {"ASYNCIFY_REMOVE": ("mid",)}


def test_a_buffer_too_small_is_told_as_such(observe: Observe) -> None:
    deep = """(module (import "env" "wait" (func $wait (result i32)))
      (func $deep (export "main") (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (local.get 0) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
          (else (call $wait)))))"""
    steps = [{"call": "main", "args": ["i32:100"]}, {"call": "main", "args": ["i32:2"]}]
    fields = {"export": None, "step": steps, "host": [WAIT], "asyncify": {"buffer_bytes": 256}}
    first, second = observe(deep, **fields).steps
    assert first.trap is not None
    assert first.trap.kind == "asyncify-overflow"
    assert second.values == ("i32:10",)


def test_the_guests_memory_is_left_as_it_was(observe: Observe) -> None:
    wat = """(module (import "env" "wait" (func $wait (result i32))) (memory (export "memory") 1 1)
      (func (export "main") (result i32) (drop (call $wait)) (memory.size)))"""
    assert observe(wat, host=[WAIT]).steps[0].values == ("i32:1",)


def test_an_engine_that_dies_is_the_cases_crash(backend: NodeAsyncifyBackend, run: Any) -> None:
    loaded = _loaded(
        '(module (import "env" "wait" (func $wait)) (func (export "main") (call $wait)))',
        host=[{"import": "env.wait", "delay_ms": 60_000}],
    )

    async def killed() -> Observation:
        build = await backend.prepare(loaded)
        running = asyncio.ensure_future(backend.run(loaded, build, timeout_s=30))
        for _ in range(1000):
            if backend.pool.busy and backend.pool.busy[0].begun:
                break
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        os.kill(backend.pool.busy[0].stream.pid, signal.SIGKILL)
        return await running

    seen = run(killed())
    assert seen.status == "crashed"
    assert "SIGKILL" in seen.detail


def test_the_registry_opens_it_where_node_is_asked_for(run: Any) -> None:
    opened = run(open_backend("asyncify", BackendOptions(engine=f"node:{wheel_node()}")))
    run(opened.aclose())
    assert isinstance(opened, NodeAsyncifyBackend)


def test_an_engine_that_is_none_is_refused(tmp_path: Any) -> None:
    path = tmp_path / "node"
    path.write_text("#!/bin/sh\nexit 3\n")
    path.chmod(0o755)
    with pytest.raises(
        BackendUnavailableError, match=r"Asyncify, by the polyfill\): it ended with exit status 3"
    ):
        find_engine(f"node:{path}", purpose="asyncify")


def test_the_command_picks_it_and_says_so_in_the_results() -> None:
    command = [sys.executable, "-m", "stackswitch", "test", "-k", "frames/call-*", "--json", "-"]
    done = subprocess.run(
        [*command, "--backend", "asyncify", "--engine", f"node:{wheel_node()}"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads(done.stdout)["results"]
    assert results
    version = subprocess.run([wheel_node(), "--version"], capture_output=True, text=True, check=True).stdout
    assert {(each["backend"], each["engine"], "v" + each["engine_version"]) for each in results} == {
        ("asyncify", "node", version.strip())
    }
