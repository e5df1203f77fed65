"""``stackswitch trace`` over programs that do what they should not: a clear line each, and a valid trace."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from stackswitch.engines.locate import Engine

from .conftest import Trace

GUEST = """(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func $leaf (param i32) (result i32) (call $wait (local.get 0)))
  (func $tree (export "tree") (param $path i32) (param $depth i32) (result i32)
    (if (result i32) (local.get $depth)
      (then
        (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
        (if (result i32) (i32.and (local.get $path) (i32.const 1))
          (then (i32.add (i32.const 0)
            (call $tree (i32.shr_u (local.get $path) (i32.const 1)) (local.get $depth))))
          (else (i32.add (i32.const 1)
            (call $tree (i32.shr_u (local.get $path) (i32.const 1)) (local.get $depth))))))
      (else (call $leaf (local.get $path)))))
  (func $down (export "down") (result i32) (i32.add (i32.const 1) (call $down)))
  (func (export "run") (param i32) (result i32) (call $leaf (local.get 0))))"""
BEGIN = """import { readFileSync } from "node:fs";
const wait = new WebAssembly.Suspending(async (n) => n);
const { instance } = await WebAssembly.instantiate(readFileSync("guest.wasm"), { env: { wait } });
const guest = instance.exports;
const run = WebAssembly.promising(guest.run);
await run(1);
"""


@pytest.fixture
def run(tmp_path: Path, node: Engine, trace: Trace) -> Trace:
    """Trace a program's text."""
    (tmp_path / "guest.wasm").write_bytes(wat2wasm(GUEST))

    def run(text: str, **options: object) -> object:
        (tmp_path / "program.mjs").write_text(text)
        return trace(node.path, *node.flags, "program.mjs", **options)

    return run


def test_one_that_puts_another_webassembly_in_place(run: Trace) -> None:
    seen = run(BEGIN + "globalThis.WebAssembly = { hidden: true }; console.log(WebAssembly.hidden);")
    assert (seen.status, seen.stdout) == (0, "true\n")
    assert len(seen.suspensions) == 1


def test_one_that_replaces_what_is_observed(run: Trace) -> None:
    seen = run(BEGIN + "WebAssembly.promising = (f) => f; console.log(WebAssembly.promising(5));")
    assert (seen.status, seen.stdout) == (0, "5\n")
    assert len(seen.suspensions) == 1
    assert any("another WebAssembly.promising" in each.message for each in seen.errors)
    assert "another WebAssembly.promising" in seen.stderr


@pytest.mark.parametrize("call", ["process.exit(5)", "process.reallyExit(5)", "process.exitCode = 5"])
def test_one_that_exits_hard(run: Trace, call: str) -> None:
    seen = run(BEGIN + f"console.log('so far'); {call};")
    assert (seen.status, seen.stdout) == (5, "so far\n")
    assert len(seen.suspensions) == 1
    if "really" in call:
        assert any("without a word" in each.message for each in seen.errors)


def test_one_that_exits_in_the_middle_of_a_wait(run: Trace) -> None:
    seen = run(BEGIN + "const never = WebAssembly.promising(guest.run)(2); process.exit(4);")
    assert seen.status == 4
    assert seen.suspensions[0].count == 2


def test_one_that_runs_out_of_stack_in_wasm(run: Trace) -> None:
    text = "try { guest.down() } catch (error) { console.log(error.constructor.name) }\n"
    seen = run(BEGIN + text + "await WebAssembly.promising(guest.down)().catch(() => console.log('again'));")
    assert (seen.status, seen.stdout) == (0, "RangeError\nagain\n")
    assert [each.error for each in seen.traps] == ["RangeError"]
    assert "Maximum call stack size exceeded" in seen.stderr


def test_one_that_runs_out_of_stack_around_its_waits(run: Trace) -> None:
    text = """let depth = 0;
    const down = () => { if (depth++ % 500 === 0) try { run(1).catch(() => {}); } catch {} down(); };
    try { down(); } catch (error) { console.log(error.constructor.name); }
    console.log(await run(3));"""
    seen = run(BEGIN + text)
    assert (seen.status, seen.stdout) == (0, "RangeError\n3\n")
    assert seen.ends[-1].status == 0


def test_one_that_nobody_catches(run: Trace) -> None:
    seen = run(BEGIN + "guest.down();")
    assert seen.status == 1
    assert [each.error for each in seen.traps] == ["RangeError"]


def test_one_with_more_stacks_than_a_trace_may_hold(tmp_path: Path, run: Trace) -> None:
    """16,384 distinct stacks of 15 frames, each many times: more than the 200 kB that are allowed here."""
    text = """const tree = WebAssembly.promising(guest.tree);
    for (let times = 0; times < 2; times++) for (let path = 0; path < 16384; path++) await tree(path, 14);
    console.log("done");"""
    seen = run(BEGIN + text, STACKSWITCH_TRACE_BYTES="200000")
    assert (seen.status, seen.stdout) == (0, "done\n")
    assert "has reached its limit of bytes" in seen.stderr
    assert 100 < len(seen.suspensions) < 16384
    assert (tmp_path / "trace.jsonl").stat().st_size < 20 * 200_000
    observed = next(each for each in seen.ends if each.suspensions)
    assert observed.suspensions == 2 * 16384 + 1
    assert observed.left_out > 0


def test_one_that_waits_often_leaves_a_small_trace(tmp_path: Path, run: Trace) -> None:
    text = "for (let n = 0; n < 100_000; n++) await run(n); console.log('done');"
    seen = run(BEGIN + text, timeout=180)
    assert (seen.status, seen.stdout) == (0, "done\n")
    assert sum(each.count for each in seen.suspensions) == 100_001
    assert (tmp_path / "trace.jsonl").stat().st_size < 10_000


def test_one_that_is_killed_by_a_signal_in_a_wait(run: Trace) -> None:
    seen = run(
        BEGIN + "const never = run(2); process.kill(process.pid, 'SIGSEGV'); setInterval(() => {}, 99);"
    )
    assert seen.status == 128 + signal.SIGSEGV
    assert len(seen.suspensions) == 1


def _traced(folder: Path, output: Path, *command: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "stackswitch", "trace", "--output", output, "--", *command]
    environment = {**os.environ, **env}
    return subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_disk_without_room_for_the_trace(tmp_path: Path, node: Engine) -> None:
    (tmp_path / "guest.wasm").write_bytes(wat2wasm(GUEST))
    (tmp_path / "program.mjs").write_text(BEGIN + "console.log('done');")
    done = _traced(tmp_path, Path("/dev/full"), node.path, *node.flags, "program.mjs")
    assert "Traceback" not in done.stderr
    assert done.returncode == 12
    assert "/dev/full" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a file system")
def test_a_file_system_that_fills(tmp_path: Path, node: Engine) -> None:
    """A file system of 1 MB, and a program whose trace would be larger."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], capture_output=True, text=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"no file system can be mounted: {mount.stderr.strip()}")
    try:
        (tmp_path / "guest.wasm").write_bytes(wat2wasm(GUEST))
        (tmp_path / "program.mjs").write_text(
            BEGIN
            + "const tree = WebAssembly.promising(guest.tree);"
            + "for (let path = 0; path < 16384; path++) await tree(path, 14); console.log('done');"
        )
        output = disk / "trace.jsonl"
        done = _traced(tmp_path, output, node.path, *node.flags, "program.mjs", TMPDIR=str(disk))
        assert done.stdout == "done\n"
        assert "Traceback" not in done.stderr
        assert done.returncode == 12
        assert "No space left on device" in done.stderr
        # Not half a trace: the parts are kept, and the message says how to make one of them elsewhere.
        assert not output.exists()
        assert "trace --from" in done.stderr
        (kept,) = re.findall(r"what was observed is in (\S+): trace --from", done.stderr)
        folder = Path(kept)
        assert folder.parent == disk
        again = tmp_path / "again.jsonl"
        argv = [sys.executable, "-m", "stackswitch", "trace", "--output", again, "--from", folder]
        made = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        assert again.stat().st_size > 100_000
        assert "could not be written" in made.stderr or "without a word" in made.stderr
    finally:
        subprocess.run(["umount", disk], check=False)
