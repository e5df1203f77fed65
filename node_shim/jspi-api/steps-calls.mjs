// Steps of "run a Promising function" and "evaluate a Promising function".

import { failure } from "./harness.mjs";

const tick = () => new Promise((resolve) => setTimeout(resolve, 0));

/** @type {import("./harness.mjs").Step[]} */
export const CALLS = [
  {
    id: "run-promise",
    says: "a call gives a promise of the realm, and the export has run up to its first wait",
    run: (t) => {
      const { still, count } = t.open();
      const promise = WebAssembly.promising(still)(1);
      return [promise instanceof Promise, Object.getPrototypeOf(promise) === Promise.prototype, count.value];
    },
    expected: [true, true, 42],
  },
  {
    id: "run-receiver",
    says: "the receiver is ignored, extra arguments too",
    run: (t) => Reflect.apply(WebAssembly.promising(t.open().still), { other: 1 }, [5, 6, 7]),
    expected: 5,
  },
  {
    id: "evaluate-3-error",
    says: "an argument that cannot be converted rejects the promise: AsyncFunctionStart has begun",
    run: (t) => failure(() => WebAssembly.promising(t.open().wide)(5)),
    expected: "rejected TypeError",
  },
  {
    id: "evaluate-3-missing",
    says: "a missing argument is undefined: 0 for an i32, an error for an i64",
    run: async (t) => {
      const { still, wide } = t.open();
      return [await WebAssembly.promising(still)(), (await failure(async () => WebAssembly.promising(wide)())).split(" ")[1]];
    },
    expected: [0, "TypeError"],
  },
  {
    id: "evaluate-3-once",
    says: "arguments are converted once, in order, before the export runs; those beyond the type are not",
    run: async (t) => {
      /** @type {string[]} */
      const log = [];
      const logged = (/** @type {string} */ name, /** @type {any} */ value) => ({ valueOf: () => (log.push(name), value) });
      const exports = t.waiting(async (value) => (log.push("import"), value));
      const args = [logged("i32", 1), logged("i64", 2n), logged("f32", 0.5), logged("f64", 0.25), logged("more", 0)];
      return [await WebAssembly.promising(exports.params)(...args), log];
    },
    expected: [3.75, ["i32", "i64", "f32", "f64", "import"]],
  },
  {
    id: "evaluate-3-throws",
    says: "what a conversion throws rejects the promise, and the next arguments are not converted",
    run: async (t) => {
      /** @type {string[]} */
      const log = [];
      const throws = { valueOf: () => { throw new RangeError("mine"); } };
      const result = await failure(() => WebAssembly.promising(t.open().params)(throws, { valueOf: () => log.push("second") }));
      return [result, log];
    },
    expected: ["rejected RangeError", []],
  },
  {
    id: "evaluate-3-inside",
    says: "code that a conversion runs is not part of the call: what it calls cannot suspend",
    run: async (t) => {
      const exports = t.open();
      return (await failure(async () => WebAssembly.promising(exports.still)({ valueOf: () => exports.one(1) }))).split(" ")[1];
    },
    expected: "SuspendError",
  },
  {
    id: "evaluate-8",
    says: "a call suspends, and is resumed, any number of times",
    run: async (t) => {
      const exports = t.open();
      const result = WebAssembly.promising(exports.five)();
      return [exports.count.value, await result, exports.count.value];
    },
    expected: [0, 15, 15],
  },
  {
    id: "evaluate-12-trap",
    says: "a trap rejects with a RuntimeError, before a wait and after",
    run: async (t) => {
      const trap = WebAssembly.promising(t.open().trap);
      return [await failure(() => trap(0)), await failure(() => trap(1))];
    },
    expected: ["rejected RuntimeError", "rejected RuntimeError"],
  },
  {
    id: "evaluate-12-usable",
    says: "the instance is usable after a trap",
    run: async (t) => {
      const { trap, one } = t.open();
      await failure(() => WebAssembly.promising(trap)(1));
      return WebAssembly.promising(one)(1);
    },
    expected: 2,
  },
  {
    id: "evaluate-12-overflow",
    says: "recursion without end rejects",
    run: async (t) => (await failure(() => WebAssembly.promising(t.open().endless)())).split(" ")[0],
    expected: "rejected",
  },
  {
    id: "evaluate-13",
    says: "an exception of the guest's rejects with it, before a wait and after",
    run: async (t) => {
      const tag = new WebAssembly.Tag({ parameters: ["i32"] });
      const thrown = WebAssembly.promising(t.open("tags", { tag }).throw);
      const read = (/** @type {any} */ error) => error.is(tag) && error.getArg(tag, 0);
      return [await thrown(0).catch(read), await thrown(1).catch(read)];
    },
    expected: [7, 7],
  },
  {
    id: "evaluate-14-none",
    says: "no result is undefined",
    run: async (t) => (await WebAssembly.promising(t.open().none)()) === undefined,
    expected: true,
  },
  {
    id: "evaluate-14-several",
    says: "several results are an array",
    run: async (t) => {
      const several = new WebAssembly.Suspending(async () => [-1, 1n << 40n]);
      const result = await WebAssembly.promising(t.open("api", { several }).several)();
      return [Array.isArray(result), result];
    },
    expected: [true, [-1, "1099511627776n"]],
  },
  {
    id: "evaluate-14-i64",
    says: "an i64 is a BigInt of 64 bits, in both directions",
    run: (t) => WebAssembly.promising(t.open().wide)((1n << 64n) + 4n),
    expected: "5n",
  },
  {
    id: "run-order",
    says: "a call that does not suspend has settled its promise when it returns",
    run: async (t) => {
      /** @type {string[]} */
      const log = [];
      const ended = WebAssembly.promising(t.open().still)(1).then(() => log.push("call"));
      await Promise.resolve().then(() => log.push("microtask"));
      await ended;
      return log;
    },
    expected: ["call", "microtask"],
  },
  {
    id: "run-table",
    says: "a function of a table is an exported function",
    run: (t) => {
      const { table, one } = t.open();
      return Promise.all([table.get(0) === one, WebAssembly.promising(table.get(0))(4)]);
    },
    expected: [true, 5],
  },
  {
    id: "run-table-moved",
    says: "also of another table, into which it was put",
    run: (t) => {
      const table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
      table.set(0, t.open().one);
      return WebAssembly.promising(table.get(0))(4);
    },
    expected: 5,
  },
  {
    id: "run-overlap",
    says: "calls overlap on one instance and end in any order",
    run: async (t) => {
      /** @type {(() => void)[]} */
      const gates = [];
      const one = WebAssembly.promising(t.waiting((value) => new Promise((resolve) => gates.push(() => resolve(value * 3)))).one);
      /** @type {number[]} */
      const order = [];
      const calls = [1, 2, 3].map((each) => one(each));
      calls.forEach((call, i) => call.then(() => order.push(i)));
      for (const i of [2, 0, 1]) gates[i](), await tick();
      return [await Promise.all(calls), order];
    },
    expected: [[4, 7, 10], [2, 0, 1]],
  },
  {
    id: "run-abandoned",
    says: "a call that is never resumed is collected with the promise that it waits for (the specification is silent; engines do)",
    run: async (t) => {
      if (t.host.collect === undefined) return true;
      const one = WebAssembly.promising(t.waiting(() => new Promise((resolve) => refs.push(new WeakRef(resolve)))).one);
      /** @type {WeakRef<any>[]} */
      const refs = [];
      for (let i = 0; i < 20; i++) one(i);
      await t.host.collect();
      return refs.filter((each) => each.deref() !== undefined).length <= 2;
    },
    expected: true,
  },
];
