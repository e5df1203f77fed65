"""Observing engines with JSPI as it was before the standard: Node 20 and 22, and 23 with no SuspendError."""

from __future__ import annotations

from pathlib import Path

import pytest
from wasmtime import wat2wasm

from stackswitch.engines.targets import engine_program

from .conftest import Trace

OLD = (
    "--experimental-wasm-stack-switching",
    "--experimental-wasm-type-reflection",
    "--no-turbo-inline-js-wasm-calls",
)
NEW = ("--experimental-wasm-jspi", "--no-turbo-inline-js-wasm-calls")
# The guest itself hands on the suspender, its first parameter.
GUEST = """(module
  (import "env" "wait" (func $wait (param externref i32) (result i32)))
  (func $leaf (param externref i32) (result i32)
    (i32.add (call $wait (local.get 0) (local.get 1)) (i32.const 1)))
  (func $mid (export "run") (param externref i32) (result i32)
    (i32.mul (call $leaf (local.get 0) (local.get 1)) (i32.const 2))))"""
PROGRAM = """import { readFileSync } from "node:fs";
const i32 = "i32";
const bytes = readFileSync("guest.wasm");
const { Function } = WebAssembly;
const later = (n) => new Promise((done) => setTimeout(done, 1, n));
const old = WebAssembly.Suspending === undefined;
const wait = old
  ? new Function({ parameters: ["externref", i32], results: [i32] }, later, { suspending: "first" })
  : new WebAssembly.Suspending((_, n) => later(n));
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { wait } });
const run = old
  ? new Function({ parameters: [i32], results: ["externref"] }, exports.run, { promising: "first" })
  : (n) => WebAssembly.promising(exports.run)(null, n);
let sum = 0;
for (let n = 0; n < 50; n++) sum += await run(n);
console.log(sum);
"""


@pytest.mark.network
@pytest.mark.parametrize(("engine", "flags"), [("node@20", OLD), ("node@22", OLD), ("node@23", NEW)])
def test_stacks_are_told_on_engines_of_old(
    tmp_path: Path, trace: Trace, engine: str, flags: tuple[str, ...]
) -> None:
    program = engine_program(engine)
    assert program is not None
    (tmp_path / "guest.wasm").write_bytes(wat2wasm(GUEST))
    (tmp_path / "program.mjs").write_text(PROGRAM)
    seen = trace(program, *flags, "program.mjs")
    assert (seen.status, seen.stdout) == (0, "2550\n"), seen.stderr
    (suspension,) = seen.suspensions
    assert (suspension.import_, suspension.count) == ("env.wait", 50)
    assert [name for _, _, name in suspension.frames] == ["leaf", "mid"]
    assert seen.errors == []
