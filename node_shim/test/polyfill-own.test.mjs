// What only the polyfill has: where saved stacks lie, what is said when Asyncify cannot do it, C stacks.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { createSwitching, hasNativeJspi, install } from "../polyfill.mjs";
import { pointerOf } from "../polyfill/pointer.mjs";
import { dummyResult, moduleTypes } from "../polyfill/types.mjs";
import { bytesOf } from "../detect/run.mjs";
import { fromHex } from "../wasm/hex.mjs";

const file = (path) => new Uint8Array(readFileSync(new URL(path, import.meta.url)));
const build = (name) => file(`builds/${name}.wasm`);
const suite = (path) => file(`../../stackswitch/suite/cases/${path}`);
const later = (value) => new Promise((resolve) => setTimeout(resolve, 1, value));

function open(bytes, { wait = later, ...options } = {}) {
  const switching = createSwitching(options);
  const module = switching.remember(new WebAssembly.Module(bytes), switching.read(bytes));
  const env = { wait: new switching.Suspending(wait), wait64: new switching.Suspending(later), pair: new switching.Suspending(later), plain: (value) => value };
  const { exports } = switching.instantiate(module, { env });
  const call = (name, ...args) => switching.promising(exports[name])(...args);
  return { switching, exports, call };
}

const rule = (name) => (error) => error instanceof WebAssembly.RuntimeError && error.rule === name;

describe("installing", () => {
  it("leaves an engine alone that has its own, and can be taken back", () => {
    const before = Object.getOwnPropertyDescriptors(WebAssembly);
    if (hasNativeJspi()) assert.equal(install(), null);
    install({ force: true })();
    const after = Object.getOwnPropertyDescriptors(WebAssembly);
    assert.deepEqual(Object.keys(after), Object.keys(before));
    for (const name of Object.keys(before)) assert.equal(after[name].value, before[name].value, name);
  });

  it("leaves modules alone that have nothing to do with it", async () => {
    const restore = install({ force: true });
    try {
      const noop = () => {};
      const text = fromHex("0061736d0100000001040160000002070101610162000007050101660000"); // (import "a" "b" (func)) (export "f" (func 0))
      const { instance } = await WebAssembly.instantiate(text, { a: { b: noop } });
      assert.equal(instance.exports.f(), undefined);
      await assert.rejects(WebAssembly.instantiate(new Uint8Array([1, 2, 3])), WebAssembly.CompileError);
      assert.throws(() => new WebAssembly.Module("no bytes"), TypeError);
      assert.throws(() => new WebAssembly.Instance({}), TypeError);
    } finally {
      restore();
    }
  });
});

describe("refusals", () => {
  it("say that a module is no Asyncify build", async () => {
    const { call } = open(bytesOf("round-trip"));
    await assert.rejects(call("run", 1), (error) => error.name === "SuspendError" && /no Asyncify build/.test(error.message));
  });

  it("say which import lies between", async () => {
    const switching = createSwitching();
    const bytes = build("glue");
    const module = switching.remember(new WebAssembly.Module(bytes), switching.read(bytes));
    const wait = new switching.Suspending(later);
    let exports;
    const plain = (value) => exports.one(value);
    ({ exports } = switching.instantiate(module, { env: { wait, wait64: wait, pair: wait, plain } }));
    await assert.rejects(switching.promising(exports.through)(1), /env\.wait was called by an export that the import env\.plain called directly/);
  });

  it("do not call the import first", () => {
    let calls = 0;
    const { exports } = open(build("glue"), { wait: () => calls++ });
    assert.throws(() => exports.one(1), /without WebAssembly.promising/);
    assert.equal(calls, 0);
  });

  it("come from a start function too", () => {
    assert.throws(() => open(build("start")), /a start function/);
  });

  it("name the rule that a build with a short list breaks, and leave the instance usable", async () => {
    const { call } = open(suite("asyncify-lists/prebuilt-leaf-missing.wasm"), { wait: () => later(7) });
    for (let i = 0; i < 2; i++) await assert.rejects(call("main"), (error) => /^asyncify [a-z-]+: /.test(error.message));
    const whole = open(suite("asyncify-lists/prebuilt-complete.wasm"), { wait: () => later(7) });
    assert.equal(await whole.call("main"), 7123);
  });
});

describe("a value that is no promise", () => {
  for (const suspendAlways of [false, true, undefined]) {
    it(`${suspendAlways === false ? "is returned at once" : "suspends the call"} with suspendAlways: ${suspendAlways}`, async () => {
      const switching = createSwitching({ suspendAlways });
      const bytes = build("glue");
      const module = switching.remember(new WebAssembly.Module(bytes), switching.read(bytes));
      const wait = new switching.Suspending((value) => value);
      const reached = [];
      const plain = (value) => (reached.push(value), value);
      const { exports } = switching.instantiate(module, { env: { wait, wait64: wait, pair: wait, plain } });
      const promise = switching.promising(exports.twice)(5);
      assert.deepEqual(reached, suspendAlways === false ? [2] : []); // what comes after both waits
      assert.equal(await promise, 205);
      assert.deepEqual(reached, [2]);
    });
  }
});

describe("saved stacks", () => {
  it("too large for their room end the call before anything else is overwritten", async () => {
    const { call, exports } = open(build("glue"), { stackBytes: 256 });
    await assert.rejects(call("deep", 200), rule("overflow"));
    assert.equal(await call("one", 4), 5);
    const bytes = new Uint8Array(exports.memory.buffer, 0, 2 * 65536);
    assert.equal(bytes.findIndex((each) => each !== 0), -1);
  });

  it("lie where malloc says, and the memory does not grow", async () => {
    const { call, exports } = open(build("malloc"), { stackBytes: 4096 });
    const results = await Promise.all([1, 2, 3].map((each) => call("one", each)));
    assert.deepEqual(results, [2, 3, 4]);
    assert.equal(exports.memory.buffer.byteLength, 4 * 65536);
    assert.ok(exports.next.value > 65537 + 4096);
    const below = new Uint8Array(exports.memory.buffer, 0, 65536);
    assert.equal(below.findIndex((each) => each !== 0), -1);
  });

  for (const name of ["full", "sbrk"]) {
    it(`need room: ${name}`, async () => {
      const { call, exports } = open(build(name));
      const size = exports.memory.buffer.byteLength;
      await assert.rejects(call("one", 1), rule("no-room"));
      assert.equal(exports.memory.buffer.byteLength, size);
    });
  }

  it("of a thousand calls at once keep apart", async () => {
    const { call } = open(build("glue"));
    const depths = Array.from({ length: 1000 }, (_, i) => i % 40);
    const values = await Promise.all(depths.map((depth) => call("deep", depth)));
    assert.deepEqual(values, depths.map((depth) => (depth * (depth + 1)) / 2));
  });

  it("find their size again after the guest's memory has grown", async () => {
    let exports;
    const { call, exports: own } = open(build("glue"), { wait: async (value) => (exports.memory.grow(1), later(value)) });
    exports = own;
    assert.deepEqual(await Promise.all([call("deep", 3), call("one", 5), call("deep", 9)]), [6, 6, 45]);
  });
});

describe("C stacks", () => {
  it("of calls that overlap keep apart, and the pointer comes back", async () => {
    const { call, exports } = open(build("glue"), { wait: (value) => new Promise((resolve) => setTimeout(resolve, (value * 7) % 5, value)) });
    const before = exports.__stack_pointer.value;
    for (let round = 0; round < 3; round++) {
      const off = await Promise.all(Array.from({ length: 60 }, (_, i) => call("frame", i + 1)));
      assert.equal(off.filter((each) => each !== 0).length, 0);
      assert.equal(exports.__stack_pointer.value, before);
    }
  });

  it("are those of wasm-bindgen, too", async () => {
    const { call, exports } = open(build("bindgen"), { wait: (value) => new Promise((resolve) => setTimeout(resolve, (value * 7) % 5, value)) });
    const ids = Array.from({ length: 20 }, (_, i) => i + 1);
    assert.deepEqual(await Promise.all(ids.map((id) => call("frame", id))), ids);
    assert.equal(exports.__wbindgen_add_to_stack_pointer(0), 65536);
  });

  it("are left to a build that gives them to its calls", () => {
    const functions = { stackSave: () => 0, stackRestore: () => {} };
    assert.equal(pointerOf(functions).get(), 0);
    assert.equal(pointerOf({ ...functions, __jspi_enter: () => 0n }), null);
  });

  it("are not lost when calls fail", async () => {
    const { call, exports } = open(build("glue"), { wait: async (value) => (await later(), value === 2 ? Promise.reject(new Error("two")) : value) });
    const before = exports.__stack_pointer.value;
    const ended = await Promise.allSettled([1, 2, 3, 2].map((each) => call("frame", each)));
    assert.deepEqual(ended.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled", "rejected"]);
    assert.equal(exports.__stack_pointer.value, before);
  });
});

describe("the types of imports", () => {
  const text = build("glue");

  it("are read from the module", () => {
    const { imports, reexported } = moduleTypes(text);
    assert.deepEqual(imports.get("env\0pair"), { params: ["i32", "f64"], results: ["i64", "f64"] });
    assert.equal(imports.size, 4);
    assert.deepEqual([...reexported], []);
  });

  it("and those of a module cut short anywhere are as many as there are", () => {
    for (let size = 0; size < 200; size++) assert.ok(moduleTypes(text.subarray(0, size)).imports.size <= 4);
  });

  it("say what an import returns into an unwinding stack", () => {
    assert.deepEqual(dummyResult({ results: ["i64", "f32"] }), [0n, 0]);
    assert.equal(dummyResult({ results: [] }), undefined);
    assert.equal(dummyResult({ results: ["funcref"] }), null);
    assert.equal(dummyResult(undefined), false);
  });

  it("may be unknown: a module that was compiled before", async () => {
    const switching = createSwitching({ stackBytes: 4096 });
    const wait = new switching.Suspending(later);
    const { exports } = switching.instantiate(new WebAssembly.Module(build("malloc")), { env: { wait, wait64: wait } });
    assert.equal(await switching.promising(exports.wide)(4n), 5n);
    assert.equal(await switching.promising(exports.one)(4), 5);
  });

  it("and then no pages are added to its memory", async () => {
    const switching = createSwitching();
    const wait = new switching.Suspending(later);
    const { exports } = switching.instantiate(new WebAssembly.Module(text), { env: { wait, wait64: wait, pair: wait, plain: later } });
    await assert.rejects(switching.promising(exports.one)(4), rule("no-room"));
  });
});
