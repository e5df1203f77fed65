"""The warm server with a tool that misbehaves on request: what dies is replaced, the rest goes on."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from stackswitch.binaryen.locate import npm_wasm_opt
from stackswitch.binaryen.node_tool import NodeTool
from stackswitch.binaryen.tool import ProcessTool, Tool, ToolRun
from stackswitch.errors import ToolError
from stackswitch.tools.paths import node_shim_dir, wheel_node

Run = Callable[[Coroutine[Any, Any, Any]], Any]
# The shape of what Emscripten writes, as far as the server relies on it, with a `main` of our own.
TOOL = """#!/usr/bin/env node
var fs = require("node:fs");
function findWasmBinary() { return new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]); }
function print(fd, text) { var bytes = Buffer.from(text); fs.writeSync(fd, bytes, 0, bytes.length); }
function callMain([what, name]) {
  if (what === "hang") for (;;);
  if (what === "die") globalThis.process.kill(globalThis.process.pid, "SIGKILL");
  if (what === "leave") { console.error("last words"); globalThis.process.exit(5); }
  if (what === "abort") throw new Error("Aborted()");
  if (what === "fail") { process.exitCode = 4; print(2, "no"); return; }
  if (what === "noise") console.log("x".repeat(100000));
  if (what === "pid") print(1, String(globalThis.process.pid));
  if (what === "reverse") {
    var fd = fs.openSync(name, 0), size = fs.fstatSync(fd).size, bytes = new Int8Array(size);
    if (fs.readSync(fd, bytes, 0, size) !== size) throw new Error("short read");
    fs.closeSync(fd);
    var out = fs.openSync("out", fs.constants.O_CREAT | fs.constants.O_WRONLY | fs.constants.O_TRUNC);
    bytes.reverse();
    for (var at = 0; at < size; at += 60000) fs.writeSync(out, bytes, at, Math.min(60000, size - at));
  }
  print(1, "done");
}
if (Module.instantiateWasm) Module.instantiateWasm({}, () => Module.onRuntimeInitialized?.());
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "tool"
    path.write_text(TOOL, "utf-8")
    return path


@pytest.fixture
def tool(path: Path, run: Run) -> Iterator[NodeTool]:
    tool = NodeTool(path)
    yield tool
    run(tool.aclose())


async def ask(tool: Tool, *args: str, timeout_s: float = 20.0, **files: bytes) -> ToolRun:
    return await tool.run(args, files, ["out"], timeout_s=timeout_s)


async def pid_of(tool: NodeTool) -> int:
    return int((await ask(tool, "pid")).stdout.removesuffix(b"done"))


@pytest.mark.parametrize("size", [0, 1, 59_999, 3_000_001])
def test_files_go_in_and_come_out(tool: NodeTool, run: Run, size: int) -> None:
    data = os.urandom(size)
    seen = run(ask(tool, "reverse", "in", **{"in": data}))
    assert (seen.status, seen.stdout, seen.stderr) == (0, b"done", b"")
    assert seen.files["out"] == data[::-1]


def test_runs_leave_nothing_to_each_other_in_one_process(tool: NodeTool, run: Run) -> None:
    first = run(pid_of(tool))
    run(ask(tool, "reverse", "in", **{"in": b"abc"}))
    assert run(ask(tool, "nothing")).files == {}
    assert run(pid_of(tool)) == first


@pytest.mark.parametrize(
    ("what", "status", "stderr"), [("fail", 4, b"no"), ("abort", 1, b"Error: Aborted()\n")]
)
def test_a_run_that_fails_is_a_result(
    tool: NodeTool, run: Run, what: str, status: int, stderr: bytes
) -> None:
    first = run(pid_of(tool))
    seen = run(ask(tool, what))
    assert (seen.status, seen.stderr) == (status, stderr)
    assert run(pid_of(tool)) == first


def test_a_file_that_is_not_there(tool: NodeTool, run: Run) -> None:
    seen = run(ask(tool, "reverse", "none"))
    assert seen.status == 1
    assert b"ENOENT" in seen.stderr


def test_what_is_printed_past_the_file_system_spoils_nothing(tool: NodeTool, run: Run) -> None:
    assert run(ask(tool, "noise")).stdout == b"done"


@pytest.mark.parametrize(
    ("what", "status", "said"), [("die", -signal.SIGKILL, "it died"), ("leave", 5, "last words")]
)
def test_a_dead_server_is_told_and_replaced(
    tool: NodeTool, run: Run, what: str, status: int, said: str
) -> None:
    first = run(pid_of(tool))
    with pytest.raises(ToolError, match=said) as told:
        run(ask(tool, what))
    assert told.value.status == status
    assert run(pid_of(tool)) != first


def test_a_server_that_dies_while_idle_is_told_and_replaced(tool: NodeTool, run: Run) -> None:
    first = run(pid_of(tool))
    os.kill(first, signal.SIGKILL)
    with pytest.raises(ToolError):
        run(ask(tool, "x"))
    assert run(ask(tool, "x")).stdout == b"done"


def test_a_hung_server_is_told_and_replaced(tool: NodeTool, run: Run) -> None:
    first = run(pid_of(tool))
    with pytest.raises(ToolError, match=r"not done after 0\.5 s"):
        run(ask(tool, "hang", timeout_s=0.5))
    assert run(pid_of(tool)) != first
    assert not Path(f"/proc/{first}").exists() or sys.platform != "linux"


def test_others_go_on_while_one_hangs_and_dies(tool: NodeTool, run: Run) -> None:
    async def all_at_once() -> list[Any]:
        whats = ["x", "hang", "x", "die", "x", "x"]
        return await asyncio.gather(
            *(ask(tool, what, timeout_s=3.0) for what in whats), return_exceptions=True
        )

    ends = run(all_at_once())
    assert [type(end).__name__ for end in ends] == [
        "ToolRun",
        "ToolError",
        "ToolRun",
        "ToolError",
        "ToolRun",
        "ToolRun",
    ]


def test_a_cancelled_request_does_not_answer_the_next(tool: NodeTool, run: Run) -> None:
    async def cancel_one() -> ToolRun:
        hanging = asyncio.ensure_future(ask(tool, "hang"))
        await asyncio.sleep(0.3)
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        return await ask(tool, "x")

    assert run(cancel_one()).stdout == b"done"


def test_a_tool_that_does_not_load(tmp_path: Path, run: Run) -> None:
    (tmp_path / "tool").write_text("#!/usr/bin/env node\nthrow new Error('not this one')", "utf-8")
    tool = NodeTool(tmp_path / "tool")
    with pytest.raises(ToolError, match="not this one"):
        run(ask(tool, "x"))
    run(tool.aclose())


def test_a_node_that_does_not_start(path: Path, tmp_path: Path, run: Run) -> None:
    tool = NodeTool(path, node=tmp_path / "no-node")
    with pytest.raises(ToolError, match="cannot be started"):
        run(ask(tool, "x"))
    run(tool.aclose())


def test_the_server_ends_with_its_parent(path: Path) -> None:
    program = f"""
import asyncio, os
from pathlib import Path
from stackswitch.binaryen.node_tool import NodeTool
async def main():
    seen = await NodeTool(Path({str(path)!r})).run(["pid"], {{}}, [], timeout_s=20)
    print(seen.stdout.decode().removesuffix("done"), flush=True)
    os._exit(0)
asyncio.run(main())
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(int(said), 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    os.kill(int(said), signal.SIGKILL)
    pytest.fail("the server outlived its parent")


def test_a_process_for_each_run(tmp_path: Path, run: Run) -> None:
    script = tmp_path / "tool.sh"
    script.write_text('#!/bin/sh\ncat in > out; echo "$BINARYEN_CORES $1"; echo bad >&2; exit 3\n', "utf-8")
    script.chmod(0o755)
    seen = run(ask(ProcessTool([str(script)]), "arg", **{"in": b"abc"}))
    assert (seen.status, seen.stdout, seen.stderr, seen.files) == (3, b"1 arg\n", b"bad\n", {"out": b"abc"})
    with pytest.raises(ToolError, match="cannot be run"):
        run(ask(ProcessTool([str(tmp_path / "none")])))
    script.write_text("#!/bin/sh\nexec sleep 60\n", "utf-8")
    with pytest.raises(ToolError, match=r"not done after 0\.2 s"):
        run(ask(ProcessTool([str(script)]), timeout_s=0.2))


BROKEN = "(module (func $broken)"
# What the real tool's instance is given to import: which of it is still Emscripten's own `invoke_*`.
INVOKES = """
import { pathToFileURL } from "node:url";
const [folder, tool, text] = process.argv.slice(1);
const { Tool } = await import(pathToFileURL(`${folder}/binaryen/tool.mjs`));
const { Instance } = WebAssembly;
let given = [];
WebAssembly.Instance = function (module, imports) {
  const all = Object.values(imports ?? {}).flatMap((from) => Object.values(from));
  const functions = all.filter((each) => typeof each === "function");
  if (functions.length > given.length) given = functions;
  return new Instance(module, imports);
};
const { status, fileSystem } = await new Tool(tool).run(["in.wat"], [["in.wat", Buffer.from(text)]]);
const left = given.filter((each) => each.name.startsWith("invoke_")).length;
const said = Buffer.from(fileSystem.stderr.bytes).toString();
console.log(JSON.stringify({ given: given.length, left, status, said }));
"""


def test_calls_that_may_throw_do_not_pass_through_javascript(run: Run, tmp_path: Path) -> None:
    path = run(npm_wasm_opt(print))
    argv = [wheel_node(), "--input-type=module", "-e", INVOKES, node_shim_dir(), path, BROKEN]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["given"] > 50
    assert told["left"] == 0
    # What C++ throws is caught where it was, and it says what it says in a process.
    (tmp_path / "in.wat").write_text(BROKEN)
    alone = subprocess.run(
        [wheel_node(), path, "in.wat"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (told["status"], told["said"]) == (alone.returncode, alone.stderr)
    assert "expected end" in told["said"]
