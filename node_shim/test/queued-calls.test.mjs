// Calls that run one after another, on instances whose calls cannot have a C stack each.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { hasJspi, JspiSwitching } from "../jspi/switching.mjs";

const built = (name) => new Uint8Array(readFileSync(new URL(`../../stackswitch/suite/cases/c-stack/cstack-${name}.wasm`, import.meta.url)));

/** An instance of a C module, and gates to let its waits go on by, in the order they came. */
function open() {
  const switching = new JspiSwitching();
  const gates = [];
  const wait = switching.suspending(() => new Promise((resolve, reject) => gates.push({ resolve, reject })));
  const { exports } = switching.instantiate(switching.compile(built("hidden")), { env: { wait } }, { serial: "for a reason" });
  const call = (field, ...args) => called(switching.promising(exports[field]), ...args);
  return { switching, exports, gates, call };
}

/** @returns a promise of the result */
function called(entry, ...args) {
  return new Promise((resolve, reject) => entry(args, resolve, reject));
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("calls of an instance", { skip: hasJspi() ? false : "this engine has no JSPI" }, () => {
  it("run one after another, save those that are waited for", async () => {
    const { switching, exports, gates, call } = open();
    const calls = [call("rounds", 1), call("rounds", 1)];
    await turn();
    assert.equal(gates.length, 1);
    const nested = called(switching.promising(exports.rounds, { isNested: true }), 1);
    assert.equal(gates.length, 2);
    gates.pop().resolve(0);
    assert.equal(await nested, 0);
    gates.pop().resolve(0);
    assert.equal(await calls[0], 0);
    await turn();
    gates.pop().resolve(0);
    assert.equal(await calls[1], 0);
    assert.deepEqual([...switching.notes], ["calls ran one after another: for a reason"]);
  });

  it("let the next one run when one failed", async () => {
    const { gates, call } = open();
    const calls = [call("trap", 1), call("rounds", 1)];
    gates.pop().resolve(0);
    await assert.rejects(calls[0], WebAssembly.RuntimeError);
    await turn();
    gates.pop().resolve(0);
    assert.equal(await calls[1], 0);
  });

  it("have one queue for instances that import the same stack pointer", async () => {
    const switching = new JspiSwitching();
    const gates = [];
    const wait = switching.suspending(() => new Promise((resolve) => gates.push(resolve)));
    const __stack_pointer = new WebAssembly.Global({ value: "i32", mutable: true }, 65536);
    const module = switching.compile(built("hidden"));
    const open = (env) => switching.instantiate(module, { env: { wait, ...env } }, { serial: "shared" }).exports;
    const pairs = [[{ __stack_pointer }, { __stack_pointer }], [{}, {}]].map((pair) => pair.map(open));
    for (const [pair, first] of [[pairs[0], 1], [pairs[1], 2]]) {
      const calls = pair.map((exports) => called(switching.promising(exports.rounds), 1));
      await turn();
      assert.equal(gates.length, first);
      while (gates.length > 0) {
        gates.splice(0).forEach((resolve) => resolve(0));
        await turn();
      }
      assert.deepEqual(await Promise.all(calls), [0, 0]);
    }
  });
});
