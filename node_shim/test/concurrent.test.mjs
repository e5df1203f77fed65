// A C stack for each call, on modules of any kind: how the pointer is reached, what signatures may hold, what is refused.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { hasJspi, JspiSwitching } from "../jspi/switching.mjs";

const read = (path) => new Uint8Array(readFileSync(new URL(path, import.meta.url)));
const built = (name) => read(`../../stackswitch/suite/cases/c-stack/cstack-${name}.wasm`);
const stacks = read("modules/stacks.wasm");

/** An instance of a C module, and gates to let its waits go on by, in the order they came. */
function open(name, options, hidden) {
  const switching = new JspiSwitching(options);
  const gates = [];
  const wait = switching.suspending(() => new Promise((resolve, reject) => gates.push({ resolve, reject })));
  const { exports } = switching.instantiate(switching.compile(built(name)), { env: { wait } }, hidden);
  const call = (field, ...args) => switching.promising(exports[field])(...args);
  return { switching, exports, gates, call };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

const options = { skip: hasJspi() ? false : "this engine has no JSPI" };

describe("a C stack for each call", options, () => {
  it("is given back, and the pointer is where it was", async () => {
    const { exports, gates, call } = open("exported");
    for (let round = 0; round < 5; round++) {
      const calls = [1, 2, 3].map(() => call("deep", 10));
      gates.splice(0).forEach(({ resolve }) => resolve(0));
      assert.deepEqual(await Promise.all(calls), [0, 0, 0]);
    }
    assert.equal(exports.__stack_pointer.value, 65536);
    assert.equal(exports.memory.buffer.byteLength, 4 * 65536);
  });

  it("is not taken while there is one call at a time", async () => {
    const { exports, gates, call } = open("exported");
    for (let round = 0; round < 5; round++) {
      const one = call("rounds", 1);
      gates.pop().resolve(0);
      assert.equal(await one, 0);
    }
    assert.equal(exports.memory.buffer.byteLength, 2 * 65536);
  });

  it("says when a call needed more than there is", async () => {
    const { gates, call } = open("exported", { regionBytes: 65536 });
    const first = call("rounds", 1);
    const second = call("sized", 17_000); // 68 kB
    gates.splice(0).forEach(({ resolve }) => resolve(0));
    await assert.rejects(second, /more than the 65536 bytes of C stack/);
    await first.catch(() => {});
  });

  it("is kept by the functions of Emscripten", async () => {
    const { exports, gates, call } = open("functions");
    const calls = [call("rounds", 1), call("deep", 10)];
    gates.shift().resolve(0);
    assert.equal(await calls[0], 0);
    exports.scribble(512);
    gates.shift().resolve(0);
    assert.equal(await calls[1], 0);
    assert.equal(exports.stackSave(), 65536);
  });
});

describe("a C stack that is hidden", options, () => {
  it("makes calls run one after another, save those that are waited for", async () => {
    const { switching, exports, gates, call } = open("hidden", {}, "for a reason");
    const calls = [call("rounds", 1), call("rounds", 1)];
    await turn();
    assert.equal(gates.length, 1);
    const nested = switching.promising(exports.rounds, { isNested: true })(1);
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

  it("lets the next call run when one failed", async () => {
    const { gates, call } = open("hidden", {}, "for a reason");
    const calls = [call("trap", 1), call("rounds", 1)];
    gates.pop().resolve(0);
    await assert.rejects(calls[0], WebAssembly.RuntimeError);
    await turn();
    gates.pop().resolve(0);
    assert.equal(await calls[1], 0);
  });
});

describe("calls with C stacks of their own", options, () => {
  it("keep the order of rejections, and catch nothing that the guest would", async () => {
    const { exports, gates, call } = open("exported");
    const calls = [call("deep", 5), call("deep", 5), call("rounds", 1)];
    const error = new Error("mine");
    gates[1].reject(error);
    await assert.rejects(calls[1], (thrown) => thrown === error);
    exports.scribble(512);
    gates[0].resolve(0);
    gates[2].resolve(0);
    assert.deepEqual(await Promise.all([calls[0], calls[2]]), [0, 0]);
    assert.equal(exports.__stack_pointer.value, 65536);
  });

  it("take references, several values and types in groups", async () => {
    const switching = new JspiSwitching();
    const pointer = new WebAssembly.Global({ value: "i32", mutable: true }, 4096);
    const object = {};
    const env = {
      __stack_pointer: pointer,
      memory: new WebAssembly.Memory({ initial: 1 }),
      swap: switching.suspending(async (text, number) => [number * 2n, text]),
      done: switching.suspending(async () => {}),
    };
    const { exports } = switching.instantiate(switching.compile(stacks), { env });
    const both = switching.promising(exports.both);
    const results = await Promise.all([both(object, 1n), both("text", 2n), both(null, 3n)]);
    assert.deepEqual(results, [[2n, object], [4n, "text"], [6n, null]]);
    assert.equal(pointer.value, 4096);
    assert.equal(env.memory.buffer.byteLength, 3 * 65536);
  });

  it("refuse as the engine does outside of a promising call", () => {
    const { exports } = open("exported");
    assert.throws(() => exports.rounds(1), (error) => /suspend/i.test(error.constructor.name + error.message));
    assert.equal(exports.scribble(16), 0);
  });
});
