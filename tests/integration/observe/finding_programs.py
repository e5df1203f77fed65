"""A module, its Asyncify builds, and programs that run them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_MANY = range(60)
"""So many functions that one which is missing is less than a fiftieth."""
_FUNCTIONS = "".join(f"(func $many{each} (call $others))" for each in _MANY)
_CALLS = "".join(f"(call $many{each})" for each in _MANY)

MODULE = f"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "other" (func $other))
  (import "env" "callback" (func $callback))
  (import "env" "invoke_v" (func $invoke_v (param i32)))
  (memory (export "memory") 1)
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 60000))
  (type $t (func (param i32) (result i32)))
  (type $v (func))
  (table (export "table") 2 funcref) (elem (i32.const 0) $leaf $inner)
  (func $leaf (param i32) (result i32) (i32.add (i32.const 1) (call $wait (local.get 0))))
  (func $mid (param i32) (result i32)
    (i32.mul (i32.const 2) (call_indirect (type $t) (local.get 0) (i32.const 0))))
  (func $outer (export "run") (param i32) (result i32) (i32.add (i32.const 3) (call $mid (local.get 0))))
  (func $inner (export "inner") (drop (call $wait (i32.const 1))))
  (func $others (export "others") (call $other))
  (func $more1 (call $others)) (func $more2 (call $more1)) (func $more3 (call $more2))
  (func $more4 (call $more3)) (func $more5 (export "more") (call $more4))
  {_FUNCTIONS} (func (export "many") {_CALLS})
  (func (export "through") (call $callback))
  (func (export "calm") (call $callback))
  (func (export "invoked") (call $invoke_v (i32.const 1)))
  (func (export "__wasm_call_ctors") (drop (call $wait (i32.const 1))))
  (func $deep (export "deep") (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))
  (func (export "trap") unreachable)
  (func $framed (export "framed") (param i32) (result i32) (local i32)
    ;; keeps its argument on the C stack while it waits
    (global.set $sp (local.tee 1 (i32.sub (global.get $sp) (i32.const 64))))
    (i32.store (local.get 1) (local.get 0))
    (drop (call $wait (local.get 0)))
    (global.set $sp (i32.add (local.get 1) (i32.const 64)))
    (i32.load (local.get 1)))
  (func $scribble (export "scribble") (param i32) (local i32)
    (local.set 1 (i32.sub (global.get $sp) (i32.const 64)))
    (i32.store (local.get 1) (local.get 0)))
  (func (export "leaks")
    (global.set $sp (i32.sub (global.get $sp) (i32.const 16)))
    (drop (call $wait (i32.const 1)))))"""


JSPI = """import { readFileSync } from "node:fs";
const { Suspending, promising } = WebAssembly;
const wait = new WebAssembly.Suspending((n) => new Promise((done) => setTimeout(done, 1, n)));
let guest, quiet;
const env = {
  wait,
  other() {},
  callback() { if (!quiet) guest.inner(); },
  invoke_v: function invoke_v(index) { guest.table.get(index)(); },
};
guest = (await WebAssembly.instantiate(readFileSync("guest.wasm"), { env })).instance.exports;
"""

OUTER = """(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "inner" "run" (func $run (param i32) (result i32)))
  (memory (export "memory") 1)
  (func $first (export "first") (param i32) (result i32) (call $wait (local.get 0)))
  (func $around (export "around") (param i32) (result i32) (call $run (local.get 0))))"""
"""A module that calls the other one."""

SCHEMES = """(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (global (export "__jspi_stack_base") (mut i32) (i32.const 0))
  (func (export "__jspi_enter") (result i64) (i64.const 0))
  (memory (export "memory") 1)
  (func $run (export "run") (param i32) (result i32) (call $wait (local.get 0))))"""
"""A module with hooks of Binaryen and globals of wasm-bindgen."""

RENAMED = (
    MODULE.replace('(export "__stack_pointer") ', "")
    .replace(
        '(func $scribble (export "scribble")',
        '(func (export "a") (result i32) (global.get $sp)) (func $scribble (export "scribble")',
    )
    .replace(
        '(func (export "leaks")',
        '(func (export "b") (param i32) (global.set $sp (local.get 0))) (func (export "leaks")',
    )
)
"""The first module, with functions of other names for its C stack pointer."""

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
process.on("uncaughtException", () => {});
const env = { wait, other() {}, callback() {}, invoke_v() {} };
WebAssembly.instantiate(readFileSync("guest.wasm"), { env })
  .then(({ instance }) => { guest = instance.exports; return call(5); })
  .then((result) => console.log("result", result));
"""

HOST = """const { readFileSync } = require("node:fs");
let guest, block, resolve;
const blocks = [16, 4112];
const wait = (n) => {
  if (guest.asyncify_get_state() === 2) return guest.asyncify_stop_rewind(), n;
  block = blocks[n & 1];
  new Int32Array(guest.memory.buffer, block, 2).set([block + 8, block + 4096]);
  guest.asyncify_start_unwind(block);
  return 0;
};
const env = { wait, other() {}, callback() {}, invoke_v() {} };
guest = new WebAssembly.Instance(new WebAssembly.Module(readFileSync("guest.wasm")), { env }).exports;
const begin = (n) => { guest.run(n); guest.asyncify_stop_unwind(); return { n, block }; };
const end = ({ n, block }) => { guest.asyncify_start_rewind(block); return guest.run(n); };
"""
"""A host that keeps the stack of each call, in one of two buffers by the parity of its argument."""


@dataclass(frozen=True)
class Build:
    """An Asyncify build of the module."""

    file: str
    options: dict[str, Any] = field(default_factory=dict)


WAIT = ("env.wait",)
BOTH = ("env.wait", "env.other")
BUILDS = {
    "all": Build("all.wasm", {"imports": WAIT}),
    "only leaf and outer": Build("only.wasm", {"imports": WAIT, "only": ("leaf", "outer")}),
    "all but leaf": Build("removed.wasm", {"imports": BOTH, "remove": ("leaf",)}),
    "no indirect calls": Build("direct.wasm", {"imports": BOTH, "ignore_indirect": True}),
    "another import": Build("other.wasm", {"imports": ("env.other",)}),
}
