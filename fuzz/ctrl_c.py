"""Interrupt the command line at random moments, as a user does at a terminal, and look at what is left.

    python fuzz/ctrl_c.py [--times 50] [--seed N] [--signal INT|TERM|HUP|KILL] [--twice] [--only NAME,…] [-v]

Each command runs on a pseudo-terminal of its own. Ctrl-C is a byte written to the terminal, so that the whole
foreground process group gets SIGINT; the other signals go to the process alone. A finding is: an exit status
other than 128 and the signal's number, a traceback, a core dump, more than one line that says why, a process
left (of those with the environment marker that this script sets), or a temporary folder left. The exit status
is 1 if there is a finding. After KILL what is left has five seconds.

A moment before Python runs its first line of stackswitch cannot be handled by it. Python then prints its own
traceback, or dies of the signal. Such ends are counted by themselves: "before the first line".
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pty
import random
import select
import shutil
import signal
import sys
import tempfile
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import wasmtime

from stackswitch.engines.locate import find_engine

JSPI_FLAG = "--experimental-wasm-jspi"
MARKER = "STACKSWITCH_CTRL_C"
END_S = 20.0
CHAIN = """(module (import "env" "wait" (func $wait (param i32) (result i32)))
  (type $t (func (param i32) (result i32))) (table 1 funcref) (elem (i32.const 0) $leaf)
  (func $leaf (type $t) (i32.add (local.get 0) (call $wait (local.get 0))))
  (func $mid (type $t) (i32.mul (i32.const 2) (call_indirect (type $t) (local.get 0) (i32.const 0))))
  (func $main (export "main") (type $t) (i32.add (i32.const 1) (call $mid (local.get 0))))
  (func (export "endless") (loop (br 0))))"""
PROGRAM = """import { readFileSync } from "node:fs";
const module = new WebAssembly.Module(readFileSync(new URL("chain.wasm", import.meta.url)));
const wait = new WebAssembly.Suspending(() => new Promise((done) => setTimeout(done, 300, 5)));
const { exports } = new WebAssembly.Instance(module, { env: { wait } });
console.log(await WebAssembly.promising(exports.main)(10));
"""
RUNNER = """import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
const module = new WebAssembly.Module(readFileSync("chain.wasm"));
const wait = new WebAssembly.Suspending(async () => 5);
const { exports } = new WebAssembly.Instance(module, { env: { wait } });
for await (const line of createInterface({ input: process.stdin })) {
  await WebAssembly.promising(exports.main)(10);
  console.log(JSON.stringify({ id: JSON.parse(line).id, ok: true }));
}
"""
# One child in a session of its own: what forgets where it comes from has to end too.
SERVICE = """import json, subprocess, sys
sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
subprocess.Popen(sleeps)
subprocess.Popen(sleeps, start_new_session=True)
print(json.dumps({"GREETING": "hello"}), flush=True)
sys.stdin.read()
"""
HOST = """import asyncio
async def wait(caller, number):
    await asyncio.sleep(3)
    return number
"""
SIGNS = ("Traceback (most", "Fatal Python error", "Exception ignored", "never retrieved", "core dumped")
CASE = 'why = "w"\nsource = "chain.wat"\nexport = "main"\nargs = ["i32:10"]\n'
HOST_LINE = 'host = [{ import = "env.wait", returns = "i32:5", delay_ms = 400 }]\n'


@dataclass(frozen=True)
class Command:
    """A command line, and for how long it runs at most before it is interrupted (seconds)."""

    args: tuple[str, ...]
    most_s: float = 8.0


def prepare(folder: Path) -> dict[str, Command]:
    """Write what the commands work on; return them by name."""
    wasm = bytes(wasmtime.wat2wasm(CHAIN))
    (folder / "chain.wasm").write_bytes(wasm)
    (folder / "program.mjs").write_text(PROGRAM)
    (folder / "runner.mjs").write_text(RUNNER)
    (folder / "host.py").write_text(HOST)
    generator = "import itertools, json\nfor at in itertools.count():\n"
    generator += "    print(json.dumps({'id': str(at), 'program': str(at)}), flush=True)\n"
    (folder / "generate.py").write_text(generator)
    cases, commands = folder / "cases", folder / "commands"
    for suite in (cases, commands):
        suite.mkdir()
        (suite / "chain.wasm").write_bytes(wasm)
    (cases / "chain.wat").write_text(CHAIN)
    for at in range(4):
        (cases / f"case{at}.toml").write_text(CASE + HOST_LINE + "[asyncify]\nonly = []\n")
    (commands / "program.mjs").write_text(PROGRAM)
    (commands / "service.py").write_text(SERVICE)
    (commands / "suite.toml").write_text('[services]\ncommand = ["python3", "service.py"]\n')
    for at in range(8):
        command = ["sh", "-c", "node program.mjs; sleep 0.3"] if at % 2 else ["node", "program.mjs"]
        (commands / f"case{at}.toml").write_text(f'why = "w"\ncommand = {json.dumps(command)}\n')
    (folder / "only.txt").write_text("leaf\n")
    (folder / "big.wat").write_text(chain_of(30_000))
    generate = f"{sys.executable} generate.py"
    suspends = f"node:{find_engine(None).path}"  # any node may be on PATH
    node = "node:" + os.environ["STACKSWITCH_NODE"] if "STACKSWITCH_NODE" in os.environ else "node"
    return {
        "test": Command(("test", "-j", "2")),
        "test-fiber": Command(("test", "--backend", "fiber", "-j", "2")),
        "test-cases": Command(("test", "cases", "-j", "2")),
        "test-commands": Command(("test", "commands", "--backend", "jspi", "-j", "2")),
        "fix-suite": Command(("fix", "cases")),
        "fix-build": Command(("fix", "cases", "--list", "only.txt", "--build", "sleep 3")),
        "fix-commands": Command(("fix", "commands", "--list", "only.txt")),
        "fix-traces": Command(
            ("fix", "--trace", "trace.jsonl", "--module", "chain.wasm", "--list", "only.txt")
        ),
        "trace": Command(("trace", "--output", "own.jsonl", "--engine", node, "--", "node", "program.mjs")),
        "run-waits": Command(("run", "chain.wasm", "main", "1", "--host", "host.py"), 4),
        "run-computes": Command(("run", "chain.wasm", "endless", "--host", "host.py"), 4),
        "run-jspi": Command(
            ("run", "chain.wasm", "endless", "--host", "host.py", "--backend", "jspi"), 4
        ),
        "bench": Command(("bench", "--quick")),
        "detect": Command(("detect", "--engine", node, "--engine", "wasmtime", "--fresh")),
        "explore": Command(
            ("explore", generate, "--engine", suspends, "--", "node", JSPI_FLAG, "runner.mjs"), 5
        ),
        "analyze": Command(("analyze", "big.wasm")),
        "report": Command(("report", "--module", "big.wasm")),
        "instrument": Command(("instrument", "big.wasm", "--output", "out.wasm")),
        "matrix": Command(("matrix", "cases")),
        "doctor": Command(("doctor",)),
    }  # fmt: skip


def chain_of(functions: int) -> str:
    body = "".join(f"(func $f{at} (call $f{at - 1}))" for at in range(1, functions))
    return f'(module (import "env" "wait" (func $f0)) {body} (export "main" (func $f{functions - 1})))'


@dataclass
class Ended:
    """How an interrupted command ended."""

    status: int
    output: str
    took_s: float
    left: list[str] = field(default_factory=list)
    early: bool = False

    def findings(self, wanted: int, *, killed: bool) -> list[str]:
        found = [f"left: {each}" for each in self.left]
        if killed or self.early:
            return found
        if self.status != wanted:
            found.append(f"status {self.status}")
        found += [sign for sign in SIGNS if sign in self.output]
        if self.output.count("interrupted") > 1:
            found.append("says it more than once")
        return found


def interrupt(
    argv: list[str], folder: Path, after_s: float | None, number: signal.Signals, *, twice: bool = False
) -> Ended | None:
    """Run a command on a terminal, interrupt it, and look at what is left; None: it ended by itself before.

    :param after_s: None: do not interrupt it at all
    """
    run = uuid.uuid4().hex
    scratch = Path(tempfile.mkdtemp(prefix="ctrl-c-"))
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_DFL)  # which nohup and shells may have ignored for us
        environment = {**os.environ, MARKER: run, "TMPDIR": str(scratch), "TERM": "xterm", "COLUMNS": "200"}
        os.execve(argv[0], argv, environment)
    output = bytearray()
    started = time.monotonic()
    status = _wait(pid, terminal, output, after_s if after_s is not None else 600.0)
    interrupted_at = time.monotonic()
    if status is None and after_s is not None:
        _send(pid, terminal, number)
        if twice:
            status = _wait(pid, terminal, output, 0.1)
            if status is None:
                _send(pid, terminal, number)
        status = status if status is not None else _wait(pid, terminal, output, END_S)
        if status is None:
            os.kill(pid, signal.SIGKILL)
            status = _wait(pid, terminal, output, END_S)
            output += b"\n[did not end]\n"
    elif status is not None and after_s is not None:
        os.close(terminal)
        shutil.rmtree(scratch, ignore_errors=True)
        return None
    took = time.monotonic() - interrupted_at if after_s is not None else time.monotonic() - started
    left = _left(run, scratch, 5.0 if number == signal.SIGKILL else 0.5)
    os.close(terminal)
    shutil.rmtree(scratch, ignore_errors=True)
    text = output.decode("utf-8", "replace")
    died = os.waitstatus_to_exitcode(status or 0)
    early = died == -signal.SIGINT or (died in (1, 130, -2) and _before_first_line(text))
    return Ended(128 - died if died < -2 else died, text, took, left, early)


def _before_first_line(text: str) -> bool:
    """Whether a traceback is Python's own, of a time before ``stackswitch.cli.main`` was entered."""
    return (
        "Traceback" in text and "stackswitch/cli/" not in text and "in main" not in text
    ) or "site module" in text


def _send(pid: int, terminal: int, number: signal.Signals) -> None:
    with contextlib.suppress(OSError):
        if number == signal.SIGINT:
            os.write(terminal, b"\x03")
        else:
            os.kill(pid, number)


def _wait(pid: int, terminal: int, output: bytearray, most_s: float) -> int | None:
    """Take what the command prints until it ends; its wait status, or None when the time is up."""
    end = time.monotonic() + most_s
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        ready, _, _ = select.select([terminal], [], [], 0.005)
        if ready:
            with contextlib.suppress(OSError):
                output += os.read(terminal, 65536)
        if done:
            return status
        if time.monotonic() >= end:
            return None
        if ready and not output:
            time.sleep(0.005)


def _left(run: str, scratch: Path, most_s: float) -> list[str]:
    end = time.monotonic() + most_s
    while True:
        found = [f"process {each}" for each in _marked(run)]
        found += [f"folder {each.name}" for each in scratch.iterdir() if each.name != "node-compile-cache"]
        if not found or time.monotonic() > end:
            break
        time.sleep(0.05)
    for pid in _pids(run):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    return found


def _pids(run: str) -> list[int]:
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            with contextlib.suppress(OSError):
                if run.encode() in (each / "environ").read_bytes():
                    found.append(int(each.name))
    return found


def _marked(run: str) -> list[str]:
    found = []
    for pid in _pids(run):
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if words:  # a zombie has none
                found.append(f"{pid} {words[:100]}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--signal", default="INT", choices=["INT", "TERM", "HUP", "KILL"])
    parser.add_argument("--twice", action="store_true", help="send it again after 0.1 s")
    parser.add_argument("--only", default="", help="these commands, a comma between")
    parser.add_argument("--after", type=float, help="after so many seconds instead of a random moment")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    number = signal.Signals[f"SIG{options.signal}"]
    chosen = random.Random(options.seed)
    print(f"seed {options.seed}, {number.name}", flush=True)
    statuses: Counter[str] = Counter()
    slowest, bad = 0.0, 0
    with tempfile.TemporaryDirectory(prefix="ctrl-c-work-") as name:
        folder = Path(name)
        commands = prepare(folder)
        (folder / "big.wasm").write_bytes(bytes(wasmtime.wat2wasm((folder / "big.wat").read_text())))
        start = [sys.executable, "-m", "stackswitch"]
        interrupt(
            [*start, "trace", "--output", "trace.jsonl", "--", "node", "program.mjs"], folder, None, number
        )
        names = options.only.split(",") if options.only else list(commands)
        done = 0
        while done < options.times:
            at = names[done % len(names)] if done < len(names) else chosen.choice(names)
            command = commands[at]
            most = command.most_s
            ended = None
            while ended is None:
                after = options.after if options.after is not None else chosen.uniform(0, most)
                ended = interrupt([*start, *command.args], folder, after, number, twice=options.twice)
                most = after * 0.9  # it had ended by itself: sooner
            done += 1
            killed = number == signal.SIGKILL
            findings = ended.findings(128 + number, killed=killed)
            statuses["before the first line" if ended.early and not killed else str(ended.status)] += 1
            slowest = max(slowest, ended.took_s)
            bad += bool(findings)
            line = f"{at} after {after:.2f} s: status {ended.status}, ended in {ended.took_s:.2f} s"
            print(line + "".join(f"\n  FINDING {each}" for each in findings), flush=True)
            if options.verbose or findings:
                print("    " + ended.output[-3000:].replace("\n", "\n    "))
    print(f"{done} runs: {dict(statuses)}; {bad} with a finding; the slowest end took {slowest:.2f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
