// Calls over the polyfill beside each other: C stacks and what glue puts on them, several instances, abandoned calls.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { createSwitching } from "../polyfill.mjs";
import { chance, later, open, strings } from "./strings.mjs";

describe("what glue puts on the C stack while the guest waits", () => {
  it("is the import's result, and stays", async () => {
    let put;
    const guest = strings(async (id) => (await later(), put(id * 100)));
    ({ put } = guest);
    const before = guest.exports.emscripten_stack_get_current();
    for (let i = 1; i < 50; i++) assert.equal(await guest.call("read", i), i * 101);
    assert.equal(guest.exports.emscripten_stack_get_current(), before);
  });

  it("also of calls that overlap", async () => {
    let put;
    const guest = strings(async (id) => (await new Promise((resolve) => setTimeout(resolve, (id * 7) % 5)), put(id * 100)));
    ({ put } = guest);
    const before = guest.exports.emscripten_stack_get_current();
    const ids = Array.from({ length: 40 }, (_, i) => i + 1);
    for (let round = 0; round < 3; round++) assert.deepEqual(await Promise.all(ids.map((id) => guest.call("read", id))), ids.map((id) => id * 101));
    assert.equal(guest.exports.emscripten_stack_get_current(), before);
  });

  it("as arguments of the next call, is not overwritten by those that go on", async () => {
    const guest = strings((id) => new Promise((resolve) => setTimeout(resolve, Math.random() * 4, id)));
    const before = guest.exports.emscripten_stack_get_current();
    const ids = Array.from({ length: 40 }, (_, i) => i + 1);
    for (let round = 0; round < 5; round++) {
      assert.deepEqual(await Promise.all(ids.map((id) => guest.ccall("argument", id))), ids.map((id) => id + 1000));
      assert.equal(guest.exports.emscripten_stack_get_current(), before);
    }
  });

  it("and a direct call meanwhile leaves the frames alone", async () => {
    let open_;
    const guest = strings(async () => (await later(), open_.exports.scribble(0x77), open_.put(5)));
    open_ = guest;
    const results = await Promise.all([1, 2, 3].map((id) => guest.call("read", id)));
    assert.deepEqual(results, [6, 7, 8]);
  });

  it("nor does a call that an import of another begins", async () => {
    const inner = [];
    const guest = strings(later, (id) => (id < 10 && inner.push(guest.call("around", id + 100)), 0));
    const outer = await Promise.all([1, 2, 3].map((id) => guest.call("around", id)));
    assert.deepEqual(outer, [1, 2, 3]);
    assert.deepEqual(await Promise.all(inner), [101, 102, 103]);
  });
});

describe("calls of all kinds at once", () => {
  for (let seed = 1; seed <= 20; seed++) {
    it(`give what they give alone: seed ${seed}`, async () => {
      const { random, nap } = chance(seed);
      const results = [];
      const expect = (promise, expected) => results.push(promise.then((value) => [value, expected], () => ["failed", expected]));
      const guest = strings(
        async (id) => {
          if (id < 5000 && random(3) === 0) return guest.put(id * 100);
          await nap();
          if (random(8) === 0) guest.exports.scribble(0x55);
          if (id > 5000) throw new Error("as expected");
          return guest.put(id * 100);
        },
        (id) => {
          if (id < 900 && random(2) === 0) expect(guest.call("around", id + 1000), id + 1000);
          if (random(4) === 0) guest.exports.scribble(0x33);
          return 0;
        },
      );
      const begin = [
        (id) => expect(guest.call("read", id), id * 101),
        (id) => expect(guest.ccall("argument", id), id + 1000),
        (id) => expect(guest.call("around", id), id),
        (id) => expect(guest.call("read", id + 6000), "failed"),
        () => guest.exports.scribble(0x11),
      ];
      for (let id = 1; id <= 60; id++) {
        begin[random(begin.length)](id);
        if (random(3) === 0) await nap();
      }
      let count = 0;
      while (count !== results.length) await Promise.all(results.slice(0, (count = results.length)));
      for (const [value, expected] of await Promise.all(results)) assert.equal(value, expected);
    });
  }
});

describe("several instances", () => {
  const pair = (wait) => {
    const inner = open("glue", ({ Suspending }) => ({
      env: { wait: new Suspending(wait), wait64: new Suspending(later), pair: new Suspending(later), plain: (value) => value },
    }));
    const outer = open("outer", ({ Suspending }) => ({ env: { wait: new Suspending(later) }, inner: inner.exports }), inner.switching);
    return { inner, outer };
  };

  it("suspend together", async () => {
    const { outer } = pair((value) => later(value * 2));
    assert.equal(await outer.call("plus", 5), 1011);
    assert.deepEqual(await Promise.all([1, 2, 3, 4].map((each) => outer.call("plus", each))), [1003, 1005, 1007, 1009]);
  });

  it("and fail together", async () => {
    const { inner, outer } = pair(async (value) => {
      if (value === 2) throw new Error("two");
      return value;
    });
    await assert.rejects(outer.call("plus", 2), /two/);
    assert.equal(await outer.call("plus", 3), 1004);
    assert.throws(() => outer.exports.plus(1), /without WebAssembly.promising/);
    assert.equal(await inner.call("one", 1), 2);
  });

  it("hand on an import that waits", async () => {
    const switching = createSwitching();
    const first = open("outer", ({ Suspending }) => ({ env: { wait: new Suspending((value) => later(value + 40)) }, inner: { one: (value) => value } }), switching);
    assert.equal(await first.call("wait", 2), 42);
    const second = open("strings", () => ({ env: { wait: first.exports.wait, plain: () => 0 } }), switching);
    assert.equal(await second.call("around", 7), 7);
  });
});

describe("arguments", () => {
  it("are converted once, in order, and not on the call's stack", async () => {
    const log = [];
    const guest = open("glue", ({ Suspending }) => ({
      env: { wait: new Suspending(later), wait64: new Suspending(later), pair: new Suspending((i, f) => later([BigInt(i), f])), plain: () => 0 },
    }));
    const logged = (name, value) => ({ valueOf: () => (log.push(name), value) });
    assert.deepEqual(await guest.call("pair", logged("first", 2), logged("second", 0.5), logged("third", 0)), [-0.5, 4n]);
    assert.deepEqual(log, ["first", "second"]);
    const inside = { valueOf: () => guest.exports.one(1) };
    await assert.rejects(guest.call("one", inside), { name: "SuspendError" });
    assert.equal(await guest.switching.promising(guest.exports.table.get(0))(logged("table", 1)), 2);
    assert.deepEqual(log, ["first", "second", "table"]);
  });

  it("of an import's result too", async () => {
    let guest;
    const errors = [];
    const tricky = () => ({
      valueOf: () => {
        try {
          return guest.exports.one(1);
        } catch (error) {
          errors.push(error.name);
          return 3;
        }
      },
    });
    guest = open("glue", ({ Suspending }) => ({ env: { wait: new Suspending(async () => tricky()), wait64: new Suspending(later), pair: new Suspending(later), plain: tricky } }));
    assert.equal(await guest.call("one", 1), 4);
    assert.equal(await guest.call("through", 1), 3);
    assert.deepEqual(errors, ["SuspendError", "SuspendError"]);
  });
});

describe("abandoned calls", () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc");
  const collect = async () => {
    for (let i = 0; i < 3; i++) gc(), await later();
  };

  it("give back what they had", async () => {
    const guest = strings((id) => (id === 0 ? new Promise(() => {}) : later(guest.put(id))));
    const before = guest.exports.emscripten_stack_get_current();
    const sizes = [];
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 30; i++) guest.call("around", 0);
      await collect();
      sizes.push(guest.exports.memory.buffer.byteLength);
    }
    assert.ok(sizes.at(-1) <= sizes[0] + 8 * 65536, `${sizes}`); // 270 more calls: a few regions more
    assert.equal(await guest.call("read", 5), 10); // the call that was suspended last is held until another one is
    await collect();
    assert.equal(guest.exports.emscripten_stack_get_current(), before);
    assert.equal(await guest.call("read", 5), 10);
  });

  it("go on if their promise is kept", async () => {
    const gates = [];
    const guest = strings(() => new Promise((resolve) => gates.push(resolve)));
    const calls = [1, 2, 3].map((id) => guest.call("around", id));
    await collect();
    gates.forEach((resolve) => resolve(0));
    assert.deepEqual(await Promise.all(calls), [1, 2, 3]);
  });
});
