"""``stackswitch run`` as a user has it: typed arguments, host functions of a file, what goes wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from wasmtime import wat2wasm

from stackswitch.cli.entry import run as run_program

Run = Callable[..., "Done"]
MODULE = """(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func $leaf (param i32) (result i32) (i32.add (i32.const 1) (call $wait (local.get 0))))
  (func (export "main") (param i32) (result i32) (call $leaf (local.get 0)))
  (func $check (export "check") (param f64 i64) (result f64 i64)
    (if (i64.eqz (local.get 1)) (then unreachable))
    (local.get 0) (local.get 1))
  (func (export "same") (param f32 i64) (result f32 i64) (local.get 0) (local.get 1)))"""
HOST = """
import asyncio

async def wait(caller, number):
    await asyncio.sleep(0.01)
    if number == 13:
        raise ValueError("thirteen")
    return "seven" if number == 7 else number * 2
"""
PROGRAM = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "hello\\n")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 16))
    (i32.store (i32.const 4) (i32.const 6))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $exit (i32.const 5))))"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("run")
    (made / "module.wat").write_text(MODULE)
    (made / "module.wasm").write_bytes(wat2wasm(MODULE))
    (made / "program.wat").write_text(PROGRAM)
    (made / "host.py").write_text(HOST)
    (made / "broken.py").write_text("async def wait(:\n")
    (made / "raises.py").write_text("def load():\n    raise OSError('no disk')\n\nload()\n")
    (made / "list.py").write_text("imports = []\n")
    (made / "bytes.wasm").write_bytes(b"\0asm\x01\0\0")
    (made / "text.wat").write_text("(module (func")
    return made


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the program in this process: to start Python anew takes longer than the rest."""

    def run(*args: str) -> Done:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["stackswitch", "run", *args])
        monkeypatch.setattr(sys, "stdin", None)
        monkeypatch.setattr(sys, "path", [*sys.path])
        return Done(run_program(), *capfd.readouterr())

    return run


@pytest.mark.parametrize(
    ("args", "printed"),
    [
        (("module.wat", "main", "5"), "11\n"),
        (("module.wasm", "main", "i32:-5"), "-9\n"),
        (("module.wasm", "main", "0xffffffff"), "-1\n"),
        (("module.wat", "same", "-0.0", "-9223372036854775808"), "-0.0\n-9223372036854775808\n"),
    ],
)
def test_a_result_is_printed(run: Run, args: tuple[str, ...], printed: str) -> None:
    done = run(*args, "--host", "host.py", "--backend", "jspi")
    assert (done.stdout, done.stderr, done.returncode) == (printed, "", 0)


def test_the_result_as_json(run: Run) -> None:
    done = run("module.wat", "main", "5", "--host", "host.py", "--backend", "jspi", "--json", "-")
    found = json.loads(done.stdout)
    assert (found["schema_version"], found["values"], found["backend"]) == (1, ["i32:11"], "jspi")


def test_a_program_exits_with_its_own_status(run: Run) -> None:
    done = run("program.wat", "_start", "--backend", "jspi")
    assert (done.stdout, done.returncode) == ("hello\n", 5)


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (("module.wat", "check", "1", "0"), 17, "unreachable\n  in check at 0x"),
        (("module.wat", "main", "13"), 14, "ValueError: thirteen\n  host.py:7, in wait: raise ValueError"),
        (("module.wat", "main", "13"), 14, "called from the guest's export main\n    in leaf at 0x"),
        (("module.wat", "main", "7"), 16, "env.wait"),
        (("module.wat", "main"), 4, "main takes 1 arguments (i32), not 0"),
        (("module.wat", "main", "x"), 4, "'x' is no i32"),
        (("module.wat", "main", "i64:1"), 4, "main takes an i32 there, not i64:1"),
        (("module.wat", "main", "4294967296"), 4, "is no i32"),
        (("module.wat", "nope"), 4, "exports no function 'nope'; it has check, main, same"),
        (("none.wat", "main"), 4, "none.wat: this module cannot be read"),
        (("bytes.wasm", "main"), 6, "stackswitch: bytes.wasm: "),
        (("text.wat", "main"), 4, "neither a module nor its text"),
        (("module.wat", "main", "1", "--backend", "magic"), 4, "there is no backend 'magic'"),
        (("module.wat", "main", "1", "--host", "none.py"), 4, "there is no such Python file"),
        (("module.wat", "main", "1", "--host", "broken.py"), 4, "broken.py fails:\n  SyntaxError"),
        (("module.wat", "main", "1", "--host", "raises.py"), 4, "raises.py:2, in load: raise OSError"),
        (("module.wat", "main", "1", "--host", "list.py"), 4, "imports is a list"),
        (("module.wat", "main", "1", "--env", "A=1"), 4, "imports nothing of WASI"),
        (("program.wat", "_start", "--env", "A"), 4, "write NAME=VALUE"),
        (("program.wat", "_start", "--dir", "/=nowhere"), 4, "nowhere"),
    ],
)
def test_what_goes_wrong_is_told(run: Run, args: tuple[str, ...], status: int, said: str) -> None:
    options: list[str] = []
    if "--host" not in args and args[0] == "module.wat":
        options += ["--host", "host.py"]
    if "--backend" not in args:
        options += ["--backend", "jspi"]
    done = run(*args, *options)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert (done.stdout, done.returncode) == ("", status)


def test_what_is_missing_is_told_at_once(run: Run) -> None:
    done = run("module.wat", "main", "1", "--backend", "jspi")
    assert "env.wait: (i32) -> (i32)" in done.stderr
    assert done.returncode == 15


def test_a_deadline_ends_it(folder: Path, run: Run) -> None:
    (folder / "sleeps.py").write_text("import asyncio\nasync def wait(c, n): await asyncio.sleep(60)\n")
    done = run("module.wat", "main", "1", "--host", "sleeps.py", "--backend", "jspi", "--deadline", "0.2")
    assert "not done after 0.2 s, waiting in env.wait" in done.stderr
    assert done.returncode == 20
