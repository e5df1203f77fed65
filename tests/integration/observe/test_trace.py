"""``stackswitch trace`` over programs of our own: on JSPI, on Asyncify, and over what goes wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import wasmtime

from stackswitch.binaryen.asyncify import AsyncifyRequest, open_binaryen
from stackswitch.engines.locate import Engine

from .conftest import Trace, read

CHAIN = """(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "callback" (func $callback))
  (memory (export "memory") 1)
  (type $t (func (param i32) (result i32)))
  (table (export "table") 1 funcref) (elem (i32.const 0) $leaf)
  (func $leaf (param i32) (result i32) (i32.add (i32.const 1) (call $wait (local.get 0))))
  (func $mid (param i32) (result i32)
    (i32.mul (i32.const 2) (call_indirect (type $t) (local.get 0) (i32.const 0))))
  (func $outer (export "run") (param i32) (result i32) (i32.add (i32.const 3) (call $mid (local.get 0))))
  (func (export "inner") (drop (call $wait (i32.const 1))))
  (func (export "through") (call $callback)))"""

JSPI = """import { readFileSync } from "node:fs";
const wait = new WebAssembly.Suspending((n) => new Promise((done) => setTimeout(done, 1, n)));
let guest;
const env = { wait, callback: () => guest.inner() };
guest = (await WebAssembly.instantiate(readFileSync("chain.wasm"), { env })).instance.exports;
"""

ASYNCIFY = """const { readFileSync } = require("node:fs");
const DATA = 16;
let guest, awake;
const wait = (n) => {
  if (guest.asyncify_get_state() === 2) return guest.asyncify_stop_rewind(), n;
  new Int32Array(guest.memory.buffer, DATA, 2).set([DATA + 8, 4096]);
  guest.asyncify_start_unwind(DATA);
  setTimeout(() => awake(), 1);
  return 0;
};
const call = async (value) => {
  let result = guest.run(value);
  while (guest.asyncify_get_state() === 1) {
    guest.asyncify_stop_unwind();
    await new Promise((done) => { awake = done; });
    guest.asyncify_start_rewind(DATA);
    result = guest.run(value);
  }
  return result;
};
WebAssembly.instantiate(readFileSync("build.wasm"), { env: { wait, callback() {} } })
  .then(({ instance }) => { guest = instance.exports; return call(5); })
  .then((result) => console.log("result", result));
"""


@pytest.fixture
def chain(tmp_path: Path) -> bytes:
    wasm = bytes(wasmtime.wat2wasm(CHAIN))
    (tmp_path / "chain.wasm").write_bytes(wasm)
    return wasm


def build(
    folder: Path, wasm: bytes, only: tuple[str, ...] | None, imports: tuple[str, ...] = ("env.wait",)
) -> None:
    async def make() -> bytes:
        binaryen = await open_binaryen()
        try:
            return (await binaryen.asyncify(AsyncifyRequest(wasm=wasm, imports=imports, only=only))).wasm
        finally:
            await binaryen.aclose()

    (folder / "build.wasm").write_bytes(asyncio.run(make()))


def program(folder: Path, text: str, name: str = "program.mjs") -> str:
    (folder / name).write_text(text)
    return name


def names(frames: tuple[tuple[int, int, str], ...]) -> list[str]:
    return [name for _, _, name in frames]


def test_jspi(tmp_path: Path, chain: bytes, node: Engine, trace: Trace) -> None:
    file = program(
        tmp_path, JSPI + "for (let i = 0; i < 9; i++) console.log(await WebAssembly.promising(guest.run)(i));"
    )
    seen = trace(node.path, *node.flags, file)
    assert (seen.status, seen.stdout.split()) == (0, [str((each + 1) * 2 + 3) for each in range(9)])
    [stack] = seen.suspensions
    assert (stack.backend, stack.import_, stack.export, stack.count) == ("jspi", "env.wait", "run", 9)
    assert names(stack.frames) == ["leaf", "mid", "outer"]
    assert "9 suspensions, 1 distinct stack, 1 waiting import" in seen.stderr
    assert seen.errors == []
    assert seen.ends[0].suspensions == 9


def test_why_no_wait_was_observed(tmp_path: Path, chain: bytes, node: Engine, trace: Trace) -> None:
    version = f"node {node.version}"
    assert f"no WebAssembly module was compiled ({version})" in trace(node.path, "--eval", "1").stderr
    seen = trace(node.path, *node.flags, program(tmp_path, JSPI))
    assert f"no wait was observed ({version}); `--engine node@26` runs" in seen.stderr
    waits = program(tmp_path, JSPI + "await WebAssembly.promising(guest.run)(1);")
    assert "no wait" not in trace(node.path, *node.flags, waits).stderr


def test_a_refused_suspension_is_explained(tmp_path: Path, chain: bytes, node: Engine, trace: Trace) -> None:
    file = program(
        tmp_path, JSPI + "await WebAssembly.promising(guest.through)().catch(() => {}); guest.run(1);"
    )
    seen = trace(node.path, *node.flags, file)
    assert seen.status == 1
    explanations = [each.explanation for each in seen.traps]
    assert "JavaScript lies between" in explanations[0]
    assert "callback" in explanations[0]
    assert explanations[1] == "run was called without WebAssembly.promising: JSPI_EXPORTS lacks it"


@pytest.mark.parametrize(
    ("only", "missing"),
    [
        (("leaf", "mid", "outer"), set()),
        (("leaf", "outer"), {"mid"}),
        (("outer", "mid"), {"leaf"}),
        (("leaf",), {"mid", "outer"}),
        ((), {"leaf", "mid", "outer"}),
    ],
)
def test_asyncify_names_what_is_missing(
    tmp_path: Path, chain: bytes, node: Engine, trace: Trace, only: tuple[str, ...], missing: set[str]
) -> None:
    build(tmp_path, chain, only)
    file = program(tmp_path, ASYNCIFY, "program.cjs")
    plain = subprocess.run(
        [node.path, file], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    seen = trace(node.path, file)
    assert (seen.status, seen.stdout) == (plain.returncode, plain.stdout)
    assert seen.missing == missing
    assert names(seen.suspensions[0].frames) == ["leaf", "mid", "outer"]
    if not missing:
        assert seen.stdout == "result 15\n"
    else:
        assert "missing-function: " in seen.stderr


def test_asyncify_names_an_import_that_is_missing(
    tmp_path: Path, chain: bytes, node: Engine, trace: Trace
) -> None:
    build(tmp_path, chain, ("leaf", "mid", "outer"), imports=("env.callback",))
    seen = trace(node.path, program(tmp_path, ASYNCIFY, "program.cjs"))
    assert seen.missing == set()
    assert seen.suspensions[0].missing_imports == ("env.wait",)
    assert "missing-import: ASYNCIFY_IMPORTS lacks env.wait" in seen.stderr


def test_a_program_that_is_not_node(tmp_path: Path, trace: Trace) -> None:
    seen = trace("sh", "-c", "cat; echo out; exit 3")
    assert (seen.status, seen.stdout) == (3, "out\n")
    assert "no Node program was observed" in seen.stderr


def test_a_command_that_is_not_there(trace: Trace) -> None:
    seen = trace("no-such-command-anywhere")
    assert (seen.status, seen.lines) == (8, [])
    assert "no-such-command-anywhere: not found in PATH\n  install it, or give its path\n" in seen.stderr
    assert os.environ["PATH"] not in seen.stderr


def test_no_command(trace: Trace) -> None:
    seen = trace()
    assert seen.status == 2


@pytest.mark.parametrize("ending", ["process.kill(process.pid, 'SIGKILL')", "process.abort()"])
def test_a_program_that_is_killed(
    tmp_path: Path, chain: bytes, node: Engine, trace: Trace, ending: str
) -> None:
    file = program(tmp_path, JSPI + f"await WebAssembly.promising(guest.run)(1); {ending};")
    seen = trace(node.path, *node.flags, file)
    assert seen.status == 128 + (signal.SIGKILL if "KILL" in ending else signal.SIGABRT)
    assert names(seen.suspensions[0].frames) == ["leaf", "mid", "outer"]
    assert any("killed" in each.message for each in seen.errors)


def test_a_program_in_another_program(tmp_path: Path, chain: bytes, node: Engine, trace: Trace) -> None:
    program(tmp_path, JSPI + "await WebAssembly.promising(guest.run)(1);", "inner.mjs")
    file = program(
        tmp_path,
        f"""const {{ Worker }} = require("node:worker_threads");
        const {{ spawnSync }} = require("node:child_process");
        console.log(spawnSync(process.execPath, {[*node.flags, "inner.mjs"]!r}).status);
        new Worker("./inner.mjs");""",
        "outer.cjs",
    )
    seen = trace(node.path, *node.flags, file)
    assert (seen.status, seen.stdout) == (0, "0\n")
    assert [each.count for each in seen.suspensions] == [2]
    assert len(seen.ends) == 4


def test_two_at_one_trace(tmp_path: Path, node: Engine, trace: Trace) -> None:
    command = [sys.executable, "-m", "stackswitch", "trace", "--output", "trace.jsonl", "--", node.path, "-e"]
    code = "console.log(1); process.stdin.on('data', () => process.exit())"
    first = subprocess.Popen(
        [*command, code],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert first.stdout is not None
    assert first.stdout.readline() == b"1\n"
    second = subprocess.run([*command, "1"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert second.returncode == 12
    assert "another stackswitch trace is writing it" in second.stderr
    first.communicate(b"end\n", timeout=30)
    assert first.returncode == 0
    assert len(read(tmp_path / "trace.jsonl")) == 4
    assert sorted(each.name for each in tmp_path.iterdir()) == ["trace.jsonl"]


def test_ctrl_c_is_the_programs(tmp_path: Path, node: Engine) -> None:
    code = "process.on('SIGINT', () => process.exit(7)); console.log('ready'); setInterval(() => {}, 1000)"
    run = subprocess.Popen(
        [sys.executable, "-m", "stackswitch", "trace", "--", node.path, "-e", code],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert run.stdout is not None
    assert run.stdout.readline() == b"ready\n"
    time.sleep(0.1)
    os.killpg(run.pid, signal.SIGINT)
    run.communicate(timeout=30)
    assert run.returncode == 7
    assert [each.kind for each in read(tmp_path / "trace.jsonl")] == ["start", "start", "end", "end"]


def test_parts_left_behind_make_a_trace(tmp_path: Path, chain: bytes, node: Engine) -> None:
    from stackswitch.observe.run import observed_environment

    file = program(tmp_path, JSPI + "await WebAssembly.promising(guest.run)(1);")
    parts = tmp_path / "with space"
    environment = observed_environment(os.environ, parts)
    subprocess.run([node.path, *node.flags, file], cwd=tmp_path, env=environment, check=True)
    command = [sys.executable, "-m", "stackswitch", "trace", "--output", "t.jsonl", "--from"]
    done = subprocess.run([*command, parts], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "1 suspension, 1 distinct stack" in done.stderr
    assert parts.is_dir()
    nothing = subprocess.run([*command, "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert nothing.returncode == 4


def test_a_full_disk(tmp_path: Path, chain: bytes, node: Engine, trace: Trace) -> None:
    """The file that a part goes into may not grow: as on a full disk, the write fails."""
    file = program(
        tmp_path,
        JSPI
        + "for (let i = 0; i < 3000; i++) await WebAssembly.promising(guest.run)(1); console.log('done');",
    )
    limited = f"trap '' XFSZ; ulimit -f 1; exec {node.path} {' '.join(node.flags)} {file}"
    seen = trace("bash", "-c", limited)
    assert (seen.status, seen.stdout) == (0, "done\n")
    assert any("written" in each.message or "without a word" in each.message for each in seen.errors)
