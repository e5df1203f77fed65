"""Observation never changes a program: each program in ``programs/`` prints the same with and without it.

A program prints all that it can see of one kind (identities, stacks, the order of ticks, …). Comments at its
beginning say ``needs: jspi``, ``flags: …``, or, where a program can tell the difference, ``different: why``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from stackswitch.binaryen.asyncify import AsyncifyRequest, open_binaryen
from stackswitch.engines.targets import engine_program
from stackswitch.observe.run import observed_environment
from stackswitch.wasm.encoding import EXPORT, export, section, vector
from stackswitch.wasm.reader import Reader
from tests.conftest import Run

PROGRAMS = Path(__file__).with_name("programs")
ENGINES = {"node@20": None, "node@24": ("--experimental-wasm-jspi",), "node@26": ()}
"""Each with the flags that JSPI needs; None: it has none."""

JSPI = """(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "plain" (func $plain (param i32) (result i32)))
  (memory (export "memory") 1)
  (table (export "table") 2 funcref) (elem (i32.const 0) $run $trap)
  (func $leaf (param i32) (result i32) (i32.add (call $wait (local.get 0)) (i32.const 1)))
  (func $run (export "run") (export "again") (param i32) (result i32) (call $leaf (local.get 0)))
  (func $trap (export "trap") unreachable)
  (func (export "waittrap") (param i32) (drop (call $leaf (local.get 0))) unreachable)
  (func (export "plainly") (param i32) (result i32) (call $plain (local.get 0)))
  (export "reexported" (func $plain)))"""
ASYNCIFY = """(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 1)
  (table (export "table") 2 funcref) (elem (i32.const 0) $run)
  (func $leaf (param i32) (result i32) (i32.add (call $wait (local.get 0)) (i32.const 1)))
  (func $run (export "run") (export "again") (param i32) (result i32) (call $leaf (local.get 0))))"""
THROUGH = '(module (import "env" "f" (func $f (param i32))) (export "f" (func $f)))'
SHORT = {
    "asyncify_start_unwind": "x",
    "asyncify_stop_unwind": "u",
    "asyncify_start_rewind": "w",
    "asyncify_stop_rewind": "r",
    "asyncify_get_state": "s",
}
INTEGERS = {"run": "10", "again": "9", "table": "__proto__"}


def programs() -> list[object]:
    """All programs on all engines that can run them."""
    return [
        pytest.param(path, engine, id=f"{path.stem}-{engine}")
        for path in sorted(PROGRAMS.glob("*.?js"))
        if path.stem != "guests"
        for engine, flags in ENGINES.items()
        if flags is not None or not header(path, "needs")
    ]


def header(path: Path, key: str) -> str:
    """What a program's leading comment says of itself."""
    found = re.search(rf"^// {key}: (.*)$", path.read_text("utf-8"), flags=re.MULTILINE)
    return found[1] if found else ""


def renamed(module: bytes, names: dict[str, str]) -> bytes:
    """Give exports other names."""
    out, reader = [module[:8]], Reader(module, 8)
    while reader.left:
        start, number = reader.pos, reader.u8()
        content = reader.sub(reader.u32())
        if number != EXPORT:
            out.append(module[start : reader.pos])
            continue
        entries = []
        for _ in range(content.u32()):
            name = content.name()
            entries.append(export(names.get(name, name), content.u8(), content.u32()))
        out.append(section(EXPORT, vector(entries)))
    return b"".join(out)


@pytest.fixture(scope="session")
def guests(tmp_path_factory: pytest.TempPathFactory, run: Run[bytes]) -> Path:
    """The modules that the programs run."""

    async def asyncified() -> bytes:
        binaryen = await open_binaryen()
        try:
            request = AsyncifyRequest(wasm=bytes(wat2wasm(ASYNCIFY)), imports=("env.wait",))
            return (await binaryen.asyncify(request)).wasm
        finally:
            await binaryen.aclose()

    asyncify = run(asyncified())
    modules = {
        "jspi": bytes(wat2wasm(JSPI)),
        "through": bytes(wat2wasm(THROUGH)),
        "asyncify": asyncify,
        "renamed": renamed(asyncify, SHORT),
        "integers": renamed(asyncify, INTEGERS),
    }
    folder = tmp_path_factory.mktemp("guests")
    for name, data in modules.items():
        (folder / f"{name}.wasm").write_bytes(data)
    return folder


@pytest.mark.network
@pytest.mark.parametrize(("path", "engine"), programs())
def test_a_program_sees_the_same(
    path: Path, engine: str, guests: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if reason := header(path, "different"):
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    program = engine_program(engine)
    assert program is not None
    command = [program, *(ENGINES[engine] or ()), *header(path, "flags").split(), path.name]

    def seen(observed: bool) -> tuple[int, str, str]:
        scratch = tmp_path / str(observed)
        scratch.mkdir()
        environment = {**os.environ, "GUESTS": str(guests), "SCRATCH": str(scratch)}
        environment.pop("NODE_OPTIONS", None)
        if observed:
            environment = observed_environment(environment, tmp_path / "parts")
        done = subprocess.run(
            command,
            cwd=PROGRAMS,
            env=environment,
            input="the input\n",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return (
            done.returncode,
            _scrubbed(done.stdout, program.parent, scratch),
            _scrubbed(done.stderr, program.parent, scratch),
        )

    alone = seen(observed=False)
    assert alone[1], alone
    assert seen(observed=True) == alone
    parts = [each.read_text("utf-8") for each in (tmp_path / "parts").glob("*.jsonl")]
    assert parts
    assert not any('"the observer failed' in each for each in parts), parts


def _scrubbed(text: str, *folders: Path) -> str:
    """Leave out what differs from run to run: process ids, memory addresses, the run's folder."""
    for folder in folders:
        text = text.replace(str(folder), "…")
    return re.sub(r"\(node:\d+\)", "(node)", text)


def test_the_recorder_passes_on_what_it_was_given(tmp_path: Path) -> None:
    """Descriptors, the environment (but for the observer's own variables), the folder, standard input."""
    program = """const fs = require("node:fs");
    const ours = (name) => name !== "NODE_OPTIONS" && !/^STACKSWITCH_(TRACE|RUN$)/.test(name);
    console.log(fs.readFileSync(Number(process.env.FD), "utf8"), fs.readFileSync(0, "utf8"));
    console.log(fs.readdirSync("."), Object.keys(process.env).filter(ours).sort());"""
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "content").write_text("inherited")
    node = engine_program("node@26")
    assert node is not None
    trace = [sys.executable, "-m", "stackswitch", "trace", "--output", str(folder / "trace.jsonl"), "--"]
    seen = []
    for recorder in ([], trace):
        with (tmp_path / "content").open() as inherited:
            environment = {"PATH": os.environ["PATH"], "FD": str(inherited.fileno())}
            environment |= {name: os.environ[name] for name in ("HOME", "PYTHONPATH") if name in os.environ}
            done = subprocess.run(
                [*recorder, str(node), "-e", program],
                cwd=folder,
                env=environment,
                pass_fds=[inherited.fileno()],
                input="the input",
                capture_output=True,
                text=True,
                check=False,
            )
        seen.append((done.returncode, done.stdout))
    assert seen[0] == seen[1]
    assert "inherited the input" in seen[0][1]
