"""Scripts in processes of their own: what ends a process would end the tests too."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable

import pytest

PRELUDE = '''
import asyncio, gc, os, pathlib, resource, signal, sys, threading, time
import stackswitch
from stackswitch import *
BACKEND = {backend!r}
GUEST = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "plain" (func $plain (param i32) (result i32)))
  (memory (export "memory") 1)
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
  (func $run (export "run") (param i32) (result i32) (local $got i32)
    (global.set $sp (i32.sub (global.get $sp) (i32.const 64)))
    (local.set $got (i32.add (i32.const 1) (call $wait (local.get 0))))
    (global.set $sp (i32.add (global.get $sp) (i32.const 64)))
    (local.get $got))
  (func (export "plain") (param i32) (result i32) (call $plain (local.get 0)))
  (func $down (export "recurse") (param i32) (result i32)
    (i32.add (i32.const 1) (call $down (local.get 0))))
  (func (export "spin") (loop $l (br $l)))
  (func (export "hoard") (result i32) (local $n i32)
    (loop $l (if (i32.ne (memory.grow (i32.const 16)) (i32.const -1))
      (then (local.set $n (i32.add (local.get $n) (i32.const 16))) (br $l))))
    (local.get $n))
  (func (export "one") (result i32) (i32.const 1))
  (func (export "trap") (unreachable)))"""
async def wait(caller, number):
    await asyncio.sleep(0)
    return number
def plain(caller, number):
    return number
async def guest(source=GUEST, wait=wait, plain=plain, **options):
    imports = {{"env.wait": wait, "env.plain": plain}}
    return await stackswitch.open(source, backend=BACKEND, imports=imports, **options)
async def raises(kind, awaitable, said=""):
    try:
        found = await awaitable
    except kind as error:
        assert said in str(error), error
        return error
    raise SystemExit(f"{{found!r}}, no {{kind}}")
def rss():
    gc.collect()
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024
'''


def ran(backend: str, script: str, *, timeout: float = 100) -> subprocess.CompletedProcess[str]:
    code = PRELUDE.format(backend=backend) + textwrap.dedent(script)
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def _lives(backend: str, script: str, *, timeout: float = 100) -> None:
    done = ran(backend, script, timeout=timeout)
    assert done.returncode == 0, (done.returncode, done.stdout[-500:], done.stderr[-3000:])
    assert done.stdout.strip().endswith("fine")
    assert not done.stderr, done.stderr[-2000:]


@pytest.fixture
def lives() -> Callable[..., None]:
    """Run a script that is to end well, having said no more than that it is fine."""
    return _lives


@pytest.fixture(name="ran")
def ran_fixture() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script, however it ends."""
    return ran
